import type { Cumulative, Finding, IndicatorType, TemporalAggregation } from '../types.ts'
import type { Context, Rule } from './context.ts'
import { GDP, PEOPLE } from './type-portion.ts'
import { COMMODITY, COUNTED_EVENT, COUNTED_STATE, DEBT, EXCHANGE_RATE, PRICE_WORD, PUMP_OR_RETAIL, SCORE, STOCK_MARKET, WAGE } from './words.ts'

export interface Typed extends Context {
  readonly type: IndicatorType
  readonly cumulative: Finding<Cumulative>
}

const is = (...types: readonly IndicatorType[]) => (seen: Typed) => types.includes(seen.type)
const portion = is('share', 'ratio')
const STOCK_ABOVE =
  /\bdebts?\b(?! service)|\bcredit\b|\bmoney\b|\breserves\b|\bcapitali[sz]ation\b|\bdeposits\b|\bassets?\b|\bliabilities\b|\bclaims\b|\bloans?\b|\bpresent value\b|\bland\b|\barea\b|\bstock of\b|\bcapital (?:adequacy|to assets)\b|\bforeign holdings\b|\bcropland\b|\bnon-?performing\b|\bcurrency composition\b/
const FLOW_ABOVE = /\bdebt service\b|\binterest\b|\bpayments?\b|\bstocks traded\b|\bservice\b|\bexpenditure\b|\bincurrence\b|\bacquisition\b|\bnet flows\b/
const EVENTS_PER_PEOPLE = /\bdeaths?\b|\bmortality\b|\bbirths?\b|\bbirth rate\b|\bincidence\b|\bhomicides?\b|\bsuicides?\b|\bcases\b|\bcrimes?\b|\bfertility\b|\bnew business|\bmarriages?\b|\bdivorces?\b|\baccidents?\b|\bsurgical procedures\b|\bregistrations\b/

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
    when: (s) => s.type === 'probability' && /\bdying\b|\bdeath\b|\bsurvival\b|\bmortality\b|\bexact ages\b|\blifetime\b/.test(s.name),
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
    when: (s) => (s.type === 'gap' && /\boutput\b|\bgdp\b|\bfinancing\b|\bfiscal\b|\bsavings?\b|\btrade\b|\bfunding\b/.test(s.name) && !s.name.includes('poverty')) || (s.type === 'allocation' && /\bbudget|\bspending|\bexpenditure|\baid\b|\bfunds?\b/.test(s.name)),
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
    when: (s) => s.type === 'duration' && /\bhours\b|\bworkweek\b|\bunemployment\b|\baverage (?:grace|maturity)\b/.test(s.name) && !/\btime (?:to|required|spent)\b|\bdelay\b/.test(s.name),
    sure: (s) => /\bhours\b/.test(s.head),
    because: 'Hours worked are the mean over the period.',
  },
  {
    rule: 'time-not-of-a-period',
    value: 'not-applicable',
    when: is('duration'),
    sure: (s) => /\blife expectancy\b|\btime\b|\bdays to\b|\bdelay\b|\bschooling\b|\blead time\b|\bduration\b|\bclearance\b/.test(s.head),
    because: 'Life expectancy and lead times have no period.',
  },
  {
    rule: 'net-position-at-a-date',
    value: 'point-in-time',
    when: (s) => s.type === 'balance' && /\bposition\b|\bnet (?:foreign|external|international) assets\b|\bnet worth\b/.test(s.head),
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
    sure: (s) => !/\bmean annual exposure\b|\bconcentration\b|\bresources\b|\baverage\b(?! precipitation)/.test(s.head),
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
    { rule: 'pump-or-retail', value: 'period-average', when: (s) => price(s) && PUMP_OR_RETAIL.test(s.head) && !/\bspot\b|\bfutures\b/.test(s.name), sure: (s) => /\bgasoline\b|\bpetrol\b|\bdiesel\b|\bpump\b|\bretail\b|\bhous|\bhome/.test(s.head), because: 'Retail, pump and house prices are surveyed averages (ruling 5).' },
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
    { rule: 'commodity-index', value: 'point-in-time', when: (s) => index(s) && (/\b(?:baltic dry|crb|lme|commodit(?:y|ies) index|dollar index|dxy|gsci|freight index)\b/.test(s.head)), sure: false, because: 'Quoted indices are as at a date.' },
    { rule: 'index-averaged', value: 'period-average', when: index, sure: (s) => !/\bconnectivity\b/.test(s.head) && (PRICE_WORD.test(s.head) || /\bpmi\b|\bproduction\b|\bproductivity\b|\boutput\b|\bterms of trade\b|\breer\b|\bneer\b|\beffective exchange\b|\bcosts?\b|\bindex\b|\bactivity\b|\bsales\b|\bwages?\b|\bearnings\b|= ?100/.test(`${s.head} ${s.units}`)), because: 'Price, production and activity indices are averages over the period.' },
  ]
}

function portionRules(): readonly Rule<TemporalAggregation, Typed>[] {
  const percentage = is('percentage')
  return [
    { rule: 'labour-rate', value: 'period-average', when: (s) => percentage(s) && /\bunemployment\b(?! benefit)|\bparticipation rate\b|\bemployment rate\b|\bemployment to population\b|\butili[sz]ation\b|\bjobless rate\b|\bactivity rate\b|\blabou?r force with\b|\bunderemployment\b|\blabou?r participation\b/.test(s.head) && !/\bcoverage\b|\bbenefit\b|\badequacy\b/.test(s.head), because: 'Unemployment, participation, employment and utilisation are averages (ruling 1).' },
    { rule: 'other-percentage', value: 'not-applicable', when: percentage, sure: true, because: 'Other percentages have no period (ruling 1).' },
    { rule: 'grant-element', value: 'period-average', when: (s) => s.type === 'share' && s.head.includes('grant element'), because: 'The average grant element is an average (ruling 3).' },
    { rule: 'people-share', value: 'not-applicable', when: (s) => s.type === 'share' && (PEOPLE.test(s.whole) || /\bcause of death\b/.test(s.head) || (/^(?:total)?$/.test(s.whole) && PEOPLE.test(s.head) && !/\bsavings?\b|\bincome share\b|\bexpenditure\b|\bexports\b|\bimports\b|\bexpense\b|\bcompensation\b|\blabou?r share\b/.test(s.head)) || /\btime\b/.test(s.whole)), sure: true, because: 'Shares of people have no period (ruling 1).' },
    { rule: 'events-per-people', value: 'period-total', when: (s) => s.type === 'ratio' && (s.unit.kind === 'rate' || s.unit.kind === 'ratio') && EVENTS_PER_PEOPLE.test(s.name), sure: (s) => s.unit.kind === 'rate' && !/^births per woman/.test(s.units), because: 'Events per population are totals (ruling 7).' },
    { rule: 'things-per-people', value: 'not-applicable', when: (s) => s.type === 'ratio' && (s.unit.kind === 'rate' || /\bpupil|\bstudent-teacher|\bdependency\b|\bparity\b|\bhectares per person\b|\bdensity\b/.test(`${s.head} ${s.units}`)), sure: (s) => !/\bsex ratio\b/.test(s.head), because: 'Things that exist per population have no period (ruling 7).' },
    { rule: 'portion-of-stock', value: 'point-in-time', when: (s) => portion(s) && STOCK_ABOVE.test(s.head) && !FLOW_ABOVE.test(s.head), sure: (s) => !/\bland\b|\barea\b|\bcropland\b|\bnet\b/.test(s.head) && (DEBT.test(s.head) || GDP.test(s.whole) || /\bloans?\b|\breserves\b/.test(`${s.head} ${s.whole}`)), because: 'A ratio or share of a stock is as at a date.' },
    { rule: 'portion-of-flow', value: 'period-total', when: portion, sure: (s) => s.whole !== '' || /\bper (?:capita|person|worker|employee|head)\b|\bshare\b|\bintensity\b|\bproductivity\b|\byield\b|\bemissions\b/.test(s.head), because: 'A ratio or share of flows is a total.' },
  ]
}

function countRules(): readonly Rule<TemporalAggregation, Typed>[] {
  const count = is('count')
  return [
    { rule: 'procedures', value: 'not-applicable', when: (s) => count(s) && /\bprocedures\b|\btax payments\b|\bvisits or required meetings\b/.test(s.head), sure: (s) => s.head.includes('procedures'), because: 'Procedures have no period (ruling 11).' },
    { rule: 'events', value: 'period-total', when: (s) => count(s) && COUNTED_EVENT.test(s.head) && !/\bspending more\b/.test(s.head) && !/\bliving with\b|\bsubscri|\bat risk\b|\bcontinuing\b|\bvacanc|\bactive cases\b/.test(s.head), sure: (s) => !/\bin a typical\b|\bpushed below\b/.test(s.head), because: 'Events are summed over the period.' },
    { rule: 'what-exists', value: 'point-in-time', when: (s) => count(s) && COUNTED_STATE.test(s.head), sure: (s) => !/\bmigration\b|\bhospital/.test(s.head), because: 'People and things that exist are counted at a date.' },
    { rule: 'counted', value: 'period-total', when: count, sure: false, because: 'Counted things are taken as events of the period.' },
  ]
}
