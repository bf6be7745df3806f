/**
 * Codebook v1 as data: the one place from which the prompt, the answer schema, the rules and the evaluation are built.
 * A change of meaning here is a new CODEBOOK_VERSION, which makes every stored answer be asked again.
 */
export const CODEBOOK_VERSION = 'v1'

export const FAMILIES = [
  'physical-fundamental',
  'numeric-measurement',
  'price-value',
  'change-movement',
  'composite-derived',
  'temporal',
  'qualitative',
  'other',
] as const

export const TYPES = [
  'growth-rate',
  'gap',
  'volatility',
  'interest-rate',
  'yield',
  'spread',
  'price',
  'sentiment',
  'elasticity',
  'correlation',
  'multiplier',
  'index',
  'threshold',
  'duration',
  'probability',
  'allocation',
  'capacity',
  'balance',
  'share',
  'ratio',
  'percentage',
  'stock',
  'volume',
  'count',
  'flow',
  'other',
] as const

export const AGGREGATIONS = [
  'period-rate',
  'period-cumulative',
  'period-total',
  'period-average',
  'point-in-time',
  'not-applicable',
] as const

export const TIME_BASES = ['point-in-time', 'per-period', 'cumulative', 'not-applicable'] as const

export const ORIENTATIONS = ['higher-is-positive', 'lower-is-positive', 'neutral'] as const

export const UNIT_KINDS = [
  'currency',
  'percentage',
  'index',
  'ratio',
  'rate',
  'count',
  'duration',
  'physical',
  'temperature',
  'flag',
  'unknown',
] as const

export const UNIT_SCALES = [1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e12] as const

export const FREQUENCIES = [
  'daily',
  'weekly',
  'monthly',
  'quarterly',
  'semiannual',
  'annual',
  'irregular',
  'unknown',
] as const

export const CUMULATIVE_PATTERNS = ['none', 'year-to-date', 'running-total', 'unknown'] as const

/** The fields that a model may decide; everything else is read by rules. */
export const DECIDED_FIELDS = ['type', 'temporal_aggregation', 'orientation'] as const

type TypeName = (typeof TYPES)[number]
type FamilyName = (typeof FAMILIES)[number]
type AggregationName = (typeof AGGREGATIONS)[number]
type TimeBasisName = (typeof TIME_BASES)[number]

/** `when` it is this type, and what looks like it and is `not`, with the type that this is instead. */
export interface TypeDefinition {
  readonly family: FamilyName
  readonly when: string
  readonly not: string | null
}

/** In codebook order: the first that fits wins. */
export const TYPE_DEFINITIONS: Readonly<Record<TypeName, TypeDefinition>> = {
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

/** How types that divide one thing by another are told apart. */
export const DIVISION_RULING =
  '"Rate", "balance" and "index" in a name decide nothing alone. "Divided by something" is settled by what stands ' +
  'below the line: the whole that contains it (share), a group in which it is counted (percentage), anything else ' +
  '(ratio). Money per unit of a good or of work is a price; money per person of a population is a ratio.'

export const AGGREGATION_DEFINITIONS: Readonly<
  Record<AggregationName, { readonly timeBasis: TimeBasisName; readonly when: string }>
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

export const RATIO_AGGREGATION_RULING =
  'Ratios and shares: of a stock (debt to GDP) point-in-time; of a flow to a flow (revenue % of GDP, current ' +
  'account to GDP, exports composition) period-total; per head of a flow (GDP per capita) period-total; structural ' +
  '(beds per 1000, pupils per teacher, % of population with electricity) not-applicable.'

export const ORIENTATION_VIEWPOINT = 'From the point of view of the people of that country, other things equal.'

export const ORIENTATION_DEFINITIONS: Readonly<Record<(typeof ORIENTATIONS)[number], string>> = {
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

export const UNIT_KIND_DEFINITIONS: Readonly<Record<(typeof UNIT_KINDS)[number], string>> = {
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

/** Rulings on the cases that two labellers doubted, by their number in the codebook; 8 and 9 concern units alone. */
export const RULINGS: readonly { readonly number: number; readonly text: string }[] = [
  {
    number: 1,
    text:
      'Portions of people or firms: unemployment, participation, employment rate and capacity utilisation are ' +
      'period-average; every other percentage or share of people, firms or jobs (prevalence, literacy, coverage, ' +
      'access, attainment, composition, opinion) is not-applicable. Shares of money flows are period-total.',
  },
  {
    number: 2,
    text:
      'A flow, stock, price, production or index name measured in a bare "%" (no "of ..."): growth-rate ("Factory ' +
      'Orders, %", "Private Investment, %", "Global Dairy Trade Price Index, %").',
  },
  {
    number: 3,
    text:
      '"Which kind someone or something is" (sex, age, sector, job status) is share; "a condition, experience or ' +
      'achievement" is percentage (a poverty headcount too). GINI is an index whose units "%" stay percentage. The ' +
      'average grant element in % is a share, period-average, higher-is-positive.',
  },
  {
    number: 4,
    text:
      'Net of two flows wherever name or description says net, disbursements minus repayments, transfers net: ' +
      'balance. Gross grants and disbursements: flow. A change of an amount of money or volume: balance, ' +
      'period-total; a change of persons or of units: growth-rate, period-rate, kind count. A literal "stocks", ' +
      '"credit", "liabilities" is a stock.',
  },
  {
    number: 5,
    text:
      'Exchange-quoted and spot commodity prices: point-in-time; retail, pump, wage and other surveyed prices: ' +
      'period-average. Minimum wage: price, not-applicable, higher-is-positive.',
  },
  {
    number: 6,
    text:
      'Opinion: a confidence, outlook or conditions balance is sentiment; a rating by survey on a fixed scale is ' +
      'index, not-applicable; a % of people who hold a view is percentage.',
  },
  {
    number: 7,
    text:
      'Events per population (deaths, cases per 1,000): ratio, period-total. Things that exist per population: ' +
      'ratio, not-applicable. A forecast chance: point-in-time; a life-table chance: not-applicable.',
  },
  { number: 10, text: '"Cumulative" counts only over time: "(cumulative)" levels of schooling is not-applicable.' },
  {
    number: 11,
    text:
      'A gap and an allocation of flows are period-total, of states point-in-time. Persons employed, unemployed, in ' +
      'the labour force; rigs: count, point-in-time. Procedures, lead times: not-applicable.',
  },
  {
    number: 12,
    text:
      'Orientation: growth takes the orientation of what grows. External financing, loans, credit, capital flows, ' +
      'aid given, tax and government revenue: neutral. FDI inflow and grants received: higher-is-positive. Debt ' +
      'owed and arrears: lower-is-positive. Consumption, labour force, stock-market index, terms of trade, rigs, ' +
      'tractors: higher-is-positive. VIX, GINI, informality, child labour, pupil-teacher ratio: lower-is-positive. ' +
      'Output gap, energy mix, other shares: neutral.',
  },
]

/** Each type belongs to exactly one family. */
export function familyOf(type: TypeName): FamilyName {
  return TYPE_DEFINITIONS[type].family
}

export function timeBasisOf(aggregation: AggregationName): TimeBasisName {
  return AGGREGATION_DEFINITIONS[aggregation].timeBasis
}
