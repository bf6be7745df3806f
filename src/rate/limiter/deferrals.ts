/** When callers that the rate limiter defers ask again.
 *
 * They sleep durably and cannot be woken, so they come back at the pace rather than together, and soon enough that a
 * budget which has grown meanwhile is used. Pure.
 */
import { createVirtualQueue } from '../../lib/virtual-queue.ts'

/** The least milliseconds that a caller is deferred. */
const SHORTEST_MS = 50
/** The most milliseconds that a caller is deferred. */
const HORIZON_MS = 60_000
/** The most milliseconds between two callers that come back, however slow the pace, because the pace may have risen. */
const LONGEST_GAP_MS = 3_000
/**
 * Callers come back with this part of the pace's interval between them: one that comes too early only asks again, one
 * that comes too late leaves a start unused.
 */
const EARLY_FACTOR = 0.9
/** Milliseconds for which a backlog counts as new: the lease grows to a new demand within seconds. */
const NEW_BACKLOG_MS = 5_000
/** The longest interval in milliseconds that is assumed for a new backlog. */
const NEW_BACKLOG_INTERVAL_MS = 20
/** After this many milliseconds without a deferral the next one begins a new backlog. */
const QUIET_MS = 10_000
/**
 * Milliseconds for which the best pace is remembered, since it may be back at any moment, such as after an outage of
 * the database.
 */
const BEST_PACE_MS = 60_000

export interface Deferrals {
  /**
   * Books a return and says in how many milliseconds, from 50 to 60,000. No return is before `notBeforeMs`.
   * `intervalMs` is the time between two starts at the pace of now, Infinity where nothing may start.
   */
  defer(now: number, notBeforeMs: number, intervalMs: number): number
  /** How many callers are still to come back. */
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
