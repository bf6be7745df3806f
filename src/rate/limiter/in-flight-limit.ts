/** How many requests may be in flight: as many as the pace starts within the measured latency of an answer, with a margin. Pure. */
import { MINUTE_MS } from './minute-window.ts'

/** The limit as a multiple of latency × pace, since latencies differ and may rise threefold before the mean follows. */
const MARGIN = 3
/** The least limit, so that at a slow pace one slow answer does not hold up the next requests. */
const LEAST_LIMIT = 8
/** The latency in milliseconds that is assumed before the first answer. */
const ASSUMED_MS = 2_000
/** The same two where answers may take minutes: what is assumed before the first answer, and the longest latency that counts. */
const SLOW_ASSUMED_MS = 30_000
const SLOW_LONGEST_MS = 5 * MINUTE_MS
/**
 * The least latency in milliseconds that counts: a limit that is too low costs pace, one that is too high a few
 * sockets.
 */
const SHORTEST_MS = 1_000
/** The weight of a new latency in the mean where it is longer than the mean. */
const RISING_WEIGHT = 0.2
/**
 * The weight of a new latency in the mean where it is shorter than the mean, so that one fast answer does not lower the
 * limit.
 */
const FALLING_WEIGHT = 0.02

export interface InFlightLimit {
  readonly inFlight: number
  /** The most that may be in flight where a request starts every `intervalMs`. */
  bound(intervalMs: number): number
  /** Says that answers may take minutes from now on. */
  expectSlow(): void
  started(): void
  /** `latencyMs` is null where no answer came, because the time until a failure says nothing of answers. */
  ended(latencyMs: number | null): void
}

export function createInFlightLimit(): InFlightLimit {
  let inFlight = 0
  let meanMs: number | null = null
  let assumedMs = ASSUMED_MS
  let longestMs = MINUTE_MS

  return {
    get inFlight() {
      return inFlight
    },
    bound(intervalMs) {
      // A latency of more than a minute is capped (five where answers are slow by agreement), since a model that hangs must not get ever more requests.
      const latencyMs = Math.min(longestMs, Math.max(SHORTEST_MS, meanMs ?? assumedMs))
      const needed = intervalMs > 0 ? latencyMs / intervalMs : 0
      return Math.max(LEAST_LIMIT, Math.ceil(MARGIN * needed))
    },
    expectSlow() {
      assumedMs = SLOW_ASSUMED_MS
      longestMs = SLOW_LONGEST_MS
    },
    started() {
      inFlight += 1
    },
    ended(latencyMs) {
      inFlight -= 1
      if (latencyMs === null) return
      if (meanMs === null) meanMs = latencyMs
      else meanMs += (latencyMs > meanMs ? RISING_WEIGHT : FALLING_WEIGHT) * (latencyMs - meanMs)
    },
  }
}
