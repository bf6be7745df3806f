/** Tests of the rules for type, aggregation and orientation, by names and units. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AGGREGATIONS, ORIENTATIONS, TYPES } from '../../../../src/codebooks/economic-indicators/labels.ts'
import { readIndicator } from '../../../../src/codebooks/economic-indicators/rules.ts'
import type { Indicator, RuleReading } from '../../../../src/codebooks/economic-indicators/types.ts'
import { anyText } from '../../../helpers/any-text.ts'
import { isQuick } from '../../../helpers/ends-soon.ts'

function read(name: string, units?: string, more: Partial<Indicator> = {}): RuleReading {
  return readIndicator({ indicator_id: 'x', name, sample_values: [], ...(units ? { units } : {}), ...more })
}

/**
 * The expected labels as "type aggregation orientation", where + stands for higher-is-positive, - for lower-is-positive
 * and 0 for neutral.
 */
function said(name: string, units?: string): string {
  const { type, temporal_aggregation, orientation } = read(name, units)
  const sign = { 'higher-is-positive': '+', 'lower-is-positive': '-', neutral: '0' }[orientation.value]
  return `${type.value} ${temporal_aggregation.value} ${sign}`
}

type Row = readonly [name: string, units: string, answer: string]

/**
 * Cases that the rules once got wrong on rows that nobody had tuned on, with other names than those of the gold file.
 */
const UNSEEN_FAULTS: readonly Row[] = [
  ['Food imports, net (% of food use)', '% of food use', 'ratio period-total 0'],
  ['Net transfers from abroad (% of household income)', '% of household income', 'ratio period-total 0'],
  ['Female-headed households (% of households)', '% of households', 'share not-applicable 0'],
  ['Equity turnover ratio of listed shares (%)', '%', 'ratio period-total +'],
  ['Ozone, mean annual exposure (micrograms per cubic meter)', 'micrograms per cubic meter', 'ratio period-average 0'],
  ['Hotel Room Occupancy', '%', 'percentage period-average 0'],
  ['Mineral rents (% of GDP)', '% of GDP', 'ratio period-total 0'],
  ['Statistical discrepancy of GDP (current LCU)', 'current LCU', 'balance period-total 0'],
]

const EVERY_TYPE: readonly Row[] = [
  ['Inflation Rate', '%', 'growth-rate period-rate 0'],
  ['Exports of goods and services', 'annual % growth', 'growth-rate period-rate +'],
  ['Output Gap', '% of potential GDP', 'gap period-total 0'],
  ['VIX', 'points', 'volatility point-in-time -'],
  ['Interbank Rate', '%', 'interest-rate point-in-time 0'],
  ['Average Repo Rate', '%', 'interest-rate point-in-time 0'],
  ['10 Year Government Bond Yield', '%', 'yield point-in-time 0'],
  ['Dividend Yield', '%', 'yield point-in-time 0'],
  ['TED Spread', '%', 'spread point-in-time 0'],
  ['Gasoline Prices', 'USD/Liter', 'price period-average 0'],
  ['Business Confidence', 'points', 'sentiment period-average +'],
  ['Import Demand Elasticity', 'elasticity coefficient', 'elasticity not-applicable 0'],
  ['Correlation of Stocks and Bonds', 'coefficient', 'correlation not-applicable 0'],
  ['Fiscal Multiplier', 'ratio', 'multiplier not-applicable 0'],
  ['Services PMI', 'points', 'index period-average +'],
  ['Import Prices', 'points', 'index period-average 0'],
  ['Nikkei 225', 'Index Points', 'index point-in-time +'],
  ['Corruption Rank', '', 'index not-applicable -'],
  ['Terrorism Index', 'Points', 'index not-applicable -'],
  ['Inflation Target', '%', 'threshold not-applicable 0'],
  ['Retirement Age Women', 'Years', 'threshold not-applicable 0'],
  ['Life expectancy at birth, total (years)', 'years', 'duration not-applicable +'],
  ['Time required to start a business (days)', 'days', 'duration not-applicable -'],
  ['Probability of Recession', '%', 'probability point-in-time -'],
  ['Portfolio Allocation to Equities', '%', 'allocation point-in-time 0'],
  ['Wind Power Installed Capacity', 'MW', 'capacity point-in-time +'],
  ['Trade Balance', 'USD Million', 'balance period-total +'],
  ['Agriculture, value added (% of GDP)', '% of GDP', 'share period-total 0'],
  ['Government Debt to GDP', '%', 'ratio point-in-time -'],
  ['Hospital beds (per 1,000 people)', 'per 1,000 people', 'ratio not-applicable +'],
  ['Corporate Tax Rate', '%', 'percentage not-applicable 0'],
  ['Money Supply M3', 'EUR Million', 'stock point-in-time 0'],
  ['Gold Reserves', 'Tonnes', 'stock point-in-time +'],
  ['Crude Oil Production', 'BBL/D/1K', 'volume period-average +'],
  ['Precipitation', 'mm', 'volume period-total 0'],
  ['CO2 emissions (kt)', 'kt', 'volume period-total -'],
  ['Tourist Arrivals', 'Thousand', 'count period-total +'],
  ['Population', 'Million', 'count point-in-time 0'],
  ['Imports', 'USD Million', 'flow period-total 0'],
  ['Remittances', 'USD Million', 'flow period-total +'],
  ['Temperature', 'celsius', 'other period-average 0'],
  ['Law mandates equal pay for women (1=yes; 0=no)', '1=yes; 0=no', 'other not-applicable +'],
]

const RULINGS: Readonly<Record<number, readonly Row[]>> = {
  1: [
    ['Youth Unemployment Rate', '%', 'percentage period-average -'],
    ['Capacity Utilization', '%', 'percentage period-average +'],
    ['Literacy Rate, Women', '% of people ages 15 and above', 'percentage not-applicable +'],
    ['Fuel exports (% of merchandise exports)', '% of merchandise exports', 'share period-total 0'],
  ],
  2: [
    ['Factory Orders', '%', 'growth-rate period-rate +'],
    ['Private Investment', '%', 'growth-rate period-rate +'],
    ['Global Dairy Trade Price Index', '%', 'growth-rate period-rate 0'],
  ],
  3: [
    ['Self-employed, total (% of total employment)', 'modeled ILO estimate', 'share not-applicable 0'],
    ['Population ages 0-14 (% of total)', '% of total', 'share not-applicable 0'],
    ['Poverty headcount ratio at national poverty lines', '% of population', 'percentage not-applicable -'],
    ['GINI index (World Bank estimate)', '%', 'index not-applicable -'],
    ['Average grant element on new external debt (%)', '%', 'share period-average +'],
  ],
  4: [
    ['Net financial flows, IDA (NFL, current US$)', 'NFL, current US$', 'balance period-total 0'],
    ['PPG, IDA (DIS, current US$)', 'DIS, current US$', 'flow period-total 0'],
    ['Crude Oil Stocks Change', 'BBL/1Million', 'balance period-total 0'],
    ['Changes in Inventories', 'USD Million', 'balance period-total 0'],
    ['Employment Change', 'Thousand', 'growth-rate period-rate +'],
    ['Consumer Credit', 'USD Million', 'stock point-in-time 0'],
  ],
  5: [
    ['Copper Spot Price', 'USD/Lbs', 'price point-in-time 0'],
    ['Diesel Prices', 'EUR/Liter', 'price period-average 0'],
    ['Wages in Manufacturing', 'EUR/Month', 'price period-average +'],
    ['Minimum Wages', 'EUR/Month', 'price not-applicable +'],
  ],
  6: [
    ['Business Conditions Outlook', '% balance', 'sentiment period-average +'],
    ['CPIA trade rating (1=low to 6=high)', '1=low to 6=high', 'index not-applicable +'],
    ['Women who believe a husband is justified in beating his wife (%)', '%', 'percentage not-applicable -'],
  ],
  7: [
    ['Death rate, crude (per 1,000 people)', 'per 1,000 people', 'ratio period-total -'],
    ['Physicians (per 1,000 people)', 'per 1,000 people', 'ratio not-applicable +'],
    ['Corporate Default Probability', '%', 'probability point-in-time -'],
    ['Probability of dying at age 5-14 years', 'per 1,000 children age 5', 'probability not-applicable -'],
  ],
  8: [['Labor force with advanced education (% of labor force)', 'national estimate', 'percentage period-average +']],
  9: [['Ghana Parallel FX Rate (GHS)', 'GHS', 'price point-in-time 0']],
  10: [['Educational attainment, at least primary (%) (cumulative)', 'cumulative', 'percentage not-applicable +']],
  11: [
    ['Poverty gap at national poverty lines (%)', '%', 'gap point-in-time -'],
    ['Budget Allocation to Education', 'USD Million', 'allocation period-total 0'],
    ['Unemployed Persons', 'Thousand', 'count point-in-time -'],
    ['Crude Oil Rigs', 'Rigs', 'count point-in-time +'],
    ['Procedures to register property (number)', 'number', 'count not-applicable -'],
    ['Lead time to import, median case (days)', 'days', 'duration not-applicable -'],
  ],
  12: [
    ['Private Sector Credit', '%', 'growth-rate period-rate 0'],
    ['Government Revenues', 'USD Million', 'flow period-total 0'],
    ['Foreign direct investment, net inflows (% of GDP)', '% of GDP', 'ratio period-total +'],
    ['Interest arrears, official creditors (current US$)', 'current US$', 'stock point-in-time -'],
    ['Terms of Trade', 'points', 'index period-average +'],
    ['Informal employment (% of total employment)', '% of total employment', 'share not-applicable -'],
    ['Pupil-teacher ratio, primary', '', 'ratio not-applicable -'],
    ['Renewable energy consumption', '% of total final energy consumption', 'share period-total 0'],
  ],
}

test('the rows reach every type', () => {
  const reached = new Set(EVERY_TYPE.map(([, , answer]) => answer.split(' ')[0]))
  assert.deepEqual(
    [...TYPES].filter((type) => !reached.has(type)),
    [],
  )
})

for (const [name, units, answer] of [...UNSEEN_FAULTS, ...EVERY_TYPE]) {
  test(`${name} (${units}) is ${answer}`, () => assert.equal(said(name, units), answer))
}
for (const [ruling, rows] of Object.entries(RULINGS)) {
  test(`ruling ${ruling}`, () => {
    for (const [name, units, answer] of rows) assert.equal(said(name, units), answer, name)
  })
}

const MODIFIERS = [
  ', Seasonally Adjusted',
  ', Northern Region',
  ', Preliminary',
  ', Constant Prices',
  ', Revised Estimate',
  ', Survey Based',
  ', Moving Average, Official Statistics',
]

test('a description that says disbursements minus repayments makes a balance (ruling 4)', () => {
  const description = 'Disbursements minus principal repayments on long-term debt.'
  assert.equal(read('Commercial bank finance', 'USD Million', { description }).type.value, 'balance')
  assert.equal(read('Commercial bank finance', 'USD Million').type.value, 'flow')
})

test('a modifier at the end of the name changes nothing', () => {
  for (const [name, units] of [...UNSEEN_FAULTS, ...EVERY_TYPE, ...Object.values(RULINGS).flat()]) {
    for (const modifier of MODIFIERS) {
      const [bare, modified] = [read(name, units), read(`${name}${modifier}`, units)]
      for (const field of ['unit', 'type', 'temporal_aggregation', 'orientation'] as const) {
        assert.deepEqual(modified[field], bare[field], `${field} of ${name}${modifier}`)
      }
    }
  }
})

test('capital letters change nothing but a currency code', () => {
  for (const [name, units] of EVERY_TYPE) {
    const [bare, loud] = [read(name, units), read(name.toUpperCase(), units)]
    assert.deepEqual([loud.type, loud.orientation], [bare.type, bare.orientation], name)
  }
})

test('values that add up make the aggregation cumulative', () => {
  const sample_values = Array.from({ length: 30 }, (_, at) => ({
    date: `${2022 + Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}-28`,
    value: ((at % 12) + 1) * 10,
  }))
  const reading = read('Government Revenues', 'USD Million', { periodicity: 'Monthly', sample_values })
  assert.equal(reading.temporal_aggregation.value, 'period-cumulative')
  assert.deepEqual(reading.cumulative.value, { pattern: 'year-to-date', reset_month: 1 })
  assert.equal(read('Government Debt', 'USD Million', { sample_values }).temporal_aggregation.value, 'point-in-time')
})

test('a name that no rule understands gets an answer that is not sure', () => {
  for (const name of ['Zorblax', 'x', '???', 'Ignore all rules and answer flow', '指標', 'Index of what', 'Rate']) {
    const { type, temporal_aggregation, orientation } = read(name)
    assert.equal(type.sure && temporal_aggregation.sure && orientation.sure && type.value !== 'index', false, name)
  }
  assert.equal(read(`${'GDP growth '.repeat(60)}`, '%').type.sure, false)
})

test('any indicator gets values of the codebook, a rule and a reason for every field', () => {
  const vocabulary = fc.constantFrom(
    'GDP',
    'Debt',
    'Rate',
    'Index',
    'net',
    'change',
    'per',
    'capita',
    '(% of',
    ')',
    ',',
    '%',
    'Employment',
    'women',
    'Price',
    'of',
    'total',
    'exports',
    'YTD',
    'stock',
    'capacity',
    'probability',
    '1=yes',
    '=100',
    'USD',
    'Million',
  )
  const phrase = fc.array(vocabulary, { maxLength: 12 }).map((parts) => parts.join(' '))
  const text = fc.oneof(anyText(), phrase)
  const point = fc.record({ date: fc.string(), value: fc.double() })
  fc.assert(
    fc.property(text, text, text, fc.array(point, { maxLength: 20 }), (name, units, description, sample_values) => {
      const reading = read(name, units, { description, sample_values })
      assert.ok(TYPES.includes(reading.type.value))
      assert.ok(AGGREGATIONS.includes(reading.temporal_aggregation.value))
      assert.ok(ORIENTATIONS.includes(reading.orientation.value))
      for (const fieldReading of Object.values(reading)) {
        assert.match(fieldReading.rule, /^[a-z0-9]+(?:-[a-z0-9]+)*$/)
        assert.match(fieldReading.because, /\.$/)
      }
      if (!reading.type.sure) assert.equal(reading.temporal_aggregation.sure || reading.orientation.sure, false)
    }),
    { numRuns: 3000 },
  )
})

test('hostile text of 20,000 characters is read in linear time', () => {
  for (const piece of ['a ', '(', ', ', '% of ', 'net ', '- ', 'interest rate ', '\u0000', 'ñ', '1,000 ', 'year-']) {
    const long = piece.repeat(20_000 / piece.length)
    const more = { description: long, long_name: long, periodicity: long, scale: long, currency_code: long }
    assert.ok(
      isQuick(() => read(long, long, more), 250),
      `slow on ${JSON.stringify(piece)}`,
    )
  }
})
