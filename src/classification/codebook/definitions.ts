/** What each label of the codebook means, in the sentences that the prompt and the answer schema quote. */
import type { Family, IndicatorType, Orientation, TemporalAggregation, TimeBasis, UnitKind } from '../types.ts'

export interface TypeDefinition {
  readonly family: Family
  /** The sentence that says when an indicator is of this type. */
  readonly when: string
  /** A case that looks like this type and is of another, which stands in brackets; null where there is no such case. */
  readonly not: string | null
}

/** One definition for each type, in the order in which the prompt lists them. */
export const TYPE_DEFINITIONS: Readonly<Record<IndicatorType, TypeDefinition>> = {
  'growth-rate': {
    family: 'change-movement',
    when:
      'it says by how much something changed over a period: inflation, GDP growth, MoM, YoY, "change", "annual % ' +
      'growth", a producer-price change in %',
    not: 'changes in inventories in money (balance)',
  },
  gap: {
    family: 'change-movement',
    when: 'distance from a potential, target or norm: output gap, poverty gap',
    not: null,
  },
  volatility: { family: 'change-movement', when: 'size of fluctuation: standard deviation, VIX', not: null },
  'interest-rate': {
    family: 'price-value',
    when: 'the price of borrowing or keeping money: policy, interbank, lending, deposit, real interest rate',
    not: 'bond yield (yield)',
  },
  yield: { family: 'price-value', when: 'return on a security: bond yield, dividend yield', not: null },
  spread: { family: 'numeric-measurement', when: 'one rate or price minus another', not: null },
  price: {
    family: 'price-value',
    when:
      'money for one unit of something, exchange rates and pay included: fuel per litre, electricity per MWh, house ' +
      'price per m2, wages per hour or month, minimum wage, share price, FX rate, PPP conversion factor, export ' +
      'price in money',
    not: 'price index (index)',
  },
  sentiment: {
    family: 'qualitative',
    when:
      'opinion or expectation of people or firms: consumer and business confidence, climate, expectations, ' +
      'optimism',
    not: 'PMI and activity diffusion (index)',
  },
  elasticity: { family: 'composite-derived', when: 'the statistic of that name', not: null },
  correlation: { family: 'composite-derived', when: 'the statistic of that name', not: null },
  multiplier: { family: 'composite-derived', when: 'the statistic of that name', not: null },
  index: {
    family: 'composite-derived',
    when:
      'relative to a base or built from several parts: CPI and other price indices, PMI, production index, ' +
      'stock-market index, REER, terms of trade, scores and ranks (corruption index or rank, ease-of-doing scores)',
    not: null,
  },
  threshold: {
    family: 'temporal',
    when: 'a limit, target or legal age set by rule: inflation target, reserve requirement, retirement age',
    not: 'tax rate (percentage)',
  },
  duration: {
    family: 'temporal',
    when: 'a length of time: life expectancy, days to start a business, hours worked, years of schooling',
    not: null,
  },
  probability: { family: 'temporal', when: 'a chance: probability of recession, of dying before 70', not: null },
  allocation: {
    family: 'qualitative',
    when: 'how a plan or a portfolio is divided: budget allocation, portfolio weights',
    not: 'realised composition (share)',
  },
  capacity: {
    family: 'physical-fundamental',
    when:
      'the most that could be produced, held or served: installed MW, refinery capacity, hospital-bed capacity as ' +
      'such',
    not: 'capacity utilisation (percentage); beds per 1000 (ratio)',
  },
  balance: {
    family: 'physical-fundamental',
    when:
      'net of two opposing flows or positions, can go below zero, in money or volume: trade, current account, ' +
      'budget, net lending, capital flows, net FDI, changes in inventories',
    not: 'the same divided by GDP (ratio)',
  },
  share: {
    family: 'numeric-measurement',
    when:
      'part of a whole amount that contains it: agriculture value added % of GDP, consumption or investment % of ' +
      'GDP, fuel exports % of merchandise exports, women % of the labour force',
    not: null,
  },
  ratio: {
    family: 'numeric-measurement',
    when:
      'divided by a different quantity: debt, revenue, current account or net lending to GDP, per capita amounts ' +
      '(GDP per capita), per 1000 people, pupils per teacher, dependency ratio, debt service to exports',
    not: null,
  },
  percentage: {
    family: 'numeric-measurement',
    when:
      'the portion of people, firms or capacity with a property, or a rate set by law: unemployment and ' +
      'participation rate, literacy, coverage, prevalence in %, capacity utilisation, all tax and social-security ' +
      'rates',
    not: null,
  },
  stock: {
    family: 'physical-fundamental',
    when:
      'an amount, in money or physical units, that exists at a date: debt outstanding, money supply, reserves, ' +
      'loans, balance sheets, gold held, inventories held, land area, forest area, market capitalisation',
    not: null,
  },
  volume: {
    family: 'physical-fundamental',
    when:
      'a physical quantity over a period: oil production, cement output, electricity generated, precipitation, ' +
      'emissions, freight in tonne-km, withdrawals of water',
    not: 'number of things or people (count)',
  },
  count: {
    family: 'numeric-measurement',
    when:
      'how many things, people or events: population, unemployed or employed persons, arrivals, registrations, ' +
      'rigs, bankruptcies, passengers, patents',
    not: null,
  },
  flow: {
    family: 'physical-fundamental',
    when:
      'money over a period: GDP and its parts, exports, imports, spending, revenue, investment, remittances, FDI ' +
      'inflows, aid, credit granted',
    not: null,
  },
  other: { family: 'other', when: 'none of the above: yes/no flags, temperature, coordinates', not: null },
}

/** For each temporal aggregation, the sentence that says when it applies, and its time basis. */
export const AGGREGATION_DEFINITIONS: Readonly<
  Record<TemporalAggregation, { readonly timeBasis: TimeBasis; readonly when: string }>
> = {
  'period-rate': { timeBasis: 'per-period', when: 'type is growth-rate' },
  'period-cumulative': {
    timeBasis: 'cumulative',
    when:
      'the values accumulate from a reset (year-to-date) or without one (running total), or name or units say ' +
      'cumulative/YTD',
  },
  'period-total': {
    timeBasis: 'per-period',
    when:
      'flow, balance of flows, volume or count of events summed over the period (GDP, exports, arrivals, ' +
      'registrations, births)',
  },
  'period-average': {
    timeBasis: 'per-period',
    when:
      'the mean over the period: price and production indices, PMI, sentiment, unemployment and other survey ' +
      'percentages, utilisation, average wages and average prices, quantities per day, temperature, REER',
  },
  'point-in-time': {
    timeBasis: 'point-in-time',
    when:
      'as at a date: stock, population and other counts of what exists, FX, share and stock-market prices, interest ' +
      'rates and yields, spreads, capacity, a balance of positions',
  },
  'not-applicable': {
    timeBasis: 'not-applicable',
    when:
      'no period matters: rates and thresholds set by law, ranks and scores, flags, life expectancy, elasticities, ' +
      'structural ratios and shares',
  },
}

/** The point of view from which the orientation of an indicator is judged. */
export const ORIENTATION_VIEWPOINT = 'From the point of view of the people of that country, other things equal.'

/** For each orientation, the kinds of indicators that have it. */
export const ORIENTATION_DEFINITIONS: Readonly<Record<Orientation, string>> = {
  'higher-is-positive':
    'output, growth of output, income, exports, trade/current-account/budget balances, reserves, employment, ' +
    'participation, confidence, productivity, investment, access to services, life expectancy, scores where higher ' +
    'is better',
  'lower-is-positive':
    'unemployment, debt and debt service, deficits stated as positive numbers, poverty, mortality, disease, crime, ' +
    'corruption rank (the corruption index counts upwards: higher-is-positive), terrorism index, bankruptcies, ' +
    'delays, emissions',
  neutral:
    'it depends on the side one takes or on the level: inflation and price levels, interest rates and yields, ' +
    'exchange rates, money supply, tax rates, imports, government spending, population, temperature, precipitation, ' +
    'most shares',
}

/** For each kind of unit, the units texts that belong to it. */
export const UNIT_KIND_DEFINITIONS: Readonly<Record<UnitKind, string>> = {
  currency:
    'money, whatever the scale: USD Million, National currency, constant LCU, PPP (current international $), USD/bbl',
  percentage: 'percent, % of something, % per annum, % YoY',
  index: 'relative to a base, points, scores and ranks: "Index, 2010=100", "points"',
  ratio: 'a bare ratio or coefficient',
  rate: 'per a number of people or things: per 1000 people, per 100,000',
  count: 'things, people or events: Thousand, Persons, rigs, number',
  duration: 'days, hours, years',
  physical: 'mm, Terajoule, kt, GWh, BBL/D/1K',
  temperature: 'celsius',
  flag: '1=yes; 0=no',
  unknown: 'empty, "-", "n/a"',
}

export function familyOf(type: IndicatorType): Family {
  return TYPE_DEFINITIONS[type].family
}

export function timeBasisOf(aggregation: TemporalAggregation): TimeBasis {
  return AGGREGATION_DEFINITIONS[aggregation].timeBasis
}
