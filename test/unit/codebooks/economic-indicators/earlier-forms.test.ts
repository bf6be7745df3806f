/** Tests that journals and results of earlier releases are read and written in their form. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EARLIER_FORMS } from '../../../../src/codebooks/economic-indicators/earlier-forms.ts'
import { decisionOf } from '../../../helpers/codebooks/readings.ts'

const { askedFields, parseReading, parseDecision, writeDecision, parseLabels, nestedProperties } = EARLIER_FORMS

/** What the rules of release d053d5d wrote to a journal about a sum from January in million national currency per person. */
const READING = {
  unit: {
    value: { kind: 'currency', scale: 1e6, currency: 'LCU', per: 'person' },
    sure: true,
    rule: 'units-currency',
    because: 'The units name a currency.',
  },
  frequency: { value: 'unknown', sure: false, rule: 'dates-too-few', because: 'There are too few dates.' },
  cumulative: {
    value: { pattern: 'year-to-date', reset_month: 1 },
    sure: true,
    rule: 'text-year-to-date',
    because: 'The name or units say year-to-date.',
  },
  type: { value: 'flow', sure: true, rule: 'name-flow', because: 'It is money over a period.' },
  temporal_aggregation: { value: 'period-cumulative', sure: true, rule: 'accumulates', because: 'The values add up.' },
  orientation: { value: 'neutral', sure: false, rule: 'nothing-else', because: 'Nothing speaks for a side.' },
}

const DECISION = {
  type: 'flow',
  temporal_aggregation: 'period-total',
  orientation: 'neutral',
  confidence: { type: 0.9, temporal_aggregation: 0.8, orientation: 0.7 },
  reason: 'money over a period',
}

const CLASSIFICATION = {
  indicator_id: 'A1',
  name: 'Exports',
  type: 'flow',
  family: 'physical-fundamental',
  temporal_aggregation: 'period-total',
  time_basis: 'per-period',
  orientation: 'higher-is-positive',
  unit: { kind: 'currency', scale: 1e9, currency: 'USD', per: null },
  frequency: 'quarterly',
  cumulative: { pattern: 'year-to-date', reset_month: 4 },
  confidence: 0.9,
  source: 'model',
  status: 'accepted',
  codebook_version: 'v1',
}

const FLAT = {
  type: 'flow',
  family: 'physical-fundamental',
  temporal_aggregation: 'period-total',
  time_basis: 'per-period',
  orientation: 'higher-is-positive',
  unit_kind: 'currency',
  unit_scale: 1e9,
  unit_currency: 'USD',
  unit_per: null,
  frequency: 'quarterly',
  cumulative_pattern: 'year-to-date',
  cumulative_reset_month: 4,
}

test('earlier releases asked a model for three fields', () => {
  assert.deepEqual(askedFields, ['type', 'temporal_aggregation', 'orientation'])
})

test('a journaled reading becomes one finding for each field', () => {
  const { value: _, ...unitWhy } = READING.unit
  const { value: __, ...cumulativeWhy } = READING.cumulative
  assert.deepEqual(parseReading(READING), {
    type: READING.type,
    temporal_aggregation: READING.temporal_aggregation,
    orientation: READING.orientation,
    unit_kind: { value: 'currency', ...unitWhy },
    unit_scale: { value: 1e6, ...unitWhy },
    unit_currency: { value: 'LCU', ...unitWhy },
    unit_per: { value: 'person', ...unitWhy },
    frequency: READING.frequency,
    cumulative_pattern: { value: 'year-to-date', ...cumulativeWhy },
    cumulative_reset_month: { value: 1, ...cumulativeWhy },
  })
})

test('a journaled decision is read, and written again as it was', () => {
  const decision = parseDecision(DECISION)
  assert.deepEqual(decision, {
    labels: { type: 'flow', temporal_aggregation: 'period-total', orientation: 'neutral' },
    confidence: { type: 0.9, temporal_aggregation: 0.8, orientation: 0.7 },
    reason: 'money over a period',
  })
  assert.deepEqual(writeDecision(decision), DECISION)
})

test('a decision of today is written for an earlier release with its three labels alone', () => {
  assert.deepEqual(writeDecision(decisionOf({ unit_kind: 'currency', unit_currency: null })), {
    type: 'flow',
    temporal_aggregation: 'period-total',
    orientation: 'higher-is-positive',
    confidence: { type: 0.9, temporal_aggregation: 0.9, orientation: 0.9 },
    reason: 'money over a period',
  })
})

test('a decision without one of the three labels cannot be written for an earlier release', () => {
  for (const field of askedFields) {
    const { labels, ...others } = decisionOf()
    const { [field]: _, ...rest } = labels
    assert.equal(writeDecision({ labels: rest, ...others }), null, field)
    assert.equal(writeDecision({ labels: { ...labels, [field]: null }, ...others }), null, field)
  }
})

test('a label without a stated confidence is written with none, so that the earlier release asks on', () => {
  assert.deepEqual(writeDecision(decisionOf({}, { confidence: { type: 0.9 } })), {
    type: 'flow',
    temporal_aggregation: 'period-total',
    orientation: 'higher-is-positive',
    confidence: { type: 0.9, temporal_aggregation: 0, orientation: 0 },
    reason: 'money over a period',
  })
})

test('the labels of a journaled result become flat', () => {
  assert.deepEqual(parseLabels(CLASSIFICATION), FLAT)
})

test('results keep the nested properties of earlier releases beside their flat fields', () => {
  assert.deepEqual(nestedProperties(FLAT), { unit: CLASSIFICATION.unit, cumulative: CLASSIFICATION.cumulative })
  assert.deepEqual(nestedProperties({}), {
    unit: { kind: null, scale: null, currency: null, per: null },
    cumulative: { pattern: 'unknown', reset_month: null },
  })
})

const MALFORMED: readonly (readonly [
  what: string,
  parse: (value: unknown) => unknown,
  value: unknown,
  says: RegExp,
])[] = [
  ['no reading', parseReading, null, /^the reading of an earlier release has another form: the value: /],
  ['a reading without a unit', parseReading, { ...READING, unit: undefined }, / unit: /],
  [
    'a unit kind that is none',
    parseReading,
    { ...READING, unit: { ...READING.unit, value: { ...READING.unit.value, kind: 'money' } } },
    / unit\.value\.kind: /,
  ],
  [
    'a scale that is none',
    parseReading,
    { ...READING, unit: { ...READING.unit, value: { ...READING.unit.value, scale: 7 } } },
    / unit\.value\.scale: /,
  ],
  [
    'a month 13',
    parseReading,
    { ...READING, cumulative: { ...READING.cumulative, value: { pattern: 'year-to-date', reset_month: 13 } } },
    / cumulative\.value\.reset_month: /,
  ],
  ['a reading that is not sure or unsure', parseReading, { ...READING, type: { value: 'flow' } }, / type\.sure: /],
  ['a flat reading of today', parseReading, parseReading(READING), / unit: /],
  ['no decision', parseDecision, 'flow', /^the decision of an earlier release has another form: the value: /],
  ['a type that is none', parseDecision, { ...DECISION, type: 'flows' }, / type: /],
  [
    'a confidence of 90',
    parseDecision,
    { ...DECISION, confidence: { ...DECISION.confidence, type: 90 } },
    / confidence\.type: /,
  ],
  ['a decision of today', parseDecision, parseDecision(DECISION), / type: /],
  ['no result', parseLabels, [], /^the result of an earlier release has another form: /],
  ['a family that is none', parseLabels, { ...CLASSIFICATION, family: 'x' }, / family: /],
  ['flat labels of today', parseLabels, FLAT, / unit: /],
]

for (const [what, parse, value, says] of MALFORMED) {
  test(`${what} is refused, and the message names the place`, () => {
    assert.throws(
      () => parse(value),
      (error: unknown) => error instanceof TypeError && says.test(error.message),
    )
  })
}
