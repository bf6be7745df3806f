/** Tests parsers and rules on 10,000 generated inputs each: they never throw or hang, and give only values of the codebook. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { builtInFile, loadCodebook } from '../../../../src/catalogue/codebook-files.ts'
import { parseAnswers } from '../../../../src/classification/answers.ts'
import { normaliseIndicator, parseIndicator } from '../../../../src/classification/indicator.ts'
import { isValueOf } from '../../../../src/codebooks/codebook.ts'
import { ECONOMIC_INDICATORS } from '../../../../src/codebooks/economic-indicators/code.ts'
import { CURRENCY_CODES } from '../../../../src/codebooks/economic-indicators/currency-codes.ts'
import {
  AGGREGATIONS,
  ORIENTATIONS,
  TYPES,
  UNIT_KINDS,
  UNIT_SCALES,
} from '../../../../src/codebooks/economic-indicators/labels.ts'
import { parseUnits } from '../../../../src/codebooks/economic-indicators/readers/units.ts'
import { parseDate } from '../../../../src/lib/dates.ts'
import { anyText } from '../../../helpers/any-text.ts'

const { codebook } = await loadCodebook(builtInFile('economic-indicators') ?? '')
const RUNS = { seed: 20_261_122, numRuns: 10_000 }

function has(values: readonly unknown[], value: unknown): boolean {
  return values.includes(value)
}

/** Texts that mix pieces which the parsers know with arbitrary characters. */
function textOf(pieces: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...pieces) }, { weight: 1, arbitrary: anyText() })
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
  const asked = codebook.fields.filter((field) => field.asked).map(({ name }) => name)
  const label = fc.oneof(
    fc.constantFrom(...TYPES, ...AGGREGATIONS, ...ORIENTATIONS, ...UNIT_KINDS, ...UNIT_SCALES, 'USD', '1000', null),
    fc.string(),
  )
  const percent = fc.oneof(fc.integer({ min: -10, max: 110 }), fc.double(), fc.string())
  const fitting = fc.constantFrom(
    { field: 'type', value: 'flow', confidence: 90 },
    { field: 'type', value: 'stock', confidence: 0 },
    { field: 'unit_scale', value: 1000, confidence: 100 },
    { field: 'unit_currency', value: 'USD', confidence: 55 },
    { field: 'unit_per', value: null, confidence: 80 },
  )
  const name = fc.oneof(fc.constantFrom(...asked, 'family', '__proto__'), fc.string())
  const any = fc.record({ field: name, value: label, confidence: percent }, { requiredKeys: [] })
  const labels = fc.array(fc.oneof(fitting, any, fc.anything()), { maxLength: 10 })
  const element = fc.oneof(
    fc.record(
      {
        key: fc.oneof(fc.constantFrom('k1', 'k2', 'k3', '__proto__', 'constructor', ''), fc.string()),
        reason: fc.string(),
        labels: fc.oneof({ weight: 4, arbitrary: labels }, fc.anything()),
      },
      { requiredKeys: [] },
    ),
    fc.anything(),
  )
  const list = fc.array(element, { maxLength: 8 })
  const answer = fc.oneof(
    { weight: 4, arbitrary: fc.record({ answers: fc.oneof({ weight: 4, arbitrary: list }, fc.anything()) }) },
    fc.anything(),
  )
  const questions = ['k1', 'k2', 'k3'].map((key, index) => ({ key, fields: asked.slice(index) }))
  let labelled = 0
  fc.assert(
    fc.property(answer, (given) => {
      const { decisions, unanswered } = parseAnswers(codebook, given, questions)
      for (const [, decision] of decisions) {
        for (const [name, value] of Object.entries(decision.labels)) {
          const field = codebook.field.get(name)
          assert.ok(field !== undefined && isValueOf(field, value), name)
          labelled += 1
        }
        for (const value of Object.values(decision.confidence)) assert.ok(value >= 0 && value <= 1)
        assert.ok(decision.reason.length <= 300)
      }
      // Every field that was asked of a key either has a label or stands in exactly one reason why it has none.
      for (const { key, fields } of questions) {
        const known = Object.keys(decisions.get(key)?.labels ?? {})
        const open = unanswered.filter((one) => one.key === key).flatMap((one) => one.fields)
        assert.deepEqual([...known, ...open].toSorted(), fields.toSorted())
      }
    }),
    RUNS,
  )
  assert.ok(labelled > 1000, `only ${labelled} labels were usable`)
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
      const reading = ECONOMIC_INDICATORS.read(parsed.indicator)
      for (const field of codebook.fields) {
        if (field.type.kind === 'derived') continue
        const value = reading[field.name]?.value
        assert.ok(isValueOf(field, value), `${field.name}: ${value}`)
      }
      // Normalising again changes nothing, so that the service reads what the command line sent.
      const { sample_values, ...texts } = parsed.indicator
      assert.deepEqual(normaliseIndicator({ ...texts, sample_values: [...sample_values] }).indicator, parsed.indicator)
    }),
    RUNS,
  )
})
