/** Every fault of a model at 10 % of its requests, and all at 3 %: nothing is lost, nothing is asked without need. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { MAX_ROUNDS } from '../../src/classification/chunks.ts'
import { type FaultRates, MODEL_FAULTS, type ModelFault } from '../../src/config/offline-model-values.ts'
import { createRulesAnswers } from '../../src/offline-model/answer-strategy.ts'
import { createNoisyAnswers } from '../../src/offline-model/answers-noisy.ts'
import type { OfflineModelStats } from '../../src/offline-model/stats.ts'
import { MAX_TRIES } from '../../src/restate/chunk/chunk.ts'
import { runCli } from '../helpers/cli.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { type SwitchableModel, startSwitchableModel } from '../helpers/switchable-model.ts'

const COUNT = 500
const PACK = 5
const CHUNKS = COUNT / PACK
/** Of the first 100 requests some 10 meet a fault of 10 %, and every fault of 3 % comes twice or more. */
const SEED = 6
const SAMPLE = new URL('../../src/cli/start/sample/indicators.jsonl', import.meta.url)

let model: SwitchableModel
let stack: TestStack
let database: pg.Client
let directory: string
let catalogue: string
/** What a run without faults makes of the catalogue, by indicator. */
let baseline: ReadonlyMap<string, Row>

interface Row {
  readonly indicator_id: string
  readonly type: string
  readonly temporal_aggregation: string
  readonly orientation: string
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
    OPENAI_TIMEOUT_MS: '1500',
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

/** The sample over and over under new ids. */
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

/** The history of a run: one row an indicator, or it fails. */
async function rowsOf(runId: string): Promise<ReadonlyMap<string, Row>> {
  const columns = 'indicator_id, type, temporal_aggregation, orientation, status, unanswered, issues'
  const { rows } = await database.query<Row>(`select ${columns} from classification_history where run_id = $1`, [runId])
  const byId = new Map(rows.map((row) => [row.indicator_id, row]))
  assert.equal(rows.length, COUNT)
  assert.equal(byId.size, COUNT)
  return byId
}

const AWAY: readonly ModelFault[] = ['http500', 'timeout', 'cut']
const USELESS = MODEL_FAULTS.filter((fault) => !AWAY.includes(fault))

/**
 * The policy: how many requests may hold one indicator. An answer of no use is followed by a smaller question, three
 * rounds in all; an endpoint that is away by the same question again, eight tries a round. One more (and its tries) goes
 * to the escalation model where an answer is in doubt, which the rules' own never are.
 */
function mostRequests({ faults, requests }: OfflineModelStats): number {
  const isAway = requests.aborted > 0 || AWAY.some((fault) => faults[fault] > 0)
  const isUseless = USELESS.some((fault) => faults[fault] > 0)
  return (isUseless ? MAX_ROUNDS : 1) * (isAway ? MAX_TRIES : 1)
}

/**
 * Nothing without need: a try that failed costs one request more, a useless answer one for each indicator at most. And
 * one at least, or it was believed; but for the last round's, which leave an indicator unanswered.
 */
function assertNoNeedlessRequests({ faults, requests }: OfflineModelStats, unanswered: number): void {
  // A timeout counts as aborted, also one that was none of our faults but of a slow machine.
  const tries = CHUNKS + faults.http500 + faults.cut + requests.aborted
  const useless = USELESS.reduce((sum, fault) => sum + faults[fault], 0)
  assert.ok(requests.accepted >= tries + useless - unanswered, `${requests.accepted} requests, ${useless} useless`)
  assert.ok(requests.accepted <= tries + useless * PACK, `${requests.accepted} requests, ${tries} tries`)
}

/** How an answer that never came is told, by what was wrong with the last one. */
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
      known.some((reason) => reason !== undefined && said.startsWith(`${reason}: `)),
      said,
    )
  }
  const latest = await database.query('select count(*)::int as n from classifications where run_id = $1', [
    report.run_id,
  ])
  assert.equal(latest.rows[0].n, COUNT)

  for (const fault of MODEL_FAULTS) {
    if ((rates[fault] ?? 0) > 0) assert.ok(stats.faults[fault] > 0, `not one ${fault}: ${summary}`)
    else assert.equal(stats.faults[fault], 0)
  }
  assert.equal(stats.indicators, COUNT)
  assert.ok(stats.max_per_indicator <= mostRequests(stats), summary)
  assertNoNeedlessRequests(stats, unanswered.length)
  // The requests that the report counts are those that were sent: a try that failed was sent, too.
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

test('what a model refuses throughout needs a review with the reason, and the next run asks just that again', async () => {
  await model.behave({})
  // What earlier tests left unanswered.
  await run()
  await model.behave({ faults: { refusal: 1 } })
  const refused = await run('--force', '--limit', '30')
  assert.deepEqual([refused.classified, refused.failed, refused.needs_review], [30, 0, 30])
  assert.equal(model.stats().max_per_indicator, MAX_ROUNDS)

  await model.behave({})
  const again = await run()
  assert.deepEqual([again.classified, again.unchanged, again.failed], [30, COUNT - 30, 0])
  assert.equal(model.stats().indicators, 30)
  const { rows } = await database.query('select count(*)::int as n from classifications where unanswered')
  assert.equal(rows[0].n, 0)
})

test('noisy answers: what contradicts a sure rule is asked once more, and needs a review where it stays', async () => {
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
