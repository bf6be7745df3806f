/** Bounds on waiting: a promise with a time limit, and a loop that repeats an attempt until it succeeds. */
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Resolves or rejects as `answer` does, and rejects with `toError()` once `timeoutMs` have passed. The work behind
 * `answer` goes on, and its later result is ignored.
 */
export async function withTimeout<T>(timeoutMs: number, answer: Promise<T>, toError: () => Error): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(toError()), timeoutMs)
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
    // A rejection of `answer` after the time limit has no other listener, and would end the process.
    answer.catch(() => undefined)
  }
}

export interface RetryOptions {
  /** Milliseconds between the end of an attempt and the beginning of the next. Attempts are counted from 0. */
  readonly delayMs: number | ((attempt: number) => number)
  /** Milliseconds after which no further attempt is made. At least one attempt is made. */
  readonly patienceMs: number
  /** Ends the wait between two attempts. An attempt that is under way has to listen to the signal by itself. */
  readonly signal: AbortSignal
}

/**
 * Calls `attempt` until it resolves with something other than undefined, and resolves with that value, or with
 * undefined once `patienceMs` are over. A rejection of `attempt` ends the loop and is passed on. So is the reason of
 * `signal` when the signal aborts.
 */
export async function retryFor<T>(
  attempt: (attempt: number) => Promise<T | undefined>,
  { delayMs, patienceMs, signal }: RetryOptions,
): Promise<T | undefined> {
  const deadline = performance.now() + patienceMs
  for (let count = 0; ; count += 1) {
    signal.throwIfAborted()
    const answer = await attempt(count)
    if (answer !== undefined) return answer
    signal.throwIfAborted()
    if (performance.now() >= deadline) return undefined
    const pause = typeof delayMs === 'number' ? delayMs : delayMs(count)
    await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}
