/** Whether a limiter has work: requests on their way to it, waiting or in flight. Pure. */

export interface WorkWatch {
  /** A request is on its way. Call the result once it has ended. */
  expect(): () => void
  /** A caller has come. */
  noteCaller(): void
  /** A request has ended. */
  noteEnd(): void
}

/** `begun` is called where there is work after a time without any. `isEmpty` says whether nothing waits and nothing is in flight. */
export function createWorkWatch(begun: () => void, isEmpty: () => boolean): WorkWatch {
  let expected = 0
  let hasWork = false

  function begin(): void {
    if (!hasWork) begun()
    hasWork = true
  }

  function rest(): void {
    if (expected === 0 && isEmpty()) hasWork = false
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
