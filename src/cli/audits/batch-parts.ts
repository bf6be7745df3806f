/** Sends a batch of a run in parts where it has more sample points than the service takes at once. */

import { MAX_BATCH_INDICATORS } from '../../classification/batch-request.ts'
import type { RunHeader, RunJournal } from '../classify/run-journal.ts'
import { packRows } from '../client/pack-rows.ts'
import type { PlannedBatch } from './audit-stages.ts'

/** Parts have numbers from this one on in the journal of a run, above those of all whole batches. */
export const FIRST_PART = 1_000_000_000_000
/** The bound of runs that name none, which must not change with the bound of new ones. */
const FIRST_MAX_POINTS = 100_000

/** What of a run decides its parts. */
export interface RunOfParts extends Pick<RunJournal, 'done'> {
  readonly header: Pick<RunHeader, 'max_points'>
}

/**
 * Yields the batch, or its parts, each of them with a number of its own that depends on nothing but the batch and the bound with
 * which the run began. A batch that an earlier release got through as a whole is not sent again.
 */
export function* partsOfBatch(planned: PlannedBatch, { header, done }: RunOfParts): Generator<PlannedBatch> {
  const { indicators } = planned
  const bounds = { size: indicators.length, maxPoints: header.max_points ?? FIRST_MAX_POINTS }
  const parts = packRows(
    indicators.map((indicator) => ({ indicator })),
    bounds,
  )
  if (parts.length === 1 || done(planned.index) !== undefined) yield planned
  else {
    const first = FIRST_PART + planned.index * MAX_BATCH_INDICATORS
    for (const [place, rows] of parts.entries()) {
      yield { ...planned, index: first + place, indicators: rows.map(({ indicator }) => indicator) }
    }
  }
}
