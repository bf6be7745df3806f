import type { Cumulative, Finding, IndicatorType, TemporalAggregation } from '../types.ts'
import type { Context, Rule } from './context.ts'
import { GDP, PEOPLE } from './type-portion.ts'
import { COMMODITY, COUNTED_EVENT, COUNTED_STATE, DEBT, EXCHANGE_RATE, PRICE_WORD, PUMP_OR_RETAIL, SCORE, STOCK_MARKET, WAGE } from './words.ts'
import { COMMODITY_INDEX, EVENTS_NOT, EVENTS_PER_PEOPLE, FLOW_ABOVE, GAP_OR_PLAN_OF_FLOWS, INDEX_AVERAGED_SURE, LABOUR_RATE, LIFE_TABLE_CHANCE, NET_POSITION_AT_A_DATE, PEOPLE_SHARE_NOT, PORTION_OF_FLOW_SURE, PROCEDURES, PUMP_OR_RETAIL_SURE, STOCK_ABOVE, THINGS_PER_PEOPLE, TIME_NOT_OF_A_PERIOD_SURE, TIME_WORKED, VOLUME_SUMMED_DOUBT } from './aggregation-words.ts'

export interface Typed extends Context {
  readonly type: IndicatorType
  readonly cumulative: Finding<Cumulative>
}

const is = (...types: readonly IndicatorType[]) => (seen: Typed) => types.includes(seen.type)
const portion = is('share', 'ratio')

export const AGGREGATION_RULES: readonly Rule<TemporalAggregation, Typed>[] = [
  {
    rule: 'growth-is-a-rate',
    value: 'period-rate',
    when: is('growth-rate'),
    because: 'A growth rate is a rate over its period.',
  },
  {
    rule: 'accumulates',
    value: 'period-cumulative',
    when: (s) => s.cumulative.value.pattern === 'year-to-date' || s.cumulative.value.pattern === 'running-total',
    sure: (s) => s.cumulative.sure,
    because: 'The values add up from a reset or from the beginning.',
  },
  {
    rule: 'prices-money-rates-at-a-date',
    value: 'point-in-time',
    when: (s) => is('yield', 'spread', 'capacity', 'stock')(s) || (s.type === 'interest-rate' && !/\baverage interest\b|\bcommitments\b/.test(s.head)),
    because: 'Rates, yields, spreads, stocks and capacities are as at a date.',
  },
  { rule: 'average-interest', value: 'period-average', when: is('interest-rate'), sure: false, because: 'It is the mean over loans of the period.' },
  {
    rule: 'opinion-over-period',
    value: 'period-average',
    when: is('sentiment'),
    because: 'Sentiment is the mean over the survey period.',
  },
  {
    rule: 'set-by-law',
    value: 'not-applicable',
    when: is('threshold', 'elasticity', 'multiplier'),
    sure: (s) => s.type === 'threshold' || !/\bmoney\b/.test(s.head),
    because: 'No period matters for thresholds and statistics.',
  },
  { rule: 'correlation', value: 'not-applicable', when: is('correlation'), sure: false, because: 'A correlation is a statistic of a whole sample.' },
  {
    rule: 'volatility',
    value: 'point-in-time',
    when: is('volatility'),
    sure: (s) => /\bvix\b|\bimplied\b/.test(s.name),
    because: 'Implied volatility is quoted as at a date.',
  },
  {
    rule: 'life-table-chance',
    value: 'not-applicable',
    when: (s) => s.type === 'probability' && LIFE_TABLE_CHANCE.test(s.name),
    because: 'A life-table chance has no period (ruling 7).',
  },
  {
    rule: 'forecast-chance',
    value: 'point-in-time',
    when: is('probability'),
    because: 'A forecast chance is as at a date (ruling 7).',
  },
  {
    rule: 'gap-or-plan-of-flows',
    value: 'period-total',
    when: (s) => (s.type === 'gap' && GAP_OR_PLAN_OF_FLOWS.test(s.name) && !s.name.includes('poverty')) || (s.type === 'allocation' && /\bbudget|\bspending|\bexpenditure|\baid\b|\bfunds?\b/.test(s.name)),
    because: 'A gap and an allocation of flows are totals (ruling 11).',
  },
  {
    rule: 'gap-or-plan-of-states',
    value: 'point-in-time',
    when: is('gap', 'allocation'),
    sure: (s) => /\bportfolio\b|\basset\b|\bpoverty gap\b/.test(s.head),
    because: 'A gap and an allocation of states are as at a date (ruling 11).',
  },
  ...priceRules(),
  ...indexRules(),
  {
    rule: 'time-worked',
    value: 'period-average',
    when: (s) => s.type === 'duration' && TIME_WORKED.test(s.name) && !/\btime (?:to|required|spent)\b|\bdelay\b/.test(s.name),
    sure: (s) => /\bhours\b/.test(s.head),
    because: 'Hours worked are the mean over the period.',
  },
  {
    rule: 'time-not-of-a-period',
    value: 'not-applicable',
    when: is('duration'),
    sure: (s) => TIME_NOT_OF_A_PERIOD_SURE.test(s.head),
    because: 'Life expectancy and lead times have no period.',
  },
  {
    rule: 'net-position-at-a-date',
    value: 'point-in-time',
    when: (s) => s.type === 'balance' && NET_POSITION_AT_A_DATE.test(s.head),
    because: 'A balance of positions is as at a date.',
  },
  {
    rule: 'per-day',
    value: 'period-average',
    when: (s) => is('volume', 'flow', 'count')(s) && s.unit.per === 'day',
    because: 'Quantities per day are averages.',
  },
  {
    rule: 'summed',
    value: 'period-total',
    when: is('flow', 'balance'),
    because: 'Flows and balances of flows are summed over the period.',
  },
  {
    rule: 'volume-summed',
    value: 'period-total',
    when: is('volume'),
    sure: (s) => !VOLUME_SUMMED_DOUBT.test(s.head),
    because: 'Volumes are summed over the period.',
  },
  ...portionRules(),
  ...countRules(),
  { rule: 'temperature', value: 'period-average', when: (s) => s.unit.kind === 'temperature', because: 'Temperature is a mean over the period.' },
  {
    rule: 'no-period',
    value: 'not-applicable',
    when: () => true,
    sure: (s) => s.unit.kind === 'flag',
    because: 'No period matters for flags and for what is none of the types.',
  },
]

function priceRules(): readonly Rule<TemporalAggregation, Typed>[] {
  const price = is('price')
  return [
    { rule: 'minimum-wage', value: 'not-applicable', when: (s) => price(s) && /\bminimum\b/.test(s.head), because: 'A minimum wage is set by law (ruling 5).' },
    { rule: 'pay-averaged', value: 'period-average', when: (s) => price(s) && WAGE.test(s.head), sure: (s) => !/\bliving wage\b/.test(s.head), because: 'Wages are surveyed averages (ruling 5).' },
    { rule: 'stated-average', value: 'period-average', when: (s) => price(s) && (/\bperiod average\b|\bperiod avg\b|\baverage\b/.test(s.name) || /\bconversion (?:factor|rate)\b/.test(s.name)), sure: false, because: 'The price is averaged over the period.' },
    { rule: 'exchange-rate', value: 'point-in-time', when: (s) => price(s) && (EXCHANGE_RATE.test(s.head) || /^[A-Z]{3}$/.test(s.unit.per ?? '')), because: 'Exchange rates are as at a date.' },
    { rule: 'pump-or-retail', value: 'period-average', when: (s) => price(s) && PUMP_OR_RETAIL.test(s.head) && !/\bspot\b|\bfutures\b/.test(s.name), sure: (s) => PUMP_OR_RETAIL_SURE.test(s.head), because: 'Retail, pump and house prices are surveyed averages (ruling 5).' },
    { rule: 'exchange-quoted', value: 'point-in-time', when: (s) => price(s) && (COMMODITY.test(s.head) || STOCK_MARKET.test(s.head) || /\bspot\b|\bshare price\b|\bstock price\b/.test(s.name)), sure: (s) => s.unit.currency === 'USD' || /\bspot\b|\bfutures\b|\bbrent\b|\bwti\b/.test(s.name), because: 'Exchange-quoted and spot prices are as at a date (ruling 5).' },
    { rule: 'cost-of-procedure', value: 'not-applicable', when: (s) => price(s) && /^costs? (?:to|of)\b/.test(s.head), sure: false, because: 'The cost of a procedure has no period.' },
    { rule: 'surveyed-price', value: 'period-average', when: price, sure: false, because: 'Other prices are surveyed averages (ruling 5).' },
  ]
}

function indexRules(): readonly Rule<TemporalAggregation, Typed>[] {
  const index = is('index')
  return [
    { rule: 'score-or-rank', value: 'not-applicable', when: (s) => index(s) && (SCORE.test(s.head) || /\b\d ?= ?[a-z]|\bscale\b|\bscore\b|\brank|\bgpi\b/.test(s.units)) && !/=\s?100\b/.test(s.units) && !/\bpmi\b/.test(s.head), because: 'Scores and ranks have no period.' },
    { rule: 'stock-market', value: 'point-in-time', when: (s) => index(s) && STOCK_MARKET.test(s.head) && !/\bpmi\b|\bleading\b|\bcoincident\b/.test(s.head), because: 'Stock-market indices are as at a date.' },
    { rule: 'commodity-index', value: 'point-in-time', when: (s) => index(s) && (COMMODITY_INDEX.test(s.head)), sure: false, because: 'Quoted indices are as at a date.' },
    { rule: 'index-averaged', value: 'period-average', when: index, sure: (s) => !/\bconnectivity\b/.test(s.head) && (PRICE_WORD.test(s.head) || INDEX_AVERAGED_SURE.test(`${s.head} ${s.units}`)), because: 'Price, production and activity indices are averages over the period.' },
  ]
}

function portionRules(): readonly Rule<TemporalAggregation, Typed>[] {
  const percentage = is('percentage')
  return [
    { rule: 'labour-rate', value: 'period-average', when: (s) => percentage(s) && LABOUR_RATE.test(s.head) && !/\bcoverage\b|\bbenefit\b|\badequacy\b/.test(s.head), because: 'Unemployment, participation, employment and utilisation are averages (ruling 1).' },
    { rule: 'other-percentage', value: 'not-applicable', when: percentage, sure: true, because: 'Other percentages have no period (ruling 1).' },
    { rule: 'grant-element', value: 'period-average', when: (s) => s.type === 'share' && s.head.includes('grant element'), because: 'The average grant element is an average (ruling 3).' },
    { rule: 'people-share', value: 'not-applicable', when: (s) => s.type === 'share' && (PEOPLE.test(s.whole) || /\bcause of death\b/.test(s.head) || (/^(?:total)?$/.test(s.whole) && PEOPLE.test(s.head) && !PEOPLE_SHARE_NOT.test(s.head)) || /\btime\b/.test(s.whole)), sure: true, because: 'Shares of people have no period (ruling 1).' },
    { rule: 'events-per-people', value: 'period-total', when: (s) => s.type === 'ratio' && (s.unit.kind === 'rate' || s.unit.kind === 'ratio') && EVENTS_PER_PEOPLE.test(s.name), sure: (s) => s.unit.kind === 'rate' && !/^births per woman/.test(s.units), because: 'Events per population are totals (ruling 7).' },
    { rule: 'things-per-people', value: 'not-applicable', when: (s) => s.type === 'ratio' && (s.unit.kind === 'rate' || THINGS_PER_PEOPLE.test(`${s.head} ${s.units}`)), sure: (s) => !/\bsex ratio\b/.test(s.head), because: 'Things that exist per population have no period (ruling 7).' },
    { rule: 'portion-of-stock', value: 'point-in-time', when: (s) => portion(s) && STOCK_ABOVE.test(s.head) && !FLOW_ABOVE.test(s.head), sure: (s) => !/\bland\b|\barea\b|\bcropland\b|\bnet\b/.test(s.head) && (DEBT.test(s.head) || GDP.test(s.whole) || /\bloans?\b|\breserves\b/.test(`${s.head} ${s.whole}`)), because: 'A ratio or share of a stock is as at a date.' },
    { rule: 'portion-of-flow', value: 'period-total', when: portion, sure: (s) => s.whole !== '' || PORTION_OF_FLOW_SURE.test(s.head), because: 'A ratio or share of flows is a total.' },
  ]
}

function countRules(): readonly Rule<TemporalAggregation, Typed>[] {
  const count = is('count')
  return [
    { rule: 'procedures', value: 'not-applicable', when: (s) => count(s) && PROCEDURES.test(s.head), sure: (s) => s.head.includes('procedures'), because: 'Procedures have no period (ruling 11).' },
    { rule: 'events', value: 'period-total', when: (s) => count(s) && COUNTED_EVENT.test(s.head) && !/\bspending more\b/.test(s.head) && !EVENTS_NOT.test(s.head), sure: (s) => !/\bin a typical\b|\bpushed below\b/.test(s.head), because: 'Events are summed over the period.' },
    { rule: 'what-exists', value: 'point-in-time', when: (s) => count(s) && COUNTED_STATE.test(s.head), sure: (s) => !/\bmigration\b|\bhospital/.test(s.head), because: 'People and things that exist are counted at a date.' },
    { rule: 'counted', value: 'period-total', when: count, sure: false, because: 'Counted things are taken as events of the period.' },
  ]
}
