/** Tests of the reader of cumulative patterns, on series that are made here and on words of names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CUMULATIVE_PATTERNS, TYPES } from '../../../../src/codebooks/economic-indicators/labels.ts'
import { detectCumulative } from '../../../../src/codebooks/economic-indicators/readers/cumulative.ts'
import type {
  Cumulative,
  Frequency,
  IndicatorType,
  SamplePoint,
} from '../../../../src/codebooks/economic-indicators/types.ts'

interface Series {
  readonly months: number
  readonly step?: 1 | 3
  /** The month of the first observation, 1 to 12. */
  readonly first?: number
  readonly value: (at: number, month: number) => number
}

/** A series whose values `value` computes, dated at the end of each month or quarter from 2022 on. */
function series({ months, step = 1, first = 1, value }: Series): readonly SamplePoint[] {
  return Array.from({ length: months }, (_, at) => {
    const count = first - 1 + at * step
    const month = (count % 12) + 1
    return { date: `${2022 + Math.floor(count / 12)}-${String(month).padStart(2, '0')}-28`, value: value(at, month) }
  })
}

/** The series summed up within years that begin in `resetMonth`. */
function toDate(points: readonly SamplePoint[], resetMonth: number, step = 1): readonly SamplePoint[] {
  let sum = 0
  return points.map(({ date, value }) => {
    const since = (Number(date.slice(5, 7)) - resetMonth + 12) % 12
    sum = since < step ? value : sum + value
    return { date, value: sum }
  })
}

function detect(
  sample_values: readonly SamplePoint[],
  more: { type?: IndicatorType; frequency?: Frequency; name?: string; units?: string } = {},
): Cumulative {
  const { type = 'flow', frequency = 'monthly', name = 'Government Revenues', units } = more
  return detectCumulative({ sample_values, type, frequency, name, units }).value
}

/** Noise between -1 and 1, the same in every run. */
const noise = (at: number) => Math.sin(at * 12.9898 + 4.1414) * Math.cos(at * 78.233)
const flow = (at: number) => 100 * (1 + 0.01 * at) * (1 + 0.2 * noise(at))

for (const reset of [1, 4, 7, 10]) {
  test(`monthly values that start again in month ${reset} are year-to-date`, () => {
    const points = toDate(series({ months: 30, first: 3, value: flow }), reset)
    assert.deepEqual(detect(points), { pattern: 'year-to-date', reset_month: reset })
  })
  test(`quarterly values that start again in month ${reset} are year-to-date`, () => {
    const points = toDate(series({ months: 12, step: 3, first: reset + 2, value: flow }), reset, 3)
    assert.deepEqual(detect(points, { frequency: 'quarterly' }), { pattern: 'year-to-date', reset_month: reset })
  })
}

test('one reset in fourteen clean months is enough, also where counting began in the middle of the year', () => {
  const full = toDate(series({ months: 14, value: flow }), 1)
  assert.deepEqual(detect(full), { pattern: 'year-to-date', reset_month: 1 })
  const late = toDate(series({ months: 14, first: 8, value: (at) => 10 + 0.05 * at }), 1)
  assert.deepEqual(detect(late), { pattern: 'year-to-date', reset_month: 1 })
})

test('a revision downwards within the year is tolerated', () => {
  const points = toDate(series({ months: 30, value: (at) => (at === 5 || at === 17 ? -40 : flow(at)) }), 1)
  assert.equal(detect(points).pattern, 'year-to-date')
})

test('a deficit that grows over the year is year-to-date too', () => {
  const points = toDate(series({ months: 36, value: (at) => -flow(at) }), 1)
  assert.deepEqual(detect(points, { type: 'balance' }), { pattern: 'year-to-date', reset_month: 1 })
})

test('a trend, a season, a level shift and noise are not taken for a reset', () => {
  const none = (value: Series['value'], months = 36) => assert.equal(detect(series({ months, value })).pattern, 'none')
  none((at) => 100 + 5 * at)
  none((at) => 100 * 1.05 ** at)
  none((at, month) => 100 + 30 * Math.sin((month / 12) * 2 * Math.PI) + at)
  none((_, month) => (month === 12 ? 160 : 90 + month))
  none((at) => (at < 18 ? 100 + at : 40 + at))
  none((at) => 100 * noise(at), 36)
  none(() => 100)
  const seasons = series({ months: 12, step: 3, value: (at) => [60, 110, 140, 90][at % 4] ?? 0 })
  assert.equal(detect(seasons, { frequency: 'quarterly' }).pattern, 'none')
})

test('values of a type that does not add up are none, whatever their pattern', () => {
  const points = toDate(series({ months: 36, value: flow }), 1)
  for (const type of ['stock', 'index', 'price', 'percentage', 'interest-rate'] as const) {
    assert.equal(detect(points, { type }).pattern, 'none')
  }
})

test('too few points are unknown, annual values none', () => {
  assert.equal(detect(series({ months: 4, value: flow })).pattern, 'unknown')
  assert.equal(detect(toDate(series({ months: 8, value: flow }), 1)).pattern, 'unknown')
  assert.equal(detect(series({ months: 8, value: flow }), { frequency: 'annual' }).pattern, 'none')
  assert.equal(detect([], { frequency: 'unknown' }).pattern, 'unknown')
})

test('words of the name count over time only (ruling 10)', () => {
  const said = (name: string, type: IndicatorType = 'volume') => detect([], { name, type }).pattern
  assert.equal(said('Crude Oil Production (Year-to-Date)'), 'year-to-date')
  assert.equal(said('Government Revenue YTD', 'flow'), 'year-to-date')
  assert.equal(said('Cumulative Vaccinations', 'count'), 'running-total')
  assert.equal(said('Educational attainment, at least primary (%) (cumulative)', 'percentage'), 'none')
})

test('any values give a pattern of the codebook and a month only with year-to-date', () => {
  const point = fc.record({
    date: fc.oneof(fc.string(), fc.constantFrom('2020-01-31', '2020-02-29', '2021-03-31', '2021-12-31', '2022-06-30')),
    value: fc.oneof(fc.double(), fc.integer()),
  })
  fc.assert(
    fc.property(
      fc.array(point, { maxLength: 40 }),
      fc.constantFrom(...TYPES),
      fc.constantFrom('monthly' as const, 'quarterly' as const, 'annual' as const, 'unknown' as const),
      fc.string(),
      (sample_values, type, frequency, name) => {
        const { pattern, reset_month } = detectCumulative({ sample_values, type, frequency, name }).value
        assert.ok(CUMULATIVE_PATTERNS.includes(pattern))
        if (reset_month !== null) assert.ok(pattern === 'year-to-date' && reset_month >= 1 && reset_month <= 12)
      },
    ),
  )
})
