/** What the rules said of gold rows before anybody had tuned them on those: the part of a tuned-on file that is honest. */
import { DECIDED_FIELDS } from '../classification/codebook.ts'
import type { DecidedField } from '../classification/types.ts'
import type { GoldRow } from './gold-file.ts'
import { round } from './statistics.ts'

export interface FirstReadingScore {
  readonly n: number
  readonly accuracy: Readonly<Record<DecidedField, number>>
  /** Of type, temporal_aggregation and orientation together. */
  readonly sure: { readonly coverage: number; readonly precision: number | null }
}

/** Null where no row of the file keeps a first reading. */
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
    accuracy: {
      type: portionRight('type'),
      temporal_aggregation: portionRight('temporal_aggregation'),
      orientation: portionRight('orientation'),
    },
    sure: {
      coverage: round(sure.length / kept.length),
      precision: sure.length === 0 ? null : round(sureRight.length / sure.length),
    },
  }
}
