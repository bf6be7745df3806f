/** The rules for the orientation, which run after the type of an indicator is decided. */
import type { Orientation } from '../types.ts'
import type { Rule, TypedContext } from './context.ts'
import { FLAG_ORIENTATION_RULES } from './orientation-flags.ts'
import { INDEX_ORIENTATION_RULES } from './orientation-indices.ts'
import { MONEY_ORIENTATION_RULES } from './orientation-money.ts'
import { SHARE_ORIENTATION_RULES } from './orientation-shares.ts'
import {
  BAD,
  BAD_UNSURE,
  GOOD,
  GOOD_SURE,
  GOVERNMENT_PARTS,
  NEUTRAL,
  NEUTRAL_WORDS_UNSURE,
  PEOPLE_BY_KIND,
  REMEDY,
} from './orientation-words.ts'
import { PRICE_WORD, STOCK_MARKET } from './shared-words.ts'

const isGrowthRate = (s: TypedContext) => s.type === 'growth-rate'

/** The rules for the orientation, tried in order. The last rule fits every indicator. */
export const ORIENTATION_RULES: readonly Rule<Orientation, TypedContext>[] = [
  ...FLAG_ORIENTATION_RULES,
  {
    rule: 'neutral-types',
    value: 'neutral',
    when: (s) =>
      ['interest-rate', 'yield', 'threshold', 'elasticity', 'correlation', 'multiplier', 'allocation'].includes(s.type),
    because: 'Interest, yields, thresholds and statistics depend on the side one takes.',
  },
  {
    rule: 'hours-and-terms',
    value: 'neutral',
    when: (s) =>
      s.type === 'duration' &&
      /\bhours\b|\bmaturity\b|\bgrace\b|\bduration\b|\bworkweek\b/.test(s.head) &&
      !/\bchildren\b|\btime to\b/.test(s.head),
    sure: false,
    because: 'It is not known whether more time is better.',
  },
  {
    rule: 'temperature',
    value: 'neutral',
    when: (s) => s.type === 'other',
    sure: (s) => s.unit.kind === 'temperature',
    because: 'Temperature is neither good nor bad.',
  },
  {
    rule: 'volatility',
    value: 'lower-is-positive',
    when: (s) => s.type === 'volatility',
    sure: (s) => /\bvix\b|\bmarket\b|\bindex\b/.test(s.head),
    because: 'Fluctuation is bad (ruling 12: VIX).',
  },
  {
    rule: 'gap',
    value: 'neutral',
    when: (s) => s.type === 'gap' && /\boutput\b|\binflation\b|\bcredit\b/.test(s.head),
    because: 'The output gap is neutral (ruling 12).',
  },
  {
    rule: 'gap-of-people',
    value: 'lower-is-positive',
    when: (s) => s.type === 'gap',
    sure: (s) => /\bpoverty\b|\bgender\b|\bpay\b|\bwage\b/.test(s.head),
    because: 'A smaller gap is better.',
  },
  {
    rule: 'spread',
    value: 'neutral',
    when: (s) => s.type === 'spread',
    because: 'A spread depends on the side one takes.',
  },
  {
    rule: 'chance-of-survival',
    value: 'higher-is-positive',
    when: (s) => s.type === 'probability' && /\bsurvival\b/.test(s.name),
    because: 'A longer life is better.',
  },
  {
    rule: 'chance-of-harm',
    value: 'lower-is-positive',
    when: (s) =>
      s.type === 'probability' &&
      (BAD.test(s.name) || /\bdeath\b|\bmortality\b|\bloss\b|\brisk\b|\bcrisis\b/.test(s.name)),
    because: 'It is the chance of a harm.',
  },
  {
    rule: 'chance',
    value: 'neutral',
    when: (s) => s.type === 'probability',
    sure: false,
    because: 'It is not known whether the event is bad.',
  },
  ...INDEX_ORIENTATION_RULES,
  {
    rule: 'capacity',
    value: 'higher-is-positive',
    when: (s) => s.type === 'capacity',
    because: 'More capacity is better.',
  },
  {
    rule: 'minimum-wage-or-pay',
    value: 'higher-is-positive',
    when: (s) =>
      s.type === 'price' && /\bwages?\b|\bearnings\b|\bsalar|\bpay\b|\bremuneration\b|\bcompensation\b/.test(s.head),
    because: 'Pay is income.',
  },
  {
    rule: 'cost-of-trading',
    value: 'lower-is-positive',
    when: (s) => s.type === 'price' && /^costs? (?:to|of)\b/.test(s.head),
    sure: false,
    because: 'Lower costs are better.',
  },
  {
    rule: 'price',
    value: 'neutral',
    when: (s) => s.type === 'price',
    sure: (s) => !/\bshare price\b|\bstock price\b/.test(s.head),
    because: 'Prices and exchange rates depend on the side one takes.',
  },
  {
    rule: 'price-change',
    value: 'neutral',
    when: (s) =>
      isGrowthRate(s) &&
      (PRICE_WORD.test(s.head) ||
        /\bprice index\b|\bdeflator\b/.test(s.name) ||
        /\bdeflation\b|\blabou?r costs?\b|\bemployment cost\b/.test(s.head)) &&
      !STOCK_MARKET.test(s.head),
    because: 'Inflation and price changes are neutral.',
  },
  {
    rule: 'stock-market-change',
    value: 'higher-is-positive',
    when: (s) => isGrowthRate(s) && STOCK_MARKET.test(s.head),
    because: 'A rising stock market is good (ruling 12).',
  },
  {
    rule: 'inflation-expected',
    value: 'neutral',
    when: (s) =>
      s.type === 'sentiment' && /\binflation\b|\bprices?\b|\binterest\b|\bcredit standards\b|\btighten/.test(s.head),
    sure: false,
    because: 'Expected inflation is neutral.',
  },
  {
    rule: 'opinion',
    value: 'higher-is-positive',
    when: (s) => s.type === 'sentiment',
    because: 'More confidence is better.',
  },
  ...SHARE_ORIENTATION_RULES,
  {
    rule: 'remedy',
    value: 'higher-is-positive',
    when: (s) =>
      REMEDY.test(s.head) &&
      !/\bbinding\b/.test(s.head) &&
      (s.isPercent || s.type === 'ratio' || s.type === 'index' || /\bvaccin/.test(s.head)),
    sure: (s) => s.head.includes('coverage') || !/\bbenefits?\b|\bforgiv|\bincidence\b|\bbinding\b/.test(s.head),
    because: 'Help, access and coverage are good.',
  },
  ...MONEY_ORIENTATION_RULES,
  {
    rule: 'bad',
    value: 'lower-is-positive',
    when: (s) => BAD.test(s.head),
    sure: (s) => !BAD_UNSURE.test(s.head),
    because: 'The name says something bad for the people.',
  },
  {
    rule: 'government-part',
    value: 'neutral',
    when: (s) => GOVERNMENT_PARTS.test(s.head),
    sure: (s) => !/\bcompensation\b/.test(s.head) || /\bexpense\b/.test(s.whole),
    because: 'Government spending is neutral.',
  },
  {
    rule: 'female-or-age-share',
    value: 'neutral',
    when: (s) => s.type === 'share' && !GOOD.test(s.head),
    sure: (s) => s.whole !== '',
    because: 'Most shares are neutral.',
  },
  {
    rule: 'achievement-of-people',
    value: 'higher-is-positive',
    when: (s) =>
      s.type === 'percentage' &&
      GOOD.test(s.head) &&
      !/\btax(?:es)?\b/.test(s.head) &&
      (s.whole !== '' || !NEUTRAL.test(s.head)),
    sure: (s) => !NEUTRAL.test(s.head),
    because: 'It is an achievement of people or a rate that is better higher.',
  },
  {
    rule: 'neutral-words',
    value: 'neutral',
    when: (s) => NEUTRAL.test(s.head) && !/\bforeign exchange reserves\b/.test(s.head),
    sure: (s) =>
      !(s.type === 'percentage' && s.whole !== '' && !/\bprofit/.test(s.whole)) && !NEUTRAL_WORDS_UNSURE.test(s.head),
    because: 'It depends on the side one takes or on the level.',
  },
  {
    rule: 'good',
    value: 'higher-is-positive',
    when: (s) => GOOD.test(s.head),
    sure: (s) =>
      s.type === 'growth-rate' ||
      // A longer duration is good where it is life or schooling. "Days sales outstanding" names sales, and yet more days are
      // not better.
      (s.type === 'duration' && /\blife expectancy\b|\bschooling\b/.test(s.head)) ||
      (s.type !== 'duration' &&
        !/\bconstruction\b|\bfrom (?:coal|oil|gas|nuclear|fossil)|\bexpenditures?\b|\bspending\b|\bhospital\b(?! beds?)|\bforeign assets\b/.test(
          s.head,
        )) ||
      GOOD_SURE.test(s.head),
    because: 'More of it is better for the people.',
  },
  {
    rule: 'people-by-kind',
    value: 'neutral',
    when: (s) => PEOPLE_BY_KIND.test(s.head),
    sure: (s) => !/\brefugee|\bimmigrants\b/.test(s.head) && s.type !== 'percentage',
    because: 'How many people there are is neither good nor bad.',
  },
  {
    rule: 'not-known-to-be-good',
    value: 'neutral',
    when: () => true,
    sure: false,
    because: 'The name holds no word that is known to be good or bad.',
  },
]
