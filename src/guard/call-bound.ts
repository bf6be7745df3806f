/** The bound on calls whose callers wait for an answer: it follows how many of them had the patience to get one. */

/**
 * The bound begins at this many calls. With more, a machine that answers twenty calls a second would first take what it
 * answers after its callers have left: simulated with 400 callers that wait 10 s, it then answered a third of what it can.
 */
const FIRST_CALLS = 64
/** The bound never falls below this many calls. */
const LEAST_CALLS = 16
/** The bound rises only while so great a part of it is in flight: what fewer callers show says nothing about more of them. */
const PART_IN_USE = 0.9
/** What an answer adds to the bound as long as no caller has left, so that patient callers with slow models are soon all let in. */
const FIRST_RISE = 0.25
/** The same where answers take longer than this on average: more calls may then only make all of them wait longer. */
const SLOW_MS = 3_000
const SLOW_RISE = 0.05
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
  /** Ends a call that its node did not answer, which says nothing about the patience of callers. */
  failed(): void
  /** Ends a call whose caller left before the answer, at `nowMs` of a clock that never goes back. */
  left(nowMs: number): void
  /** The seconds that a refused caller is asked to wait: about what a call takes. */
  waitSeconds(): number
}

/**
 * A bound of at most `most`. In each second in which a caller left before the answer it falls to 0.7 of itself, because answers
 * then come later than callers wait. Each answer raises it while it is in use: by a quarter until the first fall, by less where answers
 * are slow, and after a fall so that as many answers as it is large raise it by one.
 */
export function createCallBound(most: number): CallBound {
  const least = Math.min(LEAST_CALLS, most)
  let bound = Math.min(FIRST_CALLS, most)
  let hasFallen = false
  let inFlight = 0
  let averageMs = 0
  let fellAtMs = Number.NEGATIVE_INFINITY
  const rise = () => (hasFallen ? 1 / bound : averageMs > SLOW_MS ? SLOW_RISE : FIRST_RISE)
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
      const isInUse = inFlight >= PART_IN_USE * Math.floor(bound)
      inFlight -= 1
      averageMs += (tookMs - averageMs) * AVERAGE_WEIGHT
      if (isInUse) bound = Math.min(most, bound + rise())
    },
    failed() {
      inFlight -= 1
    },
    left(nowMs) {
      inFlight -= 1
      if (nowMs - fellAtMs < FALL_INTERVAL_MS) return
      fellAtMs = nowMs
      hasFallen = true
      bound = Math.max(least, bound * FACTOR_WHEN_LEFT)
    },
    waitSeconds: () => Math.min(MAX_WAIT_SECONDS, Math.max(1, Math.ceil(averageMs / 1_000))),
  }
}
