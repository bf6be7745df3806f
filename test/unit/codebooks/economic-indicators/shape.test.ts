/** Tests of the shapes of economic indicators: what makes two of them share one answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normaliseIndicator, type RawIndicator } from '../../../../src/classification/indicator.ts'
import { ECONOMIC_INDICATORS } from '../../../../src/codebooks/economic-indicators/code.ts'
import type { Indicator, Reading } from '../../../../src/codebooks/types.ts'
import { findingOf, indicatorOf, readingOf } from '../../../helpers/codebooks/readings.ts'

const { read, shapeParts, humanShape, perRecord } = ECONOMIC_INDICATORS

const partsOf = (record: Partial<Indicator>, asked: readonly string[] = [], reading: Reading = {}) =>
  shapeParts(indicatorOf(record), readingOf(reading), asked)
const humanOf = (record: Partial<Indicator>, reading: Reading = {}, isExact = false) =>
  humanShape(indicatorOf(record), readingOf(reading), isExact)
const currency = (code: string | null, kind = 'currency') => ({
  unit_kind: findingOf(kind),
  unit_currency: findingOf(code),
})

test('a shape holds the findings that an answer depends on, and units without their currency', () => {
  assert.deepEqual(partsOf({ units: 'KES  Million', scale: 'Units', periodicity: 'Monthly' }, ['type']), {
    units: '¤ million',
    scale: null,
    periodicity: null,
    unit_kind: 'currency',
    frequency: 'monthly',
    cumulative: 'none',
    unit_currency: null,
  })
})

test('where units hold no money and neither scale nor periodicity is given, further fields asked leave the shape as it is', () => {
  const reading = currency(null, 'index')
  const few = partsOf({ units: 'Index' }, ['type'], reading)
  assert.deepEqual(partsOf({ units: 'Index' }, ['type', 'unit_scale', 'unit_currency', 'frequency'], reading), few)
})

test('the currency is in the shape where currency or divisor is asked for', () => {
  for (const field of ['unit_currency', 'unit_per']) {
    const kenya = partsOf({ units: 'KES Million' }, ['type', field], currency('KES'))
    assert.equal(kenya.units, 'kes million')
    assert.equal(kenya.unit_currency, 'KES')
    assert.notDeepEqual(kenya, partsOf({ units: 'USD Million' }, ['type', field], currency('USD')))
  }
  // The reader takes the currency of "Million" from the record's currency code, which is no text of the shape.
  assert.notDeepEqual(
    partsOf({ units: 'Million', currency_code: 'KES' }, ['unit_currency'], currency('KES')),
    partsOf({ units: 'Million', currency_code: 'USD' }, ['unit_currency'], currency('USD')),
  )
})

test('scale and periodicity are in the shape where the fields that are read from them are asked for', () => {
  const texts = { scale: ' Billions', periodicity: 'Every  so often' }
  assert.equal(partsOf(texts, ['unit_scale']).scale, 'billions')
  assert.equal(partsOf(texts, ['unit_kind']).scale, 'billions')
  assert.equal(partsOf(texts, ['unit_currency']).scale, null)
  assert.equal(partsOf(texts, ['frequency']).periodicity, 'every so often')
  assert.equal(partsOf(texts, ['type', 'unit_scale']).periodicity, null)
})

test('country, currency, source, id, values, case, spaces and typography of units do not change the parts', () => {
  const one = partsOf({ units: 'USD Million' }, ['type'])
  const same: readonly Partial<Indicator>[] = [
    { indicator_id: 'B2', country: 'KEN', currency_code: 'KES', source_name: 'x', source_url: 'y' },
    { sample_values: [{ date: '2024-01-01', value: 1 }] },
    { units: 'KES  million' },
    { units: 'US$ Million' },
    { units: '€ Million' },
    { periodicity: 'M' },
  ]
  for (const record of same) assert.deepEqual(partsOf(record, ['type']), one, JSON.stringify(record))
})

test('what could change the answer changes the parts', () => {
  const shapes = [
    partsOf({}),
    partsOf({ units: 'USD Billion' }),
    partsOf({}, [], { frequency: findingOf('annual') }),
    partsOf({}, [], { cumulative_pattern: findingOf('year-to-date') }),
    partsOf({}, [], currency(null, 'count')),
  ].map((parts) => JSON.stringify(parts))
  assert.equal(new Set(shapes).size, shapes.length)
})

const TEMPLATES: readonly (readonly [units: string, reading: Reading, template: string])[] = [
  ['TRY/USD', {}, '¤/¤'],
  ['KZT per USD', {}, '¤ per ¤'],
  ['USD Hundred Million', {}, '¤ hundred million'],
  ['HK$ mn', {}, '¤ mn'],
  ['$ billion', {}, '¤ billion'],
  ['constant LCU', currency('LCU'), 'constant ¤'],
  ['National currency Million', currency('LCU'), '¤ million'],
  ['current PPP$', currency('INTL'), 'current ppp$'],
  ['TOP 10', currency(null, 'unknown'), 'top 10'],
  ['Percent of ALL loans', currency(null, 'percentage'), 'percent of all loans'],
  ['USDX', {}, 'usdx'],
]

for (const [units, reading, template] of TEMPLATES) {
  test(`unit template of ${units}`, () => {
    assert.equal(partsOf({ units }, ['type'], reading).units, template)
    assert.equal(JSON.parse(humanOf({ units }, reading)).units, template)
  })
}

/** Two and a half years of months that add up from each January. */
const YEAR_TO_DATE = Array.from({ length: 30 }, (_, at) => ({
  date: `${2022 + Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}-28`,
  value: ((at % 12) + 1) * 10,
}))

/** Records with the text under which release d053d5d and its successors stored the answer of a person. */
const STORED: readonly (readonly [record: RawIndicator, shape: string])[] = [
  [
    {
      indicator_id: 'A',
      name: 'Exports of “Goods” – FOB',
      units: 'KES  Million',
      periodicity: 'Monthly',
      country: 'KEN',
      scale: 'Units',
      currency_code: 'KES',
    },
    '{"name":"exports of \\"goods\\" - fob","units":"¤ million","unit_kind":"currency","description":null,' +
      '"long_name":null,"category_group":null,"dataset":null,"topic":null,"aggregation_method":null,' +
      '"frequency":"monthly","cumulative":"none"}',
  ],
  [
    {
      indicator_id: 'B',
      name: 'Ｇeneral government net lending',
      units: 'National currency',
      scale: 'Billions',
      description: 'Net  lending\nis…',
      long_name: 'Government’s Net Lending',
      category_group: 'Fiscal',
      dataset: 'WEO',
      topic: 'Public Finance',
      aggregation_method: 'Sum',
    },
    '{"name":"general government net lending","units":"¤","unit_kind":"currency","description":"net lending is...",' +
      '"long_name":"government\'s net lending","category_group":"fiscal","dataset":"weo","topic":"public finance",' +
      '"aggregation_method":"sum","frequency":"unknown","cumulative":"none"}',
  ],
  [
    { indicator_id: 'C', name: 'Government Revenues', units: 'USD Million', sample_values: YEAR_TO_DATE },
    '{"name":"government revenues","units":"¤ million","unit_kind":"currency","description":null,"long_name":null,' +
      '"category_group":null,"dataset":null,"topic":null,"aggregation_method":null,"frequency":"unknown",' +
      '"cumulative":"year-to-date"}',
  ],
  [
    { indicator_id: 'D', name: 'Forex market price', units: 'KZT per US$', periodicity: 'every so often' },
    '{"name":"forex market price","units":"¤ per ¤","unit_kind":"currency","description":null,"long_name":null,' +
      '"category_group":null,"dataset":null,"topic":null,"aggregation_method":null,"frequency":"unknown",' +
      '"cumulative":"none"}',
  ],
  [
    { indicator_id: 'E', name: 'GDP per capita (PPP)', units: 'current international $', periodicity: 'A' },
    '{"name":"gdp per capita (ppp)","units":"current international $","unit_kind":"currency","description":null,' +
      '"long_name":null,"category_group":null,"dataset":null,"topic":null,"aggregation_method":null,' +
      '"frequency":"annual","cumulative":"none"}',
  ],
  [
    { indicator_id: 'F', name: 'Exports', sample_values: [{ date: '2024-01-31', value: 1 }] },
    '{"name":"exports","units":null,"unit_kind":"unknown","description":null,"long_name":null,"category_group":null,' +
      '"dataset":null,"topic":null,"aggregation_method":null,"frequency":"unknown","cumulative":"none"}',
  ],
]

for (const [raw, shape] of STORED) {
  test(`the stored answer of a person to ${raw.indicator_id} (${raw.name}) is found again`, () => {
    const { indicator } = normaliseIndicator(raw)
    assert.equal(humanShape(indicator, read(indicator), false), shape)
    assert.notEqual(humanShape(indicator, read(indicator), true), shape)
  })
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
  const plain = currency(null, 'unknown')
  fc.assert(
    fc.property(texts, texts, fc.boolean(), (a, b, isExact) => {
      const [shapeA, shapeB] = [humanOf(defined(a), plain, isExact), humanOf(defined(b), plain, isExact)]
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
  const pattern = (value: 'none' | 'unknown' | 'year-to-date') => ({ cumulative_pattern: findingOf(value) })
  const one = humanOf({})
  for (const word of ['codebook', 'prompt', 'model']) assert.ok(!(word in JSON.parse(one)), word)
  assert.equal(humanOf({ country: 'KEN' }, { ...pattern('unknown'), frequency: findingOf('annual') }), one)
  assert.equal(humanOf({ units: 'KES Million' }), humanOf({ units: 'USD Million' }))
  const different = [
    humanOf({ name: 'Imports' }),
    humanOf({ units: 'USD Billion' }),
    humanOf({ description: 'x' }),
    humanOf({ periodicity: 'Monthly' }),
    humanOf({ periodicity: 'Annual' }),
    humanOf({}, pattern('year-to-date')),
  ]
  assert.equal(new Set([one, ...different]).size, different.length + 1)
})

/** Two records of one human shape whose labels differ in the field, as each has its own currency, scale or dates. */
const TWINS: Readonly<Record<string, readonly [RawIndicator, RawIndicator]>> = {
  unit_scale: [
    { indicator_id: 'A', name: 'Revenue', units: 'National currency', scale: 'Billions' },
    { indicator_id: 'B', name: 'Revenue', units: 'National currency', scale: 'Millions' },
  ],
  unit_currency: [
    { indicator_id: 'A', name: 'Exports', units: 'KES Million' },
    { indicator_id: 'B', name: 'Exports', units: 'USD Million' },
  ],
  unit_per: [
    { indicator_id: 'A', name: 'Exchange Rate', units: 'KZT per USD' },
    { indicator_id: 'B', name: 'Exchange Rate', units: 'KZT per EUR' },
  ],
  frequency: [
    { indicator_id: 'A', name: 'Debt', units: 'USD', sample_values: datesOf(1) },
    { indicator_id: 'B', name: 'Debt', units: 'USD', sample_values: datesOf(12) },
  ],
}

function datesOf(months: number) {
  return Array.from({ length: 6 }, (_, at) => ({
    date: `${2018 + Math.floor((at * months) / 12)}-${String(((at * months) % 12) + 1).padStart(2, '0')}-28`,
    value: 100 - at,
  }))
}

test("a person's label of a field that may differ within a shape counts for exact matches only", () => {
  assert.deepEqual(Object.keys(TWINS), perRecord)
  for (const [field, twins] of Object.entries(TWINS)) {
    const [a, b] = twins.map((raw) => normaliseIndicator(raw).indicator)
    assert.ok(a && b)
    const [readA, readB] = [read(a), read(b)]
    assert.notEqual(readA[field]?.value, readB[field]?.value, field)
    assert.equal(humanShape(a, readA, false), humanShape(b, readB, false), field)
    assert.notEqual(humanShape(a, readA, true), humanShape(b, readB, true), field)
    // Another record with the same texts and dates matches exactly, whatever its id and country are.
    const twin = { ...a, indicator_id: 'C', country: 'KEN' }
    assert.equal(humanShape(twin, read(twin), true), humanShape(a, readA, true), field)
  }
})
