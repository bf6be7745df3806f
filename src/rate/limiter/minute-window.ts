/** The requests that were started in the last minute, and their tokens. Pure. */

export const MINUTE_MS = 60_000

/** One request. Its tokens are what was reserved for it, and after `correct` what it took. */
export interface Start {
  readonly at: number
  tokens: number
}

export interface MinuteWindow {
  add(now: number, tokens: number): Start
  /** Sets what a request took. The sum of the window changes only while the request is in it. */
  correct(start: Start, tokens: number): void
  /** Requests in the half-open window (now - 60 s, now]. */
  count(now: number): number
  /** Tokens of the requests in that window. */
  tokens(now: number): number
  /** The time at which the oldest request leaves the window; null where the window is empty. */
  nextLeavesAt(now: number): number | null
}

/** Requests that have left are removed from the front of the array when there are this many of them. */
const COMPACT_AT = 1_024

/**
 * `now`, in every call, is the milliseconds of a clock that never goes back. The memory is one small object for each
 * request of a minute, and at most twice as many array entries.
 */
export function createMinuteWindow(): MinuteWindow {
  let starts: Start[] = []
  let head = 0
  let total = 0

  function trim(now: number): void {
    for (let oldest = starts[head]; oldest !== undefined && oldest.at <= now - MINUTE_MS; oldest = starts[head]) {
      total -= oldest.tokens
      head += 1
    }
    if (head === starts.length) total = 0
    if (head < COMPACT_AT || head * 2 < starts.length) return
    starts = starts.slice(head)
    head = 0
  }

  return {
    add(now, tokens) {
      trim(now)
      const start = { at: now, tokens }
      starts.push(start)
      total += tokens
      return start
    },
    correct(start, tokens) {
      const oldest = starts[head]
      if (oldest !== undefined && oldest.at <= start.at) total += tokens - start.tokens
      start.tokens = tokens
    },
    count(now) {
      trim(now)
      return starts.length - head
    },
    tokens(now) {
      trim(now)
      return total
    },
    nextLeavesAt(now) {
      trim(now)
      const oldest = starts[head]
      return oldest === undefined ? null : oldest.at + MINUTE_MS
    },
  }
}
