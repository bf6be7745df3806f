/** Whether a limiter has work: requests on their way to it, waiting or in flight. Pure. */

/** A time without work that is shorter than this many milliseconds is a stall, as between two batches, and no end of the work. */
const STALL_MS = 1_000

export interface WorkWatch {
  /** A request is on its way. Call the result once it has ended. */
  expect(): () => void
  /** A caller has come. */
  noteCaller(): void
  /** A request has ended. */
  noteEnd(): void
}

/**
 * `begun` is called where there is work after a time without any. `isEmpty` says whether nothing waits and nothing is in flight.
 * `now` gives the milliseconds of a clock that never goes back.
 */
export function createWorkWatch(now: () => number, begun: () => void, isEmpty: () => boolean): WorkWatch {
  let expected = 0
  /** The time at which the last work ended; null while there is work. */
  let endedAt: number | null = Number.NEGATIVE_INFINITY

  function begin(): void {
    if (endedAt !== null && now() - endedAt >= STALL_MS) begun()
    endedAt = null
  }

  function rest(): void {
    if (expected === 0 && isEmpty()) endedAt ??= now()
  }

  return {
    expect() {
      begin()
      expected += 1
      let isEnded = false
      return () => {
        if (isEnded) return
        isEnded = true
        expected -= 1
        rest()
      }
    },
    noteCaller: begin,
    noteEnd: rest,
  }
}
