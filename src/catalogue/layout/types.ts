/** The ways in which a table lays out its records. */
import type { ColumnProfile } from '../mapping/profile.ts'
import type { DecimalMark } from './observations.ts'
import type { Period } from './periods.ts'

/** How the observations of a table are written. */
export interface Notation {
  readonly mark: DecimalMark
  /** What stands first in days such as 1/2/2024. */
  readonly order: 'day' | 'month'
}

/** Each row is a record. */
export interface LongLayout {
  readonly kind: 'long'
}

/** Each row is a record, whose observations stand in columns that are named by periods. */
export interface WideLayout extends Notation {
  readonly kind: 'wide'
  readonly periods: readonly { readonly column: number; readonly period: Period }[]
  /** Columns that say something of the observations in the column of a period, such as "Y2020F". */
  readonly flags: readonly number[]
}

/** Each row is of a period. */
interface TimedLayout extends Notation {
  /** The column of the periods, or that of the years and that of the parts of the year. */
  readonly times: readonly number[]
}

/** Each row is a period, and each column a record. */
export interface WideRowsLayout extends TimedLayout {
  readonly kind: 'wide-rows'
  readonly series: readonly number[]
}

/** Each row is an observation, or one of each of several measures; rows with the same key are a record. */
export interface TallLayout extends TimedLayout {
  readonly kind: 'tall'
  readonly values: readonly number[]
  /** The columns that tell one series from the other. */
  readonly key: readonly number[]
}

export type Layout = LongLayout | WideLayout | WideRowsLayout | TallLayout

/** The columns that hold observations, or say something of single ones. */
export function observationColumns(layout: Layout): readonly number[] {
  switch (layout.kind) {
    case 'long':
      return []
    case 'wide':
      return [...layout.periods.map(({ column }) => column), ...layout.flags]
    case 'wide-rows':
      return [...layout.times, ...layout.series]
    case 'tall':
      return [...layout.times, ...layout.values]
  }
}

/** The columns of a table, with what they hold by the first rows. */
export interface TableSample {
  readonly columns: readonly string[]
  readonly profiles: readonly ColumnProfile[]
  readonly rows: readonly (readonly unknown[])[]
}
