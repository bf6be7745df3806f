/** The rate limiter of a replica: hands out start permits evenly, within a budget of requests and tokens a minute.
 *
 * Callers wait in a queue of the limiter. Each part decides one thing: `start-spacing.ts` (Bottleneck) when the next
 * start is due, `request-window.ts` whether requests and tokens of the last minute leave room and tokens keep their
 * pace, `in-flight-limit.ts` whether enough requests have ended, `pause-clock.ts` whether the endpoint asked for a
 * pause, and `deferrals.ts` when a caller that would wait too long asks again. The limiter is in one of these states,
 * which `proceed` alone chooses, after each event, by the first row whose condition holds:
 *
 * | state   | condition                                   | what happens                          | next states  |
 * | ------- | ------------------------------------------- | ------------------------------------- | ------------ |
 * | closed  | `close` was called                          | every caller is rejected              | none         |
 * | idle    | no caller waits                             | nothing is planned                    | all others   |
 * | full    | as many requests as allowed are in flight   | the end of a request leads on         | all others   |
 * | holding | pause, spacing or window forbid a start now | a timer leads on when one may start   | all others   |
 * | spacing | the first caller may start                  | Bottleneck has the next start         | all others   |
 *
 * Starts are planned in state spacing only: leaving it drops them, so that no planned start passes unused while another
 * part forbids it. A new budget or pause drops them as well, because their times are fixed.
 */
import { ServiceError } from '../../errors.ts'
import type { Budget } from '../types.ts'
import { type Caller, createCallerQueue, FIRST } from './caller-queue.ts'
import { createDeferrals } from './deferrals.ts'
import { createEarliestTimer } from './earliest-timer.ts'
import { createInFlightLimit } from './in-flight-limit.ts'
import { createPauseClock } from './pause-clock.ts'
import { createRequestWindow } from './request-window.ts'
import { createStartSpacing } from './start-spacing.ts'
import type { RateLimiter, StartPermit } from './types.ts'
import { createWorkWatch } from './work-watch.ts'

/** A caller that is deferred in a pause comes back up to this many milliseconds before the pause ends. */
const EARLY_RETURN_MS = 5_000
/** A caller is deferred by at least this many milliseconds where nothing says when the next request may start. */
const UNKNOWN_WAIT_MS = 1_000
/**
 * Milliseconds that a caller may wait beyond its bound before the limiter defers it, because most such callers are
 * about to start.
 */
const GRACE_MS = 1_000

/**
 * What was missed is made up for faster while this part of the last minute's budget is not used. The rest covers the slow
 * seconds that leave the minute later, or nothing could start in their place.
 */
const NEARLY_USED = 0.95

type State = 'idle' | 'full' | 'holding' | 'spacing' | 'closed'

export interface RateLimiterOptions extends Budget {
  /** Milliseconds of a clock that never goes back, for tests. Default: `performance.now`. */
  readonly now?: (() => number) | undefined
}

/**
 * Builds a limiter that the caller closes. `acquire` defers at once a caller whose estimated wait is beyond its bound;
 * others are deferred when a new budget or a pause makes their wait too long, and when their bound has passed.
 * Throws RangeError for a budget that is not 0 or more.
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const now = options.now ?? (() => performance.now())
  const { requestsPerMinute, tokensPerMinute } = options
  const window = createRequestWindow({ requestsPerMinute, tokensPerMinute })
  const isNearlyUsed = () => window.utilisation(now()) > NEARLY_USED
  const spacing = createStartSpacing({ requestsPerMinute, now, isNearlyUsed, start: startFirst, passed: proceed })
  const inFlight = createInFlightLimit()
  const deferrals = createDeferrals()
  const pauses = createPauseClock()
  const callers = createCallerQueue()
  const work = createWorkWatch(now, spacing.wake, () => callers.length === 0 && inFlight.inFlight === 0)
  const holding = createEarliestTimer(now, proceed)
  const deadlines = createEarliestTimer(now, deferOverdue)
  let state: State = 'idle'

  const inFlightBound = () => inFlight.bound(window.intervalMs(callers.first()?.tokens ?? 0))
  const isFull = () => inFlight.inFlight >= inFlightBound()
  const untilStartMs = ({ tokens }: Caller) => Math.max(pauses.leftMs(now()), window.waitMs(now(), tokens))

  /**
   * The estimated wait of a caller with `requests` before it that take `tokens`. It holds as long as budget and pause
   * stay.
   */
  function queueMs(requests: number, tokens: number): number {
    const pausedMs = pauses.leftMs(now())
    return Math.max(spacing.queueMs(pausedMs, requests), window.queueMs(now(), pausedMs, tokens))
  }

  function proceed(): void {
    if (state === 'closed') return
    const first = callers.first()
    const waitMs = first === undefined ? 0 : Math.max(untilStartMs(first), spacing.waitMs())
    become(first === undefined ? 'idle' : isFull() ? 'full' : waitMs > 0 ? 'holding' : 'spacing')
    if (state === 'holding') holding.within(waitMs)
    else if (state === 'spacing') spacing.plan()
  }

  function become(next: State): void {
    holding.clear()
    if (state === 'spacing' && next !== 'spacing') spacing.drop()
    state = next
  }

  /** Gives the first caller its permit where a request may start now. Returns whether it did. */
  function startFirst(): boolean {
    const first = callers.first()
    if (first === undefined || isFull() || untilStartMs(first) > 0) return false
    callers.takeFirst()
    first.resolve(permitFor(first))
    return true
  }

  function permitFor({ tokens, askedAt }: Caller): StartPermit {
    const startedAt = now()
    const entry = window.take(startedAt, tokens)
    inFlight.started()
    let isDone = false
    const done = (spent: number | null) => {
      if (isDone) return
      isDone = true
      inFlight.ended(spent === null ? null : now() - startedAt)
      window.end(now(), entry, spent === null || !(spent >= 0) ? tokens : spent)
      proceed()
      work.noteEnd()
    }
    const noteReset = (resetMs: number) => spacing.noteReset(startedAt, resetMs)
    return { granted: true, waitedMs: startedAt - askedAt, noteReset, done }
  }

  function deferralOf({ tokens, maxWaitMs }: Pick<Caller, 'tokens' | 'maxWaitMs'>): StartPermit {
    const intervalMs = window.intervalMs(tokens)
    const isUnknown = intervalMs === Number.POSITIVE_INFINITY || isFull()
    const afterPauseMs = pauses.leftMs(now()) - Math.min(EARLY_RETURN_MS, maxWaitMs / 2)
    const notBeforeMs = Math.max(afterPauseMs, isUnknown ? UNKNOWN_WAIT_MS : 0, 0)
    return { granted: false, waitMs: deferrals.defer(now(), notBeforeMs, intervalMs) }
  }

  /** Defers the callers for which `isTooLate` is true, given the requests and tokens that stay before each. */
  function deferLate(isTooLate: (caller: Caller, requests: number, tokens: number) => boolean): void {
    for (const caller of callers.removeLate(isTooLate)) caller.resolve(deferralOf(caller))
  }

  /**
   * Drops the planned starts because the budget or a pause has changed, and defers callers that would now wait too
   * long.
   */
  function replan(): void {
    spacing.drop()
    deferLate(({ askedAt, maxWaitMs }, requests, tokens) => now() - askedAt + queueMs(requests, tokens) > maxWaitMs)
    proceed()
  }

  /** Defers callers that have waited as long as they may: estimates can be wrong, and the model may not answer. */
  function deferOverdue(): void {
    deferLate(({ askedAt, maxWaitMs }) => now() - askedAt >= maxWaitMs)
    watchDeadlines(callers.firstDeadline())
    proceed()
  }

  function watchDeadlines(first: number): void {
    if (first !== Number.POSITIVE_INFINITY) deadlines.within(Math.max(first - now(), 0) + GRACE_MS)
  }

  /** A caller that went away takes no start, since its attempt has ended and another one asks in its place. */
  function dismiss(caller: Caller): void {
    if (!callers.remove(caller)) return
    caller.reject(goneError())
    proceed()
  }

  return {
    expect: work.expect,

    async acquire(tokens, bound, signal, { isSlow = false, order = FIRST } = {}) {
      if (state === 'closed') throw closedError()
      if (signal?.aborted) throw goneError()
      if (!(Number.isFinite(tokens) && tokens >= 0)) throw new RangeError(`tokens must be 0 or more, got ${tokens}`)
      if (isSlow) inFlight.expectSlow()
      const maxWaitMs = Math.max(0, bound)
      const before = callers.before(order)
      const waitMs = queueMs(before.requests, before.tokens)
      if (waitMs === Number.POSITIVE_INFINITY || waitMs > maxWaitMs) return deferralOf({ tokens, maxWaitMs })
      const { promise, resolve, reject } = Promise.withResolvers<StartPermit>()
      const caller: Caller = { askedAt: now(), tokens, order, maxWaitMs, resolve, reject }
      work.noteCaller()
      callers.add(caller)
      proceed()
      watchDeadlines(caller.askedAt + maxWaitMs)
      if (signal === undefined) return promise
      const leave = () => dismiss(caller)
      signal.addEventListener('abort', leave)
      return promise.finally(() => signal.removeEventListener('abort', leave))
    },

    pause(ms) {
      if (state === 'closed') return
      spacing.noteRefusal()
      if (pauses.pause(now(), ms)) replan()
    },

    setSlots(slots) {
      if (state === 'closed') return
      spacing.setSlots(slots)
      proceed()
    },

    setBudget(budget) {
      const { requestsPerMinute, tokensPerMinute } = window.budget
      const isSame = budget.requestsPerMinute === requestsPerMinute && budget.tokensPerMinute === tokensPerMinute
      if (state === 'closed' || isSame) return
      window.set(now(), budget)
      spacing.setPace(budget.requestsPerMinute)
      replan()
    },

    stats() {
      const { reserved, spent } = window.totals()
      return {
        ...window.budget,
        waiting: callers.length,
        inFlight: inFlight.inFlight,
        inFlightBound: inFlightBound(),
        deferred: deferrals.due(now()),
        reservedTokens: window.reservedTokens,
        reservedTokensTotal: reserved,
        spentTokensTotal: spent,
        utilisation: window.utilisation(now()),
        pausedMs: pauses.leftMs(now()),
        pausedTotalMs: pauses.passedMs(now()),
      }
    },

    async close() {
      if (state === 'closed') return
      state = 'closed'
      holding.clear()
      deadlines.clear()
      for (const caller of callers.removeLate(() => true)) caller.reject(closedError())
      await spacing.close()
    },
  }
}

function goneError(): ServiceError {
  return new ServiceError('interrupted', 'the caller went away while it waited for the rate budget')
}

function closedError(): ServiceError {
  return new ServiceError('limiter-closed', 'the rate limiter is closed: this replica is shutting down')
}
