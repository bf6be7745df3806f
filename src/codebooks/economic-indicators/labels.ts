/** The labels that readers and rules can give, for the compiler. A test holds them to the values in `codebook.yaml`. */

/** The groups of types, called families. Each type belongs to exactly one family. */
export const FAMILIES = [
  'physical-fundamental',
  'numeric-measurement',
  'price-value',
  'change-movement',
  'composite-derived',
  'temporal',
  'qualitative',
  'other',
] as const

/** The types, which say what an indicator measures. Where several types fit an indicator, the first in this list counts. */
export const TYPES = [
  'growth-rate',
  'gap',
  'volatility',
  'interest-rate',
  'yield',
  'spread',
  'price',
  'sentiment',
  'elasticity',
  'correlation',
  'multiplier',
  'index',
  'threshold',
  'duration',
  'probability',
  'allocation',
  'capacity',
  'balance',
  'share',
  'ratio',
  'percentage',
  'stock',
  'volume',
  'count',
  'flow',
  'other',
] as const

/** How a value relates to its period, such as the total or the average over it (the field `temporal_aggregation`). */
export const AGGREGATIONS = [
  'period-rate',
  'period-cumulative',
  'period-total',
  'period-average',
  'point-in-time',
  'not-applicable',
] as const

/** The time bases, which are a coarser form of the temporal aggregation: each aggregation has exactly one time basis. */
export const TIME_BASES = ['point-in-time', 'per-period', 'cumulative', 'not-applicable'] as const

/** Whether a higher value is good for the people of the country. */
export const ORIENTATIONS = ['higher-is-positive', 'lower-is-positive', 'neutral'] as const

/** What the unit of an indicator measures. */
export const UNIT_KINDS = [
  'currency',
  'percentage',
  'index',
  'ratio',
  'rate',
  'count',
  'duration',
  'physical',
  'temperature',
  'flag',
  'unknown',
] as const

/** The multipliers that a unit may have, such as 1e6 for millions; 1e5 is a lakh and 1e7 a crore. */
export const UNIT_SCALES = [1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e12] as const

/** How often a series has a value. */
export const FREQUENCIES = [
  'daily',
  'weekly',
  'monthly',
  'quarterly',
  'semiannual',
  'annual',
  'irregular',
  'unknown',
] as const

/** Whether the values of a series add up over time, and whether they start again each year. */
export const CUMULATIVE_PATTERNS = ['none', 'year-to-date', 'running-total', 'unknown'] as const
