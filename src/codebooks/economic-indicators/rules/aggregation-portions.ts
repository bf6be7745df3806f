/** The rules for the temporal aggregation of shares, ratios, percentages and counts. */
import type { TemporalAggregation } from '../types.ts'
import {
  EVENTS_EXCLUDED,
  EVENTS_PER_PEOPLE,
  FLOW_ABOVE,
  LABOUR_RATE,
  PEOPLE_SHARE_EXCLUDED,
  PORTION_OF_FLOW_SURE,
  PROCEDURES,
  STOCK_ABOVE,
  THINGS_PER_PEOPLE,
} from './aggregation-words.ts'
import type { Rule, TypedContext } from './context.ts'
import { isType, wholeItself } from './context.ts'
import { GDP, PEOPLE } from './portion-words.ts'
import { COUNTED_EVENT, COUNTED_STATE, DEBT } from './shared-words.ts'

const isPortion = isType('share', 'ratio')
const isPercentage = isType('percentage')

/** The rules for indicators of type share, ratio or percentage, tried in order. One of them fits every such indicator. */
export const PORTION_AGGREGATION_RULES: readonly Rule<TemporalAggregation, TypedContext>[] = [
  {
    rule: 'labour-rate',
    value: 'period-average',
    when: (s) => isPercentage(s) && LABOUR_RATE.test(s.head) && !/\bcoverage\b|\bbenefit\b|\badequacy\b/.test(s.head),
    because: 'Unemployment, participation, employment and utilisation are averages (ruling 1).',
  },
  {
    rule: 'portion-of-loans',
    value: 'point-in-time',
    when: (s) => isPercentage(s) && /\bdelinquen|\bnon-?performing\b/.test(s.head),
    because: 'Portions of loans are as at a date (ruling 37).',
  },
  {
    rule: 'other-percentage',
    value: 'not-applicable',
    when: isPercentage,
    sure: true,
    because: 'Other percentages have no period (ruling 1).',
  },
  {
    rule: 'grant-element',
    value: 'period-average',
    when: (s) => s.type === 'share' && s.head.includes('grant element'),
    because: 'The average grant element is an average (ruling 3).',
  },
  {
    rule: 'people-share',
    value: 'not-applicable',
    when: (s) =>
      s.type === 'share' &&
      (PEOPLE.test(wholeItself(s)) ||
        /\bcause of death\b/.test(s.head) ||
        (/^(?:total)?$/.test(s.whole) && PEOPLE.test(s.head) && !PEOPLE_SHARE_EXCLUDED.test(s.head)) ||
        /\btime\b/.test(s.whole) ||
        /\b(?:proportion|share|percentage) of countries\b/.test(s.head)),
    sure: true,
    because: 'Shares of people have no period (ruling 1).',
  },
  {
    rule: 'events-per-people',
    value: 'period-total',
    when: (s) =>
      s.type === 'ratio' &&
      (s.unit.kind === 'rate' || s.unit.kind === 'ratio') &&
      EVENTS_PER_PEOPLE.test(s.name) &&
      !/\bsex ratio\b/.test(s.head),
    sure: (s) => s.unit.kind === 'rate',
    because: 'Events per population are totals (ruling 7).',
  },
  {
    rule: 'things-per-people',
    value: 'not-applicable',
    when: (s) => s.type === 'ratio' && (s.unit.kind === 'rate' || THINGS_PER_PEOPLE.test(`${s.head} ${s.units}`)),
    sure: (s) => !/\bsex ratio\b/.test(s.head),
    because: 'Things that exist per population have no period (ruling 7).',
  },
  {
    rule: 'share-of-what-the-law-lists',
    value: 'not-applicable',
    when: (s) => isPortion(s) && /\btariff lines\b/.test(s.head),
    because: 'Rates set by law have no period.',
  },
  {
    rule: 'cost-of-a-procedure',
    value: 'not-applicable',
    when: (s) => s.type === 'ratio' && /^costs? (?:to|of)\b|: cost\b/.test(s.head),
    sure: false,
    because: 'The cost of a procedure has no period.',
  },
  {
    rule: 'ratio-of-labour-rates',
    value: 'period-average',
    when: (s) => s.type === 'ratio' && LABOUR_RATE.test(s.head) && /\bratio of\b/.test(s.head),
    sure: false,
    because: 'It divides two rates that are averages of the period (ruling 1).',
  },
  {
    rule: 'ratio-of-averages',
    value: 'period-average',
    when: (s) => s.type === 'ratio' && /\b(?:mean|average) annual\b|\bconcentrations?\b|\bprice level\b/.test(s.head),
    sure: false,
    because: 'Levels of prices and concentrations are averages of the period.',
  },
  {
    rule: 'portion-of-stock',
    value: 'point-in-time',
    when: (s) => isPortion(s) && STOCK_ABOVE.test(s.head) && !FLOW_ABOVE.test(s.head),
    sure: (s) =>
      !/\bnet\b(?! debt)/.test(s.head) &&
      (DEBT.test(s.head) || GDP.test(s.whole) || /\bloans?\b|\breserves\b|\bland\b/.test(`${s.head} ${s.whole}`)),
    because: 'A ratio or share of a stock is as at a date.',
  },
  {
    rule: 'portion-of-flow',
    value: 'period-total',
    when: isPortion,
    sure: (s) => !/^(?:total)?$/.test(s.whole) || PORTION_OF_FLOW_SURE.test(s.head),
    because: 'A ratio or share of flows is a total.',
  },
]

const isCount = isType('count')

/** The rules for indicators of type count, tried in order. The last rule fits every count. */
export const COUNT_AGGREGATION_RULES: readonly Rule<TemporalAggregation, TypedContext>[] = [
  {
    rule: 'procedures',
    value: 'not-applicable',
    when: (s) => isCount(s) && PROCEDURES.test(s.head),
    sure: (s) => s.head.includes('procedures'),
    because: 'Procedures have no period (ruling 11).',
  },
  {
    rule: 'counts-averaged',
    value: 'period-average',
    when: (s) =>
      isCount(s) && /\b(?:\d+[- ])?(?:week|month|day|weekly|monthly|daily) (?:moving )?average\b/.test(s.name),
    because: 'The name says average.',
  },
  {
    rule: 'events',
    value: 'period-total',
    when: (s) =>
      isCount(s) && COUNTED_EVENT.test(s.head) && !/\bspending more\b/.test(s.head) && !EVENTS_EXCLUDED.test(s.head),
    sure: (s) => !/\bin a typical\b|\bpushed below\b/.test(s.head),
    because: 'Events are summed over the period.',
  },
  {
    rule: 'what-exists',
    value: 'point-in-time',
    when: (s) => isCount(s) && COUNTED_STATE.test(s.head),
    sure: (s) => !/\bmigration\b|\bhospital/.test(s.head),
    because: 'People and things that exist are counted at a date.',
  },
  {
    rule: 'counted',
    value: 'period-total',
    when: isCount,
    sure: false,
    because: 'Counted things are taken as events of the period.',
  },
]
