/** The texts of results and reports for people, by any codebook. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toResultBody } from '../../../src/classification/result-body.ts'
import { formatClassification, formatReport, formatUnverified } from '../../../src/cli/classify/format.ts'
import { createRunTotals } from '../../../src/cli/classify/run-report.ts'
import type { BatchSummary } from '../../../src/restate/contract.ts'
import { classification } from '../../helpers/batches.ts'
import { economic, RIGHT, shop } from '../classification/schemes.ts'

test('a result shows each label with what decided it, whatever the codebook', () => {
  const result = classification('A\u001b[31m', {
    ...{ codebook: 'shop-goods@3', labels: { ...RIGHT, uses: ['kitchen', 'garden'], tone: 'bright' } },
    ...{ field_source: { shade: 'model', pack: 'pack-reader' }, field_confidence: { shade: 0.87 } },
  })
  assert.deepEqual(formatClassification(toResultBody(result, shop)).split('\n'), [
    'Name of A\\u{1b}[31m (A\\u{1b}[31m)',
    '  shade    pale (model, 0.87)',
    '  tone     bright',
    '  uses     kitchen; garden',
    '  pack     1 (pack-reader)',
    '  weight   2.5',
    '  maker    Smith & Sons',
    '  product  12',
    '  needs-review, by model, confidence 0.87, model offline-rules',
    '  catalogue default, codebook shop-goods@3',
    '  It says price.',
    '  issue low-confidence: The model was not sure.',
  ])
})

test('the objects that repeat flat fields are not shown', () => {
  const text = formatClassification(toResultBody(classification('A'), economic))
  assert.match(text, /\n {2}unit_scale +1000000\n/)
  assert.doesNotMatch(text, /object/)
})

test('the report of a run names catalogue and codebook, and counts what is unverified beside what needs review', () => {
  const totals = createRunTotals()
  totals.addBatch({
    ...{ indicators: 10, classified: 10, unchanged: 0, needs_review: 2, unverified: 5, model_requests: 1, cost_usd: 0 },
    by_source: { rules: 9, reuse: 0, model: 1, escalation: 0, person: 0 },
    ...{ tokens: { input: 1, cached: 0, output: 1 }, warnings: [] },
  })
  assert.equal(totals.counts().unverified, 5)
  const run = {
    runId: 'run-1',
    catalogue: 'wb',
    codebook: 'my-book@1',
    elapsedMs: 1_000,
    nodes: {},
    maxCost: undefined,
  }
  const report = totals.buildReport(run)
  assert.deepEqual([report.catalogue, report.codebook, report.unverified], ['wb', 'my-book@1', 5])
  const text = formatReport(report)
  assert.match(text, /^Run run-1\n {2}catalogue {6}wb, codebook my-book@1\n/)
  assert.match(text, /classified {5}10 \(needs review: 2, unverified: 5\)/)
  const line = formatUnverified(report)
  assert.match(
    line,
    /^5 results rest on guesses of the offline model.*OPENAI_API_KEY.*npm run review -- --unverified --codebook my-book --catalogue wb$/,
  )
  assert.match(
    formatUnverified({
      ...{ unverified: 0, unchanged_unverified: 1, codebook: 'economic-indicators@2', catalogue: 'my file' },
    }),
    /^1 result rests on a guess of rules or of .* --unverified --catalogue 'my file'$/,
  )
  assert.doesNotMatch(line, /\n/)
})

test('a result shows codes with their titles where its codebook is known', () => {
  const result = classification('A', { codebook: 'shop-goods@3', labels: RIGHT, source: 'rules' })
  const text = formatClassification(toResultBody(result, shop), shop.codebook)
  assert.match(text, /\n {2}product {2}12 Knives and forks \(Kitchen goods\)\n/)
  assert.match(text, /\n {2}needs-review, by nothing, confidence /)
})

const SUMMARY: BatchSummary = {
  ...{ indicators: 10, classified: 0, unchanged: 10, needs_review: 0, unverified: 0, model_requests: 0, cost_usd: 0 },
  by_source: { rules: 0, reuse: 0, model: 0, escalation: 0, person: 0 },
  ...{ tokens: { input: 0, cached: 0, output: 0 }, warnings: [] },
}
const textOf = (summary: BatchSummary, codebook = 'economic-indicators@2') => {
  const totals = createRunTotals()
  totals.addBatch(summary)
  const run = { runId: 'run-1', catalogue: 'wb', codebook, elapsedMs: 1_000, nodes: {}, maxCost: undefined }
  return formatReport(totals.buildReport(run))
}

test('the report says what the stored results of unchanged indicators leave open', () => {
  const open = { ...SUMMARY, unchanged_needs_review: 2, unchanged_unverified: 5 }
  assert.match(textOf(open), /unchanged {6}10 \(needs review: 2, unverified: 5\)\n/)
  assert.match(textOf(SUMMARY), /unchanged {6}10\n/)
})

test('the cost of a model without a known price is not shown as nothing', () => {
  const warnings = [{ code: 'no-price', message: 'the price of big is not known (OPENAI_PRICES)', count: 3 }]
  assert.match(
    textOf({ ...SUMMARY, warnings }),
    /cost {11}not known \(the price of big is not known \(OPENAI_PRICES\)\)\n/,
  )
  assert.match(textOf({ ...SUMMARY, warnings, cost_usd: 0.5 }), /cost {11}USD 0\.5000 or more \(the price of big/)
  assert.doesNotMatch(textOf({ ...SUMMARY, warnings }), /× the price/)
  assert.match(textOf(SUMMARY), /cost {11}USD 0\.0000\n/)
})

test('what was not decided by a codebook without rules is not called decided by rules', () => {
  const summary = { ...SUMMARY, by_source: { ...SUMMARY.by_source, rules: 4, model: 1 } }
  assert.match(textOf(summary, 'my-book@1'), /decided by {5}nothing 4, model 1\n/)
  assert.match(textOf(summary), /decided by {5}rules 4, model 1\n/)
})
