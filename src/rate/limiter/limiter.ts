/** The rate limiter port on Bottleneck: even pacing by start permits, within a budget of requests and tokens. */
import Bottleneck from 'bottleneck'
import { ServiceError } from '../../errors.ts'
import type { Budget, RateLimiter, StartPermit } from '../types.ts'
import { createDeferrals } from './deferrals.ts'
import { createInFlightLimit } from './in-flight-limit.ts'
import { CATCH_UP_MS, HURRY } from './pace-debt.ts'
import { createRequestWindow } from './request-window.ts'

/** Bottleneck works through about 300 jobs a second: above this pace one of its jobs stands for several permits. */
const SHORTEST_SPACING_MS = 5
/** Those who wait out a pause are back a little before its end. */
const EARLY_RETURN_MS = 5_000
/** Nobody knows how long a budget of nothing lasts, or a model that does not answer: ask again after this long. */
const UNKNOWN_WAIT_MS = 1_000
/** Who waits longer than the bound is sent away this much later: most are just about to start. */
const GRACE_MS = 1_000
/** A timer takes no more; it only looks again. */
const LONGEST_TIMER_MS = 60_000

export interface RateLimiterOptions extends Budget {
  /** Milliseconds of a clock that never goes back. For tests. Default: `performance.now`. */
  readonly now?: (() => number) | undefined
}

interface Waiter {
  readonly askedAt: number
  readonly tokens: number
  readonly maxWaitMs: number
  readonly resolve: (permit: StartPermit) => void
  readonly reject: (error: unknown) => void
}

/**
 * Those who wait stand in a queue of our own; Bottleneck only ever holds the next few starts, as jobs that resolve at
 * once and belong to nobody. Given the whole queue it would fix the start times of many, and a new pace or a pause
 * would change nothing for them. For the same reason both replace the Bottleneck: planned starts go with it. It spaces
 * the requests; the ledger says whether requests and tokens of the last minute leave room, the flight whether the
 * model has answered enough of what was asked.
 *
 * `acquire` bounds the wait by an estimate, which is right as long as pace and pause stay; when they change, those who
 * would now wait longer than their bound are deferred at once, and the rest when their bound is over.
 * Throws RangeError for a budget that is not 0 or more.
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const now = options.now ?? (() => performance.now())
  const { requestsPerMinute, tokensPerMinute } = options
  const ledger = createRequestWindow({ requestsPerMinute, tokensPerMinute })
  const flight = createInFlightLimit()
  const deferrals = createDeferrals()
  let waiting: Waiter[] = []
  let waitingTokens = 0
  const totals = { reserved: 0, spent: 0, inFlight: 0, pausedMs: 0 }
  let pausedUntil = Number.NEGATIVE_INFINITY
  let planned = 0
  let closed = false
  let gate: NodeJS.Timeout | undefined
  let sweep: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined
  let starts = createStarts()

  function createStarts() {
    const perMinute = ledger.budget.requestsPerMinute
    const intervalMs = perMinute > 0 ? 60_000 / (perMinute * HURRY) : LONGEST_TIMER_MS
    const permits = Math.max(1, Math.ceil(SHORTEST_SPACING_MS / intervalMs))
    // Planned starts make up for a process that is too busy to start on time. Measured with stalls of 60 ms: 100 ms
    // spend 1.00 of 6,000 a minute and 20 ms spend 0.90.
    const maxConcurrent = Math.ceil(CATCH_UP_MS / (intervalMs * permits))
    return { bottleneck: new Bottleneck({ minTime: intervalMs * permits, maxConcurrent }), maxConcurrent, permits }
  }

  const flightBound = () => flight.bound(ledger.intervalMs(waiting[0]?.tokens ?? 0))
  const isFlightFull = () => flight.inFlight >= flightBound()
  const pausedMs = () => Math.max(0, pausedUntil - now())

  /** Until the first in the queue may start, or until it is worth another look. Infinity: not before something changes. */
  function untilStartMs(): number {
    const first = waiting[0]
    if (first === undefined || isFlightFull()) return Number.POSITIVE_INFINITY
    return Math.max(pausedMs(), ledger.waitMs(now(), first.tokens))
  }

  /** Estimate for one who stands behind `requests` that take `tokens`. */
  function queueMs(requests: number, tokens: number): number {
    return ledger.queueMs(now(), pausedMs(), requests, tokens)
  }

  function deferral(tokens: number, maxWaitMs: number): StartPermit {
    const intervalMs = ledger.intervalMs(tokens)
    const early = Math.min(EARLY_RETURN_MS, maxWaitMs / 2)
    const isUnknown = intervalMs === Number.POSITIVE_INFINITY || isFlightFull()
    const notBefore = Math.max(pausedMs() - early, isUnknown ? UNKNOWN_WAIT_MS : 0, 0)
    return { granted: false, waitMs: deferrals.defer(now(), notBefore, intervalMs) }
  }

  function start(waiter: Waiter): void {
    const startedAt = now()
    const { tokens, askedAt } = waiter
    const entry = ledger.take(startedAt, tokens)
    flight.started()
    totals.inFlight += tokens
    totals.reserved += tokens
    let isDone = false
    const done = (spent: number | null) => {
      if (isDone) return
      isDone = true
      const took = spent === null || !(spent >= 0) ? tokens : spent
      flight.ended(spent === null ? null : now() - startedAt)
      ledger.correct(now(), entry, took)
      totals.inFlight -= tokens
      totals.spent += took
      lookAgain()
    }
    waiter.resolve({ granted: true, waitedMs: startedAt - askedAt, done })
  }

  function grant(own: typeof starts): void {
    if (own !== starts) return
    planned -= 1
    for (let permits = 0; permits < own.permits && untilStartMs() <= 0; permits += 1) {
      const waiter = waiting.shift()
      if (waiter === undefined) break
      waitingTokens -= waiter.tokens
      start(waiter)
    }
    plan()
  }

  /** Keeps as many starts planned as Bottleneck may run, plus one to take over; or looks again when one is possible. */
  function plan(): void {
    if (closed || waiting.length === 0) return
    const wait = untilStartMs()
    if (wait > 0) {
      if (wait === Number.POSITIVE_INFINITY) return
      gate ??= setTimeout(lookAgain, Math.ceil(Math.min(wait, LONGEST_TIMER_MS)))
      return
    }
    const own = starts
    const wanted = Math.min(Math.ceil(waiting.length / own.permits), own.maxConcurrent + 1)
    while (planned < wanted) {
      planned += 1
      // The only rejection is that of a limiter that was replaced or closed.
      own.bottleneck.schedule(async () => grant(own)).catch(() => undefined)
    }
  }

  function lookAgain(): void {
    clearTimeout(gate)
    gate = undefined
    plan()
  }

  /** Forgets every planned start. */
  function replan(): void {
    void dropPlanned(starts.bottleneck)
    planned = 0
    starts = createStarts()
    sendAway((waiter, requests, tokens) => now() - waiter.askedAt + queueMs(requests, tokens) > waiter.maxWaitMs)
    lookAgain()
  }

  /** Defers those for whom `isTooLong`, told what would stand before them. */
  function sendAway(isTooLong: (waiter: Waiter, requests: number, tokens: number) => boolean): void {
    const staying: Waiter[] = []
    let tokens = 0
    for (const waiter of waiting) {
      if (isTooLong(waiter, staying.length, tokens)) {
        waiter.resolve(deferral(waiter.tokens, waiter.maxWaitMs))
        continue
      }
      staying.push(waiter)
      tokens += waiter.tokens
    }
    waiting = staying
    waitingTokens = tokens
  }

  /** A caller that is gone takes no start: its attempt has ended, and another one asks in its place. */
  function dismiss(waiter: Waiter): void {
    if (!waiting.includes(waiter)) return
    waiting = waiting.filter((one) => one !== waiter)
    waitingTokens -= waiter.tokens
    waiter.reject(goneError())
    lookAgain()
  }

  /** Has those sent away whose bound is over: an estimate may be wrong, and a model may not answer. */
  function sweepAt(at: number): void {
    if (sweep !== undefined && sweep.at <= at) return
    clearTimeout(sweep?.timer)
    const ms = Math.min(Math.max(at - now(), 0) + GRACE_MS, LONGEST_TIMER_MS)
    sweep = { at, timer: setTimeout(sweepNow, Math.ceil(ms)) }
  }

  function firstBound(): number {
    return waiting.reduce((at, each) => Math.min(at, each.askedAt + each.maxWaitMs), Number.POSITIVE_INFINITY)
  }

  function sweepNow(): void {
    sweep = undefined
    sendAway(({ askedAt, maxWaitMs }) => now() - askedAt >= maxWaitMs)
    if (waiting.length > 0) sweepAt(firstBound())
    lookAgain()
  }

  return {
    async acquire(tokens, bound, signal) {
      if (closed) throw closedError()
      if (signal?.aborted) throw goneError()
      if (!(Number.isFinite(tokens) && tokens >= 0)) throw new RangeError(`tokens must be 0 or more, got ${tokens}`)
      const maxWaitMs = Math.max(0, bound)
      const waitMs = queueMs(waiting.length, waitingTokens)
      if (waitMs === Number.POSITIVE_INFINITY || waitMs > maxWaitMs) return deferral(tokens, maxWaitMs)
      const { promise, resolve, reject } = Promise.withResolvers<StartPermit>()
      const waiter: Waiter = { askedAt: now(), tokens, maxWaitMs, resolve, reject }
      waiting.push(waiter)
      waitingTokens += tokens
      plan()
      sweepAt(waiter.askedAt + maxWaitMs)
      if (signal === undefined) return promise
      const leave = () => dismiss(waiter)
      signal.addEventListener('abort', leave)
      return promise.finally(() => signal.removeEventListener('abort', leave))
    },

    pause(ms) {
      const until = now() + ms
      if (closed || !(until > pausedUntil)) return
      totals.pausedMs += until - Math.max(now(), pausedUntil)
      pausedUntil = until
      replan()
    },

    setBudget(budget) {
      const { requestsPerMinute, tokensPerMinute } = ledger.budget
      const isSame = budget.requestsPerMinute === requestsPerMinute && budget.tokensPerMinute === tokensPerMinute
      if (closed || isSame) return
      ledger.set(now(), budget)
      replan()
    },

    stats: () => ({
      waiting: waiting.length,
      inFlight: flight.inFlight,
      inFlightBound: flightBound(),
      deferred: deferrals.due(now()),
      ...ledger.budget,
      reservedTokens: totals.inFlight,
      reservedTokensTotal: totals.reserved,
      spentTokensTotal: totals.spent,
      utilisation: ledger.utilisation(now()),
      pausedMs: pausedMs(),
      pausedTotalMs: totals.pausedMs - pausedMs(),
    }),

    async close() {
      if (closed) return
      closed = true
      clearTimeout(gate)
      clearTimeout(sweep?.timer)
      for (const waiter of waiting.splice(0)) waiter.reject(closedError())
      await dropPlanned(starts.bottleneck)
    },
  }
}

async function dropPlanned(bottleneck: Bottleneck): Promise<void> {
  // Rejects only where it was stopped before.
  await bottleneck.stop({ dropWaitingJobs: true }).catch(() => undefined)
}

function goneError(): ServiceError {
  return new ServiceError('interrupted', 'the caller went away while it waited for the rate budget')
}

function closedError(): ServiceError {
  return new ServiceError('limiter-closed', 'the rate limiter is closed: this replica is shutting down')
}
