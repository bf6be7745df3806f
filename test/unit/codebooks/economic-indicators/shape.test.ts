/** Tests of shapes: what makes two indicators share one answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { humanAnswerShapeOf, shapeOf } from '../../../src/classification/shape.ts'
import type { Indicator, RuleReading, Unit } from '../../../src/classification/types.ts'
import { fieldReading, indicatorOf, readingOf } from '../../helpers/readings.ts'

const CONTEXT = { model: 'gpt-6-luna', promptVersion: 'p1' }
const shape = (indicator: Partial<Indicator>, reading: Partial<RuleReading> = {}) =>
  shapeOf(indicatorOf(indicator), readingOf(reading), CONTEXT)
const unit = (parts: Partial<Unit>) => ({
  unit: fieldReading<Unit>({ kind: 'currency', scale: 1, currency: 'USD', per: null, ...parts }),
})

test('a shape is readable JSON of its parts', () => {
  assert.deepEqual(JSON.parse(shape({ name: 'Exports of “Goods” – FOB', units: 'KES Million' })), {
    name: 'exports of "goods" - fob',
    units: '¤ million',
    unit_kind: 'currency',
    description: null,
    long_name: null,
    category_group: null,
    dataset: null,
    topic: null,
    aggregation_method: null,
    frequency: 'monthly',
    cumulative: 'none',
    codebook: 'v1',
    prompt: 'p1',
    model: 'gpt-6-luna',
  })
})

test('country, currency, source, id, values, case, spaces and typography do not change a shape', () => {
  const one = shape({ units: 'USD Million' })
  const same: readonly Partial<Indicator>[] = [
    { indicator_id: 'B2', country: 'KEN', currency_code: 'KES', source_name: 'x', source_url: 'y' },
    { sample_values: [{ date: '2024-01-01', value: 1 }] },
    { units: 'KES  million' },
    { units: 'US$ Million' },
    { units: '€ Million' },
    { name: ' EXPORTS ' },
    { name: 'Ｅxports' },
  ]
  for (const parts of same) assert.equal(shape(parts), one, JSON.stringify(parts))
})

test('what could change the answer changes the shape', () => {
  const shapes = [
    shape({}),
    shape({ units: 'USD Billion' }),
    shape({ name: 'Exports, Kenya' }),
    shape({ description: 'Exports' }),
    shape({ long_name: 'Exports' }),
    shape({ category_group: 'Exports' }),
    shape({ dataset: 'Exports' }),
    shape({ topic: 'Exports' }),
    shape({ aggregation_method: 'Exports' }),
    shape({}, { frequency: fieldReading('annual') }),
    shape({}, { cumulative: fieldReading({ pattern: 'year-to-date', reset_month: 1 }) }),
    shape({}, unit({ kind: 'count', currency: null })),
    shapeOf(indicatorOf(), readingOf(), { ...CONTEXT, model: 'other' }),
    shapeOf(indicatorOf(), readingOf(), { ...CONTEXT, promptVersion: 'p2' }),
  ]
  assert.equal(new Set(shapes).size, shapes.length)
})

const TEMPLATES: readonly (readonly [string, Partial<Unit>, string])[] = [
  ['TRY/USD', {}, '¤/¤'],
  ['KZT per USD', {}, '¤ per ¤'],
  ['USD Hundred Million', {}, '¤ hundred million'],
  ['HK$ mn', {}, '¤ mn'],
  ['$ billion', {}, '¤ billion'],
  ['constant LCU', { currency: 'LCU' }, 'constant ¤'],
  ['National currency Million', { currency: 'LCU' }, '¤ million'],
  ['current PPP$', { currency: 'INTL' }, 'current ppp$'],
  ['TOP 10', { kind: 'unknown', currency: null }, 'top 10'],
  ['Percent of ALL loans', { kind: 'percentage', currency: null }, 'percent of all loans'],
  ['USDX', {}, 'usdx'],
]

for (const [units, parts, template] of TEMPLATES) {
  test(`unit template of ${units}`, () => assert.equal(JSON.parse(shape({ units }, unit(parts))).units, template))
}

test('texts in different fields never run together', () => {
  const text = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('","units":"', 'null', '\\', '"', undefined))
  const texts = fc.record({
    name: fc.constantFrom('a', 'a","units":"b', '\\'),
    units: text,
    description: text,
    topic: text,
  })
  const defined = (parts: Record<string, string | undefined>) =>
    Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as Partial<Indicator>
  const plain = unit({ kind: 'unknown', currency: null })
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      const [shapeA, shapeB] = [shape(defined(a), plain), shape(defined(b), plain)]
      if (shapeA !== shapeB) return
      const folded = (value: string | undefined) =>
        value?.normalize('NFKC').replace(/[`´]/g, "'").replace(/\s+/g, ' ').trim()
      for (const field of ['name', 'units', 'description', 'topic'] as const) {
        assert.equal(folded(a[field])?.toLowerCase(), folded(b[field])?.toLowerCase())
      }
    }),
  )
})

test("a person's shape outlives model, prompt and codebook, and a few more sample values", () => {
  const of = (indicator: Partial<Indicator>, reading: Partial<RuleReading> = {}) =>
    humanAnswerShapeOf(indicatorOf(indicator), readingOf(reading))
  const cumulative = (pattern: 'none' | 'unknown' | 'year-to-date') => ({
    cumulative: fieldReading({ pattern, reset_month: null }),
  })
  const one = of({})
  for (const word of ['codebook', 'prompt', 'model']) assert.ok(!(word in JSON.parse(one)), word)
  assert.equal(of({ country: 'KEN' }, { ...cumulative('unknown'), frequency: fieldReading('annual') }), one)
  assert.equal(of({ units: 'KES Million' }), of({ units: 'USD Million' }))
  const different = [
    of({ name: 'Imports' }),
    of({ units: 'USD Billion' }),
    of({ description: 'x' }),
    of({ periodicity: 'Monthly' }),
    of({ periodicity: 'Annual' }),
    of({}, cumulative('year-to-date')),
  ]
  assert.equal(new Set([one, ...different]).size, different.length + 1)
})
