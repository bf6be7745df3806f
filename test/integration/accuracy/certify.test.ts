/** The command `certify` on a running stack: one person's hour, two people, the check of the file, and drift. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { runCli } from '../../helpers/cli/cli.ts'
import {
  fillForm,
  makeParts,
  PARTS_CODEBOOK,
  type PartLabels,
  type PartsModel,
  readForm,
  startPartsModel,
  trueLabels,
} from '../../helpers/evidence/labelled-parts.ts'
import { startTestStack, type TestStack } from '../../helpers/stack/stack.ts'

const ROWS = 1_500
/** A truth of 0.998. */
const WRONG = ['P.100', 'P.700', 'P.1300']
let model: PartsModel
let stack: TestStack
let directory: string
let run: string
let database: pg.Client
/** The number of labelled rows with which the claim was shown. */
let labelled = 0

before(async () => {
  model = await startPartsModel()
  for (const id of WRONG) model.wrong.add(id)
  stack = await startTestStack({ OPENAI_BASE_URL: model.url, RATE_RPM: '60000' })
  directory = await mkdtemp(join(tmpdir(), 'classify-certify-'))
  database = new pg.Client({ connectionString: stack.databaseUrl })
  await database.connect()
  await writeFile(join(directory, 'my-parts.yaml'), PARTS_CODEBOOK)
  const lines = makeParts(ROWS).map((part) => `${JSON.stringify(part)}\n`)
  await writeFile(join(directory, 'store.jsonl'), lines.join(''))
  const report = await json(0, 'classify', 'store.jsonl', '--codebook', 'my-parts.yaml', '--mode', 'model')
  assert.equal(report.classified, ROWS)
  run = report.run_id
})

after(async () => {
  await database?.end()
  await stack?.stop()
  await model?.close()
  await rm(directory, { recursive: true, force: true })
})

const cli = (args: readonly string[], ownProcess = false) =>
  runCli(args, { env: { ...stack.env }, cwd: directory, ownProcess })

async function expectCode(code: number, ...args: readonly string[]) {
  const result = await cli(args)
  assert.equal(result.code, code, `${args.join(' ')}: ${result.stdout}${result.stderr}`)
  return result
}

const json = async (code: number, ...args: readonly string[]) =>
  JSON.parse((await expectCode(code, ...args, '--json')).stdout)

const certify = (code: number, ...args: readonly string[]) => json(code, 'certify', '--run', run, ...args)
const path = (name: string) => join(directory, name)
const certificate = () => `certificate-${run}.json`
const check = (code: number) => expectCode(code, 'certify', '--check', certificate())

test('one person’s hour: blind files, labels, and the target shown with at most 300 labels', async () => {
  const first = await certify(2, '--target', '0.97', '--delta', '0.05')
  assert.deepEqual([first.state, first.result.labelled, first.files.certificate], ['more', 0, null])
  assert.equal(first.files.labels, `labels-${run}-1.csv`)
  const form = await readForm(path(first.files.labels))
  assert.deepEqual(Object.keys(form[0] ?? {}), [
    ...['indicator_id', 'name', 'kind', 'uses', 'weight', 'note', 'description', 'sample_values', 'catalogue'],
  ])
  assert.ok(
    form.every((row) => `${row['kind']}${row['uses']}${row['weight']}` === ''),
    'the file is blind',
  )
  // Asked again before a label came, the command keeps the seed, and the file that a person may be filling in.
  const again = await certify(2)
  assert.equal(again.plan.seed, first.plan.seed)
  assert.equal(again.files.labels, first.files.labels)

  // From here on the draw is the same whenever the test runs, so that no unlucky draw fails it.
  await database.query(`update certificates set seed = '0123456789abcdef0123456789abcdef' where run_id = '${run}'`)
  await rm(path(first.files.labels))
  let next = await certify(2)
  for (let round = 0; next.state === 'more'; round += 1) {
    assert.ok(round < 9, 'a handful of files is enough')
    const labels = await fillForm(path(next.files.labels))
    labelled += labels.length
    assert.ok(labelled <= 300, `${labelled} labels`)
    const result = await cli(['certify', '--run', run, '--labels', next.files.labels, '--by', 'Anna', '--json'], true)
    assert.ok(result.code === 0 || result.code === 2, result.stderr)
    next = JSON.parse(result.stdout)
    assert.equal(result.code, next.state === 'shown' ? 0 : 2)
  }
  assert.equal(next.state, 'shown')
  const [claim] = next.result.claims
  assert.deepEqual([claim.claim, claim.labelled], ['*', labelled])
  assert.ok(claim.lower >= 0.97 && claim.lower <= 0.998 && claim.upper >= 0.998)
  assert.deepEqual(
    next.result.fields.map((one: { field: string }) => one.field),
    ['kind', 'uses', 'weight'],
  )
  assert.ok(next.result.fields.every((one: { proven: number }) => one.proven >= 0.97))
  // The answer is told only of rows that are labelled.
  const seen = new Set(next.misses.map(({ id }: { id: string }) => id))
  assert.ok([...seen].every((id) => WRONG.includes(String(id))))
  const page = await readFile(path(`certificate-${run}.txt`), 'utf8')
  assert.match(page, /SHOWN[\s\S]*by Anna[\s\S]*Claim: all of kind, uses, weight are right in at least 0\.97/)
})

test('--check agrees, and fails where a label, an answer, a row or the file was altered', async () => {
  assert.match((await check(0)).stdout, /agrees with the database: .*shown/)
  const file = await readFile(path(certificate()), 'utf8')
  const { given, labels } = JSON.parse(file) as { given: { id: string }[]; labels: { id: string }[] }
  const id = given[0]?.id ?? ''
  const fails = async (reason: RegExp, alter: string, restore: string) => {
    const { rowCount } = await database.query(alter)
    assert.equal(rowCount, 1, alter)
    assert.match((await check(1)).stdout, reason)
    await database.query(restore)
    await check(0)
  }
  const where = `where indicator_id = '${id}' and field = 'kind'`
  const { rows: before } = await database.query(`select label::text from evidence_labels ${where}`)
  const restored = `update evidence_labels set label = '${before[0].label}'::jsonb ${where}`
  await fails(
    new RegExp(`the label of ${id} in kind by Anna is \\w+ of .* in the file and unheard of`),
    `update evidence_labels set label = '"unheard"' ${where}`,
    restored,
  )
  const row = `where run_id = '${run}' and indicator_id = '${id}'`
  // The latest results and the history are one to a certificate.
  await database.query(`create table latest as select * from results ${row}`)
  await database.query(`delete from results ${row}`)
  await database.query(`create table kept as select * from result_history ${row}`)
  await fails(
    new RegExp(
      `the drawn row ${id} is not in the run[\\s\\S]*the run has 1499 rows; the certificate speaks about 1500`,
    ),
    `delete from result_history ${row}`,
    'insert into result_history select * from kept',
  )
  await fails(
    /the digest of the rows changed/,
    `update result_history set confidence = 0.123 ${row}`,
    `update result_history set confidence = (select confidence from kept) ${row}`,
  )
  await database.query(`insert into results select * from latest`)
  await database.query(`delete from result_history ${row}`)
  await check(0)
  await fails(
    /the seed is "[0-9a-f]{32}" in the file and "chosen" in the database/,
    `update certificates set seed = 'chosen' where run_id = '${run}'`,
    `update certificates set seed = '${JSON.parse(file).plan.seed}' where run_id = '${run}'`,
  )
  const altered = async (text: string, reason: RegExp) => {
    await writeFile(path('altered.json'), text)
    assert.match((await expectCode(1, 'certify', '--check', 'altered.json')).stdout, reason)
  }
  const without = { ...JSON.parse(file), labels: labels.slice(1) }
  await altered(
    JSON.stringify(without),
    /does not follow from its drawn rows and labels[\s\S]*has a label of .* that the file lacks/,
  )
  await altered(file.replace(/"target": 0\.97/, '"target": 0.9'), /the target is 0\.9 in the file and 0\.97/)
  await altered(file.replace(/"kind": true/, '"kind": 3'), /labels\.0\.right/)
  await altered('nothing', /not a JSON object/)
})

test('the plan is fixed by the first label, and a label is given once', async () => {
  const refused = async (reason: RegExp, ...args: readonly string[]) =>
    assert.match((await expectCode(2, 'certify', '--run', run, ...args)).stderr, reason)
  await refused(
    /was fixed before its first label.*--target 0\.97, and not 0\.95.*lower bound holds/,
    '--target',
    '0.95',
  )
  await refused(/--field all, and not kind/, '--field', 'kind')
  await refused(/--field: "kinds" is no field that people label \(did you mean kind\?\)/, '--field', 'kinds')
  await writeFile(
    path('changed.jsonl'),
    '{"indicator_id":"P.100","labels":{"kind":"panel","uses":["indoors"],"weight":0}}\n',
  )
  const form = await readForm(path(`labels-${run}-1.csv`))
  const [one] = form
  await writeFile(
    path('twice.txt'),
    `${one?.['indicator_id']} kind=${one?.['kind'] === 'tool' ? 'bolt' : 'tool'} uses=indoors weight=none\n`,
  )
  await refused(
    /line 1, kind: was \w+ by Anna on .*a label is given once.*--adjudicate/,
    '--labels',
    'twice.txt',
    '--by',
    'Anna',
  )
  await writeFile(
    path('bad.csv'),
    'indicator_id,kind,uses,weight\nP.1,tol,indoors,\nP.2,tool,,\nX.1,tool,indoors,\nP.3,tool,indoors;attic,\n',
  )
  await refused(
    /bad\.csv: 4 problems; no label was stored[\s\S]*line 2, kind: "tol" is not in the codebook; did you mean tool\?[\s\S]*line 3, uses: has no label[\s\S]*"X\.1" is no row of run[\s\S]*line 5, uses: "attic"/,
    ...['--labels', 'bad.csv', '--by', 'Anna'],
  )
  assert.match((await expectCode(2, 'certify', '--run', 'run-nobody')).stderr, /Run "run-nobody" is not known/)
  assert.match((await expectCode(2, 'certify')).stderr, /--run RUN/)
  assert.match(
    (await expectCode(2, 'certify', '--drift', '--catalogue', 'store', '--codebook', 'my-parts.yaml')).stderr,
    /no sentinel rows/,
  )
})

test('two people: agreement, cases, and third decisions that settle them', async () => {
  const { file, rows } = await certify(0, '--second', '--by', 'Ben', '--count', '40', '--out', 'ben.csv')
  assert.deepEqual([file, rows], ['ben.csv', 40])
  const other = (id: string, labels: PartLabels) => ({
    ...labels,
    kind: labels.kind === 'tool' ? 'bolt' : 'tool',
    note: `unsure of ${id}`,
  })
  const ids = (await readForm(path('ben.csv'))).map((row) => row['indicator_id'] ?? '')
  const disputed = [ids[5] ?? '', ids[9] ?? '']
  await fillForm(path('ben.csv'), (id, labels) => (disputed.includes(id) ? other(id, labels) : labels))
  const { stdout } = await cli([
    'certify',
    '--run',
    run,
    '--labels',
    'ben.csv',
    '--by',
    'Ben',
    '--cases',
    'cases.csv',
    '--json',
  ])
  const two = JSON.parse(stdout)
  const kind = two.agreement.find((one: { field: string }) => one.field === 'kind')
  assert.deepEqual([kind.rows, kind.disagreements], [40, 2])
  assert.ok(kind.alpha > 0.8 && kind.alpha < 1 && kind.interval[0] <= kind.alpha && kind.alpha <= kind.interval[1])
  assert.equal(two.agreement.find((one: { field: string }) => one.field === 'uses').alpha, 1)
  assert.deepEqual(
    two.cases.map(({ id, field }: { id: string; field: string }) => [id, field]),
    disputed.map((id) => [id, 'kind']),
  )
  // A row in dispute holds up those that are drawn after it, and nothing else is to be labelled meanwhile.
  assert.deepEqual([two.state, two.result.labelled, two.files.labels], ['more', 5, null])
  assert.ok(
    two.misses.every(({ id }: { id: string }) => !disputed.includes(id)),
    'the answer stays hidden',
  )
  const cases = await readForm(path('cases.csv'))
  assert.deepEqual(
    cases.map((row) => row['indicator_id']),
    disputed,
  )
  assert.match(cases[0]?.['given'] ?? '', /^kind: \w+ \(Anna\), \w+ \(Ben\)$/)
  assert.deepEqual([cases[0]?.['kind'], 'uses' in (cases[0] ?? {})], ['', false])
  await check(0)

  await fillForm(path('cases.csv'))
  const settled = await certify(0, '--adjudicate', 'cases.csv', '--by', 'Cleo')
  assert.deepEqual(
    settled.cases.map(({ decided }: { decided: { by: string } }) => decided.by),
    ['Cleo', 'Cleo'],
  )
  assert.equal(settled.state, 'shown')
  assert.equal(settled.agreement[0].disagreements, 2, 'a third decision does not make people agree')
  await check(0)
  await writeFile(path('needless.txt'), `${ids[6]} kind=tool\n`)
  const refused = await expectCode(2, 'certify', '--run', run, '--adjudicate', 'needless.txt', '--by', 'Cleo')
  assert.match(refused.stderr, /line 1, kind: has no labels that differ/)
})

test('sentinel rows find a change of the model, and leave the results of the catalogue as they are', async () => {
  let kept = await cli(['certify', '--run', run, '--sentinel', '--json'])
  if (kept.code === 2) {
    const { files, sentinels } = JSON.parse(kept.stdout)
    assert.ok(sentinels.missing > 0 && sentinels.rows === labelled)
    await fillForm(path(files.labels))
    kept = await cli(['certify', '--run', run, '--labels', files.labels, '--by', 'Anna', '--sentinel', '--json'])
  }
  assert.equal(kept.code, 0, kept.stderr)
  const { sentinels } = JSON.parse(kept.stdout)
  assert.ok(sentinels.rows >= 150)
  assert.ok(sentinels.detectable > 0.03 && sentinels.detectable < 0.07)
  assert.match(kept.stderr, /Kept \d+ sentinel rows .* they show a fall of accuracy of 0\.0\d+ or more/)

  const results = async () =>
    (
      await database.query(
        `select md5(string_agg(t::text, '')) from (select * from results where catalogue = 'store' order by indicator_id) t`,
      )
    ).rows
  const before = await results()
  const drift = ['certify', '--catalogue', 'store', '--codebook', 'my-parts.yaml', '--drift', '--fail-on-drift']
  const same = await json(0, ...drift)
  assert.deepEqual([same.row.verdict, same.row.change, same.row.rows], ['no-change-shown', 0, sentinels.rows])
  assert.ok(same.row.interval[0] < 0 && same.row.interval[1] > 0)

  const { rows } = await database.query<{ indicator_id: string }>(
    'select indicator_id from sentinel_rows order by 1 limit 15',
  )
  for (const { indicator_id: id } of rows) model.wrong.add(id)
  const worse = await json(1, ...drift)
  assert.equal(worse.row.verdict, 'worse')
  assert.ok(worse.row.interval[1] < 0 && worse.row.change < -0.05)
  assert.ok(worse.fields.kind.change < -0.05)
  assert.equal(worse.fields.uses.change, 0)
  const text = await expectCode(0, 'certify', '--run', run, '--drift')
  assert.match(
    text.stdout,
    /WORSE[\s\S]*a change of -0\.\d+ \(95 % interval -0\.\d+ to -0\.\d+[\s\S]*Right before and wrong now: P\./,
  )
  assert.deepEqual(await results(), before)
  // The answers of the sentinel rows are in no list of results, and in the history of their run.
  const status = await json(0, 'status', 'P.0')
  assert.equal(status.catalogue, 'store')
  const history = await database.query(`select catalogue from run_results where run_id = '${worse.run}' limit 1`)
  assert.deepEqual(history.rows, [{ catalogue: 'sentinel:store' }])
})

test('a run that misses the target says so, and offers the cut with the records that are left over', async () => {
  await writeFile(
    path('poor.jsonl'),
    makeParts(600)
      .map((part) => `${JSON.stringify(part)}\n`)
      .join(''),
  )
  // The rows of low confidence are wrong, so that the target holds above a cut.
  model.wrong.clear()
  for (const { indicator_id: id } of makeParts(600)) if (Number(id.slice(2)) % 20 < 4) model.wrong.add(id)
  const report = await json(0, 'classify', 'poor.jsonl', '--codebook', 'my-parts.yaml', '--mode', 'model', '--no-reuse')
  const args = ['certify', '--run', report.run_id]
  await json(2, ...args, '--count', '400', '--out', 'poor-labels.jsonl')
  const lines = (await readFile(path('poor-labels.jsonl'), 'utf8')).trim().split('\n')
  assert.equal(lines.length, 400)
  const filled = lines.map((line) => {
    const row = JSON.parse(line)
    return `${JSON.stringify({ ...row, labels: trueLabels(row.indicator_id) })}\n`
  })
  await writeFile(path('poor-labels.jsonl'), filled.join(''))
  const missed = await json(1, ...args, '--labels', 'poor-labels.jsonl', '--by', 'Anna', '--left-over', 'left.jsonl')
  assert.equal(missed.state, 'missed')
  const { cut } = missed.result
  assert.ok(cut.confidence > 0.83 && cut.rows + cut.left === 600, JSON.stringify(cut))
  const left = (await readFile(path('left.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(left.length, cut.left)
  assert.ok(left.every(({ indicator_id, name }) => name === `Part ${indicator_id.slice(2)} of the store`))
  assert.ok((await readdir(directory)).every((name) => !name.includes('.partial-')))
})
