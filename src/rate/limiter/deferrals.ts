/**
 * When those whom the rate limiter sends away should ask again. They sleep durably: nobody can wake them, so nobody
 * sleeps so long that a budget which has grown meanwhile lies free, and they come back at the pace, never as a herd.
 */
const SHORTEST_MS = 50
/** Nobody is booked further ahead. */
const HORIZON_MS = 60_000
/** While any are away, one of them is back after this long, however slow the pace. */
const LONGEST_GAP_MS = 3_000
/** They come a little faster than the pace: one that comes too early asks again, one that comes too late leaves a start unused. */
const AHEAD = 0.9
/** Times of the bookings are counted in steps of this. */
const STEP_MS = 1_000
const STEPS = HORIZON_MS / STEP_MS + 2
/** A backlog that has just begun: the lease grows to its demand within seconds, and a lease of nothing may be renewed. */
const NEW_BACKLOG_MS = 5_000
const NEW_BACKLOG_INTERVAL_MS = 20
const QUIET_MS = 10_000
/** The best pace of the last minute may be back any moment, after an outage of the database for one. */
const REMEMBERED_MS = 60_000
const GOLDEN_RATIO = 0.618_033_988_749_895

export interface ReturnSchedule {
  /**
   * Milliseconds after which to ask again: at least 50, at most a minute. `notBeforeMs`: a place is free no sooner.
   * `intervalMs`: the time of one start, Infinity where nothing may be started. Each call books the place after the
   * one booked before; beyond a minute nothing is booked, and those are spread over half a minute to a minute.
   */
  bookMs(now: number, notBeforeMs: number, intervalMs: number): number
  /** Those who are still to come back. */
  due(now: number): number
}

export function createReturnSchedule(): ReturnSchedule {
  let bookedUntil = Number.NEGATIVE_INFINITY
  let bookedGapMs = 0
  let turns = 0
  let backlogSince = Number.NEGATIVE_INFINITY
  let lastBooking = Number.NEGATIVE_INFINITY
  let best = { intervalMs: Number.POSITIVE_INFINITY, at: Number.NEGATIVE_INFINITY }
  const returns = new Array<{ step: number; count: number }>(STEPS)

  function gapMs(now: number, intervalMs: number): number {
    if (intervalMs <= best.intervalMs || now - best.at > REMEMBERED_MS) best = { intervalMs, at: now }
    if (now - lastBooking > QUIET_MS) backlogSince = now
    lastBooking = now
    const isNew = now - backlogSince < NEW_BACKLOG_MS
    const expected = Math.min(best.intervalMs, isNew ? NEW_BACKLOG_INTERVAL_MS : Number.POSITIVE_INFINITY)
    return Math.min(AHEAD * expected, LONGEST_GAP_MS)
  }

  function place(now: number, notBeforeMs: number, gap: number): number {
    // At a new pace the places that are booked take another time.
    if (bookedUntil > now && bookedGapMs > 0) bookedUntil = now + ((bookedUntil - now) * gap) / bookedGapMs
    bookedGapMs = gap
    const at = Math.max(now + notBeforeMs, bookedUntil) + gap
    if (at - now <= HORIZON_MS) {
      bookedUntil = at
      return Math.max(SHORTEST_MS, Math.ceil(at - now))
    }
    turns += 1
    return Math.ceil(HORIZON_MS * (0.5 + 0.5 * ((turns * GOLDEN_RATIO) % 1)))
  }

  return {
    bookMs(now, notBeforeMs, intervalMs) {
      const waitMs = place(now, notBeforeMs, gapMs(now, intervalMs))
      const step = Math.ceil((now + waitMs) / STEP_MS)
      const counted = returns[step % STEPS]
      if (counted?.step === step) counted.count += 1
      else returns[step % STEPS] = { step, count: 1 }
      return waitMs
    },
    due(now) {
      const current = now / STEP_MS
      return returns.reduce((sum, { step, count }) => (step > current ? sum + count : sum), 0)
    },
  }
}
