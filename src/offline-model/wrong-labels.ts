/** The three labels of an answer with their values, for whoever answers wrongly on purpose. */
import { AGGREGATIONS, ORIENTATIONS, TYPES } from '../classification/codebook.ts'
import type { DecidedField } from '../classification/types.ts'

export const LABELS: Readonly<Record<DecidedField, readonly string[]>> = {
  type: TYPES,
  temporal_aggregation: AGGREGATIONS,
  orientation: ORIENTATIONS,
}

/** A value of the field's enum that is not `value`; `draw`, from 0 to 1 (exclusive), says which. */
export function otherLabel(field: DecidedField, value: unknown, draw: number): string {
  const others = LABELS[field].filter((label) => label !== value)
  return others[Math.floor(draw * others.length)] ?? ''
}
