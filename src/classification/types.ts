/** The types of indicators, of what rules read from them and of classification results, for every folder of the service. */
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

/** One sample value of a series. */
export interface SamplePoint {
  /** The date as ISO 8601, `YYYY-MM-DD`. A month, quarter or year is named by its first day. */
  readonly date: string
  readonly value: number
}

/**
 * One economic indicator (a time series) after checking and normalising. An optional text is absent rather than empty.
 */
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
  /** The sample values, sorted by date, with at most one value a date. */
  readonly sample_values: readonly SamplePoint[]
}

/** The unit in which the values of an indicator are measured. */
export interface Unit {
  readonly kind: UnitKind
  /** The number by which a value has to be multiplied, such as 1e6 for "USD Million"; one of UNIT_SCALES. */
  readonly scale: number
  /**
   * The currency of the unit: an ISO 4217 code, `LCU` for "national currency", `INTL` for international (PPP) dollars, or
   * null where the unit is no money.
   */
  readonly currency: string | null
  /** The name of what the unit is divided by, such as "barrel" or "1000 people", or null where there is no divisor. */
  readonly per: string | null
}

/** Whether the values of a series add up over time. */
export interface Cumulative {
  readonly pattern: CumulativePattern
  /** The month (1 to 12) in which a year-to-date series starts again from zero; null for every other pattern. */
  readonly reset_month: number | null
}

/** What the rules read for one field of an indicator. The journal of a batch fixes the property names. */
export interface FieldReading<T> {
  /** The best answer of the rules, given even where they are not sure of it. */
  readonly value: T
  /** True where the value may stand without asking a model. */
  readonly sure: boolean
  /** The kebab-case name of the rule that gave the value, such as "name-growth-rate". Names stay the same over releases. */
  readonly rule: string
  /** One short sentence that explains the value to a person who checks it. */
  readonly because: string
}

/** What the rules read for all fields of one indicator. */
export interface RuleReading {
  readonly unit: FieldReading<Unit>
  readonly frequency: FieldReading<Frequency>
  readonly cumulative: FieldReading<Cumulative>
  readonly type: FieldReading<IndicatorType>
  readonly temporal_aggregation: FieldReading<TemporalAggregation>
  readonly orientation: FieldReading<Orientation>
}

export type DecidedField = (typeof DECIDED_FIELDS)[number]

/** One answer to the fields that a model may decide, given by a model or a person, or taken from a stored result. */
export interface Decision {
  readonly type: IndicatorType
  readonly temporal_aggregation: TemporalAggregation
  readonly orientation: Orientation
  /** The stated confidence for each field, 0 to 1. */
  readonly confidence: Readonly<Record<DecidedField, number>>
  readonly reason: string
}

/** The origin of a result: rules, a stored answer to the same question, the first or the escalation model, or a person. */
export type Source = 'rules' | 'reuse' | 'model' | 'escalation' | 'person'
export type Status = 'accepted' | 'needs-review'
/**
 * The mode of a batch, which says which fields rules decide: all (`rules`), those that the rules are sure of (`hybrid`), or
 * none (`model`).
 */
export type Mode = 'rules' | 'hybrid' | 'model'

/** One reason why a person should look at a result again, such as a finding of the validation. */
export interface Issue {
  /** The kebab-case name of the reason, such as "low-confidence". Names stay the same over releases. */
  readonly code: string
  readonly message: string
}

/** The validated result for one indicator. API, export and database all use these property names. */
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
  /** The lowest confidence among type, temporal aggregation and orientation, 0 to 1. */
  readonly confidence: number
  readonly source: Source
  readonly status: Status
  readonly issues: readonly Issue[]
  readonly reason: string
  /** The model's name as its endpoint returned it; null where no model took part in the result. */
  readonly model: string | null
  readonly codebook_version: string
  readonly prompt_version: string
  readonly run_id: string
  /** The time of classification, as ISO 8601 in UTC. */
  readonly classified_at: string
}
