/** Runs against a model with each fault at 10 % of its requests, and all at 3 %: every result comes, and no request is needless. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { MAX_ROUNDS } from '../../../src/classification/chunks.ts'
import type { Labels } from '../../../src/classification/types.ts'
import { type FaultRates, MODEL_FAULTS, type ModelFault } from '../../../src/config/offline-model-values.ts'
import { createRulesAnswers } from '../../../src/offline-model/answer-strategy.ts'
import { createNoisyAnswers } from '../../../src/offline-model/answers-noisy.ts'
import type { OfflineModelStats } from '../../../src/offline-model/stats.ts'
import { MAX_TIMEOUTS, MAX_TRIES } from '../../../src/restate/chunk/chunk.ts'
import { runCli } from '../../helpers/cli/cli.ts'
import { type SwitchableModel, startSwitchableModel } from '../../helpers/servers/switchable-model.ts'
import { startTestStack, type TestStack } from '../../helpers/stack/stack.ts'

const COUNT = 500
const PACK = 5
const CHUNKS = COUNT / PACK
/** With this seed some 10 of the first 100 requests meet a fault of 10 %, and every fault of 3 % comes at least twice. */
const SEED = 6
const SAMPLE = new URL('../../../src/cli/start/sample/indicators.jsonl', import.meta.url)

let model: SwitchableModel
let stack: TestStack
let database: pg.Client
let directory: string
let catalogue: string
/** The results of a run without faults, by id of the indicator. */
let baseline: ReadonlyMap<string, Row>

interface Row {
  readonly indicator_id: string
  readonly labels: Labels
  readonly status: string
  readonly unanswered: boolean
  readonly issues: readonly { readonly code: string; readonly message: string }[]
}

interface Report {
  readonly run_id: string
  readonly indicators: number
  readonly classified: number
  readonly unchanged: number
  readonly failed: number
  readonly needs_review: number
  readonly model_requests: number
  readonly by_source: { readonly model: number; readonly escalation: number; readonly rules: number }
}

before(async () => {
  model = await startSwitchableModel(SEED)
  stack = await startTestStack({
    OPENAI_BASE_URL: model.url,
    OPENAI_MODEL: 'offline-rules',
    OPENAI_ESCALATION_MODEL: 'offline-larger',
    // Longer than a stall of a busy machine, since a run without faults must make no request more.
    OPENAI_TIMEOUT_MS: '5000',
    RATE_RPM: '100000',
  })
  database = new pg.Client({ connectionString: stack.databaseUrl })
  await database.connect()
  directory = await mkdtemp(join(tmpdir(), 'classify-faults-'))
  catalogue = join(directory, 'catalogue.jsonl')
  await writeFile(catalogue, await catalogueOf(COUNT))
  const report = await run()
  assert.equal(report.model_requests, CHUNKS)
  baseline = await rowsOf(report.run_id)
})

after(async () => {
  await database?.end()
  await stack?.stop()
  await model?.close()
  if (directory !== undefined) await rm(directory, { recursive: true, force: true })
})

/** A catalogue that repeats the sample under new ids. */
async function catalogueOf(count: number): Promise<string> {
  const sample = (await readFile(SAMPLE, 'utf8')).trim().split('\n')
  return Array.from({ length: count }, (_, index) => {
    const indicator = JSON.parse(sample[index % sample.length] ?? '') as object
    return JSON.stringify({ ...indicator, indicator_id: `F.${index}` })
  }).join('\n')
}

async function run(...more: readonly string[]): Promise<Report> {
  const args = ['classify', catalogue, '--mode', 'model', '--no-reuse', '--pack', String(PACK), '--json', ...more]
  const { code, stdout, stderr } = await runCli(args, { env: stack.env })
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Report
}

/** The rows of a run in the history, by id of the indicator. Fails unless every indicator has exactly one. */
async function rowsOf(runId: string): Promise<ReadonlyMap<string, Row>> {
  const columns = 'indicator_id, labels, status, unanswered, issues'
  const { rows } = await database.query<Row>(`select ${columns} from run_results where run_id = $1`, [runId])
  const byId = new Map(rows.map((row) => [row.indicator_id, row]))
  assert.equal(rows.length, COUNT)
  assert.equal(byId.size, COUNT)
  return byId
}

const AWAY: readonly ModelFault[] = ['http500', 'timeout', 'cut']
const USELESS = MODEL_FAULTS.filter((fault) => !AWAY.includes(fault))

/**
 * The most requests in which one indicator may stand. After a useless answer it is asked again in a smaller chunk, in
 * three rounds in all; while the endpoint is away the same chunk is sent again, eight times in a round. The escalation
 * model gets none, since the answers of this model are the rules' own and never in doubt.
 */
function mostRequests({ faults, requests }: OfflineModelStats): number {
  const isAway = requests.aborted > 0 || AWAY.some((fault) => faults[fault] > 0)
  const isUseless = USELESS.some((fault) => faults[fault] > 0)
  return (isUseless ? MAX_ROUNDS : 1) * (isAway ? MAX_TRIES : 1)
}

/**
 * A try that failed costs one more request, and a useless answer at most one for each indicator of its chunk. It
 * costs at least one, or the service has believed it, except in the last round, which leaves the indicator unanswered.
 */
function assertNoNeedlessRequests({ faults, requests }: OfflineModelStats, unanswered: number): void {
  // Every timeout counts as aborted, also one that a slow machine has caused.
  const tries = CHUNKS + faults.http500 + faults.cut + requests.aborted
  const useless = USELESS.reduce((sum, fault) => sum + faults[fault], 0)
  assert.ok(requests.accepted >= tries + useless - unanswered, `${requests.accepted} requests, ${useless} useless`)
  // A chunk that timed out as often as it may is asked again in smaller chunks, as one with a useless answer is.
  const smaller = (useless + Math.floor(requests.aborted / MAX_TIMEOUTS)) * PACK
  assert.ok(requests.accepted <= tries + smaller, `${requests.accepted} requests, ${tries} tries`)
}

/** The code in the issue of an indicator without an answer, by the fault of its last answer. */
const REASONS: Partial<Record<ModelFault, string>> = {
  badjson: 'model-bad-answer',
  missing: 'no-answer',
  double: 'doubled-answer',
  refusal: 'model-refused',
}

async function check(rates: FaultRates): Promise<void> {
  const report = await run('--force')
  const stats = model.stats()
  const rows = await rowsOf(report.run_id)
  const unanswered = [...rows.values()].filter((row) => row.unanswered)
  const summary = `${stats.requests.accepted} requests, most for one indicator ${stats.max_per_indicator}, ${report.needs_review} need a review, ${unanswered.length} unanswered, faults ${JSON.stringify(stats.faults)}`
  console.log(`  ${JSON.stringify(rates)}: ${summary}`)

  assert.deepEqual([report.indicators, report.classified, report.unchanged, report.failed], [COUNT, COUNT, 0, 0])
  assert.equal(report.needs_review, [...rows.values()].filter((row) => row.status === 'needs-review').length)
  for (const row of rows.values()) {
    if (!row.unanswered) {
      assert.deepEqual(row, baseline.get(row.indicator_id))
      continue
    }
    assert.equal(row.status, 'needs-review')
    const said = row.issues.find(({ code }) => code === 'no-answer')?.message ?? ''
    const known = MODEL_FAULTS.filter((fault) => (rates[fault] ?? 0) > 0).map((fault) => REASONS[fault])
    assert.ok(
      known.some((reason) => reason !== undefined && said.includes(`: ${reason}: `)),
      said,
    )
  }
  const latest = await database.query('select count(*)::int as n from results where run_id = $1', [report.run_id])
  assert.equal(latest.rows[0].n, COUNT)

  for (const fault of MODEL_FAULTS) {
    if ((rates[fault] ?? 0) > 0) assert.ok(stats.faults[fault] > 0, `not one ${fault}: ${summary}`)
    else assert.equal(stats.faults[fault], 0)
  }
  assert.equal(stats.indicators, COUNT)
  assert.ok(stats.max_per_indicator <= mostRequests(stats), summary)
  assertNoNeedlessRequests(stats, unanswered.length)
  // The report counts every request that was sent, also tries that failed.
  assert.equal(report.model_requests, stats.requests.accepted)
}

for (const fault of MODEL_FAULTS) {
  test(`${fault} at 10 %`, async () => {
    const rates = { [fault]: 0.1 }
    await model.behave({ faults: rates })
    await check(rates)
  })
}

test('all faults at 3 % each', async () => {
  const rates = Object.fromEntries(MODEL_FAULTS.map((fault) => [fault, 0.03])) as FaultRates
  await model.behave({ faults: rates })
  await check(rates)
})

test('an indicator that the model always refuses needs a review with the reason, and the next run asks it again', async () => {
  await model.behave({})
  // This run answers the indicators that earlier tests left unanswered.
  await run()
  await model.behave({ faults: { refusal: 1 } })
  // A model that refused many different records in a row would stop the run.
  const refused = await run('--force', '--limit', '1')
  assert.deepEqual([refused.classified, refused.failed, refused.needs_review], [1, 0, 1])
  assert.equal(model.stats().max_per_indicator, MAX_ROUNDS)

  await model.behave({})
  const again = await run()
  assert.deepEqual([again.classified, again.unchanged, again.failed], [1, COUNT - 1, 0])
  assert.equal(model.stats().indicators, 1)
  const { rows } = await database.query('select count(*)::int as n from results where unanswered')
  assert.equal(rows[0].n, 0)
})

test('an answer that contradicts a sure rule is asked once more, and needs a review where it stays', async () => {
  await model.behave({ answers: createNoisyAnswers(createRulesAnswers(), 0.3) })
  const report = await run('--force')
  assert.deepEqual([report.classified, report.failed], [COUNT, 0])
  assert.ok(report.by_source.escalation > 0)
  const { max_per_indicator, faults } = model.stats()
  assert.equal(max_per_indicator, 1 + 1)
  assert.deepEqual(new Set(Object.values(faults)), new Set([0]))
  const rows = await rowsOf(report.run_id)
  const conflicts = [...rows.values()].filter((row) => row.issues.some(({ code }) => code === 'rule-conflict'))
  assert.ok(conflicts.length > 0)
  assert.ok(conflicts.every((row) => row.status === 'needs-review'))
})
