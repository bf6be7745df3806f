/** Tells refusals that show a pace that is too high from those of a few requests that were late. Pure. */

/** So many refusals within `REFUSALS_WITHIN_MS` show that the pace is too high, where they are also more than a part of all starts. */
const REFUSALS = 3
const REFUSALS_WITHIN_MS = 1_000
/**
 * An endpoint that enforces its limit in slices of a fraction of a second refuses a few requests that are late, whatever the pace. More
 * than this part of the starts within `PART_WITHIN_MS` is not a few.
 */
const REFUSED_PART = 0.05
const PART_WITHIN_MS = 5_000

export interface RefusalWatch {
  noteStart(now: number): void
  /** A request was refused. Returns whether the pace is too high. */
  noteRefusal(now: number): boolean
}

/** `now`, in every call, is the milliseconds of one clock that never goes back. */
export function createRefusalWatch(): RefusalWatch {
  let startedAt: number[] = []
  let refusedAt: number[] = []

  return {
    noteStart(now) {
      startedAt.push(now)
      // Old ones are forgotten many at a time.
      if (now - (startedAt[0] ?? now) > 2 * PART_WITHIN_MS) startedAt = within(startedAt, now, PART_WITHIN_MS)
    },
    noteRefusal(now) {
      refusedAt = [...within(refusedAt, now, PART_WITHIN_MS), now]
      const starts = within(startedAt, now, PART_WITHIN_MS).length
      const isMany = within(refusedAt, now, REFUSALS_WITHIN_MS).length >= REFUSALS
      return isMany && refusedAt.length > REFUSED_PART * starts
    },
  }
}

function within(times: readonly number[], now: number, ms: number): number[] {
  return times.filter((at) => now - at < ms)
}
