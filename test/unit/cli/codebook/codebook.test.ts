/** The command `codebook` as a user calls it: what it prints, where, and with which exit code. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runCli } from '../../../helpers/cli/cli.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-codebook-command-'))
})
after(() => rm(directory, { recursive: true, force: true }))

const run = (...args: string[]) => runWith({}, ...args)

/** The variables of npm, which runs the tests, are not inherited. */
const runWith = (env: Readonly<Record<string, string>>, ...args: string[]) =>
  runCli(['codebook', ...args], { env, cwd: directory })

test('what init prints passes check and can be shown', async () => {
  const init = await runCli(['codebook', 'init'], { cwd: directory, ownProcess: true })
  const file = join(directory, 'my.yaml')
  await writeFile(file, init.stdout)
  const check = await run('check', file)
  assert.equal(check.code, 0, check.stderr)
  assert.match(check.stdout, /is sound: my-codebook@1, 2 fields/)
  const show = await run('show', file)
  assert.match(show.stdout, /^What my records are about \(my-codebook@1\)\n/)
  assert.match(show.stdout, /work: Jobs, pay and those who look for work\. Not: /)
})

test('a codebook with faults exits 2 and names file, line and key of each', async () => {
  const file = join(directory, 'wrong.yaml')
  const { stdout } = await run('init')
  await writeFile(file, stdout.replace('value: work', 'value: prices').replace('title: Subject', 'titel: Subject'))
  const { code, stderr, stdout: printed } = await run('check', file)
  assert.equal(code, 2)
  assert.equal(printed, '')
  assert.match(stderr, /wrong\.yaml has 2 faults:\n/)
  assert.match(stderr, /wrong\.yaml:\d+: fields\[0\]\.titel: is no key of the format; did you mean title\?\n/)
})

test('list --json and show --json print one JSON object, and an unknown name is refused with those that exist', async () => {
  const list: unknown = JSON.parse((await run('list', '--json')).stdout)
  assert.ok(typeof list === 'object' && list !== null && 'codebooks' in list && Array.isArray(list.codebooks))
  assert.ok(list.codebooks.length >= 3)
  const shown: unknown = JSON.parse((await run('show', 'release-topics', '--json')).stdout)
  assert.ok(typeof shown === 'object' && shown !== null && 'hash' in shown)
  const unknown = await run('show', 'nothing')
  assert.equal(unknown.code, 2)
  assert.match(unknown.stderr, /There is no codebook "nothing"; built in: .*economic-indicators/)
})

test('check --gold prints how often shortlists hold the code, and names line and value of a wrong label', async () => {
  const folder = fileURLToPath(new URL('../../../../src/codebooks/business-activities/', import.meta.url))
  const { code, stdout, stderr } = await run('check', `${folder}codebook.yaml`, '--gold', `${folder}gold.jsonl`)
  assert.equal(code, 0, stderr)
  assert.match(
    stdout,
    /\n93 labelled records are sound\n {2}industry: the code is among the first 5 .* of 93 records\n/,
  )
  const wrong = join(directory, 'wrong.jsonl')
  await writeFile(wrong, '{"indicator_id":"A","name":"Bakery","labels":{"industry":"9"}}\n')
  const refused = await run('check', `${folder}codebook.yaml`, '--gold', wrong)
  assert.equal(refused.code, 2)
  assert.match(
    refused.stderr,
    /wrong\.jsonl:1: labels\.industry: "9" is no value of industry; it must be a code of the list, such as /,
  )
})

test('init, schema, show and list say that npm run has printed its own lines, which check overlooks', async () => {
  const npm = { npm_lifecycle_event: 'codebook', npm_command: 'run-script' }
  for (const args of [['init'], ['schema'], ['show', 'release-topics'], ['list']]) {
    const [quiet, noted] = [await run(...args), await runWith(npm, ...args)]
    assert.doesNotMatch(quiet.stderr, /npm run/)
    assert.match(noted.stderr, /^Note: npm run has printed lines of its own before this output\./)
  }
  const file = join(directory, 'npm.yaml')
  await writeFile(
    file,
    `\n> classify-service@0.1.0 codebook\n> exec node x codebook init\n\n${(await run('init')).stdout}`,
  )
  const { code, stderr } = await run('check', file)
  assert.equal(code, 0, stderr)
})

test('check takes the name of a built-in codebook, and --json prints one object also with faults', async () => {
  const named = await run('check', 'business-activities')
  assert.match(named.stdout, /^business-activities is sound: business-activities@1, 1 field, hash [0-9a-f]{12}\n$/)
  const sound: unknown = JSON.parse((await run('check', 'release-topics', '--json')).stdout)
  assert.ok(typeof sound === 'object' && sound !== null && 'ok' in sound && sound.ok === true && 'hash' in sound)

  const file = join(directory, 'faulty.yaml')
  await writeFile(file, (await run('init')).stdout.replace('value: work', 'value: prices'))
  const faulty = await run('check', file, '--json')
  assert.deepEqual([faulty.code, faulty.stderr], [2, ''])
  const { ok, faults } = JSON.parse(faulty.stdout)
  assert.deepEqual([ok, faults[0].file, faults[0].key], [false, file, 'fields[0].values[1].value'])
  assert.ok(Number.isInteger(faults[0].line))

  const none = await run('check', 'none.yaml', '--json')
  assert.equal(none.code, 2)
  assert.match(JSON.parse(none.stdout).faults[0].message, /none\.yaml cannot be read/)
  const gold = join(directory, 'gold.csv')
  await writeFile(gold, 'indicator_id,name\n')
  const refused = await run('check', 'release-topics', '--gold', gold, '--json')
  assert.equal(refused.code, 2)
  assert.deepEqual([JSON.parse(refused.stdout).ok, JSON.parse(refused.stdout).faults[0].file], [false, gold])
})

test('show shows some codes or all of them, and --json the whole content', async () => {
  const some = await run('show', 'business-activities')
  const all = await run('show', 'business-activities', '--all')
  const json = await run('show', 'business-activities', '--json')
  assert.match(some.stdout, /… and 409 more codes: --all shows them\n/)
  assert.equal(all.stdout.match(/^ {2}\d[\d-]*: /gm)?.length, 424)
  const content = JSON.parse(json.stdout)
  assert.deepEqual(
    [content.name, content.fields[0].kind, content.lists['naics-2022.csv'].length],
    ['business-activities', 'codes', 424],
  )
  assert.ok(content.rulings.length > 0 && content.examples.length > 0 && typeof content.record.description === 'string')
})

test('list says that a service may keep more', async () => {
  const { stdout, stderr } = await run('list')
  assert.match(stdout, /^business-activities@1 {2}.* \(1 field\)$/m)
  assert.match(stderr, /With --ingress URL those that a running service keeps are listed as well/)
})

test('with --ingress list, show and check ask the service there for what it keeps', async (t) => {
  const text = (await run('init')).stdout
  const hash = 'a1b2c3d4e5f6'.padEnd(64, '0')
  const asked: unknown[] = []
  const service = createServer(async (request, response) => {
    const body = JSON.parse(await readText(request))
    asked.push([request.url, body])
    const one = { name: 'my-codebook', version: '1', hash }
    const answer = 'name' in body ? { ...one, text, lists: {} } : { codebooks: [one] }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  })
  await once(service.listen(0, '127.0.0.1'), 'listening')
  t.after(() => service.close())
  const address = service.address()
  assert.ok(typeof address === 'object' && address !== null)
  const ingress = ['--ingress', `http://127.0.0.1:${address.port}`]

  const list = await run('list', ...ingress)
  assert.match(list.stdout, /^my-codebook@1 {2}stored, hash a1b2c3d4e5f6$/m, list.stderr)
  assert.equal(list.stderr, '')
  const reference = 'my-codebook@a1b2c3d4e5f6'
  const show = await run('show', reference, ...ingress)
  assert.match(show.stdout, /^What my records are about \(my-codebook@1\)\n/, show.stderr)
  const check = await run('check', reference, ...ingress)
  assert.match(check.stdout, /is sound: my-codebook@1, 2 fields, hash a1b2c3d4e5f6\n$/, check.stderr)
  const path = '/classify-api/codebook'
  assert.deepEqual(asked, [[path, {}], ...Array(2).fill([path, { name: reference }])])
})
