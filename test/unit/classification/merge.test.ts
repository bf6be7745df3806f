/** Tests of how readings of the rules and answers are merged into a result, and of escalation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MODES } from '../../../src/classification/batch-request.ts'
import { ruleConfidence } from '../../../src/classification/calibration.ts'
import { familyOf, timeBasisOf } from '../../../src/classification/codebook/definitions.ts'
import { AGGREGATIONS, DECIDED_FIELDS, ORIENTATIONS, TYPES } from '../../../src/classification/codebook.ts'
import {
  agreesWithRules,
  buildClassification,
  type ClassificationInput,
  CONFIDENCE_THRESHOLD,
  conflictsOf,
  escalationReasonOf,
  isSettledByRules,
  mergeDecision,
  needsAnswer,
  type SourcedDecision,
} from '../../../src/classification/merge.ts'
import type { Decision } from '../../../src/classification/types.ts'
import { decisionOf, fieldReading, indicatorOf, readingOf } from '../../helpers/readings.ts'

const SETTLED = readingOf()
const OPEN_ORIENTATION = readingOf({ orientation: fieldReading('higher-is-positive', false) })
const OPEN = readingOf({
  type: fieldReading('flow', false),
  temporal_aggregation: fieldReading('period-total', false),
  orientation: fieldReading('neutral', false),
})

function sourced(parts: Partial<Decision> = {}, source: SourcedDecision['source'] = 'model'): SourcedDecision {
  return { decision: decisionOf(parts), source, model: source === 'person' ? null : 'gpt-6-luna-2026' }
}

function classify(parts: Partial<ClassificationInput> = {}) {
  return buildClassification({
    indicator: indicatorOf(),
    reading: SETTLED,
    mode: 'hybrid',
    decision: null,
    codebookVersion: 'v1',
    promptVersion: 'p1',
    runId: 'r1',
    classifiedAt: '2026-11-22T00:00:00.000Z',
    ...parts,
  })
}

const codes = (result: ReturnType<typeof classify>) => result.issues.map(({ code }) => code)
const confidence = (type: number, temporal_aggregation = 0.9, orientation = 0.9) => ({
  confidence: { type, temporal_aggregation, orientation },
})

test('rules that are sure of all three fields need no model in hybrid mode', () => {
  assert.deepEqual([SETTLED, OPEN_ORIENTATION].map(isSettledByRules), [true, false])
  assert.deepEqual(
    MODES.map((mode) => [mode, needsAnswer(SETTLED, mode), needsAnswer(OPEN, mode)]),
    [
      ['hybrid', false, true],
      ['model', true, true],
      ['rules', false, false],
    ],
  )
})

test('settled by rules: the whole result', () => {
  assert.deepEqual(classify(), {
    indicator_id: 'A1',
    name: 'Exports',
    type: 'flow',
    family: 'physical-fundamental',
    temporal_aggregation: 'period-total',
    time_basis: 'per-period',
    orientation: 'higher-is-positive',
    unit: { kind: 'currency', scale: 1e6, currency: 'USD', per: null },
    frequency: 'monthly',
    cumulative: { pattern: 'none', reset_month: null },
    confidence: 0.98,
    source: 'rules',
    status: 'accepted',
    issues: [],
    reason: 'It says flow. It says period-total. It says higher-is-positive.',
    model: null,
    codebook_version: 'v1',
    prompt_version: 'p1',
    run_id: 'r1',
    classified_at: '2026-11-22T00:00:00.000Z',
  })
})

test('mode rules: an unsure field needs review, and no answer is used', () => {
  const result = classify({ mode: 'rules', reading: OPEN_ORIENTATION, decision: sourced({ orientation: 'neutral' }) })
  assert.equal(result.orientation, 'higher-is-positive')
  assert.deepEqual(
    [result.source, result.status, result.confidence],
    ['rules', 'needs-review', ruleConfidence('orientation', false)],
  )
  assert.deepEqual(codes(result), ['unsure'])
  assert.equal(result.model, null)
})

test('hybrid: sure fields keep the value of the rules, the others take that of the answer', () => {
  const result = classify({
    reading: OPEN_ORIENTATION,
    decision: sourced({ orientation: 'neutral', ...confidence(0.2) }),
  })
  assert.deepEqual([result.type, result.orientation], ['flow', 'neutral'])
  assert.deepEqual([result.source, result.status, result.confidence], ['model', 'accepted', 0.9])
  assert.deepEqual([result.model, result.reason], ['gpt-6-luna-2026', 'money over a period'])
})

test('hybrid: an answer to fields of which the rules are sure decides nothing', () => {
  const result = classify({ decision: sourced() })
  assert.deepEqual([result.source, result.status, result.model], ['rules', 'accepted', null])
})

test('hybrid: an answer against a sure rule is a conflict, and the rule stands', () => {
  const result = classify({ reading: OPEN_ORIENTATION, decision: sourced({ type: 'balance' }) })
  assert.deepEqual([result.type, result.source, result.status], ['flow', 'model', 'needs-review'])
  assert.deepEqual(result.issues, [
    { code: 'rule-conflict', message: 'type: the answer is balance, but the rule test-rule is sure of flow' },
  ])
})

test('mode model: the answer stands in all fields, and a sure rule against it is a conflict', () => {
  const result = classify({ mode: 'model', decision: sourced({ type: 'balance' }, 'escalation') })
  assert.deepEqual([result.type, result.source, result.status], ['balance', 'escalation', 'needs-review'])
  assert.deepEqual(codes(result), ['rule-conflict'])
  const agreed = classify({ mode: 'model', decision: sourced() })
  assert.deepEqual([agreed.source, agreed.status, agreed.confidence], ['model', 'accepted', 0.9])
})

test('low confidence counts only where the answer decides', () => {
  const decision = sourced(confidence(0.3))
  const used = classify({ mode: 'model', decision })
  assert.deepEqual([used.status, used.confidence, codes(used)], ['needs-review', 0.3, ['low-confidence']])
  const unused = classify({ reading: OPEN_ORIENTATION, decision })
  assert.deepEqual([unused.status, codes(unused)], ['accepted', []])
})

test('without the answer that was needed, the best guess of the rules needs review, with the reason', () => {
  const open = classify({ reading: OPEN, noAnswerReason: 'the model refused' })
  assert.deepEqual([open.type, open.source, open.status, open.model], ['flow', 'rules', 'needs-review', null])
  assert.deepEqual(codes(open), ['no-answer', 'unsure'])
  assert.equal(open.issues[0]?.message, 'the model refused')
  const settled = classify({ mode: 'model' })
  assert.deepEqual([settled.source, settled.status, codes(settled)], ['rules', 'needs-review', ['no-answer']])
})

test('a person wins over sure rules in every mode, without conflict, and is not asked again', () => {
  for (const mode of MODES) {
    const result = classify({ mode, decision: sourced({ type: 'balance', ...confidence(0.3) }, 'person') })
    assert.deepEqual([result.type, result.source, result.status], ['balance', 'person', 'accepted'])
    assert.ok(!codes(result).includes('rule-conflict'))
  }
})

test('a result that cannot be right needs review', () => {
  const result = classify({ mode: 'model', reading: OPEN, decision: sourced({ type: 'growth-rate' }) })
  assert.deepEqual([result.status, codes(result)], ['needs-review', ['growth-rate-not-period-rate']])
})

test('escalation: conflicts, answers that cannot be right, and low confidence in a field that the answer decides', () => {
  assert.deepEqual(conflictsOf(SETTLED, decisionOf({ type: 'balance', orientation: 'neutral' })), [
    'type',
    'orientation',
  ])
  assert.equal(escalationReasonOf(OPEN, decisionOf(), 'hybrid'), null)
  assert.equal(escalationReasonOf(OPEN, decisionOf(confidence(CONFIDENCE_THRESHOLD)), 'hybrid'), null)
  assert.equal(escalationReasonOf(OPEN, decisionOf(confidence(0.59)), 'hybrid'), 'low-confidence')
  assert.equal(escalationReasonOf(OPEN_ORIENTATION, decisionOf(confidence(0.59)), 'hybrid'), null)
  assert.equal(escalationReasonOf(OPEN_ORIENTATION, decisionOf(confidence(0.59)), 'model'), 'low-confidence')
  assert.equal(escalationReasonOf(OPEN_ORIENTATION, decisionOf({ type: 'balance' }), 'hybrid'), 'conflict')
  assert.equal(escalationReasonOf(OPEN, decisionOf({ type: 'growth-rate' }), 'hybrid'), 'conflict')
  assert.equal(escalationReasonOf(OPEN, decisionOf({ type: 'growth-rate', ...confidence(0) }), 'rules'), null)
})

test('an earlier result stands while the rules read the same in the fields that they decide', () => {
  const byRules = classify()
  assert.equal(agreesWithRules(byRules, SETTLED, 'hybrid'), true)
  const better = readingOf({ unit: fieldReading({ kind: 'currency', scale: 1e9, currency: 'USD', per: null }) })
  assert.equal(agreesWithRules(byRules, better, 'hybrid'), false)
  assert.equal(agreesWithRules(byRules, readingOf({ type: fieldReading('balance', false) }), 'hybrid'), false)
  assert.equal(agreesWithRules(byRules, readingOf({ frequency: fieldReading('annual') }), 'hybrid'), false)
  assert.equal(
    agreesWithRules(
      byRules,
      readingOf({ cumulative: fieldReading({ pattern: 'year-to-date', reset_month: 1 }) }),
      'rules',
    ),
    false,
  )

  const byModel = classify({ reading: OPEN_ORIENTATION, decision: sourced({ orientation: 'neutral' }) })
  assert.equal(agreesWithRules(byModel, OPEN_ORIENTATION, 'hybrid'), true)
  assert.equal(agreesWithRules(byModel, SETTLED, 'hybrid'), false)
  assert.equal(agreesWithRules(byModel, SETTLED, 'model'), true)
  const byPerson = classify({ decision: sourced({ type: 'balance' }, 'person') })
  assert.equal(agreesWithRules(byPerson, better, 'hybrid'), true)
})

test('escalation: an answer against an unsure rule needs a higher confidence than such rules are right', () => {
  const needed = ruleConfidence('orientation', false)
  assert.ok(needed > CONFIDENCE_THRESHOLD)
  const against = (stated: number) =>
    escalationReasonOf(
      OPEN_ORIENTATION,
      decisionOf({ orientation: 'neutral', ...confidence(0.9, 0.9, stated) }),
      'hybrid',
    )
  assert.equal(against(needed), null)
  assert.equal(against(needed - 0.01), 'low-confidence')
})

const sure = fc.boolean()
const percent = fc.integer({ min: 0, max: 100 }).map((value) => value / 100)
const anyReading = fc
  .tuple(
    fc.constantFrom(...TYPES),
    sure,
    fc.constantFrom(...AGGREGATIONS),
    sure,
    fc.constantFrom(...ORIENTATIONS),
    sure,
  )
  .map(([type, a, aggregation, b, orientation, c]) =>
    readingOf({
      type: fieldReading(type, a),
      temporal_aggregation: fieldReading(aggregation, b),
      orientation: fieldReading(orientation, c),
    }),
  )
const anyDecision = fc.record({
  decision: fc.record({
    type: fc.constantFrom(...TYPES),
    temporal_aggregation: fc.constantFrom(...AGGREGATIONS),
    orientation: fc.constantFrom(...ORIENTATIONS),
    confidence: fc.record({ type: percent, temporal_aggregation: percent, orientation: percent }),
    reason: fc.string(),
  }),
  source: fc.constantFrom('reuse', 'model', 'escalation', 'person'),
  model: fc.constantFrom('m1', 'm2'),
})

test('whatever is merged, the result follows the policy', () => {
  const anyMode = fc.constantFrom(...MODES)
  fc.assert(
    fc.property(anyReading, fc.option(anyDecision), anyMode, (reading, decision, mode) => {
      const merged = mergeDecision({ mode, reading, decision })
      const result = classify({ reading, decision, mode })
      for (const field of DECIDED_FIELDS) {
        const isPerson = decision?.source === 'person'
        const byDecision =
          isPerson || (decision !== null && (mode === 'model' || (mode === 'hybrid' && !reading[field].sure)))
        assert.equal(merged.decidedBy[field], byDecision ? decision?.source : 'rules')
        assert.equal(result[field], byDecision ? decision?.decision[field] : reading[field].value)
      }
      assert.equal(result.family, familyOf(result.type))
      assert.equal(result.time_basis, timeBasisOf(result.temporal_aggregation))
      assert.equal(result.model, result.source === 'rules' ? null : decision?.model)
      assert.ok(result.confidence >= 0 && result.confidence <= 1)
      assert.ok(result.status === 'accepted' || result.issues.length > 0)
      if (decision?.source !== 'person' && result.confidence < CONFIDENCE_THRESHOLD)
        assert.equal(result.status, 'needs-review')
      if (decision !== null && decision.source !== 'person' && mode !== 'rules') {
        const reason = escalationReasonOf(reading, decision.decision, mode)
        assert.equal(reason !== null, result.status === 'needs-review')
      }
    }),
  )
})
