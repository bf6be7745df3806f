/** The rules for the temporal aggregation, which run after the type of an indicator is decided. */
import type { TemporalAggregation } from '../types.ts'
import { COUNT_AGGREGATION_RULES, PORTION_AGGREGATION_RULES } from './aggregation-portions.ts'
import { INDEX_AGGREGATION_RULES, PRICE_AGGREGATION_RULES } from './aggregation-prices.ts'
import {
  GAP_OR_PLAN_OF_FLOWS,
  LIFE_TABLE_CHANCE,
  NET_POSITION_AT_A_DATE,
  TIME_NOT_OF_A_PERIOD_SURE,
  TIME_WORKED,
  VOLUME_SUMMED_UNSURE,
} from './aggregation-words.ts'
import type { Rule, TypedContext } from './context.ts'
import { isType } from './context.ts'

/** The rules for the temporal aggregation, tried in order. The last rule fits every indicator. */
export const AGGREGATION_RULES: readonly Rule<TemporalAggregation, TypedContext>[] = [
  {
    rule: 'growth-is-a-rate',
    value: 'period-rate',
    when: isType('growth-rate'),
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
    rule: 'stock-averaged',
    value: 'period-average',
    when: (s) =>
      s.type === 'stock' &&
      /\baverage amounts? outstanding\b|\b(?:week|month|quarter|daily|weekly|monthly) averages?\b/.test(s.name),
    sure: false,
    because: 'The name says that the amounts are averaged over the period.',
  },
  {
    rule: 'prices-money-rates-at-a-date',
    value: 'point-in-time',
    when: (s) =>
      isType('yield', 'spread', 'capacity', 'stock')(s) ||
      (s.type === 'interest-rate' && !/\baverage interest\b(?! rates?)|\bcommitments\b/.test(s.head)),
    because: 'Rates, yields, spreads, stocks and capacities are as at a date.',
  },
  {
    rule: 'average-interest',
    value: 'period-average',
    when: isType('interest-rate'),
    sure: false,
    because: 'It is the average over the loans of the period.',
  },
  {
    rule: 'opinion-over-period',
    value: 'period-average',
    when: isType('sentiment'),
    because: 'Sentiment is the mean over the survey period.',
  },
  {
    rule: 'set-by-law',
    value: 'not-applicable',
    when: isType('threshold', 'elasticity', 'multiplier'),
    sure: (s) => s.type === 'threshold' || !/\bmoney\b/.test(s.head),
    because: 'No period matters for thresholds and statistics.',
  },
  {
    rule: 'correlation',
    value: 'not-applicable',
    when: isType('correlation'),
    sure: false,
    because: 'A correlation is a statistic of a whole sample.',
  },
  {
    rule: 'volatility',
    value: 'point-in-time',
    when: isType('volatility'),
    sure: (s) => /\bvix\b|\bimplied\b|\bindex\b/.test(s.name),
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
    when: isType('probability'),
    because: 'A forecast chance is as at a date (ruling 7).',
  },
  {
    rule: 'gap-or-plan-of-flows',
    value: 'period-total',
    when: (s) =>
      (s.type === 'gap' && GAP_OR_PLAN_OF_FLOWS.test(s.name) && !/\bpoverty\b|\bcredit\b/.test(s.name)) ||
      (s.type === 'allocation' &&
        !/\bportfolio\b|\bassets?\b|\bpension fund|\bequit|\bbonds?\b/.test(`${s.name} ${s.units}`) &&
        /\bbudget|\bspending|\bexpenditure|\baid\b|\bfunds?\b/.test(s.name)),
    because: 'A gap and an allocation of flows are totals (ruling 11).',
  },
  {
    rule: 'gap-or-plan-of-states',
    value: 'point-in-time',
    when: isType('gap', 'allocation'),
    sure: (s) => /\bportfolio\b|\basset\b|\bpoverty gap\b|\bpay gap\b/.test(s.head),
    because: 'A gap and an allocation of states are as at a date (ruling 11).',
  },
  ...PRICE_AGGREGATION_RULES,
  ...INDEX_AGGREGATION_RULES,
  {
    rule: 'time-worked-by-all',
    value: 'period-total',
    when: (s) => s.type === 'duration' && s.unit.scale > 1 && /\bhours\b/.test(s.name),
    sure: false,
    because: 'The hours of all people together are summed over the period.',
  },
  {
    rule: 'time-worked',
    value: 'period-average',
    when: (s) =>
      s.type === 'duration' && TIME_WORKED.test(s.name) && !/\btime (?:to|required|spent)\b|\bdelay\b/.test(s.name),
    sure: (s) => /\bhours\b/.test(s.head),
    because: 'Hours worked are the mean over the period.',
  },
  {
    rule: 'time-not-of-a-period',
    value: 'not-applicable',
    when: isType('duration'),
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
    when: (s) => isType('volume', 'flow', 'count')(s) && s.unit.per === 'day',
    because: 'Quantities per day are averages.',
  },
  {
    rule: 'summed',
    value: 'period-total',
    when: isType('flow', 'balance'),
    because: 'Flows and balances of flows are summed over the period.',
  },
  {
    rule: 'volume-summed',
    value: 'period-total',
    when: isType('volume'),
    sure: (s) => !VOLUME_SUMMED_UNSURE.test(s.head),
    because: 'Volumes are summed over the period.',
  },
  ...PORTION_AGGREGATION_RULES,
  ...COUNT_AGGREGATION_RULES,
  {
    rule: 'temperature',
    value: 'period-average',
    when: (s) => s.unit.kind === 'temperature',
    because: 'Temperature is a mean over the period.',
  },
  {
    rule: 'no-period',
    value: 'not-applicable',
    when: () => true,
    sure: (s) => s.unit.kind === 'flag',
    because: 'No period matters for flags and for indicators of type other.',
  },
]
