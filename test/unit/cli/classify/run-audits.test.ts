/** A run with audits against a scripted ingress: what its batches ask for, what a failed audit leaves, and that every row counts once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FIRST_AUDIT_BATCH, type PlannedBatch } from '../../../../src/cli/audits/audit-stages.ts'
import { runCatalogue } from '../../../../src/cli/classify/run.ts'
import type { RunJournal } from '../../../../src/cli/classify/run-journal.ts'
import { createRunTotals, type RunReport } from '../../../../src/cli/classify/run-report.ts'
import { idsOf } from '../../../../src/cli/client/run-batch.ts'
import type { ProgressCounts } from '../../../../src/cli/ui/progress-text.ts'
import type { BatchSummary } from '../../../../src/restate/contract.ts'
import { batchDone, failedInvocation, type Reply, startScriptedIngress } from '../../../helpers/servers/ingress.ts'

const never = new AbortController().signal

interface Body {
  readonly indicators: readonly { readonly indicator_id: string }[]
  readonly options: Readonly<Record<string, unknown>>
}

const idsIn = ({ indicators }: Body) => indicators.map(({ indicator_id: id }) => id)
const planned = (index: number, ids: readonly string[], isAudit = false): PlannedBatch => {
  const indicators = ids.map((id) => ({ indicator_id: id, name: 'x', sample_values: [] }))
  return { index: isAudit ? FIRST_AUDIT_BATCH + index : index, indicators, isAudit }
}

const NO_COUNTS = { rules: 0, reuse: 0, model: 0, escalation: 0, person: 0 }

/** The summary of a batch of which a model classified so many rows. */
function summaryOf(classified: number, unchanged = 0, more: Partial<BatchSummary> = {}): BatchSummary {
  return {
    ...{ indicators: classified + unchanged, classified, unchanged, needs_review: 0, unverified: 0 },
    ...{ by_source: { ...NO_COUNTS, model: classified }, model_requests: classified, cost_usd: 0 },
    ...{ tokens: { input: 0, cached: 0, output: 0 }, warnings: [], ...more },
  }
}

/** A service that classifies every row once: a row that it has classified before is unchanged. */
function remembering(fails: (body: Body) => Reply | undefined = () => undefined) {
  const known = new Set<string>()
  const bodies: Body[] = []
  const script = (_path: string, given: unknown): Reply => {
    const body = given as Body
    bodies.push(body)
    const failure = fails(body)
    if (failure !== undefined) return failure
    const fresh = idsIn(body).filter((id) => !known.has(id))
    for (const id of fresh) known.add(id)
    const { body: answer } = batchDone(body)
    return { body: { ...(answer as object), summary: summaryOf(fresh.length, idsIn(body).length - fresh.length) } }
  }
  return { script, bodies }
}

function journalOf(over: Partial<RunJournal> = {}): RunJournal {
  const options = { mode: 'hybrid', reuse: true, trust: 'catalogue', target: 0.98 } as const
  return {
    header: { run_id: 'run-1', file: '/x.csv', fingerprint: 'f', batch_size: 2, force: false, options },
    ...{ done: () => undefined, failures: () => 0, maxCostUsd: undefined, costUsd: 0, auditStages: [] },
    noteDone: async () => undefined,
    noteFailed: async () => undefined,
    noteMaxCost: async () => undefined,
    noteAuditStage: async () => undefined,
    targets: undefined,
    isDelivered: () => true,
    noteTargets: async () => undefined,
    part: 1,
    notePart: async () => undefined,
    remove: async () => undefined,
    ...over,
  }
}

interface Options {
  readonly journal?: RunJournal
  readonly onProgress?: (counts: ProgressCounts) => void
  readonly stopSubmitting?: AbortSignal
}

type Plan = (drained: () => Promise<boolean>) => AsyncGenerator<PlannedBatch>

async function run(script: Parameters<typeof startScriptedIngress>[0], plan: Plan, options: Options = {}) {
  const { journal = journalOf(), onProgress = () => undefined, stopSubmitting = never } = options
  const ingress = await startScriptedIngress(script)
  try {
    return await runCatalogue(journal, plan, {
      ...{ urls: [ingress.url], patienceMs: 60_000, codebook: 'b@1', say: () => undefined },
      ...{ onProgress, stopSubmitting, abandon: never },
    })
  } finally {
    await ingress.close()
  }
}

/** A run that audits c and a, and then classifies a to d. */
async function* twoOfFour(drained: () => Promise<boolean>): AsyncGenerator<PlannedBatch> {
  yield planned(0, ['c', 'a'], true)
  assert.equal(await drained(), true)
  yield planned(0, ['a', 'b'])
  yield planned(1, ['c', 'd'])
}

const sums = ({ indicators, classified, unchanged, audited, failed }: RunReport) => {
  return { indicators, classified, unchanged, audited, failed }
}

test('audit batches have every row asked blind, batches of the file none, and both say what the run goes by', async () => {
  const { script, bodies } = remembering()
  await run(script, twoOfFour)
  const common = { mode: 'hybrid', reuse: true, trust: 'catalogue', target: 0.98 }
  assert.deepEqual(
    bodies.map(({ options }) => options),
    [
      { ...common, audit: 'all' },
      { ...common, audit: 'none' },
      { ...common, audit: 'none' },
    ],
  )
})

test('a row that was audited counts once, as classified, though a batch of the file brings it again', async () => {
  const { script } = remembering()
  const counts: ProgressCounts[] = []
  const report = await run(script, twoOfFour, { onProgress: (one) => counts.push(one) })
  assert.deepEqual(sums(report), { indicators: 4, classified: 4, unchanged: 0, audited: 2, failed: 0 })
  assert.deepEqual([report.by_source.model, report.model_requests], [4, 4])
  const done = counts.map((one) => one.done)
  assert.deepEqual(
    done,
    done.toSorted((a, b) => a - b),
    'the progress never goes back',
  )
  assert.ok(done.includes(2) && done.at(-1) === 4, String(done))
})

test('no batch of the file begins before the audits have ended', async () => {
  const { script, bodies } = remembering()
  let isAuditDone = false
  const plan: Plan = async function* (drained) {
    yield planned(0, ['a'], true)
    yield planned(1, ['b'], true)
    assert.equal(await drained(), true)
    assert.equal(bodies.length, 2, 'both audits were answered')
    isAuditDone = true
    yield planned(0, ['a', 'b'])
  }
  await run(script, plan)
  assert.ok(isAuditDone && bodies.length === 3)
})

test('a failed audit is no failure of its rows: the batches of the file classify them, and the audit gets a new key', async () => {
  const isAudit = ({ options }: Body) => options['audit'] === 'all'
  const { script } = remembering((body) => (isAudit(body) ? failedInvocation(502, 'model-bad-answer: no') : undefined))
  const failed: number[] = []
  const journal = journalOf({
    noteFailed: async (batch) => {
      failed.push(batch)
    },
  })
  const report = await run(script, twoOfFour, { journal })
  assert.deepEqual(sums(report), { indicators: 4, classified: 4, unchanged: 0, audited: 0, failed: 0 })
  assert.deepEqual([report.failures, failed], [[], [FIRST_AUDIT_BATCH]])
})

test('a failure that ends the run ends its audits, and every row is reported once', async () => {
  const { script, bodies } = remembering(() => failedInvocation(500, 'database-failed: no such table'))
  const answers: boolean[] = []
  const plan: Plan = async function* (drained) {
    yield planned(0, ['c', 'a'], true)
    answers.push(await drained())
    yield planned(0, ['a', 'b'])
    yield planned(1, ['c', 'd'])
  }
  const report = await run(script, plan)
  assert.deepEqual([answers, bodies.length], [[false], 1])
  assert.deepEqual(sums(report), { indicators: 4, classified: 0, unchanged: 0, audited: 0, failed: 4 })
  assert.deepEqual(
    report.failures.map(({ code, indicator_ids: ids }) => [code, ids]),
    [
      ['database-failed', ['c', 'a']],
      ['not-submitted', ['b', 'd']],
    ],
  )
})

test('Ctrl+C after the audits leaves the rows that were not audited, and each row is reported once', async () => {
  const { script } = remembering()
  const stop = new AbortController()
  const plan: Plan = async function* (drained) {
    yield planned(0, ['c', 'a'], true)
    assert.equal(await drained(), true)
    stop.abort()
    assert.equal(await drained(), false)
    yield planned(1, ['b'], true)
    yield planned(0, ['a', 'b'])
    yield planned(1, ['c', 'd'])
  }
  const report = await run(script, plan, { stopSubmitting: stop.signal })
  assert.deepEqual(sums(report), { indicators: 4, classified: 2, unchanged: 0, audited: 2, failed: 2 })
  assert.deepEqual(
    report.failures.map(({ code, indicator_ids: ids }) => [code, ids]),
    [['interrupted', ['b', 'd']]],
  )
})

test('audits that an earlier process of the run has finished are not sent again, and count with their cost', async () => {
  const { script, bodies } = remembering()
  const ofAudit = summaryOf(2, 0, { model_requests: 1, cost_usd: 0.25 })
  const journal = journalOf({ done: (index) => (index === FIRST_AUDIT_BATCH ? ofAudit : undefined) })
  // The service knows the two rows from the audit.
  script('', { indicators: [{ indicator_id: 'a' }, { indicator_id: 'c' }], options: {} })
  bodies.length = 0
  const report = await run(script, twoOfFour, { journal })
  assert.deepEqual(bodies.map(idsIn), [
    ['a', 'b'],
    ['c', 'd'],
  ])
  assert.deepEqual(sums(report), { indicators: 4, classified: 4, unchanged: 0, audited: 2, failed: 0 })
  assert.deepEqual([report.resumed, report.model_requests, report.cost_usd], [2, 3, 0.25])
})

const REPORT = { runId: 'r', catalogue: 'c', codebook: 'b@1', elapsedMs: 60_000, nodes: {}, maxCost: undefined }

/** The report of a run whose batches had these summaries. */
function reportOf(batches: readonly (readonly [PlannedBatch, BatchSummary])[]): RunReport {
  const totals = createRunTotals()
  for (const [{ indicators, isAudit }, summary] of batches)
    totals.addBatch(summary, { ids: idsOf(indicators), isAudit })
  return totals.buildReport(REPORT)
}

test('rows that were unchanged before the run stay unchanged, in an audit and in the file', () => {
  const report = reportOf([
    [planned(0, ['a', 'b', 'c'], true), summaryOf(1, 2)],
    [planned(0, ['a', 'b', 'c', 'd']), summaryOf(1, 3)],
  ])
  assert.deepEqual(sums(report), { indicators: 4, classified: 2, unchanged: 2, audited: 1, failed: 0 })
})

test('a row whose audit left a field open is asked again by the file, and still counts once', () => {
  const report = reportOf([
    [planned(0, ['a', 'b'], true), summaryOf(2)],
    [planned(0, ['a', 'b', 'c']), summaryOf(2, 1)],
  ])
  assert.deepEqual(sums(report), { indicators: 3, classified: 3, unchanged: 0, audited: 2, failed: 0 })
})

test('audits in which a model only guessed keep no result, and the file counts their rows', () => {
  const report = reportOf([
    [planned(0, ['a', 'b'], true), summaryOf(0)],
    [planned(0, ['a', 'b']), summaryOf(2)],
  ])
  assert.deepEqual(sums(report), { indicators: 2, classified: 2, unchanged: 0, audited: 0, failed: 0 })
})

test('what a batch warns of its input is said once, by the batch of the file', () => {
  const warnings = [
    { code: 'unknown-field', message: 'unknown fields', count: 2 },
    { code: 'notional-cost', message: 'priced as another model', count: 2 },
  ]
  const report = reportOf([
    [planned(0, ['a', 'b'], true), summaryOf(2, 0, { warnings })],
    [planned(0, ['a', 'b']), summaryOf(0, 2, { warnings: warnings.slice(0, 1) })],
  ])
  assert.deepEqual(
    report.warnings.map(({ code, count }) => [code, count]),
    [
      ['notional-cost', 2],
      ['unknown-field', 2],
    ],
  )
})

test('a row with a result by an audit is no failure where the batch of the file fails', () => {
  const totals = createRunTotals()
  totals.addBatch(summaryOf(1), { ids: ['a'], isAudit: true })
  totals.addFailure('internal', 'no', ['a', 'b'])
  totals.addFailure('internal', 'other', ['a'])
  const report = totals.buildReport(REPORT)
  assert.deepEqual(sums(report), { indicators: 2, classified: 1, unchanged: 0, audited: 1, failed: 1 })
  assert.deepEqual(report.failures, [{ code: 'internal', reason: 'no', indicator_ids: ['b'] }])
})
