/** Asks the service again and again during a run, while no batch ends: a batch that ends tells more than the answer would. */

export interface IdleAsks {
  /** Aborts with `stop`. */
  readonly signal: AbortSignal
  /** Notes that a batch has ended, so that there is no need to ask for a while. */
  batchEnded(): void
  /** Asks no more, and ends a request that is under way. */
  stop(): void
}

/** Calls `ask` every `everyMs` milliseconds, one at a time. `ask` must not reject. */
export function askWhileIdle(ask: () => Promise<unknown>, everyMs: number): IdleAsks {
  const stopped = new AbortController()
  let hasBatchEnded = false
  let isAsking = false
  const timer = setInterval(async () => {
    if (!isAsking && !hasBatchEnded) {
      isAsking = true
      await ask()
      isAsking = false
    }
    hasBatchEnded = false
  }, everyMs)
  timer.unref()
  return {
    signal: stopped.signal,
    batchEnded() {
      hasBatchEnded = true
    },
    stop() {
      clearInterval(timer)
      stopped.abort()
    },
  }
}
