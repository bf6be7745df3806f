/** Tests of the rules against the rulings of the codebook. The name of each test quotes the clause that it checks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readIndicator } from '../../../../src/codebooks/economic-indicators/rules.ts'

interface Case {
  readonly ruling: number
  readonly quote: string
  readonly name: string
  readonly units?: string
  readonly periodicity?: string
  readonly description?: string
  /**
   * The expected "type aggregation orientation": + is higher-is-positive, - lower-is-positive, 0 neutral, and * is not
   * checked.
   */
  readonly is: string
  /** The expected "kind scale currency per"; * is not checked. */
  readonly unit?: string
  readonly frequency?: string
}

function at(ruling: number, quote: string, name: string, units: string, is: string, more: Partial<Case> = {}): Case {
  return { ruling, quote, name, is, ...(units === '' ? {} : { units }), ...more }
}

const CASES: readonly Case[] = [
  at(1, 'unemployment is period-average', 'Unemployment Rate, Women', '%', 'percentage period-average -'),
  at(
    1,
    'participation is period-average',
    'Labor force participation rate (% of population ages 15-64)',
    '% of population ages 15-64',
    'percentage period-average +',
  ),
  at(1, 'employment rate is period-average', 'Employment Rate', '%', 'percentage period-average +'),
  at(1, 'capacity utilisation is period-average', 'Capacity Utilisation', '%', 'percentage period-average +'),
  at(
    1,
    'prevalence is not-applicable',
    'Prevalence of stunting (% of children under 5)',
    '% of children under 5',
    'percentage not-applicable -',
  ),
  at(
    1,
    'literacy is not-applicable',
    'Literacy rate, adult male (% of males ages 15 and above)',
    '% of males ages 15 and above',
    'percentage not-applicable +',
  ),
  at(
    1,
    'coverage is not-applicable',
    'Private credit bureau coverage (% of adults)',
    '% of adults',
    'percentage not-applicable +',
  ),
  at(
    1,
    'access is not-applicable',
    'Access to clean fuels (% of population)',
    '% of population',
    'percentage not-applicable +',
  ),
  at(
    1,
    'attainment is not-applicable',
    'Educational attainment, Bachelor, population 25+ (%)',
    '%',
    'percentage not-applicable +',
  ),
  at(
    1,
    'composition is not-applicable',
    'Rural population (% of total population)',
    '% of total population',
    'share not-applicable 0',
  ),
  at(
    1,
    'opinion is not-applicable',
    'Firms identifying corruption as a constraint (% of firms)',
    '% of firms',
    'percentage not-applicable *',
  ),
  at(
    1,
    'shares of money flows are period-total',
    'Food imports (% of merchandise imports)',
    '% of merchandise imports',
    'share period-total 0',
  ),
  at(2, '"Factory Orders, %"', 'Factory Orders', '%', 'growth-rate period-rate +'),
  at(2, '"Private Investment, %"', 'Private Investment', '%', 'growth-rate period-rate +'),
  at(2, '"Global Dairy Trade Price Index, %"', 'Global Dairy Trade Price Index', '%', 'growth-rate period-rate 0'),
  at(2, 'a stock in a bare %', 'Money Supply M2', '%', 'growth-rate period-rate 0'),
  at(2, 'production in a bare %', 'Steel Production', '%', 'growth-rate period-rate +'),
  at(
    3,
    'sex is share',
    'Labor force, female (% of total labor force)',
    '% of total labor force',
    'share not-applicable 0',
  ),
  at(
    3,
    'age is share',
    'Population ages 15-64 (% of total population)',
    '% of total population',
    'share not-applicable 0',
  ),
  at(
    3,
    'sector is share',
    'Employment in industry (% of total employment)',
    '% of total employment',
    'share not-applicable 0',
  ),
  at(
    3,
    'job status is share',
    'Employers, total (% of total employment)',
    '% of total employment',
    'share not-applicable 0',
  ),
  at(
    3,
    'a condition is percentage',
    'Prevalence of HIV, total (% of population ages 15-49)',
    '% of population ages 15-49',
    'percentage not-applicable -',
  ),
  at(
    3,
    'an experience is percentage',
    'Firms experiencing electrical outages (% of firms)',
    '% of firms',
    'percentage not-applicable -',
  ),
  at(
    3,
    'a poverty headcount too',
    'Poverty headcount ratio at $1.90 a day (% of population)',
    '% of population',
    'percentage not-applicable -',
  ),
  at(3, 'GINI is an index whose units "%" stay percentage', 'GINI index', '%', 'index not-applicable -', {
    unit: 'percentage 1 null *',
  }),
  at(
    3,
    'the average grant element in %',
    'Average grant element on new external debt commitments, private (%)',
    '%',
    'share period-average +',
  ),
  at(
    4,
    'net of two flows wherever the name says net',
    'Net financial flows, IBRD (NFL, current US$)',
    'NFL, current US$',
    'balance period-total 0',
  ),
  at(4, 'or the description says net', 'Bilateral credits', 'USD Million', 'balance period-total *', {
    description: 'Disbursements minus principal repayments.',
  }),
  at(
    4,
    'transfers net',
    'Net transfers on external debt, total (NTR, current US$)',
    'NTR, current US$',
    'balance period-total 0',
  ),
  at(
    4,
    'gross grants: flow',
    'Technical cooperation grants (BoP, current US$)',
    'BoP, current US$',
    'flow period-total +',
  ),
  at(
    4,
    'gross disbursements: flow',
    'PPG, private creditors (DIS, current US$)',
    'DIS, current US$',
    'flow period-total 0',
  ),
  at(4, 'a change of an amount of money: balance', 'Change in Reserves', 'USD Million', 'balance period-total *'),
  at(
    4,
    'a change of an amount of volume: balance',
    'Distillate Stocks Change',
    'BBL/1Million',
    'balance period-total 0',
  ),
  at(4, 'a change of persons: growth-rate, kind count', 'Employment Change', 'Thousand', 'growth-rate period-rate +', {
    unit: 'count 1000 null *',
  }),
  at(4, 'a literal "stocks" is a stock', 'Crude Oil Stocks', 'BBL/1Million', 'stock point-in-time *'),
  at(4, 'a literal "credit" is a stock', 'Private Sector Credit', 'MAD Million', 'stock point-in-time 0'),
  at(4, 'a literal "liabilities" is a stock', 'Foreign Liabilities', 'USD Million', 'stock point-in-time *'),
  at(5, 'exchange-quoted prices: point-in-time', 'Wheat Futures', 'USD/Bu', 'price point-in-time 0'),
  at(5, 'spot commodity prices: point-in-time', 'Natural Gas Spot Price', 'USD/MMBtu', 'price point-in-time 0'),
  at(5, 'retail prices: period-average', 'Retail Price of Bread', 'EUR/kg', 'price period-average 0'),
  at(
    5,
    'pump prices: period-average',
    'Pump price for diesel fuel (US$ per liter)',
    'US$ per liter',
    'price period-average 0',
  ),
  at(5, 'wages: period-average', 'Average Wages', 'EUR/Month', 'price period-average +'),
  at(5, 'minimum wage', 'Minimum Wage', 'USD/Hour', 'price not-applicable +'),
  at(6, 'a confidence balance is sentiment', 'Consumer Confidence', '% balance', 'sentiment period-average +'),
  at(6, 'an outlook balance is sentiment', 'Industry Outlook', 'points', 'sentiment period-average +'),
  at(
    6,
    'a conditions balance is sentiment',
    'Current Business Conditions',
    'balance of answers',
    'sentiment period-average +',
  ),
  at(
    6,
    'a rating by survey on a fixed scale is index',
    'Quality of port infrastructure (1=extremely underdeveloped to 7=well developed)',
    '1=extremely underdeveloped to 7=well developed',
    'index not-applicable +',
  ),
  at(
    6,
    'a % of people who hold a view is percentage',
    'Women who believe a husband is justified in beating his wife (%)',
    '%',
    'percentage not-applicable -',
  ),
  at(
    7,
    'events per population: ratio, period-total',
    'Incidence of malaria (per 1,000 population at risk)',
    'per 1,000 population at risk',
    'ratio period-total -',
  ),
  at(
    7,
    'deaths per population',
    'Mortality rate, neonatal (per 1,000 live births)',
    'per 1,000 live births',
    'ratio period-total -',
  ),
  at(
    7,
    'things that exist per population',
    'Commercial bank branches (per 100,000 adults)',
    'per 100,000 adults',
    'ratio not-applicable +',
  ),
  at(7, 'a forecast chance: point-in-time', 'Recession Probability', '%', 'probability point-in-time -'),
  at(
    7,
    'a life-table chance: not-applicable',
    'Probability of dying between exact ages 30 and 70 (%)',
    '%',
    'probability not-applicable -',
  ),
  at(
    8,
    'a score scale is kind index, scale 1, never flag',
    'Strength of legal rights index (0=weak to 12=strong)',
    '0=weak to 12=strong',
    'index not-applicable +',
    { unit: 'index 1 null null' },
  ),
  at(8, 'a rank is kind index', 'Corruption Rank', 'rank', 'index not-applicable -', { unit: 'index 1 null null' }),
  at(8, 'empty units that name things: count', 'Mobile cellular subscriptions', '', 'count point-in-time +', {
    unit: 'count 1 null null',
  }),
  at(8, 'empty units that name people: count', 'Population, total', '', 'count point-in-time 0', {
    unit: 'count 1 null null',
  }),
  at(8, 'empty units that name a rank: index', 'Competitiveness Rank', '', 'index not-applicable -', {
    unit: 'index 1 null null',
  }),
  at(8, 'empty units that name an X-to-Y ratio: ratio', 'Pupil-teacher ratio, primary', '', 'ratio not-applicable -', {
    unit: 'ratio 1 null null',
  }),
  at(8, 'otherwise unknown', 'Gross output', '', '* * *', { unit: 'unknown 1 null null' }),
  at(
    8,
    'notes on method count as empty, and the bracket is read',
    'Employers, male (% of male employment)',
    'modeled ILO estimate',
    'share not-applicable 0',
    { unit: 'percentage 1 null null' },
  ),
  at(
    8,
    '"cumulative" counts as empty',
    'Educational attainment, population 25+ (%)',
    'cumulative',
    'percentage not-applicable +',
    { unit: 'percentage 1 null null' },
  ),
  at(9, 'per comes from the units text', 'Retail Fuel', 'USD per gallon', '* * *', { unit: 'currency 1 USD gallon' }),
  at(9, 'from the name only where units are empty', 'GDP per capita (current US$)', '', 'ratio period-total +', {
    unit: 'currency 1 USD person',
  }),
  at(9, 'or echo the bracket of the name', 'GDP per capita (current US$)', 'current US$', 'ratio period-total +', {
    unit: 'currency 1 USD person',
  }),
  at(
    9,
    'an FX series in "PKR" is currency PKR, per null',
    'Pakistan Parallel FX Rate (PKR)',
    'PKR',
    'price point-in-time 0',
    { unit: 'currency 1 PKR null' },
  ),
  at(9, '"NZD millions per year" has per "year"', 'Tax Revenue', 'NZD millions per year', 'flow period-total 0', {
    unit: 'currency 1000000 NZD year',
  }),
  at(10, '"cumulative" counts over time', 'Cumulative Vaccinations', 'Doses', 'count period-cumulative +'),
  at(
    10,
    '"(cumulative)" levels of schooling is not-applicable',
    'Educational attainment, at least primary, population 25+ (%) (cumulative)',
    'cumulative',
    'percentage not-applicable +',
  ),
  at(11, 'biannually is semiannual', 'Government Debt', 'EUR Million', 'stock point-in-time -', {
    periodicity: 'Biannually',
    frequency: 'semiannual',
  }),
  at(11, 'a gap of flows is period-total', 'Output Gap', '% of potential GDP', 'gap period-total 0'),
  at(11, 'a gap of states is point-in-time', 'Poverty gap at $1.90 a day (%)', '%', 'gap point-in-time -'),
  at(
    11,
    'an allocation of flows is period-total',
    'Budget Allocation to Defence',
    '% of budget',
    'allocation period-total 0',
  ),
  at(
    11,
    'an allocation of states is point-in-time',
    'Bond Allocation of Pension Funds',
    '% of portfolio',
    'allocation point-in-time 0',
  ),
  at(11, 'persons employed: count, point-in-time', 'Employed Persons', 'Thousand', 'count point-in-time +'),
  at(11, 'persons unemployed: count, point-in-time', 'Unemployed Persons', 'Thousand', 'count point-in-time -'),
  at(11, 'in the labour force: count, point-in-time', 'Labor force, total', '', 'count point-in-time +'),
  at(11, 'rigs: count, point-in-time', 'Total Oil Rigs', 'rigs', 'count point-in-time +'),
  at(11, 'procedures: not-applicable', 'Procedures to build a warehouse (number)', 'number', 'count not-applicable -'),
  at(11, 'lead times: not-applicable', 'Lead time to export, median case (days)', 'days', 'duration not-applicable -'),
  at(12, 'growth takes the orientation of what grows', 'Unemployment Change', 'Thousand', 'growth-rate period-rate -'),
  at(12, 'growth of imports', 'Imports YoY', '%', 'growth-rate period-rate 0'),
  at(
    12,
    'external financing: neutral',
    'PPG, bilateral (NFL, current US$)',
    'NFL, current US$',
    'balance period-total 0',
  ),
  at(12, 'loans: neutral', 'Loans to Private Sector', 'EUR Million', 'stock point-in-time 0'),
  at(12, 'credit: neutral', 'Domestic credit to private sector (% of GDP)', '% of GDP', 'ratio point-in-time 0'),
  at(12, 'capital flows: neutral', 'Capital Flows', 'EUR Million', 'balance period-total 0'),
  at(12, 'aid given: neutral', 'Net ODA provided, total (current US$)', 'current US$', 'balance period-total 0'),
  at(12, 'tax revenue: neutral', 'Tax Revenue', 'EUR Million', 'flow period-total 0'),
  at(12, 'government revenue: neutral', 'Government Revenues', 'EUR Million', 'flow period-total 0'),
  at(
    12,
    'FDI inflow: higher',
    'Foreign direct investment, net inflows (BoP, current US$)',
    'BoP, current US$',
    '* period-total +',
  ),
  at(12, 'grants received: higher', 'IDA grants (current US$)', 'current US$', 'flow period-total +'),
  at(12, 'debt owed: lower', 'External Debt', 'USD Million', 'stock point-in-time -'),
  at(
    12,
    'arrears: lower',
    'Principal arrears, official creditors (current US$)',
    'current US$',
    'stock point-in-time -',
  ),
  at(12, 'consumption: higher', 'Household Consumption', 'EUR Million', 'flow period-total +'),
  at(12, 'labour force: higher', 'Labour Force', 'Thousand', 'count point-in-time +'),
  at(12, 'stock-market index: higher', 'DAX', 'points', 'index point-in-time +'),
  at(12, 'terms of trade: higher', 'Terms of Trade', 'points', 'index period-average +'),
  at(12, 'rigs: higher', 'Gas Rigs', 'rigs', 'count point-in-time +'),
  at(12, 'tractors: higher', 'Agricultural machinery, tractors', '', 'count point-in-time +'),
  at(12, 'VIX: lower', 'VIX', 'points', 'volatility point-in-time -'),
  at(
    12,
    'informality: lower',
    'Informal employment (% of total non-agricultural employment)',
    '% of total non-agricultural employment',
    'share not-applicable -',
  ),
  at(
    12,
    'child labour: lower',
    'Children in employment, total (% of children ages 7-14)',
    '% of children ages 7-14',
    '* not-applicable -',
  ),
  at(12, 'pupil-teacher ratio: lower', 'Pupil-teacher ratio, secondary', '', 'ratio not-applicable -'),
  at(12, 'output gap: neutral', 'Output Gap', '%', 'gap period-total 0'),
  at(
    12,
    'energy mix: neutral',
    'Electricity production from coal sources (% of total)',
    '% of total',
    'share period-total 0',
  ),
  at(
    12,
    'other shares: neutral',
    'Travel services (% of service exports, BoP)',
    '% of service exports, BoP',
    'share period-total 0',
  ),
]

const SIGNS = { 'higher-is-positive': '+', 'lower-is-positive': '-', neutral: '0' } as const

/** `expected` with each * replaced by the part of `got`, so that a failure shows both texts whole. */
function filled(expected: string, got: readonly string[]): string {
  return expected
    .split(' ')
    .map((part, index) => (part === '*' ? (got[index] ?? '') : part))
    .join(' ')
}

for (const { ruling, quote, name, units, periodicity, description, is, unit, frequency } of CASES) {
  test(`ruling ${ruling}, ${quote}: ${name} [${units ?? ''}]`, () => {
    const reading = readIndicator({
      indicator_id: 'x',
      name,
      sample_values: [],
      ...(units === undefined ? {} : { units }),
      ...(periodicity === undefined ? {} : { periodicity }),
      ...(description === undefined ? {} : { description }),
    })
    const got = [reading.type.value, reading.temporal_aggregation.value, SIGNS[reading.orientation.value]]
    assert.equal(got.join(' '), filled(is, got))
    const { kind, scale, currency, per } = reading.unit.value
    const parts = [kind, String(scale), String(currency), String(per)]
    if (unit !== undefined) assert.equal(parts.join(' '), filled(unit, parts))
    if (frequency !== undefined) assert.equal(reading.frequency.value, frequency)
  })
}

test('every ruling has its cases', () => {
  assert.deepEqual([...new Set(CASES.map(({ ruling }) => ruling))], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
})
