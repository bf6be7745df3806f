/** The command `codebook` as a user calls it: what it prints, where, and with which exit code. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../../src/cli/classify.cjs', import.meta.url))

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-codebook-command-'))
})
after(() => rm(directory, { recursive: true, force: true }))

function run(...args: string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    // The variables of npm, which runs the tests, are not inherited.
    const env = { PATH: process.env.PATH, HOME: process.env.HOME }
    execFile(process.execPath, [PROGRAM, 'codebook', ...args], { cwd: directory, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })
}

test('what init prints passes check and can be shown', async () => {
  const init = await run('init')
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
  assert.match(stderr, /wrong\.yaml:\d+: fields\[0\]\.titel: is no key of the format\n/)
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
  const folder = fileURLToPath(new URL('../../../src/codebooks/business-activities/', import.meta.url))
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
  assert.match(refused.stderr, /wrong\.jsonl:1: industry: "9" is no value of the field/)
})
