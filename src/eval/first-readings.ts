/** Scores the first readings that a gold file keeps: what the rules read of a row before they were tuned on it. */
import { isSameLabel } from '../classification/fields.ts'
import type { Field } from '../codebooks/codebook.ts'
import type { FirstReading, GoldRow } from './gold-file.ts'
import { round } from './statistics.ts'

/** The score of first readings. The property names are fixed, because they stand in the JSON report. */
export interface FirstReadingScore {
  readonly n: number
  /** The part of the readings that is right, by field. */
  readonly accuracy: Readonly<Record<string, number>>
  /** Coverage and precision of the readings in which the rules were sure of every field that they read. */
  readonly sure: { readonly coverage: number; readonly precision: number | null }
}

interface Kept {
  readonly labels: GoldRow['labels']
  readonly firstReading: FirstReading
  /** The names of the fields that were read and that a person labelled. */
  readonly names: readonly string[]
}

/** Scores the rows that keep a first reading of a scored field; null where no row keeps one. */
export function scoreFirstReadings(rows: readonly GoldRow[], fields: readonly Field[]): FirstReadingScore | null {
  const kept = rows.flatMap(({ labels, firstReading = {} }): Kept[] => {
    const names = fields.flatMap(({ name }) => (name in firstReading && name in labels ? [name] : []))
    return names.length === 0 ? [] : [{ labels, firstReading, names }]
  })
  if (kept.length === 0) return null
  const accuracy = fields.flatMap(({ name }) => {
    const read = kept.filter(({ names }) => names.includes(name))
    return read.length === 0 ? [] : [[name, round(read.filter((row) => isRight(row, name)).length / read.length)]]
  })
  const sure = kept.filter(({ firstReading, names }) => names.every((name) => firstReading[name]?.[1] === true))
  const sureRight = sure.filter((row) => row.names.every((name) => isRight(row, name)))
  return {
    n: kept.length,
    accuracy: Object.fromEntries(accuracy),
    sure: {
      coverage: round(sure.length / kept.length),
      precision: sure.length === 0 ? null : round(sureRight.length / sure.length),
    },
  }
}

function isRight({ labels, firstReading }: Kept, name: string): boolean {
  return isSameLabel(firstReading[name]?.[0], labels[name])
}
