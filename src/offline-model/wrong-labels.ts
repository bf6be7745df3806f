/** Chooses wrong labels, for the modes and faults in which the offline model answers wrongly on purpose. */
import { AGGREGATIONS, ORIENTATIONS, TYPES } from '../classification/codebook.ts'
import type { DecidedField } from '../classification/types.ts'

/** The values that each decided field of an answer may have. */
export const LABELS: Readonly<Record<DecidedField, readonly string[]>> = {
  type: TYPES,
  temporal_aggregation: AGGREGATIONS,
  orientation: ORIENTATIONS,
}

/** Returns a value of `field` other than `value`, chosen by the random number `draw`, from 0 to 1 (exclusive). */
export function otherLabel(field: DecidedField, value: unknown, draw: number): string {
  const others = LABELS[field].filter((label) => label !== value)
  return others[Math.floor(draw * others.length)] ?? ''
}
