/** Tests of the frequency reader, by periodicity texts and by dates. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FREQUENCIES } from '../../../../src/codebooks/economic-indicators/labels.ts'
import { parseFrequency } from '../../../../src/codebooks/economic-indicators/readers/frequency.ts'
import { readIndicator } from '../../../../src/codebooks/economic-indicators/rules.ts'
import type { Frequency, Indicator, SamplePoint } from '../../../../src/codebooks/economic-indicators/types.ts'

const WORDS: readonly (readonly [string, Frequency])[] = [
  ['Daily', 'daily'],
  ['business days', 'daily'],
  ['D', 'daily'],
  ['weekly', 'weekly'],
  ['Every week', 'weekly'],
  ['Monthly', 'monthly'],
  ['MONTH', 'monthly'],
  ['mensuel', 'monthly'],
  ['quarter', 'quarterly'],
  ['Quarterly', 'quarterly'],
  ['trimestral', 'quarterly'],
  ['Q', 'quarterly'],
  ['Biannually', 'semiannual'],
  ['bi-annual', 'semiannual'],
  ['Semi-Annual', 'semiannual'],
  ['half-yearly', 'semiannual'],
  ['semestral', 'semiannual'],
  ['Yearly', 'annual'],
  ['annual', 'annual'],
  ['Annually', 'annual'],
  ['every year', 'annual'],
  ['ежемесячно', 'monthly'],
  ['biennial', 'irregular'],
  ['irregular', 'irregular'],
  ['3-monthly', 'quarterly'],
  ['twice yearly', 'semiannual'],
  ['6-monthly', 'semiannual'],
  ['bimonthly', 'irregular'],
  ['mthly', 'monthly'],
  ['yrly', 'annual'],
  ['ann', 'annual'],
  ['every two weeks', 'irregular'],
  ['every 10 days', 'irregular'],
  ['every 2 months', 'irregular'],
  ['every other year', 'irregular'],
  ['every 4 years', 'irregular'],
  ['every 3 months', 'quarterly'],
  ['4 times a year', 'quarterly'],
  ['every six months', 'semiannual'],
  ['every 12 months', 'annual'],
  ['Weekdays', 'daily'],
  ['Üç aylık', 'quarterly'],
  ['Aylık', 'monthly'],
  ['P3M', 'quarterly'],
]

for (const [periodicity, frequency] of WORDS) {
  test(`periodicity "${periodicity}" is ${frequency}`, () => {
    const found = parseFrequency({ periodicity, sample_values: [] })
    assert.equal(found.value, frequency)
    assert.equal(found.sure, true)
  })
}

function dates(...days: readonly string[]): readonly SamplePoint[] {
  return days.map((date, value) => ({ date, value }))
}

function months(step: number, count: number, skip: ReadonlySet<number> = new Set()): readonly SamplePoint[] {
  const points: SamplePoint[] = []
  for (let at = 0; at < count; at += 1) {
    if (skip.has(at)) continue
    const month = at * step
    const date = `${2019 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}-28`
    points.push({ date, value: at })
  }
  return points
}

test('dates give the frequency where no word does', () => {
  const of = (sample_values: readonly SamplePoint[]) => parseFrequency({ sample_values }).value
  assert.equal(of(months(1, 14)), 'monthly')
  assert.equal(of(months(3, 8)), 'quarterly')
  assert.equal(of(months(6, 6)), 'semiannual')
  assert.equal(of(months(12, 6)), 'annual')
  assert.equal(of(dates('2024-01-05', '2024-01-12', '2024-01-19', '2024-01-26')), 'weekly')
  assert.equal(of(dates('2024-01-04', '2024-01-05', '2024-01-08', '2024-01-09')), 'daily')
})

test('missing observations and doubled dates do not change the answer', () => {
  assert.equal(parseFrequency({ sample_values: months(1, 14, new Set([3, 8])) }).value, 'monthly')
  assert.equal(parseFrequency({ sample_values: [...months(3, 8), ...months(3, 8)] }).value, 'quarterly')
})

test('an unknown word falls back to the dates', () => {
  assert.equal(parseFrequency({ periodicity: 'n/a', sample_values: months(3, 8) }).value, 'quarterly')
})

test('too few or uneven dates are not guessed', () => {
  assert.equal(parseFrequency({ sample_values: [] }).value, 'unknown')
  assert.equal(parseFrequency({ sample_values: dates('2024-01-01') }).value, 'unknown')
  const uneven = dates('2010-01-01', '2011-03-01', '2013-12-01', '2014-01-15', '2019-06-01')
  assert.equal(parseFrequency({ sample_values: uneven }).value, 'irregular')
})

const NO_DATES = { sample_values: [] }

test('where nothing tells a frequency, the reader is sure that it is unknown', () => {
  for (const periodicity of [undefined, '', '  ']) {
    const texts = [
      'GDP growth (annual %)',
      '% per year',
      undefined,
      'Deaths during the given year, on 30 days a month.',
    ]
    const found = parseFrequency({ periodicity, texts, ...NO_DATES })
    assert.deepEqual([found.value, found.sure, found.rule], ['unknown', true, 'nothing-tells'])
  }
})

const TELLING: readonly (readonly [what: string, input: Parameters<typeof parseFrequency>[0]])[] = [
  ['a periodicity that it cannot read', { periodicity: 'now and then', ...NO_DATES }],
  ['a periodicity of "n/a"', { periodicity: 'n/a', ...NO_DATES }],
  ['one date', { sample_values: dates('2024-01-01') }],
  ['dates without a common distance', { sample_values: dates('2010-01-01', '2011-03-01', '2013-12-01') }],
  ['a name that says monthly', { texts: ['Industrial Production, Monthly'], ...NO_DATES }],
  ['units that say daily', { texts: ['Oil', 'barrels daily'], ...NO_DATES }],
  ['a description that says quarterly', { texts: ['Debt', undefined, 'Quarterly, by the IMF.'], ...NO_DATES }],
  ['a description of annual data', { texts: ['Debt', undefined, 'These are annual data.'], ...NO_DATES }],
  ['a description that says semi-annual', { texts: ['A Survey', undefined, 'A semi-annual survey.'], ...NO_DATES }],
]

for (const [what, input] of TELLING) {
  test(`the reader is not sure of an unknown frequency beside ${what}`, () => {
    const { value, sure } = parseFrequency(input)
    assert.deepEqual([value, sure], ['unknown', false])
  })
}

test('the texts of an indicator are looked at for its frequency', () => {
  const frequencyOf = (parts: Partial<Indicator>) =>
    readIndicator({ indicator_id: 'x', name: 'Debt', sample_values: [], ...parts }).frequency.sure
  assert.equal(frequencyOf({}), true)
  assert.equal(frequencyOf({ name: 'Debt, Monthly' }), false)
  assert.equal(frequencyOf({ units: 'USD, monthly' }), false)
  assert.equal(frequencyOf({ long_name: 'Monthly debt' }), false)
  assert.equal(frequencyOf({ description: 'Published monthly.' }), false)
})

test('any input gives a frequency of the codebook', () => {
  const point = fc.record({ date: fc.string(), value: fc.double() })
  fc.assert(
    fc.property(fc.option(fc.string(), { nil: undefined }), fc.array(point), (periodicity, sample_values) => {
      assert.ok(FREQUENCIES.includes(parseFrequency({ periodicity, sample_values }).value))
    }),
  )
})
