/** Checks whether the fields of one result fit together, and returns each contradiction as a finding with a stable code. */
import type { Classification, IndicatorType, Issue, TemporalAggregation, UnitKind } from './types.ts'

export type CheckedFields = Pick<
  Classification,
  'type' | 'temporal_aggregation' | 'orientation' | 'unit' | 'frequency' | 'cumulative'
>

/**
 * The codes of findings that contradict the codebook, so that a person has to review the result. A finding with any other
 * code is noted and the result stands.
 */
export const BLOCKING_CODES: ReadonlySet<string> = new Set([
  'growth-rate-not-period-rate',
  'period-rate-not-growth-rate',
  'count-in-currency',
  'flow-in-index',
  'amount-in-percentage',
  'period-type-at-a-point',
  'stock-summed-over-period',
])

/** A check of one pair of fields that may contradict each other. */
interface Check {
  readonly code: string
  readonly fails: (fields: CheckedFields) => boolean
  readonly message: (fields: CheckedFields) => string
}

/** Types whose values can be summed over time, so that a year-to-date series of them is period-cumulative. */
const SUMMED: ReadonlySet<IndicatorType> = new Set(['flow', 'volume', 'count', 'balance'])
/** Types that are amounts of money or of a physical quantity, which a percentage is not. */
const AMOUNTS: ReadonlySet<IndicatorType> = new Set(['stock', 'flow', 'volume', 'balance'])
/** Types that are never measured in money. */
const MONEYLESS: ReadonlySet<IndicatorType> = new Set([
  'interest-rate',
  'yield',
  'sentiment',
  'elasticity',
  'correlation',
  'index',
  'duration',
  'probability',
  'percentage',
])
/** The aggregations that an indicator of type threshold may have, which is a limit set by law or rule. */
const TIMELESS_OR_POINT: ReadonlySet<TemporalAggregation> = new Set(['not-applicable', 'point-in-time'])

const CHECKS: readonly Check[] = [
  {
    code: 'growth-rate-not-period-rate',
    fails: (f) => f.type === 'growth-rate' && f.temporal_aggregation !== 'period-rate',
    message: (f) => `a growth-rate is a period-rate, not ${f.temporal_aggregation}`,
  },
  {
    code: 'period-rate-not-growth-rate',
    fails: (f) => f.temporal_aggregation === 'period-rate' && f.type !== 'growth-rate',
    message: (f) => `only a growth-rate is a period-rate, and the type is ${f.type}`,
  },
  {
    code: 'count-in-currency',
    fails: (f) => f.type === 'count' && isKind(f, 'currency'),
    message: () => 'things are counted, but the units are money',
  },
  {
    code: 'amount-in-percentage',
    fails: (f) => AMOUNTS.has(f.type) && isKind(f, 'percentage'),
    message: (f) => `a ${f.type} is an amount, but the units are a percentage`,
  },
  {
    code: 'flow-in-index',
    fails: (f) => f.type === 'flow' && isKind(f, 'index'),
    message: () => 'a flow is money, but the units are an index',
  },
  {
    code: 'period-type-at-a-point',
    fails: (f) => (f.type === 'flow' || f.type === 'volume') && f.temporal_aggregation === 'point-in-time',
    message: (f) => `a ${f.type} happens over a period, not at a point in time`,
  },
  {
    code: 'stock-summed-over-period',
    fails: (f) => f.type === 'stock' && f.temporal_aggregation === 'period-total',
    message: () => 'a stock exists at a date and is not summed over a period',
  },
  {
    code: 'year-to-date-not-cumulative',
    fails: (f) =>
      f.cumulative.pattern === 'year-to-date' && SUMMED.has(f.type) && f.temporal_aggregation !== 'period-cumulative',
    message: (f) => `the values add up and start again each year, but the aggregation is ${f.temporal_aggregation}`,
  },
  {
    code: 'cumulative-without-pattern',
    fails: (f) => f.temporal_aggregation === 'period-cumulative' && f.cumulative.pattern === 'none',
    message: () => 'the aggregation is period-cumulative, but the sample values do not accumulate',
  },
  {
    code: 'money-units-for-type',
    fails: (f) => MONEYLESS.has(f.type) && isKind(f, 'currency'),
    message: (f) => `the units are money, which a ${f.type} is not measured in`,
  },
  {
    code: 'price-not-in-money',
    fails: (f) => f.type === 'price' && (isKind(f, 'percentage') || isKind(f, 'index')),
    message: (f) => `a price is money, but the units are ${f.unit.kind}`,
  },
  {
    code: 'flag-not-other',
    fails: (f) => isKind(f, 'flag') && f.type !== 'other',
    message: (f) => `a yes/no flag is of type other, not ${f.type}`,
  },
  {
    code: 'threshold-over-period',
    fails: (f) => f.type === 'threshold' && !TIMELESS_OR_POINT.has(f.temporal_aggregation),
    message: (f) => `a limit set by rule has no ${f.temporal_aggregation}`,
  },
]

/** Returns the findings about a result in a fixed order; empty where its fields fit together. */
export function validate(fields: CheckedFields): Issue[] {
  return CHECKS.filter((check) => check.fails(fields)).map(({ code, message }) => ({ code, message: message(fields) }))
}

/** Whether one of the issues alone proves that a field of the result is wrong. */
export function isBlocked(issues: readonly Issue[]): boolean {
  return issues.some((issue) => BLOCKING_CODES.has(issue.code))
}

function isKind(fields: CheckedFields, kind: UnitKind): boolean {
  return fields.unit.kind === kind
}
