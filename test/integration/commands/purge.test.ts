/** The command `purge` on a running stack: words planted in every text of a run are found before it, and nowhere after it. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import type { PurgeReport } from '../../../src/cli/purge/report.ts'
import { createPool, type DatabasePool } from '../../../src/store/pool.ts'
import { runCli } from '../../helpers/cli/cli.ts'
import { type QuirkyEndpoint, startQuirkyEndpoint } from '../../helpers/quirky-endpoint/endpoint.ts'
import { message, type Quirk, refusal } from '../../helpers/quirky-endpoint/types.ts'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { searchDatabase, searchFiles, searchRestate } from '../../helpers/stack/word-search.ts'

let endpoint: QuirkyEndpoint
let stack: TestStack
let pool: DatabasePool
let adminUrl: string
let directory: string

/** The model says the name of each record again in its reason. */
const talkative: Quirk = (seen) => {
  const answers = seen.answer.answers.map((answer, index) => ({ ...answer, reason: `By ${seen.items[index]?.name}` }))
  return message(seen, { content: JSON.stringify({ answers }) })
}

before(async () => {
  endpoint = await startQuirkyEndpoint(talkative)
  stack = await startTestStack({ OPENAI_BASE_URL: endpoint.url, OPENAI_MODEL: 'small', RATE_RPM: '100000' })
  adminUrl = `http://127.0.0.1:${stack.env.ADMIN_PORT}`
  pool = createPool({ connectionString: stack.databaseUrl, log: pino({ level: 'silent' }) })
  directory = await mkdtemp(join(tmpdir(), 'classify-purge-'))
})

after(async () => {
  await pool?.end()
  await stack?.stop()
  await endpoint?.close()
  await rm(directory, { recursive: true, force: true })
})

const TEXT_FIELDS = [
  ...['units', 'periodicity', 'description', 'long_name', 'category_group', 'dataset', 'topic', 'source_name'],
  ...['country', 'notes'],
]

/** A record with `word` in every text, and a number of its own in its samples. */
function record(id: string, word: string, sample: number): Record<string, unknown> {
  const texts = Object.fromEntries(TEXT_FIELDS.map((field) => [field, `${word} ${field} of ${id}`]))
  return {
    indicator_id: id,
    name: `${word} name of ${id}`,
    ...texts,
    sample_values: [{ date: '2020-01-01', value: sample }],
  }
}

async function catalogue(name: string, records: readonly object[]): Promise<string> {
  const path = join(directory, `${name}.jsonl`)
  await writeFile(path, records.map((one) => JSON.stringify(one)).join('\n'))
  return path
}

async function classify(file: string, ...more: readonly string[]): Promise<string> {
  const args = ['classify', file, '--mode', 'model', '--json', ...more]
  const { code, stdout, stderr } = await runCli(args, { env: stack.env, cwd: directory })
  assert.equal(code, 0, stderr)
  return (JSON.parse(stdout) as { run_id: string }).run_id
}

async function purge(run: string, ...more: readonly string[]): Promise<PurgeReport> {
  const { code, stdout, stderr } = await runCli(['purge', run, '--json', ...more], { env: stack.env })
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as PurgeReport
}

/** Files of the stack that people read, without those of Restate and PostgreSQL. */
const searchData = async (words: readonly string[]) => await searchFiles(stack.dataDir, words, ['restate', 'postgres'])

test('purge leaves no word of a run in the database, in Restate or in files, and what another run brought stays with it', async () => {
  const own = ['qwibblefrost', '73195.48213']
  const shared = ['zandermoth']
  const mates = [record('s.1', 'zandermoth', 1.5), record('s.2', 'zandermoth', 2.5)]
  const alone = Array.from({ length: 12 }, (_, n) => record(`o.${n}`, 'qwibblefrost', 73195.48213))
  const run = await classify(await catalogue('alpha', [...mates, ...alone]), '--batch-size', '5')
  const other = await classify(await catalogue('beta', mates))
  const runFile = join(stack.dataDir, 'runs', `${run}.jsonl`)
  const copyFile = join(stack.dataDir, 'cluster', 'indicators-run-20261129043132-f31dbcbc.jsonl')
  for (const folder of ['runs', 'cluster']) await mkdir(join(stack.dataDir, folder), { recursive: true })
  await writeFile(runFile, `${JSON.stringify({ file: copyFile, warnings: 'qwibblefrost' })}\n`)
  await writeFile(copyFile, 'qwibblefrost')

  const tables = (await searchDatabase(pool, own)).map((found) => found.split(':')[0])
  for (const column of ['result_inputs.input', 'results.reason', 'shape_answers.shape']) {
    assert.ok(tables.includes(column), `${column} is not among ${tables.join(', ')}`)
  }
  assert.match((await searchRestate(adminUrl, own)).join(), /sys_journal: \d/)
  assert.deepEqual((await searchData(own)).sort(), [relative(stack.dataDir, copyFile), `runs/${run}.jsonl`])

  const unasked = await runCli(['purge', run], { env: stack.env })
  assert.deepEqual([unasked.code, unasked.stdout], [2, ''])
  assert.match(unasked.stderr, /--yes/)
  const planned = await purge(run, '--dry-run')
  assert.deepEqual([planned.dry_run, planned.journal], [true, { removed: 3 }])
  assert.ok(tables.length === (await searchDatabase(pool, own)).length, 'a dry run removes nothing')

  const done = await purge(run, '--yes')
  assert.deepEqual(done, { ...planned, dry_run: false })
  assert.deepEqual(done.files, [runFile, copyFile])
  assert.deepEqual(done.database.results, { removed: 14, kept: 0 })
  assert.deepEqual(done.database.result_history, { removed: 14, kept: 0 })
  assert.deepEqual(done.database.shape_answers, { removed: 12, kept: 2 })

  assert.deepEqual(await searchDatabase(pool, own), [])
  assert.deepEqual(await searchRestate(adminUrl, own), [])
  assert.deepEqual(await searchData(own), [])
  const left = await pool.query(`select distinct catalogue, run_id from result_inputs`)
  assert.deepEqual(left.rows, [{ catalogue: 'beta', run_id: other }])

  const again = await runCli(['purge', run, '--yes'], { env: stack.env, ownProcess: true })
  assert.equal(again.code, 0, again.stderr)
  assert.match(again.stdout, /nothing is left of its texts/)
  assert.equal((await stack.database.store.findRun(run))?.indicators, 14, 'the totals stay')

  await purge(other, '--yes')
  assert.deepEqual(await searchDatabase(pool, shared), [])
  assert.deepEqual(await searchRestate(adminUrl, shared), [])
})

test('a run that was posted by other clients is found by its body, by its batches and by its keys', async () => {
  const post = (body: object, headers: Record<string, string>, handler = 'batch') =>
    callIngress(stack, `classify-api/${handler}`, { run_id: 'api-run', options: { mode: 'model' }, ...body }, headers)
  const indicators = [record('a.1', 'plumquartz', 1)]
  const keyed = await post({ indicators }, { 'idempotency-key': 'a key of its own' })
  assert.equal(keyed.status, 200, keyed.text)
  const estimated = await post({ indicators }, {}, 'estimate')
  assert.equal(estimated.status, 200, estimated.text)
  // This one fails before it is saved, so that only its body says whose it is.
  endpoint.behave(() => refusal(401, 'No.'))
  const failed = await post({ indicators: [record('a.2', 'plumquartz', 2)] }, { 'idempotency-key': 'another' })
  assert.notEqual(failed.status, 200)
  endpoint.behave(talkative)
  const other = await callIngress(
    stack,
    'classify-api/batch',
    { run_id: 'api-run-2', options: { mode: 'model' }, indicators: [record('a.3', 'plumsister', 3)] },
    { 'idempotency-key': 'api-run-2-0' },
  )
  assert.equal(other.status, 200)

  const { journal, database } = await purge('api-run', '--yes')
  assert.deepEqual(journal, { removed: 3 })
  assert.deepEqual(database.results, { removed: 1, kept: 0 })
  assert.deepEqual(await searchDatabase(pool, ['plumquartz']), [])
  assert.deepEqual(await searchRestate(adminUrl, ['plumquartz']), [])
  assert.notDeepEqual(await searchRestate(adminUrl, ['plumsister']), [])

  // An answer that Restate keeps under a key is found by the database after its journal has gone.
  const [kept] = (await pool.query(`select invocation_id from run_batches where run_id = 'api-run-2'`)).rows
  const gone = await fetch(`${adminUrl}/invocations/${kept.invocation_id}/purge-journal`, { method: 'PATCH' })
  assert.equal(gone.status, 200)
  assert.deepEqual((await purge('api-run-2', '--yes')).journal, { removed: 1 })
})

test('a run under way is refused, and what it leaves when it is killed can be purged', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  endpoint.behave(async (seen) => {
    await held
    return talkative(seen)
  })
  const sent = await callIngress(
    stack,
    'classify-api/batch/send',
    { run_id: 'open-run', options: { mode: 'model' }, indicators: [record('u.1', 'velvetgrunt', 1)] },
    { 'idempotency-key': 'open-run-0' },
  )
  assert.equal(sent.status, 202)
  const refused = await runCli(['purge', 'open-run', '--yes'], { env: stack.env })
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /is under way.*npm run kill -- open-run/)
  const killed = await runCli(['kill', 'open-run', '--force'], { env: stack.env })
  assert.equal(killed.code, 0, killed.stderr)
  release()
  endpoint.behave(talkative)
  const { journal } = await purge('open-run', '--yes')
  assert.deepEqual(journal, { removed: 1 })
  assert.deepEqual(await searchRestate(adminUrl, ['velvetgrunt']), [])
  assert.deepEqual(await searchDatabase(pool, ['velvetgrunt']), [])
})

test('no log holds a word of a record, however the endpoint quotes it', async () => {
  const word = 'grimblewick'
  const quoting = (seen: Parameters<Quirk>[0]) => `I read ${seen.items.map(({ name }) => name).join(', ')}`
  const behaviours: readonly Quirk[] = [
    (seen) => message(seen, { content: quoting(seen) }),
    (seen) => message(seen, { content: null, refusal: quoting(seen) }),
    (seen) => refusal(400, quoting(seen)),
    (seen) => refusal(401, quoting(seen)),
    (seen) => refusal(500, quoting(seen)),
    (seen) => refusal(429, quoting(seen), { code: 'rate_limit_exceeded' }, { 'retry-after': '2' }),
  ]
  let number = 0
  for (const behaviour of behaviours) {
    // What an endpoint says of its own load is waited for, so that once must do.
    const times = number < 4 ? 4 : 1
    endpoint.behave((seen) => (seen.index < times ? behaviour(seen) : talkative(seen)))
    number += 1
    const indicators = [record(`l.${number}`, word, number)]
    const body = { run_id: `log-run-${number}`, options: { mode: 'model', reuse: false }, indicators }
    await callIngress(stack, 'classify-api/batch', body)
  }
  const invalid = { indicators: [{ indicator_id: word, name: { [word]: word }, units: [word] }], [word]: word }
  await callIngress(stack, 'classify-api/batch', invalid)
  await callIngress(stack, 'classify-api/batch', `{"indicators": ${word}`)
  assert.deepEqual(await searchData([word]), [])
})

test('answers of earlier releases are counted before they are removed, and are not said to stay', async () => {
  const run = await classify(await catalogue('gamma', [record('g.1', 'oldmarrow', 1)]))
  // A release before purges wrote no uses.
  await pool.query('delete from answer_uses where run_id = $1', [run])
  const planned = await purge(run, '--dry-run', '--earlier-answers')
  const { rows } =
    await pool.query(`select count(*)::int as n from shape_answers where source <> 'person' and not exists (
    select from answer_uses where answer_uses.shape_hash = shape_answers.shape_hash
  )`)
  assert.ok(rows[0].n > 0)
  assert.deepEqual(planned.database.shape_answers, { removed: rows[0].n, kept: 0 })
  assert.equal(planned.answers_of_earlier_releases, 0)
  assert.deepEqual(await purge(run, '--yes', '--earlier-answers'), { ...planned, dry_run: false })
  assert.deepEqual(await searchDatabase(pool, ['oldmarrow']), [])
})

test('a run that nobody knows is reported, and Restate is not asked where it is away', async () => {
  const unknown = await runCli(['purge', 'run-nobody', '--yes'], { env: stack.env })
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /Run "run-nobody" is not known: neither Restate nor the database nor /)
  const unasked = await runCli(['purge', 'run-nobody', '--yes', '--no-journal'], { env: stack.env })
  assert.deepEqual(
    [unasked.code, /Run "run-nobody" is not known: neither the database nor /.test(unasked.stderr)],
    [1, true],
  )
  const away = await runCli(['purge', 'api-run', '--dry-run', '--admin', 'http://127.0.0.1:9'], { env: stack.env })
  assert.equal(away.code, 1)
  assert.match(away.stderr, /No Restate admin port answers[\s\S]*--no-journal purges the rest\n$/)
  const bad = await runCli(['purge', "x' or '1", '--yes'], { env: stack.env })
  assert.deepEqual([bad.code, bad.stdout], [2, ''])
  assert.match(bad.stderr, /is not the id of a run \(1 to 100 characters of /)
  const without = await purge('api-run', '--yes', '--no-journal', '--admin', 'http://127.0.0.1:9')
  assert.equal(without.journal, null)
})
