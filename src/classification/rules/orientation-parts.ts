import type { Orientation } from '../types.ts'
import { PROCEDURES } from './aggregation-words.ts'
import type { Rule, Typed } from './context.ts'
import {
  AID,
  BAD,
  BAD_SCORE,
  BAD_SHARE_NOT,
  BALANCE_GOOD,
  GOOD,
  OTHER_SHARE_DOUBT,
  PRICE_LEVEL,
  SCALE_SAYS_BEST,
  SCORE,
} from './orientation-words.ts'
import { DEBT_SERVICE, PRICE_WORD, STOCK_MARKET } from './shared-words.ts'

const index = (s: Typed) => s.type === 'index'

export const INDEX_RULES: readonly Rule<Orientation, Typed>[] = [
  {
    rule: 'rank',
    value: 'lower-is-positive',
    when: (s) =>
      index(s) &&
      (/\b(?<!percentile )rank(?:ing)?s?\b|\bease of doing business\b(?! score)/.test(s.name) ||
        /\b1 ?= ?(?:most|best|highest)/.test(s.units)),
    because: 'Rank one is the best.',
  },
  {
    rule: 'scale-says-best',
    value: 'higher-is-positive',
    when: (s) => index(s) && SCALE_SAYS_BEST.test(s.units),
    because: 'The scale says that higher is better.',
  },
  {
    rule: 'bad-score',
    value: 'lower-is-positive',
    when: (s) => index(s) && BAD_SCORE.test(s.head),
    because: 'The score counts something bad.',
  },
  {
    rule: 'corruption-score',
    value: 'higher-is-positive',
    when: (s) => index(s) && /\bcorruption\b/.test(s.head),
    because: 'The corruption index counts upwards.',
  },
  {
    rule: 'stock-market',
    value: 'higher-is-positive',
    when: (s) => index(s) && STOCK_MARKET.test(s.head),
    because: 'A stock-market index is better higher (ruling 12).',
  },
  {
    rule: 'price-level',
    value: 'neutral',
    when: (s) => index(s) && (PRICE_WORD.test(s.head) || PRICE_LEVEL.test(s.head)),
    because: 'Price levels are neutral.',
  },
  {
    rule: 'score',
    value: 'higher-is-positive',
    when: (s) => index(s) && SCORE.test(s.head),
    sure: (s) => !/\bclimate\b/.test(s.head),
    because: 'Higher scores are better.',
  },
  {
    rule: 'bad-index',
    value: 'lower-is-positive',
    when: (s) => index(s) && BAD.test(s.head),
    sure: false,
    because: 'The index counts something bad.',
  },
  {
    rule: 'activity',
    value: 'higher-is-positive',
    when: index,
    sure: (s) => GOOD.test(s.head) || /\bfed\b|\bism\b|\bchicago\b|\bbusiness\b|\bservices\b/.test(s.head),
    because: 'More activity is better.',
  },
]

const share = (s: Typed) => s.type === 'share'

export const SHARE_RULES: readonly Rule<Orientation, Typed>[] = [
  {
    rule: 'bad-share',
    value: 'lower-is-positive',
    when: (s) => share(s) && BAD.test(s.head) && !BAD_SHARE_NOT.test(s.head),
    because: 'The part that is counted is bad.',
  },
  {
    rule: 'child-labour',
    value: 'lower-is-positive',
    when: (s) => share(s) && /\bchild(?:ren)? (?:employment|in employment)\b/.test(s.head),
    because: 'Child labour is bad (ruling 12).',
  },
  {
    rule: 'time-lost',
    value: 'lower-is-positive',
    when: (s) => share(s) && /\btime spent\b|\blosses\b|\bvalue lost\b/.test(s.head),
    because: 'What is lost is bad.',
  },
  {
    rule: 'women-in-power',
    value: 'higher-is-positive',
    when: (s) => share(s) && /\bheld by women\b|\bfemale share of\b|\bwomen in parliament\b/.test(s.head),
    because: 'More women in such posts is progress.',
  },
  {
    rule: 'grant-element',
    value: 'higher-is-positive',
    when: (s) => share(s) && s.head.includes('grant element'),
    because: 'A higher grant element is better (ruling 3).',
  },
  {
    rule: 'protected-part',
    value: 'higher-is-positive',
    when: (s) => share(s) && /\bprotected\b/.test(s.head),
    sure: false,
    because: 'What is protected is kept for the people.',
  },
  {
    rule: 'part-of-income',
    value: 'higher-is-positive',
    when: (s) => share(s) && /\bsavings?\b|\binvestment\b|\bcapital formation\b/.test(s.head),
    sure: false,
    because: 'Saving and investing is taken as good.',
  },
  {
    rule: 'other-share',
    value: 'neutral',
    when: share,
    sure: (s) =>
      (s.whole !== '' || /\bshare (?:of|held)\b|\bcomposition\b/.test(s.head)) && !OTHER_SHARE_DOUBT.test(s.head),
    because: 'Most shares are neutral.',
  },
]

/** Debt, aid and the balances: who owes and who earns. */
export const MONEY_RULES: readonly Rule<Orientation, Typed>[] = [
  {
    rule: 'red-tape',
    value: 'lower-is-positive',
    when: (s) => s.type === 'count' && PROCEDURES.test(s.head),
    because: 'Every further step costs people time.',
  },
  {
    rule: 'borrowed-by-the-state',
    value: 'lower-is-positive',
    when: (s) =>
      s.type === 'balance' && /\bnet (?:borrowing|cash requirement)\b|\bborrowing requirement\b/.test(s.head),
    because: 'It is a deficit stated as a positive number.',
  },
  {
    rule: 'debt-relief',
    value: 'higher-is-positive',
    when: (s) => /\bforgiven?|\bforgiveness\b|\bdebt (?:stock )?reduction\b/.test(s.head),
    sure: false,
    because: 'Debt that is forgiven need not be paid.',
  },
  {
    rule: 'rescheduled',
    value: 'neutral',
    when: (s) => /\breschedul/.test(s.head),
    sure: false,
    because: 'Rescheduling moves a burden in time.',
  },
  {
    rule: 'aid',
    value: 'neutral',
    when: (s) => AID.test(s.head),
    sure: (s) => !/\bgrants?\b/.test(s.head),
    because: 'Aid given and external financing are neutral (ruling 12).',
  },
  {
    rule: 'debt-service',
    value: 'lower-is-positive',
    when: (s) => DEBT_SERVICE.test(s.head) || (s.money && /^(?:tds|amt|int)\b/.test(s.units)),
    because: 'Debt service is paid by the people.',
  },
  {
    rule: 'net-debt-flows',
    value: 'neutral',
    when: (s) => s.money && /^(?:nfl|ntr|dis|com|und)\b/.test(s.units),
    because: 'External financing is neutral (ruling 12).',
  },
  {
    rule: 'debt-outstanding',
    value: 'lower-is-positive',
    when: (s) => s.money && /^(?:dod)\b/.test(s.units),
    because: 'Debt owed is a burden (ruling 12).',
  },
  {
    rule: 'change-in-inventories',
    value: 'neutral',
    when: (s) => /\binventor/.test(s.head) && s.type !== 'growth-rate',
    because: 'Inventories are neither good nor bad.',
  },
  {
    rule: 'balance-good',
    value: 'higher-is-positive',
    when: (s) => BALANCE_GOOD.test(s.head) && (!/\bdeficit\b/.test(s.head) || /\bsurplus\b/.test(s.head)),
    because: 'Surpluses of trade, current account and budget are good.',
  },
  {
    rule: 'tourism-earned',
    value: 'higher-is-positive',
    when: (s) => /\btourism\b/.test(s.head) && /\brevenues?\b|\breceipts\b|\barrivals\b/.test(s.head),
    because: 'Tourists bring income.',
  },
  {
    rule: 'reserves-to-imports',
    value: 'higher-is-positive',
    when: (s) => /\bimport cover\b|\bmonths of imports\b/.test(s.head),
    sure: false,
    because: 'Reserves that last longer are better.',
  },
  {
    rule: 'reserves-to-debt',
    value: 'higher-is-positive',
    when: (s) => s.type === 'ratio' && /\breserves to\b/.test(s.head),
    sure: false,
    because: 'What is held stands above the line.',
  },
  {
    rule: 'tractors',
    value: 'higher-is-positive',
    when: (s) => /\btractors\b/.test(s.head) && !/\bimports?\b|\bprices?\b|\bstocks\b|\bloans\b/.test(s.head),
    because: 'Tractors are good (ruling 12).',
  },
  {
    rule: 'fdi-in',
    value: 'higher-is-positive',
    when: (s) =>
      /\bforeign direct\b|\bfdi\b|\bdirect investment\b/.test(s.head) && !/\boutflow|\babroad\b/.test(s.head),
    sure: (s) => !/, net$|\bincome on\b/.test(s.head),
    because: 'FDI inflow is good (ruling 12).',
  },
  {
    rule: 'remittances-in',
    value: 'higher-is-positive',
    when: (s) => /\bremittances\b/.test(s.head) && !/\bpaid\b|\boutflow|\bcost\b|\bsending\b/.test(s.head),
    because: 'Remittances received are income.',
  },
]
