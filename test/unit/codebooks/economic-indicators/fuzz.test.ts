/** Tests parsers and rules on 10,000 generated inputs each: they never throw or hang, and give only values of the codebook. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAnswers } from '../../../src/classification/answers.ts'
import {
  AGGREGATIONS,
  CUMULATIVE_PATTERNS,
  FREQUENCIES,
  ORIENTATIONS,
  TYPES,
  UNIT_KINDS,
  UNIT_SCALES,
} from '../../../src/classification/codebook.ts'
import { CURRENCY_CODES } from '../../../src/classification/currency-codes.ts'
import { normaliseIndicator, parseIndicator } from '../../../src/classification/indicator.ts'
import { parseDate } from '../../../src/classification/readers/dates.ts'
import { parseUnits } from '../../../src/classification/readers/units.ts'
import { readIndicator } from '../../../src/classification/rules.ts'

const RUNS = { seed: 20_261_122, numRuns: 10_000 }

function has(values: readonly unknown[], value: unknown): boolean {
  return values.includes(value)
}

/** Texts that mix pieces which the parsers know with arbitrary characters. */
function textOf(pieces: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...pieces) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  )
  return fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''))
}

const unitText = textOf([
  ...[
    'USD',
    'EUR',
    'ALL',
    'TOP',
    'US$',
    '€',
    '$',
    'LCU',
    'constant 2011',
    'international $',
    ' ',
    '/',
    '%',
    ' of ',
    'GDP',
  ],
  ...[
    'Million',
    'Bn',
    'Crore',
    'Lakh',
    'Hundred',
    'Thousand',
    '万',
    '億',
    'млн',
    '1,000',
    '1.000.000',
    '2010=100',
    'Index',
  ],
  ...[
    ' per ',
    'barrel',
    'BBL/D/1K',
    'litre',
    'people',
    '(',
    ')',
    '1=yes; 0=no',
    '-',
    'n/a',
    'days',
    'mm',
    'celsius',
    '1e999',
  ],
])

function assertUnit(unit: { kind: string; scale: number; currency: string | null; per: string | null }): void {
  assert.ok(has(UNIT_KINDS, unit.kind), unit.kind)
  assert.ok(has(UNIT_SCALES, unit.scale), String(unit.scale))
  if (unit.currency !== null)
    assert.ok(CURRENCY_CODES.has(unit.currency) || has(['LCU', 'INTL'], unit.currency), unit.currency)
  if (unit.per !== null) assert.ok(unit.per.length > 0 && unit.per.length <= 200, unit.per)
}

test('units', () => {
  const input = fc.record({ units: unitText, name: unitText })
  fc.assert(
    fc.property(input, (given) => {
      const { value, sure } = parseUnits(given)
      assertUnit(value)
      assert.equal(typeof sure, 'boolean')
    }),
    RUNS,
  )
})

test('dates', () => {
  const text = textOf([
    '2024',
    '-',
    '/',
    '.',
    'Q1',
    'M05',
    'H2',
    'W53',
    'May',
    ' ',
    '31',
    '02',
    '13',
    'T00:00:00Z',
    'FY',
    '99999',
    '0',
  ])
  fc.assert(
    fc.property(text, (given) => {
      const date = parseDate(given)
      if (date === undefined) return
      assert.match(date, /^\d{4}-\d{2}-\d{2}$/)
      // The day exists in the calendar.
      assert.equal(new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10), date)
    }),
    RUNS,
  )
})

test('answers of a model', () => {
  const label = fc.oneof(fc.constantFrom(...TYPES, ...AGGREGATIONS, ...ORIENTATIONS), fc.string())
  const percent = fc.oneof(fc.integer({ min: -10, max: 110 }), fc.double(), fc.string())
  const element = fc.oneof(
    fc.record(
      {
        key: fc.oneof(fc.constantFrom('k1', 'k2', 'k3', '__proto__', 'constructor', ''), fc.string()),
        reason: fc.string(),
        type: label,
        temporal_aggregation: label,
        orientation: label,
        confidence: fc.oneof(
          fc.record({ type: percent, temporal_aggregation: percent, orientation: percent }),
          fc.anything(),
        ),
      },
      { requiredKeys: [] },
    ),
    fc.anything(),
  )
  const answer = fc.oneof(
    fc.record({ answers: fc.oneof(fc.array(element, { maxLength: 8 }), fc.anything()) }),
    fc.anything(),
  )
  const keys = ['k1', 'k2', 'k3']
  fc.assert(
    fc.property(answer, (given) => {
      const { decisions, problems } = parseAnswers(given, keys)
      for (const [key, decision] of decisions) {
        assert.ok(keys.includes(key))
        assert.ok(has(TYPES, decision.type))
        assert.ok(has(AGGREGATIONS, decision.temporal_aggregation))
        assert.ok(has(ORIENTATIONS, decision.orientation))
        for (const value of Object.values(decision.confidence)) assert.ok(value >= 0 && value <= 1)
        assert.ok(decision.reason.length <= 300)
      }
      // Every key that was asked is in exactly one of the four lists.
      const ends = [
        ...decisions.keys(),
        ...problems.missing,
        ...problems.doubled,
        ...problems.invalid.map(({ key }) => key),
      ]
      assert.deepEqual(ends.toSorted(), keys)
    }),
    RUNS,
  )
})

test('whole indicators, through every rule', () => {
  const point = fc.oneof(
    fc.record({
      date: fc.oneof(fc.date({ noInvalidDate: true }).map(String), fc.constantFrom('2024', '2023-Q1', 'x')),
      value: fc.double(),
    }),
    fc.anything(),
  )
  const indicator = fc.record(
    {
      indicator_id: fc.string({ minLength: 1 }),
      name: unitText.map((text) => `x${text}`),
      units: unitText,
      periodicity: fc.oneof(fc.constantFrom('Monthly', 'Q', 'Biannually', 'yearly'), fc.string()),
      description: fc.string(),
      sample_values: fc.array(point, { maxLength: 20 }),
    },
    { requiredKeys: ['indicator_id', 'name'] },
  )
  fc.assert(
    fc.property(indicator, (given) => {
      const parsed = parseIndicator(given)
      if (!parsed.ok) return
      const reading = readIndicator(parsed.indicator)
      assertUnit(reading.unit.value)
      assert.ok(has(FREQUENCIES, reading.frequency.value))
      assert.ok(has(CUMULATIVE_PATTERNS, reading.cumulative.value.pattern))
      assert.ok(has(TYPES, reading.type.value))
      assert.ok(has(AGGREGATIONS, reading.temporal_aggregation.value))
      assert.ok(has(ORIENTATIONS, reading.orientation.value))
      // Normalising again changes nothing, so that the service reads what the command line sent.
      const { sample_values, ...texts } = parsed.indicator
      assert.deepEqual(normaliseIndicator({ ...texts, sample_values: [...sample_values] }).indicator, parsed.indicator)
    }),
    RUNS,
  )
})
