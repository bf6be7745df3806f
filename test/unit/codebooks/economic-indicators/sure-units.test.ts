/** Tests that a unit or a frequency is not called sure where the texts of an indicator leave a doubt of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFrequency } from '../../../../src/codebooks/economic-indicators/readers/frequency.ts'
import { parseUnits, type UnitInput } from '../../../../src/codebooks/economic-indicators/readers/units.ts'

interface Case extends UnitInput {
  /** The expected "kind scale currency"; * is not checked. */
  readonly is: string
  readonly sure: boolean
}

/** Cases of each kind of doubt, with cases beside them in which nothing is to be doubted. */
const KINDS: Readonly<Record<string, readonly Case[]>> = {
  'a dollar is that of the country, the source, the data set or the name': [
    { name: 'Loans to farmers', units: 'Dollars', country: 'New Zealand', is: 'currency 1 NZD', sure: false },
    { name: 'Loans to farmers', units: '$m', country: 'AUS', is: 'currency 1000000 AUD', sure: false },
    { name: 'Loans to farmers', units: '$m', source_name: 'ABS', is: 'currency 1000000 AUD', sure: false },
    {
      name: 'Fees',
      units: 'Dollars',
      source_name: 'Monetary Authority of Singapore',
      is: 'currency 1 SGD',
      sure: false,
    },
    { name: 'Fees', units: '$ bn', dataset: 'Hong Kong Monthly Digest', is: 'currency 1000000000 HKD', sure: false },
    { name: 'Fees paid in Taiwan', units: 'dollars', is: 'currency 1 TWD', sure: false },
    { name: 'Cheese', units: '¢ per pound', country: 'Canada', is: 'currency 1 CAD', sure: false },
    { name: 'Rents', units: '$', country: 'Chile', is: 'currency 1 CLP', sure: false },
    { name: 'Rents', units: 'Dollars', country: 'Chile', is: 'currency 1 USD', sure: true },
    { name: 'Rents', units: '$', country: 'Canada', currency_code: 'CAD', is: 'currency 1 CAD', sure: true },
    { name: 'Rents', units: '$', country: 'Canada', currency_code: 'USD', is: 'currency 1 USD', sure: true },
    { name: 'Rents', units: '$', currency_code: 'EUR', is: 'currency 1 USD', sure: false },
    { name: 'Rents', units: 'US$', country: 'Canada', is: 'currency 1 USD', sure: true },
    { name: 'Rents', units: 'United States dollars', country: 'Canada', is: 'currency 1 USD', sure: true },
    { name: 'Rents', units: 'A$', country: 'Fiji', is: 'currency 1 AUD', sure: true },
    { name: 'Exports to Canada', units: '$ million', country: 'United States', is: 'currency 1000000 USD', sure: true },
    { name: 'Fees', units: '$ million', country: 'Germany', is: 'currency 1000000 USD', sure: true },
  ],
  'any word that currencies share is that of the country': [
    { name: 'Fees', units: 'million rupees', country: 'Nepal', is: 'currency 1000000 NPR', sure: false },
    { name: 'Fees', units: 'Rs crore', country: 'Pakistan', is: 'currency 10000000 PKR', sure: false },
    { name: 'Fees', units: 'Thousands of pesos', source_name: 'INEGI', is: 'currency 1000 MXN', sure: false },
    { name: 'Fees', units: 'billion francs', country: 'Rwanda', is: 'currency 1000000000 RWF', sure: false },
    { name: 'Fees', units: 'CFA francs', country: 'Gabon', is: 'currency 1 XAF', sure: false },
    { name: 'Fees', units: 'million dinars', country: 'Tunisia', is: 'currency 1000000 TND', sure: false },
    { name: 'Fees', units: 'kroner', country: 'Denmark', is: 'currency 1 DKK', sure: false },
    { name: 'Fees', units: 'mkr', country: 'Iceland', is: 'currency 1000000 ISK', sure: false },
    { name: 'Fees', units: '£ million', country: 'Egypt', is: 'currency 1000000 EGP', sure: false },
    { name: 'Fees', units: '£ million', country: 'Scotland', is: 'currency 1000000 GBP', sure: true },
    { name: 'Fees', units: '¥ million', country: 'China', is: 'currency 1000000 CNY', sure: false },
    { name: 'Fees', units: 'roubles', country: 'Belarus', is: 'currency 1 BYN', sure: false },
    { name: 'Bread', units: 'cents per kg', country: 'South Africa', is: 'currency 1 ZAR', sure: false },
    { name: 'Fees', units: 'Pounds, millions', country: 'Sudan', is: 'physical 1000000 null', sure: false },
    { name: 'Fees', units: 'pesos', country: 'Cuba', currency_code: 'CUP', is: 'currency 1 CUP', sure: true },
  ],
  'purchasing power beside plain dollars': [
    {
      name: 'Care of the old, constant prices, constant PPPs',
      units: 'US dollars',
      is: 'currency 1 INTL',
      sure: false,
    },
    { name: 'Output by hour, PPP', units: 'USD', is: '* * *', sure: false },
    { name: 'Cost of care', units: 'USD', description: 'At purchasing power parities.', is: '* * *', sure: false },
    { name: 'Cost of care', units: 'EUR million', description: 'In PPS.', is: '* * *', sure: false },
    { name: 'Cost of care', units: 'Million purchasing power standards', is: 'currency 1000000 INTL', sure: false },
    { name: 'Output', units: 'Billions of international dollars, PPP', is: 'currency 1000000000 INTL', sure: true },
  ],
  'a multiplier in other texts': [
    { name: 'Bus rides (x 1,000)', units: 'Rides', is: '* * *', sure: false },
    { name: 'Fares paid (x 1,000,000)', units: 'Euro', is: 'currency 1000000 EUR', sure: false },
    { name: "Fares paid, '000", units: 'EUR', is: 'currency 1000 EUR', sure: false },
    { name: 'Fares paid in thousands', units: 'EUR', is: 'currency 1000 EUR', sure: false },
    { name: 'Fares paid (R millions)', units: 'Rand', is: 'currency 1000000 ZAR', sure: false },
    { name: 'Fares paid (EUR thousands)', units: 'EUR million', is: 'currency 1000000 EUR', sure: false },
    { name: 'Fares paid', units: 'EUR million', scale: 'Thousands', is: 'currency 1000000 EUR', sure: false },
    { name: 'Goats', units: 'Heads', description: 'Figures are in thousands.', is: 'count 1 null', sure: false },
    {
      name: 'Fares paid (EUR millions)',
      units: 'EUR million',
      scale: 'Millions',
      is: 'currency 1000000 EUR',
      sure: true,
    },
    { name: 'Towns of over one million people', units: 'Persons', is: 'count 1 null', sure: true },
    {
      name: 'Fares',
      units: 'EUR',
      description: 'Firms that earn 20 million euros or more.',
      is: 'currency 1 EUR',
      sure: true,
    },
  ],
  'a number that the name calls another thing': [
    { name: 'Stress indicator of banks', units: 'Pure number', is: 'index 1 null', sure: false },
    { name: 'Score of schools', units: 'Units', is: 'index 1 null', sure: false },
    { name: 'Marriage rate', units: 'Number', is: '* * *', sure: false },
    { name: 'Ratio of goats to sheep', units: 'Number', is: 'ratio 1 null', sure: false },
    { name: 'Joblessness rate', units: 'Thousands', is: 'count 1000 null', sure: false },
    { name: 'Bites (per 100,000)', units: 'Number', is: '* * *', sure: false },
    { name: 'Number of index funds', units: 'Number', is: 'count 1 null', sure: true },
    { name: 'Goats', units: 'Number', is: 'count 1 null', sure: true },
  ],
  'units that say one thing and a name that says another': [
    { name: 'Rents (2015=100)', units: 'EUR', is: '* * *', sure: false },
    { name: 'Rents, percentage change', units: 'Index, 2015=100', is: '* * *', sure: false },
    { name: 'Savings (% of GDP)', units: 'EUR million', is: '* * *', sure: false },
    { name: 'Savings (USD million)', units: 'EUR million', is: '* * *', sure: false },
    { name: 'Honey (EUR per kg)', units: 'EUR per tonne', is: '* * *', sure: false },
    { name: 'Price of zloty, forints per euro', units: 'euro', is: '* * *', sure: false },
    { name: 'Degree of openness', units: 'Degrees', is: '* * *', sure: false },
    { name: 'Need to heat', units: 'Degree days', is: '* * *', sure: false },
    { name: 'Tills', units: 'Number of points', is: '* * *', sure: false },
    { name: 'Savings', units: '% of GDP; EUR million', is: '* * *', sure: false },
    { name: 'Mood of bakers', units: 'Index or %', is: '* * *', sure: false },
    { name: 'Rents (2015=100)', units: '2015=100', is: 'index 1 null', sure: true },
    { name: 'Savings (EUR million)', units: 'EUR million', is: 'currency 1000000 EUR', sure: true },
    { name: 'Loans - Euro area', units: 'Per cent', is: 'percentage 1 null', sure: true },
    {
      name: 'Sales, seasonally adjusted at annual rate',
      units: 'EUR million, SAAR',
      is: 'currency 1000000 EUR',
      sure: true,
    },
  ],
  'a unit of which a part was not read': [
    { name: 'Exchange rate', units: 'c.m.u./US$', is: 'currency 1 LCU', sure: true },
    { name: 'Exchange rate', units: 'q.t.m./US$', is: '* * *', sure: false },
    { name: 'Exchange rate', units: 'X/€', is: '* * *', sure: false },
    { name: 'Exchange rate', units: 'foo/US$', is: '* * *', sure: false },
    { name: 'Barley', units: 'q.t.', is: '* * *', sure: false },
    { name: 'Barley', units: 'm', is: '* * *', sure: false },
    { name: 'Barley', units: 'K', is: '* * *', sure: false },
    { name: 'Barley', units: 't', is: 'physical 1 null', sure: true },
    { name: 'Barley', units: '1000ha', is: 'physical 1000 null', sure: true },
    { name: 'Barley', units: '1000㎡', is: 'physical 1000 null', sure: true },
  ],
  'a group that a name without units mentions beside what is measured': [
    { name: 'Weekly benefit of shepherds and workers', is: 'count 1 null', sure: false },
    { name: 'Hourly earnings of employees', is: 'unknown 1 null', sure: false },
    { name: 'Appetite of children', is: 'count 1 null', sure: false },
    { name: 'Births by month', is: 'count 1 null', sure: true },
    { name: 'Monthly number of approvals for households', is: 'count 1 null', sure: true },
  ],
  'units that stand in the name': [
    { name: 'Prices of bread (Base: 2011-12 = 100) - Towns', is: 'index 1 null', sure: true },
    { name: 'Dentists per million inhabitants', is: 'rate 1 null', sure: true },
    { name: 'Rents', units: 'Annual rate of change', is: 'percentage 1 null', sure: true },
  ],
}

for (const [kind, cases] of Object.entries(KINDS)) {
  test(`the unit reader and ${kind}`, () => {
    for (const { is, sure, ...input } of cases) {
      const found = parseUnits(input)
      const expected = is.split(' ')
      const { kind: unitKind, scale, currency } = found.value
      const said = [unitKind, scale, currency].map((part, at) => (expected[at] === '*' ? '*' : String(part))).join(' ')
      assert.deepEqual([said, found.sure], [is, sure], JSON.stringify(input))
    }
  })
}

const PERIODS: readonly (readonly [periodicity: string, name: string, is: string, sure: boolean])[] = [
  ['Rolling three-month', 'Goats', 'monthly', false],
  ['Moving quarter', 'Goats', 'monthly', false],
  ['Monthly (3-month average)', 'Goats', 'monthly', false],
  ['Quarter-on-quarter, monthly data', 'Goats', 'quarterly', false],
  ['Monthly and quarterly', 'Goats', 'monthly', false],
  ['Monthly', 'Goats, moving quarter', 'monthly', false],
  ['Quarterly', 'Goats - monthly data', 'quarterly', false],
  ['A', 'Goats (weekly)', 'annual', false],
  ['5-yearly', 'Goats', 'irregular', true],
  ['Semi-monthly', 'Goats', 'irregular', true],
  ['Monthly, end of month', 'Goats', 'monthly', true],
  ['Daily, business days', 'Goats', 'daily', true],
  ['Weekly (Friday)', 'Goats: weekly', 'weekly', true],
  ['Annual', 'Average weekly pay of shepherds', 'annual', true],
  ['Monthly', 'Rent of goats, annual rate of change', 'monthly', true],
  ['Monthly', '3-month rate of banks', 'monthly', true],
]

test('a frequency is not sure where periodicity and name speak of two periods', () => {
  for (const [periodicity, name, is, sure] of PERIODS) {
    const found = parseFrequency({ periodicity, name, sample_values: [] })
    assert.deepEqual([found.value, found.sure], [is, sure], `${periodicity} | ${name}`)
  }
})

test('a frequency is not sure where the dates lie another time apart', () => {
  const sample_values = [1, 4, 7, 10].map((month) => ({
    date: `2020-${String(month).padStart(2, '0')}-01`,
    value: month,
  }))
  assert.equal(parseFrequency({ periodicity: 'Monthly', sample_values }).sure, false)
  assert.equal(parseFrequency({ periodicity: 'Quarterly', sample_values }).sure, true)
})
