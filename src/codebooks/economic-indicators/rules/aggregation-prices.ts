/** The rules for the temporal aggregation of prices and of indices. */
import type { TemporalAggregation } from '../types.ts'
import { COMMODITY_INDEX, INDEX_AVERAGED_SURE, PUMP_OR_RETAIL_SURE } from './aggregation-words.ts'
import type { Rule, TypedContext } from './context.ts'
import { isType } from './context.ts'
import { PAIR_OF_CURRENCIES, QUOTED } from './price-words.ts'
import { COMMODITY, EXCHANGE_RATE, PRICE_WORD, PUMP_OR_RETAIL, SCORE, STOCK_MARKET, WAGE } from './shared-words.ts'

const isPrice = isType('price')

/** The rules for indicators of type price, tried in order. The last rule fits every price. */
export const PRICE_AGGREGATION_RULES: readonly Rule<TemporalAggregation, TypedContext>[] = [
  {
    rule: 'minimum-wage',
    value: 'not-applicable',
    when: (s) => isPrice(s) && /\bminimum\b/.test(s.head),
    because: 'A minimum wage is set by law (ruling 5).',
  },
  {
    rule: 'pay-averaged',
    value: 'period-average',
    when: (s) => isPrice(s) && WAGE.test(s.head),
    sure: (s) => !/\bliving wage\b/.test(s.head),
    because: 'Wages are surveyed averages (ruling 5).',
  },
  {
    rule: 'stated-average',
    value: 'period-average',
    when: (s) =>
      isPrice(s) &&
      !PUMP_OR_RETAIL.test(s.head) &&
      !EXCHANGE_RATE.test(s.head) &&
      !/^[A-Z]{3}$/.test(s.unit.per ?? '') &&
      !/\baverage daily prices\b/.test(s.name) &&
      !/\bconversion (?:factor|rate)\b/.test(s.name) &&
      /\bperiod average\b|\bperiod avg\b|\baverage\b/.test(s.name),
    sure: false,
    because: 'The price is averaged over the period.',
  },
  {
    rule: 'exchange-rate',
    value: 'point-in-time',
    when: (s) =>
      isPrice(s) &&
      (EXCHANGE_RATE.test(s.head) ||
        /\bconversion (?:factor|rate)\b|\bspot rate\b/.test(s.name) ||
        QUOTED.test(s.name) ||
        PAIR_OF_CURRENCIES.test(s.head) ||
        /^[a-z]{6}$/.test(s.head) ||
        /^[A-Z]{3}$/.test(s.unit.per ?? '')),
    because: 'Exchange rates are as at a date.',
  },
  {
    rule: 'wholesale-power',
    value: 'point-in-time',
    when: (s) => isPrice(s) && /\belectricity\b|\bpower\b/.test(s.head) && s.unit.per === 'MWh',
    sure: false,
    because: 'Electricity by the MWh is quoted on an exchange.',
  },
  {
    rule: 'pump-or-retail',
    value: 'period-average',
    when: (s) => isPrice(s) && PUMP_OR_RETAIL.test(s.head) && !/\bspot\b|\bfutures\b/.test(s.name),
    sure: (s) => PUMP_OR_RETAIL_SURE.test(s.head),
    because: 'Retail, pump and house prices are surveyed averages (ruling 5).',
  },
  {
    rule: 'exchange-quoted',
    value: 'point-in-time',
    when: (s) =>
      isPrice(s) &&
      (COMMODITY.test(s.head) || STOCK_MARKET.test(s.head) || /\bspot\b|\bshare price\b|\bstock price\b/.test(s.name)),
    sure: (s) => s.unit.currency === 'USD' || /\bspot\b|\bfutures\b|\bbrent\b|\bwti\b/.test(s.name),
    because: 'Exchange-quoted and spot prices are as at a date (ruling 5).',
  },
  {
    rule: 'bare-commodity',
    value: 'point-in-time',
    when: (s) =>
      isPrice(s) &&
      /^(?:\d{1,4} ?)?(?:tonne|barrel|bushel|pound|troy ounce|kg|mmbtu)$/.test(s.unit.per?.toLowerCase() ?? '') &&
      !/\bprices?\b|\bcosts?\b|\btariffs?\b|\bfares?\b|\brates?\b/.test(s.head),
    sure: false,
    because: 'A good that is named without the word price is quoted on an exchange.',
  },
  {
    rule: 'cost-of-procedure',
    value: 'not-applicable',
    when: (s) => isPrice(s) && /^costs? (?:to|of)\b/.test(s.head),
    sure: false,
    because: 'The cost of a procedure has no period.',
  },
  {
    rule: 'surveyed-price',
    value: 'period-average',
    when: isPrice,
    sure: false,
    because: 'Other prices are surveyed averages (ruling 5).',
  },
]

const isIndex = isType('index')

/** The rules for indicators of type index, tried in order. The last rule fits every index. */
export const INDEX_AGGREGATION_RULES: readonly Rule<TemporalAggregation, TypedContext>[] = [
  {
    rule: 'score-or-rank',
    value: 'not-applicable',
    when: (s) =>
      isIndex(s) &&
      (SCORE.test(s.head) ||
        /^(?:\([\w.]+\) ?)?(?:degree|extent) (?:of|to which)\b/.test(s.head) ||
        /\b\d ?= ?[a-z]|\bscale\b|\bscore\b|\brank|\bgpi\b/.test(s.units)) &&
      !/=\s?100\b/.test(s.units) &&
      !/\bpmi\b/.test(s.head),
    because: 'Scores and ranks have no period.',
  },
  {
    rule: 'price-index-at-end-of-period',
    value: 'point-in-time',
    when: (s) => isIndex(s) && /\bend of period\b/.test(s.name) && PRICE_WORD.test(s.head),
    because: 'A price index at the end of a period is as at a date (ruling 31).',
  },
  {
    rule: 'stock-market',
    value: 'point-in-time',
    when: (s) => isIndex(s) && STOCK_MARKET.test(s.head) && !/\bpmi\b|\bleading\b|\bcoincident\b/.test(s.head),
    because: 'Stock-market indices are as at a date.',
  },
  {
    rule: 'commodity-index',
    value: 'point-in-time',
    when: (s) => isIndex(s) && COMMODITY_INDEX.test(s.head),
    sure: false,
    because: 'Quoted indices are as at a date.',
  },
  {
    rule: 'index-averaged',
    value: 'period-average',
    when: isIndex,
    sure: (s) =>
      !/\bconnectivity\b/.test(s.head) && (PRICE_WORD.test(s.head) || INDEX_AVERAGED_SURE.test(`${s.head} ${s.units}`)),
    because: 'Price, production and activity indices are averages over the period.',
  },
]
