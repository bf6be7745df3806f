/** The hooks around every attempt of an invocation: metrics, and a bound on the attempts that end in a defect. */
import { type HooksProvider, internal, type Request, RetryableError, TerminalError } from '@restatedev/restate-sdk'
import type { Logger } from 'pino'
import type { Metrics } from '../metrics.ts'
import { asTerminalError, describeDefect, isDefect, toTerminalDefect } from './terminal-errors.ts'

/**
 * A replica ends an invocation after this many attempts that end in a defect. Each replica counts for itself, because
 * Restate does not tell a handler the number of its attempt, so five replicas make at most 25 attempts.
 */
export const DEFECT_ATTEMPTS = 5

/** Milliseconds between two attempts that end in a defect. */
const DEFECT_RETRY_MS = 1_000

/**
 * The most invocations whose defects a replica counts; with one more, the count of the invocation that was added first
 * is forgotten.
 */
const MAX_REMEMBERED = 10_000

/** Counts each attempt by how it ended, and measures how long it took. */
export function createAttemptMetrics(metrics: Metrics): HooksProvider {
  return ({ request }) => ({
    interceptor: {
      handler: async (next) => {
        const { service, handler } = request.target
        const stopTimer = metrics.invocationSeconds.startTimer({ service, handler })
        const count = (outcome: string) => metrics.invocations.inc({ service, handler, outcome })
        try {
          await next()
          count('completed')
        } catch (error) {
          const outcome = error instanceof TerminalError ? 'terminal' : 'retryable'
          count(internal.isSuspendedError(error) ? 'suspended' : outcome)
          throw error
        } finally {
          stopTimer()
        }
      },
    },
  })
}

/**
 * Lets Restate try an invocation that meets a defect, in a step or between steps, again a few times, and then ends the
 * invocation. Meanwhile Restate shows the defect as the last failure of the invocation, and so does `npm run queue`.
 */
export function createDefectBound(log: Logger): HooksProvider {
  const attempts = new Map<string, number>()

  /** Counts `error` where it is a defect and returns the error to throw in its place; returns any other error as it is. */
  function judge(error: unknown, { id, attemptCompletedSignal }: Request): unknown {
    // An attempt that Restate has given up, or whose connection is lost, may fail in any way, so its error is not
    // counted as a defect.
    if (attemptCompletedSignal.aborted) return error
    if (!isDefect(error) || asTerminalError(error) !== undefined) return error
    const attempt = (attempts.get(id) ?? 0) + 1
    log.error({ err: error, invocation: id, attempt }, 'A defect ended an attempt')
    if (attempt >= DEFECT_ATTEMPTS) return toTerminalDefect(error)
    attempts.set(id, attempt)
    const [oldest] = attempts.keys()
    if (attempts.size > MAX_REMEMBERED && oldest !== undefined) attempts.delete(oldest)
    return new RetryableError(describeDefect(error), { retryAfter: DEFECT_RETRY_MS, cause: error })
  }

  return ({ request }) => ({
    interceptor: {
      handler: async (next) => {
        try {
          await next()
          attempts.delete(request.id)
        } catch (error) {
          const judged = judge(error, request)
          if (judged instanceof TerminalError) attempts.delete(request.id)
          throw judged
        }
      },
      run: async (_name, next) => {
        try {
          await next()
        } catch (error) {
          throw judge(error, request)
        }
      },
    },
  })
}
