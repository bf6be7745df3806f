/** The types of economic indicators: their labels, and what readers and rules read of one indicator before it is made flat. */
import type { AGGREGATIONS, CUMULATIVE_PATTERNS, FREQUENCIES, ORIENTATIONS, TYPES, UNIT_KINDS } from './labels.ts'

export type { Indicator, Reading, SamplePoint } from '../types.ts'

export type IndicatorType = (typeof TYPES)[number]
export type TemporalAggregation = (typeof AGGREGATIONS)[number]
export type Orientation = (typeof ORIENTATIONS)[number]
export type UnitKind = (typeof UNIT_KINDS)[number]
export type Frequency = (typeof FREQUENCIES)[number]
export type CumulativePattern = (typeof CUMULATIVE_PATTERNS)[number]

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

/** What the rules read for one part of an indicator. Journals of earlier releases hold it under these property names. */
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

/** What the rules read of one indicator. Journals of earlier releases hold it under these property names. */
export interface RuleReading {
  readonly unit: FieldReading<Unit>
  readonly frequency: FieldReading<Frequency>
  readonly cumulative: FieldReading<Cumulative>
  readonly type: FieldReading<IndicatorType>
  readonly temporal_aggregation: FieldReading<TemporalAggregation>
  readonly orientation: FieldReading<Orientation>
}
