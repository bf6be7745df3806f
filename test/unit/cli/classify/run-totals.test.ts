/** The sums of a run whose audits come before the batches of the file that hold the same indicators. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRunTotals } from '../../../../src/cli/classify/run-report.ts'
import type { BatchSummary } from '../../../../src/restate/contract.ts'

const batchOf = (from: number, to: number, isAudit = false) => ({
  ids: Array.from({ length: to - from }, (_, index) => `I.${from + index}`),
  isAudit,
})

const summaryOf = (classified: number, unchanged: number, warning = ''): BatchSummary => ({
  indicators: classified + unchanged,
  classified,
  unchanged,
  needs_review: 0,
  unverified: 0,
  by_source: { rules: 0, reuse: 0, model: classified, escalation: 0, person: 0 },
  model_requests: 1,
  tokens: { input: 10, cached: 0, output: 1 },
  cost_usd: 0.01,
  warnings: warning === '' ? [] : [{ code: warning, message: 'said', count: 3 }],
})

function reportOf(totals: ReturnType<typeof createRunTotals>) {
  const run = { runId: 'run-1', catalogue: 'c', codebook: 'b@1', elapsedMs: 1, nodes: {}, maxCost: undefined }
  return totals.buildReport(run)
}

/** The counts of the report: indicators, classified, unchanged, audited, failed and resumed. */
function countsOf(totals: ReturnType<typeof createRunTotals>): readonly number[] {
  const { indicators, classified, unchanged, audited, failed, resumed } = reportOf(totals)
  assert.equal(indicators, classified + unchanged + failed)
  return [indicators, classified, unchanged, audited, failed, resumed]
}

test('an indicator that was audited counts once, as classified', () => {
  const totals = createRunTotals()
  totals.addBatch(summaryOf(6, 0), batchOf(2, 8, true))
  assert.equal(totals.counts().done, 6)
  totals.addBatch(summaryOf(4, 6), batchOf(0, 10))
  assert.deepEqual(countsOf(totals), [10, 10, 0, 6, 0, 0])
})

test('what an audit finds unchanged stays unchanged, and counts once', () => {
  const totals = createRunTotals()
  totals.addBatch(summaryOf(0, 6), batchOf(0, 6, true))
  totals.addBatch(summaryOf(0, 10), batchOf(0, 10))
  assert.deepEqual(countsOf(totals), [10, 0, 10, 0, 0, 0])
})

test('an audited indicator that its batch classifies again counts once', () => {
  const totals = createRunTotals()
  totals.addBatch(summaryOf(6, 0), batchOf(0, 6, true))
  totals.addBatch(summaryOf(6, 4), batchOf(0, 10))
  assert.deepEqual(countsOf(totals), [10, 10, 0, 6, 0, 0])
})

test('an audit that kept no result counts nothing', () => {
  const totals = createRunTotals()
  totals.addBatch(summaryOf(0, 0), batchOf(0, 6, true))
  totals.addBatch(summaryOf(10, 0), batchOf(0, 10))
  assert.deepEqual(countsOf(totals), [10, 10, 0, 0, 0, 0])
})

test('audits of an earlier process count as resumed', () => {
  const totals = createRunTotals()
  totals.addEarlierBatch(summaryOf(6, 0), batchOf(3, 9, true))
  totals.addEarlierBatch(summaryOf(3, 2), batchOf(0, 5))
  totals.addBatch(summaryOf(1, 4), batchOf(5, 10))
  assert.deepEqual(countsOf(totals), [10, 10, 0, 6, 0, 9])
})

test('an indicator that has a result by an audit does not fail with the batch of the file', () => {
  const totals = createRunTotals()
  totals.addBatch(summaryOf(4, 0), batchOf(0, 4, true))
  totals.addFailure('model-auth', 'refused', ['I.0', 'I.9'])
  totals.addFailure('interrupted', 'not submitted', ['I.1', 'I.2'])
  assert.deepEqual(countsOf(totals), [5, 4, 0, 4, 1, 0])
  assert.deepEqual(
    reportOf(totals).failures.map(({ code, indicator_ids: ids }) => [code, ids]),
    [['model-auth', ['I.9']]],
  )
})

test('warnings about the input are those of the file alone, and warnings about answers are all added', () => {
  const totals = createRunTotals()
  totals.addBatch(summaryOf(4, 0, 'unknown-field'), batchOf(0, 4, true))
  totals.addBatch(summaryOf(4, 0, 'notional-cost'), batchOf(4, 8, true))
  totals.addBatch(summaryOf(0, 4, 'unknown-field'), batchOf(0, 4))
  totals.addBatch(summaryOf(0, 4, 'notional-cost'), batchOf(4, 8))
  const { warnings } = reportOf(totals)
  assert.deepEqual(Object.fromEntries(warnings.map(({ code, count }) => [code, count])), {
    'unknown-field': 3,
    'notional-cost': 6,
  })
})
