/** The rules for the types of prices, interest rates, yields, opinions and indices. */
import type { IndicatorType } from '../types.ts'
import type { Rule, RuleContext } from './context.ts'
import {
  COMMODITY_IN_MONEY,
  COMMODITY_IN_MONEY_EXCLUDED,
  EXCHANGE_RATE_EXCLUDED,
  GOODS,
  GOVERNANCE,
  GOVERNMENT_BOND,
  INDEX_SAID,
  MONEY_OF_A_COUNTRY,
  NAME_INDEX,
  NAME_PRICE_IN_MONEY,
  NAME_PRICE_IN_MONEY_EXCLUDED,
  OPINION_SURE,
  OUTPUT_MEASURE,
  PAIR_OF_CURRENCIES,
  PRICE_OF_A_GOOD,
  QUOTED,
  RATE_CONTEXT,
  RATE_NAME,
  UNITS_INDEX_UNSURE,
  WORK_TIME,
} from './price-words.ts'
import {
  COMMODITY,
  EXCHANGE_RATE,
  INTEREST_RATE,
  LENT,
  PER_YEAR,
  SCORE,
  SENTIMENT,
  STOCK_MARKET,
  WAGE,
  YIELD,
} from './shared-words.ts'

const isPerGood = (c: RuleContext) => c.unit.per !== null && GOODS.test(c.unit.per.toLowerCase())
const measuresOutput = (c: RuleContext) => OUTPUT_MEASURE.test(c.head)

/**
 * The rules for prices, rates, yields, opinions and indices, tried in order after those for types that one word decides
 * (`type-concept.ts`) and before those for shares and ratios (`type-portion.ts`).
 */
export const PRICE_TYPE_RULES: readonly Rule<IndicatorType>[] = [
  {
    rule: 'bond-yield',
    value: 'yield',
    when: (c) =>
      ((c.isPercent && YIELD.test(c.head) && !/\bpolicy\b|\bholdings?\b/.test(c.head)) ||
        (c.isPercent &&
          /\blong[- ]term interest rates?\b/.test(c.head) &&
          GOVERNMENT_BOND.test(`${c.name} ${c.description}`)) ||
        (c.unit.kind === 'unknown' && /\byields?\b/.test(c.head) && GOVERNMENT_BOND.test(c.head))) &&
      c.whole === '',
    sure: (c) =>
      c.isPercent &&
      /\byields?\b|\bbonds?\b|\bnotes?\b|\bconstant maturity\b|\btreasury bills?\b|\bgilts?\b|\bbunds?\b/.test(
        c.head,
      ) &&
      !/\binterest rate\b/.test(c.head),
    because: 'The name says the return on a security.',
  },
  {
    rule: 'interest-rate',
    value: 'interest-rate',
    when: (c) =>
      (c.isPercent || (c.unit.kind === 'unknown' && RATE_NAME.test(c.head))) &&
      c.whole === '' &&
      INTEREST_RATE.test(c.head) &&
      !RATE_CONTEXT.test(c.head),
    sure: (c) => c.isPercent,
    because: 'The name says the price of borrowing or keeping money, in percent.',
  },
  {
    rule: 'rate-on-money-lent',
    value: 'interest-rate',
    when: (c) =>
      c.isBarePercent &&
      LENT.test(c.head) &&
      (PER_YEAR.test(c.units) || /\brates?$/.test(c.head)) &&
      !RATE_CONTEXT.test(c.head),
    sure: false,
    because: 'The name says money that is lent or kept, and the units or the name a rate on it.',
  },
  {
    rule: 'conversion-factor',
    value: 'price',
    when: (c) =>
      /\bppp\b.{0,20}\bconversion (?:factor|rate)\b|\bimplied ppp\b/.test(c.name) &&
      c.unit.kind !== 'ratio' &&
      !/\bratio\b/.test(c.head),
    because: 'A PPP conversion factor is a price.',
  },
  {
    rule: 'exchange-rate',
    value: 'price',
    when: (c) =>
      EXCHANGE_RATE.test(c.head) && !EXCHANGE_RATE_EXCLUDED.test(c.head) && !c.isPercent && c.unit.kind !== 'index',
    sure: (c) => c.unit.scale === 1,
    because: 'The name says an exchange rate.',
  },
  {
    rule: 'money-per-money',
    value: 'price',
    when: (c) => c.isMoney && c.unit.per !== null && /^(?:[A-Z]{3}|INTL)$/.test(c.unit.per) && c.unit.scale === 1,
    because: 'The units are one currency per another.',
  },
  {
    rule: 'minimum-wage',
    value: 'price',
    when: (c) => c.isMoney && /\b(?:minimum|living) (?:\w+ )?(?:wages?|salary)\b/.test(c.head),
    sure: (c) => c.head.includes('minimum'),
    because: 'A minimum wage in money is a price (ruling 5).',
  },
  {
    rule: 'pay',
    value: 'price',
    when: (c) =>
      c.isMoney && WAGE.test(c.head) && c.unit.scale < 1e5 && !/\bshare\b|\bwage bill\b|\bcorporate\b/.test(c.head),
    sure: (c) => c.unit.per !== null && WORK_TIME.test(c.unit.per),
    because: 'Pay for work in money is a price.',
  },
  {
    rule: 'name-price-in-money',
    value: 'price',
    when: (c) =>
      c.isMoney &&
      (NAME_PRICE_IN_MONEY.test(c.head) || (/\b(?:spot|futures)\b/.test(c.head) && c.unit.scale === 1)) &&
      (!NAME_PRICE_IN_MONEY_EXCLUDED.test(c.head) || (c.unit.scale === 1 && PRICE_OF_A_GOOD.test(c.head))),
    sure: (c) => c.unit.scale === 1 && !NAME_PRICE_IN_MONEY_EXCLUDED.test(c.head),
    because: 'The name says price and the units are money.',
  },
  {
    rule: 'money-quoted',
    value: 'price',
    when: (c) =>
      c.isMoney &&
      c.unit.scale === 1 &&
      ((QUOTED.test(c.name) && MONEY_OF_A_COUNTRY.test(c.head)) || PAIR_OF_CURRENCIES.test(c.head)),
    sure: false,
    because: 'The name says the rate at which a currency is bought or sold.',
  },
  {
    rule: 'name-price-no-units',
    value: 'price',
    when: (c) =>
      c.unit.kind === 'unknown' && /\b(?:average|retail|spot|farm[- ]?gate|producer) prices?\b(?! ind)/.test(c.head),
    sure: false,
    because: 'The name says the price of a good, but there are no units.',
  },
  {
    rule: 'pay-per-employee',
    value: 'price',
    when: (c) =>
      (c.isMoney || c.unit.kind === 'unknown') &&
      c.unit.scale < 1e5 &&
      /\b(?:compensation|pay|wages?|earnings|salar(?:y|ies)|remuneration)\b.{0,30}\bper (?:employee|worker|hour)\b/.test(
        c.head,
      ),
    because: 'Pay per employee or per hour is a price, also where no units stand (ruling 27).',
  },
  {
    rule: 'money-per-good',
    value: 'price',
    when: (c) => c.isMoney && isPerGood(c) && !measuresOutput(c),
    sure: (c) => c.unit.scale === 1,
    because: 'The units are money per unit of a good.',
  },
  {
    rule: 'commodity-in-money',
    value: 'price',
    when: (c) =>
      c.isMoney &&
      c.unit.scale === 1 &&
      COMMODITY_IN_MONEY.test(c.head) &&
      COMMODITY.test(c.head) &&
      !COMMODITY_IN_MONEY_EXCLUDED.test(c.head),
    sure: false,
    because: 'A traded commodity in plain money is a price.',
  },
  {
    rule: 'currency-pair',
    value: 'price',
    when: (c) =>
      c.isMoney && c.unit.scale === 1 && /^(?:usd|eur|gbp|jpy)[a-z]{3}$|^[a-z]{3}(?:usd|eur|gbp|jpy)$/.test(c.head),
    because: 'The name is a pair of currency codes.',
  },
  {
    rule: 'cost-of-a-service',
    value: 'price',
    when: (c) => c.isMoney && c.unit.scale === 1 && /^(?:average )?costs? (?:to|of)\b/.test(c.head),
    sure: false,
    because: 'It is the money paid for one service.',
  },
  {
    rule: 'opinion',
    value: 'sentiment',
    when: (c) =>
      (SENTIMENT.test(c.head) || (c.isPercent && /\bnet (?:percentages?|balance of)\b/.test(c.name))) &&
      !SCORE.test(c.head) &&
      !c.isMoney &&
      c.whole === '' &&
      !/\bfinancial conditions\b/.test(c.head),
    sure: (c) => OPINION_SURE.test(c.head),
    because: 'The name says opinion or expectation of people or firms.',
  },
  {
    rule: 'units-index',
    value: 'index',
    when: (c) => c.unit.kind === 'index',
    sure: (c) =>
      /\brating\b|\bscore\b|\brank\b/.test(c.head) ||
      (!UNITS_INDEX_UNSURE.test(c.head) &&
        (/=|\bindex points\b|\bscore\b|\brank|\bscale\b/.test(c.units) ||
          INDEX_SAID.test(c.head) ||
          STOCK_MARKET.test(c.head))),
    because: 'The units are index points, a base year, a score or a scale.',
  },
  {
    rule: 'name-index',
    value: 'index',
    when: (c) =>
      (c.unit.kind === 'unknown' ||
        c.unit.kind === 'ratio' ||
        (c.isBarePercent && /\bpmi\b|\bpurchasing managers/.test(c.head)) ||
        (c.unit.kind === 'count' && /\brank/.test(c.head))) &&
      (NAME_INDEX.test(c.head) || STOCK_MARKET.test(c.head) || (c.unit.kind === 'unknown' && GOVERNANCE.test(c.head))),
    sure: (c) => NAME_INDEX.test(c.head) || STOCK_MARKET.test(c.head),
    because: 'The name says index, rank or score and the units say nothing else.',
  },
]
