/** When callers that the rate limiter defers ask again.
 *
 * They sleep durably and cannot be woken, so they come back at the pace rather than together, and soon enough that a
 * budget which has grown meanwhile is used. Pure.
 */
import { createVirtualQueue } from '../../lib/virtual-queue.ts'

/** A caller is deferred by at least this many milliseconds. */
const SHORTEST_MS = 50
/** A caller is deferred by at most this many milliseconds. */
const HORIZON_MS = 60_000
/**
 * Two callers come back at most this many milliseconds apart, however slow the pace, because the pace may have risen.
 */
const LONGEST_GAP_MS = 3_000
/**
 * Callers come back with this part of the pace's interval between them: a caller that comes too early only asks again,
 * and a caller that comes too late leaves a start unused.
 */
const EARLY_FACTOR = 0.9
/** A backlog counts as new for this many milliseconds, in which the lease grows to the new demand. */
const NEW_BACKLOG_MS = 5_000
/**
 * For a new backlog at most this many milliseconds are assumed between two starts, because the lease is about to grow.
 */
const NEW_BACKLOG_INTERVAL_MS = 20
/** After this many milliseconds without a deferral the next one begins a new backlog. */
const QUIET_MS = 10_000
/**
 * The best pace is remembered for this many milliseconds, since it may be back at any moment, such as after an outage
 * of the database.
 */
const BEST_PACE_MS = 60_000

export interface Deferrals {
  /**
   * Defers a caller and returns the milliseconds until it should ask again, 50 to 60,000 and at least `notBeforeMs`.
   * `intervalMs` is the time between two starts at the present pace, Infinity where nothing may start.
   */
  defer(now: number, notBeforeMs: number, intervalMs: number): number
  /** The number of callers that have not come back yet. */
  due(now: number): number
}

/** `now`, in every call, is the milliseconds of one clock that never goes back. */
export function createDeferrals(): Deferrals {
  const queue = createVirtualQueue({ horizonMs: HORIZON_MS, shortestMs: SHORTEST_MS })
  let backlogSince = Number.NEGATIVE_INFINITY
  let lastDeferral = Number.NEGATIVE_INFINITY
  let best = { intervalMs: Number.POSITIVE_INFINITY, at: Number.NEGATIVE_INFINITY }

  function gapMs(now: number, intervalMs: number): number {
    if (intervalMs <= best.intervalMs || now - best.at > BEST_PACE_MS) best = { intervalMs, at: now }
    if (now - lastDeferral > QUIET_MS) backlogSince = now
    lastDeferral = now
    const isNew = now - backlogSince < NEW_BACKLOG_MS
    const expectedMs = Math.min(best.intervalMs, isNew ? NEW_BACKLOG_INTERVAL_MS : Number.POSITIVE_INFINITY)
    return Math.min(EARLY_FACTOR * expectedMs, LONGEST_GAP_MS)
  }

  return {
    defer(now, notBeforeMs, intervalMs) {
      const gap = gapMs(now, intervalMs)
      return queue.book(now, { places: 1, intervalMs: gap, notBeforeMs: notBeforeMs + gap }).waitMs
    },
    due(now) {
      const { booked, unbooked } = queue.sleeping(now)
      return booked + unbooked
    },
  }
}
