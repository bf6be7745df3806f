/** Lets many callers share one costly question and its outcome for a moment. */

export interface ShareOptions {
  /** Milliseconds for which an outcome stands, also that of a question that failed. */
  readonly freshMs: number
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number
}

/**
 * Wraps `ask` so that callers that come while a question is under way, or within `freshMs` of its end, get its outcome and
 * ask none of their own.
 */
export function shareOutcome<T>(
  ask: () => Promise<T>,
  { freshMs, now = () => performance.now() }: ShareOptions,
): () => Promise<T> {
  let shared: Promise<T> | undefined
  let freshUntil = 0
  return () => {
    if (shared !== undefined && now() < freshUntil) return shared
    freshUntil = Number.POSITIVE_INFINITY
    shared = ask()
    const ended = () => {
      freshUntil = now() + freshMs
    }
    shared.then(ended, ended)
    return shared
  }
}

/**
 * Wraps `ask` so that it is asked once at a time, and callers that come meanwhile share the question that is asked after it. So each gets
 * an outcome of a time after its call.
 */
export function shareNext<T>(ask: () => Promise<T>): () => Promise<T> {
  let current: Promise<unknown> = Promise.resolve()
  let next: Promise<T> | undefined
  return () => {
    next ??= current.then(() => {
      next = undefined
      const asked = ask()
      current = asked.catch(() => undefined)
      return asked
    })
    return next
  }
}
