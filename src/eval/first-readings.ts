/** Scores the first readings that a gold file keeps: what the rules read of a row before they were tuned on it. */
import { DECIDED_FIELDS, perDecidedField } from '../classification/codebook.ts'
import type { DecidedField } from '../classification/types.ts'
import type { GoldRow } from './gold-file.ts'
import { round } from './statistics.ts'

/** The score of first readings. The property names are fixed, because they stand in the JSON report. */
export interface FirstReadingScore {
  readonly n: number
  readonly accuracy: Readonly<Record<DecidedField, number>>
  /** Coverage and precision of the readings in which the rules were sure of type, temporal aggregation and orientation. */
  readonly sure: { readonly coverage: number; readonly precision: number | null }
}

/** Scores the rows that keep a first reading; null where no row keeps one. */
export function scoreFirstReadings(rows: readonly GoldRow[]): FirstReadingScore | null {
  const kept = rows.flatMap(({ labels, firstReading }) =>
    firstReading === undefined ? [] : [{ labels, firstReading }],
  )
  if (kept.length === 0) return null
  const isRight = ({ labels, firstReading }: (typeof kept)[number], field: DecidedField) =>
    firstReading[field][0] === labels[field]
  const portionRight = (field: DecidedField) => round(kept.filter((row) => isRight(row, field)).length / kept.length)
  const sure = kept.filter(({ firstReading }) => DECIDED_FIELDS.every((field) => firstReading[field][1]))
  const sureRight = sure.filter((row) => DECIDED_FIELDS.every((field) => isRight(row, field)))
  return {
    n: kept.length,
    accuracy: perDecidedField(portionRight),
    sure: {
      coverage: round(sure.length / kept.length),
      precision: sure.length === 0 ? null : round(sureRight.length / sure.length),
    },
  }
}
