/** Weighted events of the last `spanMs`, with their peaks. */

export interface SlidingWindow {
  /** Events must come in order of time. */
  add(at: number, weight: number): void
  /** Events in the half-open window (now - span, now]. */
  count(now: number): number
  /** Their weights in sum. */
  sum(now: number): number
  /** Time at which the `nth` oldest event (from 0) leaves; null where there are not so many. */
  leavesAt(now: number, nth: number): number | null
  /** Time at which events of at least `weight` in sum have left; null where there is not so much. */
  weightLeavesAt(now: number, weight: number): number | null
  /** The most that stood in any half-open window of the span so far. */
  peaks(): { readonly count: number; readonly sum: number }
}

const COMPACT_AT = 4_096

/** Memory: 16 bytes for each event of one span, twice that at most. */
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
