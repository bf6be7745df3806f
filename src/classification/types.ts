/**
 * The words of the domain as types. Nothing here runs: values live in `codebook.ts`, and every other folder may
 * import this file.
 */
import type {
  AGGREGATIONS,
  CUMULATIVE_PATTERNS,
  DECIDED_FIELDS,
  FAMILIES,
  FREQUENCIES,
  ORIENTATIONS,
  TIME_BASES,
  TYPES,
  UNIT_KINDS,
} from './codebook.ts'

export type IndicatorType = (typeof TYPES)[number]
export type Family = (typeof FAMILIES)[number]
export type TemporalAggregation = (typeof AGGREGATIONS)[number]
export type TimeBasis = (typeof TIME_BASES)[number]
export type Orientation = (typeof ORIENTATIONS)[number]
export type UnitKind = (typeof UNIT_KINDS)[number]
export type Frequency = (typeof FREQUENCIES)[number]
export type CumulativePattern = (typeof CUMULATIVE_PATTERNS)[number]

/** One sample value of a series. `date` is ISO `YYYY-MM-DD`, the first day where the source named a month, quarter or year. */
export interface SamplePoint {
  readonly date: string
  readonly value: number
}

/** One checked and normalised input series. Optional text is absent, never empty. */
export interface Indicator {
  readonly indicator_id: string
  readonly name: string
  readonly units?: string
  readonly periodicity?: string
  readonly description?: string
  readonly long_name?: string
  readonly category_group?: string
  readonly dataset?: string
  readonly topic?: string
  readonly aggregation_method?: string
  readonly scale?: string
  readonly currency_code?: string
  readonly country?: string
  readonly source_name?: string
  readonly source_url?: string
  /** Sorted by date, one value a date. */
  readonly sample_values: readonly SamplePoint[]
}

export interface Unit {
  readonly kind: UnitKind
  /** Multiplier of one unit: 1, 1e2, 1e3, 1e5, 1e6, 1e7, 1e8, 1e9, 1e12. */
  readonly scale: number
  /** ISO 4217 code, `LCU`, `INTL`, or null. */
  readonly currency: string | null
  /** What one unit is divided by, such as "barrel" or "1000 people", or null. */
  readonly per: string | null
}

export interface Cumulative {
  readonly pattern: CumulativePattern
  /** Month (1 to 12) in which a year-to-date series starts anew, else null. */
  readonly reset_month: number | null
}

/** What a rule says of one field: always a best answer, `sure` only where the rule is to be trusted alone. */
export interface FieldReading<T> {
  readonly value: T
  readonly sure: boolean
  /** Stable kebab-case name of the rule, such as "name-growth-rate". */
  readonly rule: string
  /** One short sentence a person can check. */
  readonly because: string
}

/** Everything that the rules read from one indicator. */
export interface RuleReading {
  readonly unit: FieldReading<Unit>
  readonly frequency: FieldReading<Frequency>
  readonly cumulative: FieldReading<Cumulative>
  readonly type: FieldReading<IndicatorType>
  readonly temporal_aggregation: FieldReading<TemporalAggregation>
  readonly orientation: FieldReading<Orientation>
}

/** The three fields that a model may decide. */

export type DecidedField = (typeof DECIDED_FIELDS)[number]

/** The decided fields of one answer, whoever gave it. Confidences are 0 to 1. */
export interface Decision {
  readonly type: IndicatorType
  readonly temporal_aggregation: TemporalAggregation
  readonly orientation: Orientation
  readonly confidence: Readonly<Record<DecidedField, number>>
  readonly reason: string
}

export type Source = 'rules' | 'reuse' | 'model' | 'escalation' | 'person'
export type Status = 'accepted' | 'needs-review'
export type Mode = 'rules' | 'hybrid' | 'model'

/** A validation finding, returned as data. `code` is stable kebab-case. */
export interface Issue {
  readonly code: string
  readonly message: string
}

/** The validated result for one indicator: the one shape of API, export and status. */
export interface Classification {
  readonly indicator_id: string
  readonly name: string
  readonly type: IndicatorType
  readonly family: Family
  readonly temporal_aggregation: TemporalAggregation
  readonly time_basis: TimeBasis
  readonly orientation: Orientation
  readonly unit: Unit
  readonly frequency: Frequency
  readonly cumulative: Cumulative
  /** 0 to 1, the least of the decided fields. */
  readonly confidence: number
  readonly source: Source
  readonly status: Status
  readonly issues: readonly Issue[]
  readonly reason: string
  /** The model that answered, as the endpoint named it; null where no model had a part. */
  readonly model: string | null
  readonly codebook_version: string
  readonly prompt_version: string
  readonly run_id: string
  /** ISO 8601, UTC. */
  readonly classified_at: string
}
