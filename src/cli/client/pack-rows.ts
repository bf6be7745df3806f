/** Divides indicators into batches of which none has more sample points than the service takes at once. */
import { MAX_BATCH_POINTS } from '../../classification/indicator.ts'
import type { Indicator } from '../../classification/types.ts'

/** The bounds of one batch. */
export interface BatchBounds {
  readonly size: number
  readonly maxPoints?: number
}

/** Rows in the order of the file, in as few batches as the bounds allow without another order. A single row has fewer points than any bound. */
export function packRows<Row extends { readonly indicator: Pick<Indicator, 'sample_values'> }>(
  rows: readonly Row[],
  { size, maxPoints = MAX_BATCH_POINTS }: BatchBounds,
): Row[][] {
  const batches: Row[][] = []
  let last: Row[] = []
  let points = 0
  for (const row of rows) {
    const { length } = row.indicator.sample_values
    if (last.length === 0 || last.length === size || points + length > maxPoints) {
      last = []
      points = 0
      batches.push(last)
    }
    last.push(row)
    points += length
  }
  return batches
}
