/** The bound on calls whose callers wait for an answer: it follows how many of them had the patience to get one. */

/** The bound never falls below this many calls. */
const LEAST_CALLS = 16
const FACTOR_WHEN_LEFT = 0.7
/** The bound falls once in this many milliseconds, however many callers leave. */
const FALL_INTERVAL_MS = 1_000
const MAX_WAIT_SECONDS = 10
/** The weight of the newest call in the average of how long an answer takes. */
const AVERAGE_WEIGHT = 0.1

export interface CallBound {
  readonly inFlight: number
  /** How many calls may be in flight now. */
  readonly bound: number
  /** Counts a call as in flight; returns false where the bound is reached. */
  begin(): boolean
  /** Ends a call that was answered after `tookMs`. */
  answered(tookMs: number): void
  /** Ends a call whose caller left before the answer, at `nowMs` of a clock that never goes back. */
  left(nowMs: number): void
  /** The seconds that a refused caller is asked to wait: about what a call takes. */
  waitSeconds(): number
}

/**
 * A bound that begins at `most`. In each second in which a caller left before the answer it falls to 0.7 of itself, because
 * answers then come later than callers wait; each answer raises it by a part, so that as many answers as it is large raise it
 * by one.
 */
export function createCallBound(most: number): CallBound {
  const least = Math.min(LEAST_CALLS, most)
  let bound = most
  let inFlight = 0
  let averageMs = 0
  let fellAtMs = Number.NEGATIVE_INFINITY
  return {
    get inFlight() {
      return inFlight
    },
    get bound() {
      return Math.floor(bound)
    },
    begin() {
      if (inFlight >= Math.floor(bound)) return false
      inFlight += 1
      return true
    },
    answered(tookMs) {
      inFlight -= 1
      bound = Math.min(most, bound + 1 / bound)
      averageMs += (tookMs - averageMs) * AVERAGE_WEIGHT
    },
    left(nowMs) {
      inFlight -= 1
      if (nowMs - fellAtMs < FALL_INTERVAL_MS) return
      fellAtMs = nowMs
      bound = Math.max(least, bound * FACTOR_WHEN_LEFT)
    },
    waitSeconds: () => Math.min(MAX_WAIT_SECONDS, Math.max(1, Math.ceil(averageMs / 1_000))),
  }
}
