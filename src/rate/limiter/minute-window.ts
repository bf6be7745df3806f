/** What was started in the last minute, in requests and tokens. */

export const MINUTE_MS = 60_000

/** One start. Its tokens are what was reserved, and once `correct` was told what it took. */
export interface Start {
  readonly at: number
  tokens: number
}

export interface MinuteWindow {
  add(now: number, tokens: number): Start
  /** Once it is known what a start really took. Does nothing for one that has left. */
  correct(start: Start, tokens: number): void
  /** Starts in the half-open window (now - 60 s, now]. */
  count(now: number): number
  tokens(now: number): number
  /** When the oldest leaves; null where there is none. */
  nextLeavesAt(now: number): number | null
}

const COMPACT_AT = 1_024

/** `now` never goes back. Memory: one small object for each start of a minute, twice that at most. */
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
