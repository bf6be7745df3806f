/** How many requests may be in flight: what the pace fills at the measured latency, with a margin. Pure. */
import { MINUTE_MS } from './minute-window.ts'

/** In flight at most, as a multiple of what latency × pace needs: latencies spread, and may jump by as much at once. */
const MARGIN = 3
/** Whatever the latency: a slow pace must not wait for one slow answer. */
const FEWEST = 8
/** Taken as the latency until the first answer has come. */
const ASSUMED_MS = 2_000
/** A faster model counts as this slow: a bound that is too tight costs pace, one that is too wide a few sockets. */
const SHORTEST_MS = 1_000
/** Weight of the newest latency where it is above the mean, and where it is below. */
const RISING = 0.2
const FALLING = 0.02

export interface Flight {
  readonly inFlight: number
  readonly latencyMs: number
  /** The most that may be in flight where a start comes every `intervalMs`. */
  bound(intervalMs: number): number
  started(): void
  /** `latencyMs`: null for one that was not answered: how long a failure takes says nothing of answers. */
  ended(latencyMs: number | null): void
}

export function createInFlightLimit(): Flight {
  let inFlight = 0
  let mean: number | null = null
  const latencyMs = () => Math.max(SHORTEST_MS, mean ?? ASSUMED_MS)

  return {
    get inFlight() {
      return inFlight
    },
    get latencyMs() {
      return latencyMs()
    },
    bound(intervalMs) {
      // A minute is longer than any answer that is worth a socket.
      const needed = intervalMs > 0 ? Math.min(MINUTE_MS, latencyMs()) / intervalMs : 0
      return Math.max(FEWEST, Math.ceil(MARGIN * needed))
    },
    started() {
      inFlight += 1
    },
    ended(latencyMs) {
      inFlight -= 1
      if (latencyMs === null) return
      mean = mean === null ? latencyMs : mean + (latencyMs > mean ? RISING : FALLING) * (latencyMs - mean)
    },
  }
}
