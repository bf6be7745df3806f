/** The rules for the orientation of indices, scores and ranks. */
import type { Orientation } from '../types.ts'
import type { Rule, TypedContext } from './context.ts'
import { BAD, BAD_SCORE, GOOD, GOOD_SCORE, PRICE_LEVEL, SCALE_SAYS_BEST } from './orientation-words.ts'
import { PRICE_WORD, STOCK_MARKET } from './shared-words.ts'

const isIndex = (s: TypedContext) => s.type === 'index'

/** The rules for indicators of type index, tried in order. The last rule fits every index. */
export const INDEX_ORIENTATION_RULES: readonly Rule<Orientation, TypedContext>[] = [
  {
    rule: 'rank',
    value: 'lower-is-positive',
    when: (s) =>
      isIndex(s) &&
      (/\b(?<!percentile )rank(?:ing)?s?\b|\bease of doing business\b(?! score)/.test(s.name) ||
        /\b1 ?= ?(?:most|best|highest)/.test(s.units)),
    because: 'Rank one is the best.',
  },
  {
    rule: 'scale-says-best',
    value: 'higher-is-positive',
    when: (s) => isIndex(s) && SCALE_SAYS_BEST.test(s.units),
    because: 'The scale says that higher is better.',
  },
  {
    rule: 'bad-score',
    value: 'lower-is-positive',
    when: (s) => isIndex(s) && BAD_SCORE.test(s.head),
    because: 'The score counts something bad.',
  },
  {
    rule: 'corruption-score',
    value: 'higher-is-positive',
    when: (s) => isIndex(s) && /\bcorruption\b/.test(s.head),
    because: 'The corruption index counts upwards.',
  },
  {
    rule: 'stock-market',
    value: 'higher-is-positive',
    when: (s) => isIndex(s) && STOCK_MARKET.test(s.head),
    because: 'A stock-market index is better higher (ruling 12).',
  },
  {
    rule: 'price-level',
    value: 'neutral',
    when: (s) =>
      isIndex(s) &&
      (PRICE_WORD.test(s.head) || PRICE_LEVEL.test(s.head) || /\bprice index\b|\bdeflator\b/.test(s.name)),
    because: 'Price levels are neutral.',
  },
  {
    rule: 'score',
    value: 'higher-is-positive',
    when: (s) => isIndex(s) && GOOD_SCORE.test(s.head),
    sure: (s) => !/\bclimate\b/.test(s.head),
    because: 'Higher scores are better.',
  },
  {
    rule: 'bad-index',
    value: 'lower-is-positive',
    when: (s) => isIndex(s) && BAD.test(s.head),
    sure: false,
    because: 'The index counts something bad.',
  },
  {
    rule: 'activity',
    value: 'higher-is-positive',
    when: isIndex,
    sure: (s) => GOOD.test(s.head) || /\bfed\b|\bism\b|\bchicago\b|\bbusiness\b|\bservices\b/.test(s.head),
    because: 'More activity is better.',
  },
]
