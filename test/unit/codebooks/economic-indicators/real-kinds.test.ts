/** Tests of the kinds of names and units that failed on real catalogues, with names that stand in no label file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readIndicator } from '../../../../src/codebooks/economic-indicators/rules.ts'

interface Case {
  readonly name: string
  readonly units?: string
  /** The expected "type aggregation orientation", with + - 0 for the orientation; * is not checked. */
  readonly is: string
  /** The expected "kind scale currency per"; * is not checked. */
  readonly unit?: string
}

function read({ name, units }: Pick<Case, 'name' | 'units'>) {
  return readIndicator({ indicator_id: 'x', name, sample_values: [], ...(units === undefined ? {} : { units }) })
}

function agrees(said: readonly unknown[], expected: string, about: string): void {
  const parts = expected.split(' ')
  const shown = said.map((part, at) => (parts[at] === '*' ? '*' : String(part))).join(' ')
  assert.equal(shown, expected, about)
}

const SIGN = { 'higher-is-positive': '+', 'lower-is-positive': '-', neutral: '0' }

const KINDS: Readonly<Record<string, readonly Case[]>> = {
  'a unit in the tail of a name': [
    {
      name: 'Imports from Peru to Chile - Leather, million US dollars',
      is: 'flow period-total 0',
      unit: 'currency 1000000 USD null',
    },
    { name: 'Staff of hospitals, Thousands of persons', is: '* * *', unit: 'count 1000 null null' },
    { name: 'Gap of production, Percent of potential GDP', is: 'gap * *', unit: 'percentage 1 null null' },
    { name: 'Travel by bus, passenger kilometres', is: 'volume * *', unit: 'physical 1 null null' },
    { name: 'Street lighting, kilowatt-hours', is: 'volume * *', unit: 'physical 1 null null' },
    { name: 'Sales of maize - R millions', is: 'flow period-total *', unit: 'currency 1000000 ZAR null' },
    { name: 'Value of the harvest, in local currency', is: '* * *', unit: 'currency 1 LCU null' },
    { name: 'Fees, thousands of lions', is: '* * *', unit: 'unknown 1 null null' },
  ],
  'a unit as statistical offices write it': [
    { name: 'Sales of mines', units: 'R millions', is: 'flow * *', unit: 'currency 1000000 ZAR null' },
    { name: 'Sales of mines', units: 'RMILL', is: 'flow * *', unit: 'currency 1000000 ZAR null' },
    { name: 'Sales of mines', units: 'RM million', is: 'flow * *', unit: 'currency 1000000 MYR null' },
    { name: 'Customs receipts', units: 'LCU bn', is: 'flow * *', unit: 'currency 1000000000 LCU null' },
    { name: 'Income of farms', units: 'international-$ in 2017 prices', is: '* * *', unit: 'currency 1 INTL null' },
    { name: 'Crisis of banks', units: '+1 or 0', is: 'other not-applicable -', unit: 'flag 1 null null' },
    { name: 'Snake bites', units: 'per 100 000', is: 'ratio * *', unit: 'rate 1 null 100000 people' },
    { name: 'Cash machines per 100,000 adults', is: 'ratio not-applicable +', unit: 'rate 1 null 100000 adults' },
    { name: 'Number of burglaries per 100,000 households', is: 'ratio * *', unit: 'rate 1 null 100000 households' },
    { name: 'Strength of the rule (1=No evidence to 6=High)', is: 'index * *', unit: 'index 1 null null' },
    { name: 'Wood burned, per person', is: 'ratio * *', unit: 'unknown 1 null null' },
    { name: 'Employment rate (%), widows aged 40+', is: 'percentage period-average +', unit: 'percentage 1 null null' },
  ],
  'the quoted side of an exchange rate': [
    {
      name: 'Korea / U.S. Foreign Exchange Rate',
      units: 'Korean Won to One U.S. Dollar',
      is: 'price point-in-time 0',
      unit: 'currency 1 KRW USD',
    },
    {
      name: 'U.S. / U.K. Foreign Exchange Rate',
      units: 'U.S. Dollars to One British Pound',
      is: 'price point-in-time 0',
      unit: 'currency 1 USD GBP',
    },
  ],
  'growth in the units': [
    {
      name: 'Producer Price Index: Paint',
      units: 'Growth Rate Previous Period',
      is: 'growth-rate period-rate 0',
      unit: 'percentage 1 null null',
    },
    {
      name: 'Car output',
      units: 'Growth previous period',
      is: 'growth-rate period-rate +',
      unit: 'percentage 1 null null',
    },
    { name: 'Beer sales, yearly growth', is: 'growth-rate period-rate +', unit: 'percentage 1 null null' },
  ],
  'a change in units of amount': [
    { name: 'Annual change in peat consumption', units: 'terawatt-hours', is: 'balance period-total *' },
    { name: 'Change in inventories of traders', units: 'EUR million', is: 'balance period-total 0' },
    { name: 'Annual percentage change in peat use', units: '%', is: 'growth-rate period-rate *' },
  ],
  'a rate minus another': [
    {
      name: '7-Year Treasury Constant Maturity Minus 1-Year Treasury Constant Maturity',
      units: 'Percent',
      is: 'spread point-in-time 0',
    },
    {
      name: 'Yield on Municipal Bonds Relative to Yield on Treasury Notes',
      units: 'Percent',
      is: 'spread point-in-time 0',
    },
    { name: '3-Year, 2-Year Forward Inflation Expectation Rate', units: 'Percent', is: 'spread point-in-time 0' },
    { name: '7-Year Treasury Constant Maturity Rate', units: 'Percent', is: 'yield point-in-time 0' },
  ],
  'house prices and currencies are no stock market': [
    { name: 'Shiller Composite Home Price Index for Ten Cities', units: 'Index', is: 'index period-average 0' },
    { name: 'Trade Weighted Euro Index', units: 'Index', is: 'index period-average 0' },
    { name: 'Municipal Bonds Total Return Index', units: 'Index', is: 'index point-in-time +' },
    { name: 'Spending on Cars (Chain-Type Price Index)', units: 'Index 2017=100', is: 'index period-average 0' },
  ],
  'money per employee': [
    { name: 'Compensation per employee: mines', units: 'EUR', is: 'price period-average +' },
    { name: 'GDP/employee (US$, inflation-adjusted)', is: 'ratio period-total +' },
  ],
  'composition of employment': [
    { name: 'Mining employment as a proportion of total employment (%)', is: 'share not-applicable 0' },
    { name: 'Female salaried workers (% of female employment)', is: 'share not-applicable 0' },
  ],
  'orientation by the meaning and not by one word': [
    { name: 'Budget surplus or deficit of the province', units: 'EUR million', is: 'balance period-total +' },
    { name: 'Budget deficit of the province', units: 'EUR million', is: 'balance period-total -' },
    { name: 'Carbon intensity of steel', units: 'kg per tonne', is: 'ratio period-total -' },
    { name: 'Prevalence of mild food insecurity (% of adults)', is: 'percentage not-applicable -' },
    { name: 'Peat and gas consumption', units: 'GWh', is: 'volume period-total 0' },
    { name: 'Municipal electricity demand per person', units: 'kilowatt-hours', is: 'ratio period-total 0' },
    { name: 'Private education spending per person', units: 'USD', is: 'ratio period-total 0' },
    { name: 'Investment in roads (% of GDP)', is: 'share period-total 0' },
    { name: 'Shale gas production', units: 'GWh', is: 'volume period-total +' },
  ],
  'flags take the orientation of yes': [
    { name: 'Countries that are parties to the Kyoto Protocol (1 = YES; 0 = NO)', is: 'other not-applicable +' },
    { name: 'War in the country', units: '1=yes; 0=no', is: 'other not-applicable -' },
    { name: 'Leap year', units: '1=yes; 0=no', is: 'other not-applicable 0' },
  ],
  'degrees of implementation are scores': [
    {
      name: 'Degree of application of a rule of the port (%)',
      is: 'index not-applicable +',
      unit: 'percentage 1 null null',
    },
    {
      name: 'Extent to which cities have a plan for floods (%)',
      is: 'index not-applicable *',
      unit: 'percentage 1 null null',
    },
  ],
  'saving, loans and revenue by the rulings': [
    { name: 'Gross saving of farms (% of GDP)', is: 'ratio period-total *' },
    { name: 'Delinquency rate on car loans', units: '%', is: 'percentage point-in-time -' },
    { name: 'Total government revenue (provinces) as a proportion of GDP (%)', is: 'ratio period-total 0' },
    { name: 'Consumer price index, end of period', units: 'Index', is: 'index point-in-time 0' },
  ],
}

for (const [kind, cases] of Object.entries(KINDS)) {
  test(kind, () => {
    for (const { name, units, is, unit } of cases) {
      const reading = read({ name, ...(units === undefined ? {} : { units }) })
      const about = `${name} | ${units ?? ''}`
      const { kind: unitKind, scale, currency, per } = reading.unit.value
      agrees([reading.type.value, reading.temporal_aggregation.value, SIGN[reading.orientation.value]], is, about)
      if (unit !== undefined) assert.equal(`${unitKind} ${scale} ${currency} ${per}`, unit, about)
    }
  })
}

test('a multiplier beside the name of money counts nothing', () => {
  const { unit, type } = read({ name: 'Total liabilities of banks', units: 'Millions' })
  assert.equal(unit.sure, false)
  assert.notEqual(type.value, 'count')
  assert.equal(read({ name: 'Unemployed persons', units: 'Millions' }).unit.sure, true)
})

test('a currency that several countries share is not sure without the code of the indicator', () => {
  assert.equal(read({ name: 'Fare', units: 'cents per mile' }).unit.sure, false)
  const own = readIndicator({
    indicator_id: 'x',
    name: 'Fare',
    units: 'pesos',
    currency_code: 'MXN',
    sample_values: [],
  })
  assert.deepEqual([own.unit.sure, own.unit.value.currency], [true, 'MXN'])
})

test('a unit with an unread word is not sure', () => {
  for (const units of ['USD per wozzle', 'thousand tonnes of flurb', 'EUR zmillions', 'kg of spelled wheet']) {
    assert.equal(read({ name: 'Output of farms', units }).unit.sure, false, units)
  }
  for (const units of [
    'USD million',
    'Thousand tonnes',
    'Mio EUR',
    'млн руб',
    'kt of CO2 equivalent',
    'millones de USD',
  ]) {
    assert.equal(read({ name: 'Output of farms', units }).unit.sure, true, units)
  }
})

test('a bracket that names a group of people or holds unread words is no sure unit', () => {
  for (const name of [
    'Bedtime (girls 9 to 12 years)',
    'Wedding day (brides and men)',
    'Shortfall (below the wozzle of $9 a day)',
  ]) {
    assert.equal(read({ name }).unit.sure, false, name)
  }
  assert.equal(read({ name: 'Waiting for a doctor (days)' }).unit.sure, true)
  assert.equal(read({ name: 'Bee stings (number, all ages)' }).unit.sure, true)
})

test('columns that identify or describe rows are other, and not sure', () => {
  for (const name of ['Country', 'ISO code', 'Notes', 'Source URL', 'Short name', 'Series code', 'Year']) {
    const { type, temporal_aggregation, orientation } = read({ name })
    assert.equal(type.value, 'other', name)
    assert.deepEqual([type.sure, temporal_aggregation.sure, orientation.sure], [false, false, false], name)
  }
})
