/** The words that findings rest on, as results of rules name them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { buildClassification } from '../../../../src/classification/result.ts'
import { defaultScheme } from '../../../../src/cli/codebook/codebook-option.ts'
import { formatWhy } from '../../../../src/cli/results/why.ts'
import { ECONOMIC_INDICATORS } from '../../../../src/codebooks/economic-indicators/code.ts'
import type { Indicator } from '../../../../src/codebooks/types.ts'

function recordOf(name: string, units?: string, periodicity?: string): Indicator {
  return {
    ...{ indicator_id: 'A', name, sample_values: [] },
    ...(units === undefined ? {} : { units }),
    ...(periodicity === undefined ? {} : { periodicity }),
  }
}

function explained(name: string, units?: string, periodicity?: string) {
  const record = recordOf(name, units, periodicity)
  return ECONOMIC_INDICATORS.explain(record, ECONOMIC_INDICATORS.read(record))
}

test('a finding names the words and the unit without which its rule would not apply', () => {
  const money = explained('Imports of goods', 'USD million', 'Monthly')
  assert.equal(money['type'], "'imports of goods' + unit 'USD million' → It is money over a period → flow; rule flow")
  assert.match(money['temporal_aggregation'] ?? '', /^type flow → .* → period-total; rule summed$/)
  assert.match(money['orientation'] ?? '', /^'imports' → /)
  assert.match(money['frequency'] ?? '', /^periodicity 'Monthly' → .* → monthly; rule /)
  assert.match(
    explained('Crude oil stocks, commercial', 'Thousand barrels')['type'] ?? '',
    /^'stocks' \+ unit 'Thousand barrels' → /,
  )
  assert.match(
    explained('Social Security Rate For Companies', 'percent')['type'] ?? '',
    /^'social security' \+ unit 'percent' → /,
  )
  // The word is needed and the unit is not.
  assert.match(
    explained('Fiscal multiplier of purchases')['type'] ?? '',
    /^'multiplier' → The name says multiplier → multiplier/,
  )
})

test('a finding of an earlier release, whose rule is gone or does not fit any more, is not explained by another', () => {
  const record = recordOf('Imports of goods', 'USD million')
  const reading = ECONOMIC_INDICATORS.read(record)
  const { type } = reading
  assert.ok(type !== undefined)
  for (const rule of ['rule-of-2025', 'name-multiplier']) {
    assert.equal(ECONOMIC_INDICATORS.explain(record, { ...reading, type: { ...type, rule } })['type'], undefined)
  }
})

test('the reason of a result by rules begins with the words; that of a model is its own', async () => {
  const scheme = await defaultScheme()
  const indicator = recordOf('Imports of goods', 'USD million', 'Monthly')
  const reading = ECONOMIC_INDICATORS.read(indicator)
  const input = {
    ...{ scheme, indicator, reading, catalogue: 'c', unanswered: {}, promptVersion: 'p2', runId: 'r' },
    ...{ mode: 'rules' as const, decisions: [], classifiedAt: '2026-11-29T10:00:00.000Z' },
  }
  const { reason } = buildClassification(input)
  assert.match(reason, /^'imports of goods' \+ unit 'USD million' → It is money over a period → flow; rule flow\. /)
  assert.ok(reason.length <= 300)
  const decision = { labels: { type: 'flow' }, confidence: { type: 0.9 }, reason: 'Trade over a month.' }
  const byModel = { decision, source: 'model' as const, model: 'm', isGuess: false }
  assert.equal(buildClassification({ ...input, mode: 'model', decisions: [byModel] }).reason, 'Trade over a month.')
})

test('every record is explained in bounded time, whatever its texts are', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 400 }),
      fc.option(fc.string({ maxLength: 200 })),
      (name, units) => {
        for (const sentence of Object.values(explained(`x${name}`, units ?? undefined))) {
          assert.match(sentence, /; rule [a-z0-9-]+$/)
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('--why shows findings, evidence, the part of the prompt and the answer, and says where there is none', () => {
  const base = { indicator_id: 'A', catalogue: 'c', codebook: 'b@1' }
  const finding = { field: 'f', value: 'v', sure: true, rule: 'r-1', because: "'x' → v; rule r-1", stands: true }
  const counts = { field: 'f', state: 'trusted' as const, audits: 120, counted: 100, misses: 2, bound: 0.9713 }
  const answer = {
    labels: { f: 'v' },
    confidence: { f: 0.9 },
    reason: 'own words',
    source: 'model' as const,
    model: 'm-1',
    prompt_version: 'p2',
  }
  const full = formatWhy({ ...base, findings: [finding], evidence: [counts], prompt: '{"key":"k1"}', answer })
  assert.match(full, /\n {2}f: v \(sure, decided the field\): 'x' → v; rule r-1\n/)
  assert.match(full, /\n {2}f: rules trusted, 2 misses in 100 of 120 checks, right or agreed in at least 97\.1 %\n/)
  assert.match(full, /\n {2}\{"key":"k1"\}\n/)
  assert.match(full, /\n {2}by model, model m-1, prompt p2: f v \(0\.9\)\n {2}own words$/)
  const empty = formatWhy({ ...base, findings: [], evidence: [], prompt: null, answer: null })
  assert.equal(empty.match(/^ {2}(?:none|nothing)/gm)?.length, 4)
})
