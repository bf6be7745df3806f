/** Labels of people as evidence on a running stack: they remove a wrong rule, and trust right rules without any audit. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Labels } from '../../../../src/classification/types.ts'
import type { EvidenceResponse } from '../../../../src/restate/contract.ts'
import { runCli } from '../../../helpers/cli/cli.ts'
import {
  type MadeRow,
  MONEY_STOCK_RULE,
  makeRow,
  OTHER_THAN_STOCK,
} from '../../../helpers/evidence/audited-catalogue.ts'
import { world } from './world.ts'

let directory: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-labels-'))
})

after(async () => {
  await rm(directory, { recursive: true, force: true })
})

const cli = (...args: readonly string[]) => runCli(args, { env: { ...world.stack.env }, cwd: directory })

/** Runs a command that ends with one of `codes`, and gives the JSON that it prints. */
async function json(codes: readonly number[], ...args: readonly string[]) {
  const { code, stdout, stderr } = await cli(...args, '--json')
  assert.ok(codes.includes(code ?? -1) && stdout !== '', `${args.join(' ')}: ${code}: ${stdout}${stderr}`)
  return JSON.parse(stdout)
}

const evidenceOf = async (catalogue: string): Promise<EvidenceResponse> =>
  await json([0], 'certify', '--catalogue', catalogue, '--evidence')

/** Has `by` label the rows that the certificate of a run draws next, as they are in `truth`, and gives the ids. */
async function label(run: string, count: number, truth: (id: string) => Labels, by = 'Anna'): Promise<string[]> {
  const file = `${run}-${by}-${count}.jsonl`
  await json([0, 1, 2], 'certify', '--run', run, '--count', String(count), '--out', file)
  const lines = (await readFile(join(directory, file), 'utf8')).trim().split('\n')
  const rows = lines.map((line) => JSON.parse(line) as { readonly indicator_id: string })
  const filled = rows.map((row) => `${JSON.stringify({ ...row, labels: truth(row.indicator_id) })}\n`)
  await writeFile(join(directory, file), filled.join(''))
  await json([0, 1, 2], 'certify', '--run', run, '--labels', file, '--by', by, '--count', '1', '--out', 'next.csv')
  return rows.map(({ indicator_id: id }) => id)
}

/** Numbers that no row of the other part has, which would be of the same shape. */
let made = 5_000_000

/** Rows of which the rules are sure in every field; of every five one is decided by the rule for stocks of money. */
function rowsOf(prefix: string, count: number): readonly MadeRow[] {
  made += 10_000
  return Array.from({ length: count }, (_, index) =>
    makeRow(index % 5 === 0 ? 'money-stock' : 'others', prefix, made + index),
  )
}

const truthOf = (rows: readonly MadeRow[]) => {
  const byId = new Map(rows.map((row) => [row.indicator_id, row.labels]))
  return (id: string) => byId.get(id) ?? assert.fail(`${id} was not made`)
}

test('after enough right labels the rules are trusted without any audit, and nothing is asked', async () => {
  const rows = rowsOf('right', 400)
  // Rules alone: no model is asked, and the results are unverified.
  const first = await world.classify('right', rows, ['--mode', 'rules'])
  assert.deepEqual([first.unverified, first.model_requests], [400, 0])
  await label(first.run_id, 60, truthOf(rows))
  const before = await evidenceOf('right')
  assert.ok(before.fields.every(({ state, measure }) => state === 'undecided' && measure === 'audits'))
  assert.equal(before.fields.find(({ field }) => field === 'type')?.sources?.[0]?.labels, 60)
  await label(first.run_id, 110, truthOf(rows))

  const evidence = await evidenceOf('right')
  assert.ok(evidence.fields.length > 5)
  for (const { field, state, measure, bound, sources } of evidence.fields) {
    assert.deepEqual([state, measure], ['trusted', 'labels'], field)
    assert.ok(bound >= 0.97)
    assert.deepEqual(sources?.[0], { source: 'rules', audits: 0, agreed: 0, labels: 170, right: 170 })
    assert.ok(
      sources?.every(({ source }) => source !== 'model'),
      'no model answered',
    )
  }
  const table = await cli('certify', '--run', first.run_id, '--evidence')
  assert.match(table.stdout, /\n {2}type +trusted +labels +rules +- +170 of 170\n/)

  const more = rowsOf('more', 300)
  await world.teach(more)
  const second = await world.classify('right', more)
  assert.deepEqual([second.audited, second.by_source.rules, second.unverified, world.requests()], [0, 300, 0, 0])
  assert.equal(await world.accuracy('right', more), 1)
})

test('a rule that is wrong by the labels of a run is removed, although the model agrees with it', async () => {
  const rows = rowsOf('wrong', 500)
  const truth = (id: string): Labels => {
    const row = rows.find(({ indicator_id: one }) => one === id) ?? assert.fail(id)
    return row.name.startsWith('Broad Money') ? { ...row.labels, ...OTHER_THAN_STOCK } : row.labels
  }
  // The model errs as the rule does, so that audits show nothing against it.
  await world.teach(rows)
  const first = await world.classify('wrong', rows)
  const trusted = await evidenceOf('wrong')
  for (const { field, state, measure } of trusted.fields)
    assert.deepEqual([state, measure], ['trusted', 'audits'], field)
  await label(first.run_id, 90, truth)

  const { fields } = await evidenceOf('wrong')
  const type = fields.find(({ field }) => field === 'type') ?? assert.fail('no evidence')
  assert.notEqual(type.state, 'trusted')
  assert.deepEqual(
    type.removed.map(({ rule, measure }) => [rule, measure]),
    [[MONEY_STOCK_RULE, 'labels']],
  )
  const wrong = type.sources?.find(({ source }) => source === MONEY_STOCK_RULE)
  assert.ok(wrong !== undefined && wrong.labels > 5 && wrong.right === 0 && wrong.agreed === wrong.audits)
  const ofModel = type.sources?.find(({ source }) => source === 'model')
  assert.ok(ofModel === undefined || ofModel.right <= ofModel.labels)
  assert.equal(fields.find(({ field }) => field === 'frequency')?.state, 'trusted')

  // The next run asks the model about the type of every row of that rule.
  const more = rowsOf('next', 200)
  const turned = more.map((row) =>
    row.name.startsWith('Broad Money') ? { ...row, labels: { ...row.labels, ...OTHER_THAN_STOCK } } : row,
  )
  await world.teach(turned)
  const next = await world.classify('wrong', turned)
  assert.ok(next.audited > 0, 'the rules that are left have to earn the field anew')
  assert.equal(await world.accuracy('wrong', turned), 1)
})

test('a third decision changes what labels have shown, and an unknown catalogue is refused', async () => {
  const rows = rowsOf('disputed', 300)
  const truth = truthOf(rows)
  const { run_id: run } = await world.classify('disputed', rows, ['--mode', 'rules'])
  const ids = await label(run, 40, truth)
  const shownOf = async () => {
    const { fields } = await evidenceOf('disputed')
    const { labels = 0, right = 0 } = fields.find(({ field }) => field === 'frequency')?.sources?.[0] ?? {}
    return [labels, right]
  }
  assert.deepEqual(await shownOf(), [40, 40])
  await json([0, 1, 2], 'certify', '--run', run)
  assert.deepEqual(await shownOf(), [40, 40], 'looking again changes nothing')

  // Ben differs on the eleventh row, which holds up all behind it.
  const disputed = ids[10] ?? ''
  const other = { ...truth(disputed), frequency: 'monthly' }
  await writeFile(join(directory, 'ben.jsonl'), `${JSON.stringify({ indicator_id: disputed, labels: other })}\n`)
  const two = await json([0, 1, 2], 'certify', '--run', run, '--labels', 'ben.jsonl', '--by', 'Ben', '--cases', 'c.csv')
  assert.deepEqual([two.result.labelled, await shownOf()], [10, [10, 10]])
  await writeFile(join(directory, 'third.txt'), `${disputed} frequency=monthly\n`)
  const three = await json([0, 1, 2], 'certify', '--run', run, '--adjudicate', 'third.txt', '--by', 'Cleo')
  assert.deepEqual([three.result.labelled, await shownOf()], [40, [40, 39]])

  const refused = await cli('certify', '--catalogue', 'disptued', '--evidence')
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /--catalogue: there is no catalogue "disptued"; there is .*"disputed"/)
  assert.match((await cli('certify', '--evidence')).stderr, /--evidence needs --catalogue NAME, or --run RUN/)
})

test('confidence of a catalogue follows the labels of its rows, and that of others stays', async () => {
  const rows = rowsOf('calibrated', 300)
  const confidenceIn = async (catalogue: string, field: string) => {
    const { results } = await world.batch(catalogue, rowsOf('asked', 5), { mode: 'rules' })
    const [, second] = results
    assert.ok(second !== undefined)
    return second.field_confidence[field] ?? 0
  }
  const shipped = await confidenceIn('uncalibrated', 'frequency')
  const { run_id: run } = await world.classify('calibrated', rows, ['--mode', 'rules'])
  assert.equal(await confidenceIn('calibrated', 'frequency'), shipped)
  // People find every second frequency wrong, and all else right.
  const truth = truthOf(rows)
  let count = 0
  const half = (id: string): Labels => ({
    ...truth(id),
    frequency: (count++ % 2 === 0 ? 'daily' : truth(id).frequency) ?? null,
  })
  await label(run, 60, half)
  const frequency = await confidenceIn('calibrated', 'frequency')
  assert.ok(frequency > 0.45 && frequency < 0.7 && frequency < shipped, `${frequency}`)
  assert.ok((await confidenceIn('calibrated', 'type')) >= 0.9)
  assert.equal(await confidenceIn('uncalibrated', 'frequency'), shipped)
  const stored = await world.database.query('select count(*)::int as count from calibrations where catalogue = $1', [
    'calibrated',
  ])
  await json([0, 1, 2], 'certify', '--run', run)
  const again = await world.database.query('select count(*)::int as count from calibrations where catalogue = $1', [
    'calibrated',
  ])
  assert.deepEqual(again.rows, stored.rows, 'the same labels are counted once')
})
