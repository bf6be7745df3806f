/** Tests of names in the wording of statistical offices and central banks, with names that stand in no label file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readIndicator } from '../../../../src/codebooks/economic-indicators/rules.ts'

const SIGN = { 'higher-is-positive': '+', 'lower-is-positive': '-', neutral: '0' }

/** Names and units of each kind, with the expected "type aggregation orientation"; * is not checked. */
const KINDS: Readonly<Record<string, readonly (readonly [name: string, units: string | undefined, is: string])[]>> = {
  'rates of interest without the word': [
    ['Official cash rate', undefined, 'interest-rate point-in-time 0'],
    ['Lombard rate', 'In %', 'interest-rate point-in-time 0'],
    ['Rediscount rate', '% p.y.', 'interest-rate point-in-time 0'],
    ['Overdraft rate', 'Percent', 'interest-rate point-in-time 0'],
    ['Time deposits, 3 to 6 months', '% p.a.', 'interest-rate point-in-time 0'],
    ['Lending rate to bakers, over 5 years', 'Per cent per year', 'interest-rate point-in-time 0'],
    ['Mortgage rates, 20 years (60% LTV) (in percent)', 'percent', 'interest-rate point-in-time 0'],
    ['Weighted average interest rates on loans to bakers', '%', 'interest-rate point-in-time 0'],
    ['Savings deposits, annual rate', '%', 'interest-rate point-in-time 0'],
    ['Zero-coupon yield curve, 5-year rate', 'Percent', 'yield point-in-time 0'],
    ['Par yield of government bonds', undefined, 'yield point-in-time 0'],
    ['Yield curve slope, 10 years minus 2 years', 'Percent', 'spread point-in-time 0'],
    ['Interest on loans abroad', 'EUR million', 'flow period-total *'],
  ],
  'a change that is said in words': [
    ['CPI ANNUAL RATE: BREAD 2015=100', '%', 'growth-rate period-rate 0'],
    ['Producer prices: annual rate', '%', 'growth-rate period-rate 0'],
    ['Retail trade volume, 12-month rate (per cent)', 'per cent', 'growth-rate period-rate +'],
    ['Output of bakeries', 'Monthly % var.', 'growth-rate period-rate +'],
    ['Credit to bakers', 'Annual rate of change', 'growth-rate period-rate 0'],
    ['Real exports, percent change from preceding period', '[Percent] At annual rates', 'growth-rate period-rate +'],
  ],
  'the price of a currency': [
    ['British pound (selling)', 'TRY', 'price point-in-time 0'],
    ['Euro, middle rate', 'PLN', 'price point-in-time 0'],
    ['Yen per Swiss franc, closing', 'Yen', 'price point-in-time 0'],
    ['Spot rate, average in the month', 'CZK per EUR', 'price point-in-time 0'],
  ],
  'amounts that only their units divide by people': [
    ['Milling capacity (tonnes per inhabitant)', undefined, 'ratio * *'],
    ['Installed windmill capacity', 'Watts per person', 'ratio * *'],
    ['Storage capacity for grain', 'Litres per capita', 'ratio * *'],
    ['Refining capacity', 'Barrels per day', 'capacity point-in-time *'],
  ],
  'net of nothing that can fall below zero': [
    ['Net electricity generation from straw', 'GWh', 'volume period-total +'],
    ['Net production of cheese', 'tonnes', 'volume period-total +'],
    ['Net weight of imports of tea', 'kg', 'volume period-total 0'],
    ['Net trade in gas', 'TJ', 'balance period-total *'],
  ],
  'money that is lent or held': [
    ['Lending to bakers', 'EUR billion', 'stock point-in-time 0'],
    ['New lending to bakers', 'EUR billion', 'flow period-total 0'],
    ['Claims within the group of banks', 'EUR million', 'stock point-in-time 0'],
    ['Cross-border positions of banks', 'USD million', 'stock point-in-time 0'],
    ['Derivatives, notional amounts outstanding, net-net', 'USD million', 'stock point-in-time 0'],
    ['Loans to bakers, average amounts outstanding', 'EUR million', 'stock period-average 0'],
    ['Net issues of debt securities by bakeries', 'EUR million', 'balance period-total 0'],
    ['Debt securities, net issues', 'EUR million', 'balance period-total 0'],
    ['Credits, services ;', 'EUR million', 'flow period-total +'],
    ['Debits, services ;', 'EUR million', 'flow period-total 0'],
    ['Balance on services', 'EUR million', 'balance period-total +'],
    ['Accounts of the state - Government gross debt', '% of GDP', 'ratio point-in-time -'],
  ],
  'goods and their prices': [
    ['Bread, white, sliced, average price', undefined, 'price period-average 0'],
    ['Heat prices for households, consumption under 20 GJ', 'Euro', 'price period-average 0'],
    ['Cocoa, producer price', 'USD/tonne', 'price period-average 0'],
    ['Gas in underground storage', 'billion cubic feet', 'stock point-in-time *'],
    ['Floor area of dwellings begun', '1000㎡', 'volume period-total *'],
    ['Stocks of wheat, days of imports', 'Days', 'ratio point-in-time +'],
    ['Barley - Yield', 'kg/ha', 'ratio period-total +'],
    ['Forest land - Area', '1000 ha', 'stock point-in-time +'],
  ],
  portions: [
    ["Purchasing managers' index of bakers", '%', 'index period-average +'],
    ['Banks that tighten, net percentage', '%', 'sentiment period-average 0'],
    ['Share of men not in employment, education or training', '%', 'percentage not-applicable -'],
    ['Informality rate', '%', 'percentage not-applicable -'],
    ['Non-performing loans of bakers', '%', 'percentage point-in-time -'],
    ['Exports of toys, percentage of total', 'Percentage', 'share period-total 0'],
    ['Job openings-to-applicants ratio', 'times', 'ratio point-in-time +'],
    ['Annual hours worked per person', 'Hours', 'duration period-average 0'],
    ['GERD as a percentage of GDP', undefined, 'ratio period-total 0'],
  ],
}

for (const [kind, cases] of Object.entries(KINDS)) {
  test(`the rules and ${kind}`, () => {
    for (const [name, units, is] of cases) {
      const read = readIndicator({
        indicator_id: 'x',
        name,
        sample_values: [],
        ...(units === undefined ? {} : { units }),
      })
      const parts = [read.type.value, read.temporal_aggregation.value, SIGN[read.orientation.value]]
      const said = parts.map((part, at) => (is.split(' ')[at] === '*' ? '*' : part)).join(' ')
      assert.equal(said, is, `${name} [${units}]`)
    }
  })
}

test('an annual rate on loans is never a sure growth rate', () => {
  for (const name of ['Annual rate on personal loans', 'Deposits, 12-month rate', 'Mortgages, annual rate']) {
    const { type } = readIndicator({ indicator_id: 'x', name, units: '%', sample_values: [] })
    assert.equal(type.value === 'growth-rate' && type.sure, false, name)
  }
})

test('an amount that only its units divide by people is never sure', () => {
  for (const name of ['Installed windmill capacity (watts per capita)', 'Milling capacity (tonnes per inhabitant)'])
    assert.equal(readIndicator({ indicator_id: 'x', name, sample_values: [] }).type.sure, false, name)
})
