/** A sliding time window over weighted events, such as requests with their tokens, that also keeps its peaks. */
/** A window over events, whose times are milliseconds on a clock that never goes back. */
export interface SlidingWindow {
  /** Adds an event, which must not be earlier than the last one. */
  add(at: number, weight: number): void
  /** The number of events in the window, which reaches from `now - spanMs` (exclusive) to `now`. */
  count(now: number): number
  /** The sum of the weights of the events in the window. */
  sum(now: number): number
  /** The time at which the `nth` oldest event, counted from 0, leaves the window; null where the window holds fewer events. */
  leavesAt(now: number, nth: number): number | null
  /**
   * The time at which the oldest events, with a weight of at least `weight` together, have left the window; null where all
   * events in the window weigh less.
   */
  weightLeavesAt(now: number, weight: number): number | null
  /** The highest number of events and the highest sum of weights that the window has had. */
  peaks(): { readonly count: number; readonly sum: number }
}

/** Events that have left the window are removed from memory once there are so many of them. */
const COMPACT_AT = 4_096

/**
 * Creates a window of `spanMs` milliseconds, which takes 16 to 32 bytes for each event in it. The service's rate limiter does
 * not share this code, so that tests of the limiter against the offline model find faults of both.
 */
export function createSlidingWindow(spanMs: number): SlidingWindow {
  let times: number[] = []
  let weights: number[] = []
  let head = 0
  let total = 0
  let peakCount = 0
  let peakSum = 0

  function trim(now: number): void {
    while (head < times.length && (times[head] ?? 0) <= now - spanMs) {
      total -= weights[head] ?? 0
      head += 1
    }
    if (head < COMPACT_AT || head * 2 < times.length) return
    times = times.slice(head)
    weights = weights.slice(head)
    head = 0
  }

  function leavesAt(now: number, nth: number): number | null {
    trim(now)
    const at = times[head + nth]
    return at === undefined ? null : at + spanMs
  }

  return {
    add(at, weight) {
      trim(at)
      times.push(at)
      weights.push(weight)
      total += weight
      peakCount = Math.max(peakCount, times.length - head)
      peakSum = Math.max(peakSum, total)
    },
    count(now) {
      trim(now)
      return times.length - head
    },
    sum(now) {
      trim(now)
      return total
    },
    leavesAt,
    weightLeavesAt(now, weight) {
      trim(now)
      let left = 0
      for (let index = head; index < times.length; index += 1) {
        left += weights[index] ?? 0
        if (left >= weight) return (times[index] ?? 0) + spanMs
      }
      return null
    },
    peaks: () => ({ count: peakCount, sum: peakSum }),
  }
}
