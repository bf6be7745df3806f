/** The rules for types that one word decides, such as elasticity, probability, gap or growth. */
import { pattern, words } from '../readers/pattern.ts'
import type { IndicatorType } from '../types.ts'
import type { Rule, RuleContext } from './context.ts'
import {
  CHANGE,
  GROWTH,
  GROWTH_UNITS,
  LENT,
  PER_YEAR,
  PRICE_WORD,
  SCORE,
  SENTIMENT,
  STOCK_MARKET,
} from './shared-words.ts'

/** Names of columns that identify or describe the rows of a table. */
const NO_INDICATOR = pattern`
  ^(?:country|year|date|time|period|id|identifier|name|(?:short|long|full|catalog) name|name long|description|notes?|comments?|source|url
  |colou?r|domain|scales?|tags?|synonyms?|gender|sex|region|world|units?|status|footnotes?|geographic location|flag svg)$
  |\b(?:iso[- ]?\d?|country|region|area|series|indicator) codes?\b|\burl$|\bfile name\b|\bunique identifier\b|^income groups?\b|^world regions\b
`
const NAME_PROBABILITY = pattern`
  \bprobabilit(?:y|ies)\b|\blikelihood\b|\bchance of\b|\blifetime risk\b|\bodds of\b
`
const NAME_GAP_SURE = pattern`
  \b(?:output|poverty|wage|pay|gender|inflation|employment|unemployment|financing) gap\b
`
const NAME_ALLOCATION = pattern`
  \ballocations?\b|\bportfolio weights?\b|\bweights? (?:of|in) (?:the )?(?:portfolio|basket)\b
`
const NAME_THRESHOLD = pattern`
  \binflation target\b|\btarget (?:rate )?for inflation\b|\breserve requirements?\b|\brequired reserves?\b
  |\bcash reserve ratio\b|\bstatutory liquidity\b|\bretirement age\b|\b(?:legal|minimum|voting|pension
  |pensionable|marriage|starting|entrance|leaving) age\b|\bdebt (?:ceiling|limit)\b|\bspeed limit\b
  |\bcapital requirement\b|\b(?:emission|deficit|growth|spending|debt) (?:target|limit|cap|ceiling)\b
`

/**
 * Names of flows, stocks, prices, production and indices. Where such a name has the unit "%" and no total, the indicator is a
 * growth rate (ruling 2 of the codebook).
 */
const CHANGES_IN_BARE_PERCENT = words`
  production|output|sales|orders|investments?|expenditures?|spending|consumption|exports?|imports?|credit
  |loans|deposits|money supply|m[0-4]|prices?|wages|earnings|gdp|gnp|gni|cpi|ppi|inventories|stocks?|shipments
  |construction|permits|starts|turnover|index|productivity|labou?r costs?|employment cost|remittances|reserves
  |revenues?|profits?|receipts|demand|registrations|arrivals|applications|gross domestic product|value added
  |capital formation|activity|lending|generation|trade volume|deflator|consumer credit|real income
  |disposable income|outlays|machinery orders|new home|job postings|payrolls|redbook|new orders|formation
  |traffic|incomes?|advertisements|pay|bonus(?:es)?
`
/** Names of rates and portions, which the unit "%" alone does not make a growth rate. */
const PORTION_WORD = words`
  rates?|ratio|shares?|utili[sz]ation|percentage|proportion|coverage|prevalence|tax|taxes|tariffs?|yields?
  |interest|to gdp|literacy|participation|unemployment|probability|composition|intensity|penetration|to income
  |risk|savings?|as a|who|dependency|gap|requirement|held by|weights?|allocation|to loans|to assets|spread
  |premium|volatility|debt|budget|deficit|surplus|current account|reliance|nonperforming|non-performing|npls?
  |average (?:transaction|grant|interest|cost)|transaction costs?|women in|return on|to total|spending more
  |completeness|vacancy|margin|capacity|storage|outlook
`
const RATES_AND_YIELDS = /\b(?:rates?|yields?|treasur(?:y|ies)|bonds?|bills?|notes?|maturity)\b/g
const GROWTH_EXCLUDED = pattern`
  \bgrowth (?:index|enterprise|market)\b|\binflation[- ](?:target|expectation|risk|linked|indexed|protected|volatility)
  |\bexpectations?\b|\bbreak-?even\b|\bdebt[- ]growth\b
`

/** The rules for types that one word decides, tried in order before all other rules for the type. */
export const CONCEPT_TYPE_RULES: readonly Rule<IndicatorType>[] = [
  {
    rule: 'no-indicator',
    value: 'other',
    when: (c) => c.unit.kind === 'unknown' && NO_INDICATOR.test(c.head),
    sure: false,
    because: 'It is a column of identifiers or notes and no indicator.',
  },
  {
    rule: 'units-yes-no',
    value: 'other',
    when: (c) => c.unit.kind === 'flag',
    because: 'A yes or no flag is none of the other types.',
  },
  {
    rule: 'temperature',
    value: 'other',
    when: (c) => c.unit.kind === 'temperature' || /\b(?:latitude|longitude)\b|\bdegree[- ]days?\b/.test(c.head),
    because: 'Temperatures and coordinates are none of the other types.',
  },
  {
    rule: 'name-gini',
    value: 'index',
    when: (c) => /\bgini\b/.test(c.name),
    because: 'GINI is an index whatever its units (ruling 3).',
  },
  {
    rule: 'name-volatility',
    value: 'volatility',
    when: (c) => /\bvolatility\b|\bvix\b|\bstandard deviation\b|\bstd\.? dev/.test(c.name),
    because: 'The name says the size of fluctuation.',
  },
  {
    rule: 'name-elasticity',
    value: 'elasticity',
    when: (c) => /\belasticity\b/.test(c.name),
    because: 'The name says elasticity.',
  },
  {
    rule: 'name-correlation',
    value: 'correlation',
    when: (c) => /\bcorrelations?\b|\bcovariance\b/.test(c.name),
    because: 'The name says correlation.',
  },
  {
    rule: 'name-multiplier',
    value: 'multiplier',
    when: (c) => /\bmultipliers?\b/.test(c.name),
    because: 'The name says multiplier.',
  },
  {
    rule: 'name-probability',
    value: 'probability',
    when: (c) => NAME_PROBABILITY.test(c.name),
    because: 'The name says a chance.',
  },
  {
    rule: 'name-life-table-chance',
    value: 'probability',
    when: (c) => /\bbetween exact ages\b|\bsurvival to age\b/.test(c.name),
    sure: (c) => c.name.includes('between exact ages'),
    because: 'It is the chance to die or live within an age span.',
  },
  {
    rule: 'name-gap',
    value: 'gap',
    when: (c) =>
      /\bgaps?\b(?! filled)/.test(c.head) && !/\bincrease in\b|\bgap[- ]filled\b/.test(c.head) && !isGrowth(c),
    sure: (c) => NAME_GAP_SURE.test(c.head),
    because: 'The name says a distance from a potential, target or norm.',
  },
  {
    rule: 'name-allocation',
    value: 'allocation',
    when: (c) => NAME_ALLOCATION.test(c.head) && !/\bsdr\b|\bimf\b|\bindex\b|\breallocation\b/.test(c.head),
    sure: (c) => /\b(?:budget|portfolio|asset|equity|bond|fund)\b/.test(c.head),
    because: 'The name says how a plan or portfolio is divided.',
  },
  {
    rule: 'name-threshold',
    value: 'threshold',
    when: (c) => NAME_THRESHOLD.test(c.head) && !/\bwage\b/.test(c.head),
    sure: (c) => !/\bstarting age\b/.test(c.head),
    because: 'The name says a limit, target or legal age set by rule.',
  },
  {
    rule: 'name-spread',
    value: 'spread',
    when: (c) =>
      (/\bspreads?\b|\brisk premium\b|\bterm premium\b|\byield curve\b(?!.{0,20}\b(?:rate|yield|spot))|\bbreak-?even inflation\b|\bcds\b|\bcredit default swap/.test(
        c.head,
      ) &&
        !/\bdisease\b/.test(c.head)) ||
      /\brate minus\b/.test(c.units) ||
      isDifferenceOfRates(c),
    because: 'The name or units say one rate minus another.',
  },
  {
    rule: 'name-expectation',
    value: 'sentiment',
    when: (c) => /(?<!life |healthy )\bexpectations?\b/.test(c.head) && !/\byears\b/.test(c.units),
    sure: (c) => !/\binflation\b/.test(c.head),
    because: 'The name says what people or firms expect.',
  },
  {
    rule: 'name-or-units-growth',
    value: 'growth-rate',
    when: isGrowth,
    sure: (c) => c.isPercent || (c.unit.kind === 'unknown' && GROWTH.test(c.head)),
    because: 'The name or units say by how much something changed over a period.',
  },
  {
    rule: 'change-in-percent-or-heads',
    value: 'growth-rate',
    when: (c) => CHANGE.test(c.head) && (c.unit.kind === 'count' || c.isBarePercent) && !/\bexchange\b/.test(c.head),
    sure: (c) => c.unit.kind === 'count' || !/\binventor|\bstocks?\b/.test(c.head),
    because: 'A change of persons, of units or in percent is a growth rate (ruling 4).',
  },
  {
    rule: 'payrolls-are-changes',
    value: 'growth-rate',
    when: (c) => /\bnon[- ]?farm payrolls?\b|\bpayrolls?$/.test(c.head) && c.unit.kind === 'count',
    sure: false,
    because: 'Payroll figures are published as the change of persons employed.',
  },
  {
    rule: 'price-of-something-in-bare-percent',
    value: 'growth-rate',
    when: (c) =>
      c.isBarePercent &&
      CHANGES_IN_BARE_PERCENT.test(c.head) &&
      !PORTION_WORD.test(c.head) &&
      !SCORE.test(c.head) &&
      !SENTIMENT.test(c.head) &&
      !/\bpmi\b|\bpurchasing managers/.test(c.head) &&
      !(LENT.test(c.head) && PER_YEAR.test(c.units)),
    sure: (c) =>
      !/\bindex\b/.test(c.head) ||
      PRICE_WORD.test(c.head) ||
      STOCK_MARKET.test(c.head) ||
      /\bproduction\b/.test(c.head),
    because: 'A flow, stock, price, production or index in a bare "%" is a change (ruling 2).',
  },
]

const RATE_OF_CHANGE = /\b(?:annual|yearly|year-on-year|12[- ]months?|twelve[- ]months?) (?:rates?|% rate)\b/
const CHANGE_OF_PERIOD = pattern`
  \b(?:percent(?:age)?|per cent) changes?\b|\brates? of (?:change|increase)\b|\b(?:monthly|annual|quarterly) (?:%|percent(?:age)?) var\b
  |\bchange (?:from|over|on) (?:the )?(?:previous|preceding|same|year|month)\b
`

/** Whether the name sets one rate, yield or price against another one, or states the inflation that a market implies. */
function isDifferenceOfRates(c: RuleContext): boolean {
  if (!c.isPercent) return false
  if (/\bforward inflation expectation\b/.test(c.head)) return true
  return (
    /\b(?:minus|relative to|over(?! \d)|less(?! than))\b/.test(c.head) &&
    (c.head.match(RATES_AND_YIELDS)?.length ?? 0) >= 2
  )
}

/** Whether the name or the units of an indicator speak of a change over a period. */
function isGrowth(c: RuleContext): boolean {
  // A change in units of amount is a balance (ruling 13), which a rule for amounts finds.
  if (c.unit.kind === 'physical' || c.isMoney) return false
  if (GROWTH_UNITS.test(c.units)) return true
  if (GROWTH_EXCLUDED.test(c.head)) return false
  if (c.isPercent && CHANGE_OF_PERIOD.test(c.name)) return true
  if (
    c.isBarePercent &&
    RATE_OF_CHANGE.test(c.name) &&
    !LENT.test(c.head) &&
    CHANGES_IN_BARE_PERCENT.test(c.head.replace(/cpih|ipca|hicp/, 'cpi'))
  )
    return true
  if (c.unit.kind === 'index' && !/\b(?:yoy|mom|qoq)\b/.test(c.head)) return false
  if (/% ?(?:change|growth)/.test(c.name)) return true
  return GROWTH.test(c.head) && c.whole === '' && c.unit.kind !== 'currency'
}
