/** When those whom the rate limiter sends away should ask again. */

const SHORTEST_MS = 50
/** Nobody is booked further ahead: the pace may rise meanwhile, and a durable sleep can't be woken. */
const HORIZON_MS = 60_000
const GOLDEN_RATIO = 0.618_033_988_749_895

export interface ReturnSchedule {
  /**
   * Milliseconds after which to ask again. `waitMs` is the wait at the end of the queue, `intervalMs` the time of one
   * start. Each call books the start after the one booked before, so that they come back at the pace and not as a herd.
   * They come `earlyMs` before it. Beyond a minute nothing is booked: those are spread over half a minute to a minute
   * and ask anew. At least 50.
   */
  bookMs(now: number, waitMs: number, intervalMs: number, earlyMs: number): number
}

export function createReturnSchedule(): ReturnSchedule {
  let bookedUntil = Number.NEGATIVE_INFINITY
  let bookedIntervalMs = 0
  let turns = 0

  return {
    bookMs(now, waitMs, intervalMs, earlyMs) {
      // At a new pace the starts that are booked take another time.
      if (bookedUntil > now && bookedIntervalMs > 0) {
        bookedUntil = now + ((bookedUntil - now) * intervalMs) / bookedIntervalMs
      }
      bookedIntervalMs = intervalMs
      const start = Math.max(now + waitMs, bookedUntil + intervalMs)
      if (start - now <= HORIZON_MS) {
        bookedUntil = start
        return Math.max(SHORTEST_MS, Math.ceil(start - now - earlyMs))
      }
      turns += 1
      return Math.ceil(HORIZON_MS * (0.5 + 0.5 * ((turns * GOLDEN_RATIO) % 1)))
    },
  }
}
