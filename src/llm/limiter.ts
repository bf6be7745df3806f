/** The rate limiter port on Bottleneck: even pacing by start permits. */
import Bottleneck from 'bottleneck'
import { ServiceError } from '../errors.ts'
import { createReturnSchedule } from './return-schedule.ts'
import type { RateLimiter, StartPermit } from './types.ts'

/** Bottleneck works through about 300 jobs a second: above this pace one of its jobs stands for several permits. */
const SHORTEST_SPACING_MS = 5
/**
 * Starts that Bottleneck plans ahead. It makes up for a process that is too busy to start on time, by at most as much:
 * measured with stalls of 60 ms, 100 ms spend 1.00 of 6,000 a minute and 20 ms spend 0.90.
 */
const PLANNED_AHEAD_MS = 100
/** Those who come back come a little before their turn, so that a late one leaves no start unused. */
const EARLY_RETURN_MS = 5_000
/** Nobody knows how long a budget of nothing lasts; a lease comes within seconds. */
const STOPPED_WAIT_MS = 2_000

export interface RateLimiterOptions {
  /** Above 0. May be a fraction. */
  readonly requestsPerMinute: number
  /** Milliseconds of a clock that never goes back. For tests. Default: `performance.now`. */
  readonly now?: (() => number) | undefined
}

interface Waiter {
  readonly askedAt: number
  readonly maxWaitMs: number
  readonly resolve: (permit: StartPermit) => void
  readonly reject: (error: unknown) => void
}

/**
 * Those who wait stand in a queue of our own; Bottleneck only ever holds the next few starts, as jobs that resolve at
 * once and belong to nobody. Given the whole queue it would fix the start times of many, and a new pace or a pause
 * would change nothing for them. For the same reason both replace the Bottleneck: planned starts go with it.
 *
 * `acquire` bounds the wait by an estimate, which is right as long as pace and pause stay; when they change, those who
 * would now wait longer than their bound are deferred at once. Throws RangeError for a pace that is not above 0.
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const now = options.now ?? (() => performance.now())
  let requestsPerMinute = checkPace(options.requestsPerMinute)
  let waiting: Waiter[] = []
  /** No start before this. */
  let openAt = 0
  let pausedUntil = 0
  let lastStart = Number.NEGATIVE_INFINITY
  let planned = 0
  let closed = false
  /** A budget of nothing: no start until there is more. */
  let isStopped = false
  let gate: NodeJS.Timeout | undefined
  const startInterval = () => 60_000 / requestsPerMinute
  const permitsPerStart = () => Math.max(1, Math.ceil(SHORTEST_SPACING_MS / startInterval()))
  const spacing = () => startInterval() * permitsPerStart()

  const returns = createReturnSchedule()
  let starts = createStarts()

  function createStarts() {
    const maxConcurrent = Math.ceil(PLANNED_AHEAD_MS / spacing())
    return { bottleneck: new Bottleneck({ minTime: spacing(), maxConcurrent }), maxConcurrent }
  }

  /** Wait of one who stands at `position`, counted from 0. */
  function waitAt(position: number): number {
    if (isStopped) return STOPPED_WAIT_MS
    const next = Math.max(openAt, lastStart + spacing())
    return Math.max(0, next - now()) + Math.floor(position / permitsPerStart()) * spacing()
  }

  function deferral(position: number, maxWaitMs: number): StartPermit {
    const earlyMs = Math.min(EARLY_RETURN_MS, maxWaitMs / 2)
    return { granted: false, waitMs: returns.bookMs(now(), waitAt(position), startInterval(), earlyMs) }
  }

  function grant(own: typeof starts): void {
    if (own !== starts) return
    planned -= 1
    const granted = waiting.splice(0, permitsPerStart())
    if (granted.length > 0) lastStart = now()
    for (const waiter of granted) waiter.resolve({ granted: true, waitedMs: lastStart - waiter.askedAt })
    plan()
  }

  /** Keeps as many starts planned as Bottleneck may run, plus one to take over. */
  function plan(): void {
    if (closed || isStopped || waiting.length === 0) return
    const wait = openAt - now()
    if (wait > 0) {
      gate ??= setTimeout(openGate, Math.ceil(wait))
      return
    }
    const wanted = Math.min(Math.ceil(waiting.length / permitsPerStart()), starts.maxConcurrent + 1)
    const own = starts
    while (planned < wanted) {
      planned += 1
      // The only rejection is that of a limiter that was replaced or closed.
      own.bottleneck.schedule(async () => grant(own)).catch(() => undefined)
    }
  }

  function openGate(): void {
    gate = undefined
    plan()
  }

  /** Forgets every planned start; the next one is at the new spacing after the last, and after the pause. */
  function replan(): void {
    void dropPlanned(starts.bottleneck)
    clearTimeout(gate)
    gate = undefined
    planned = 0
    starts = createStarts()
    openAt = Math.max(pausedUntil, lastStart + spacing())
    const staying: Waiter[] = []
    for (const waiter of waiting) {
      const waited = now() - waiter.askedAt
      if (waited + waitAt(staying.length) <= waiter.maxWaitMs) staying.push(waiter)
      else waiter.resolve(deferral(staying.length, waiter.maxWaitMs))
    }
    waiting = staying
    plan()
  }

  return {
    async acquire(bound) {
      if (closed) throw closedError()
      const maxWaitMs = Math.max(0, bound)
      if (waitAt(waiting.length) > maxWaitMs) return deferral(waiting.length, maxWaitMs)
      return new Promise<StartPermit>((resolve, reject) => {
        waiting.push({ askedAt: now(), maxWaitMs, resolve, reject })
        plan()
      })
    },

    pause(ms) {
      const until = now() + ms
      if (closed || !(until > pausedUntil)) return
      pausedUntil = until
      replan()
    },

    setPace(pace) {
      if (closed || checkPace(pace) === requestsPerMinute) return
      requestsPerMinute = pace
      replan()
    },

    setBudget({ requestsPerMinute: pace }) {
      if (closed || pace === (isStopped ? 0 : requestsPerMinute)) return
      isStopped = pace === 0
      if (!isStopped) requestsPerMinute = checkPace(pace)
      replan()
    },

    stats: () => ({
      waiting: waiting.length,
      inFlight: 0,
      deferred: 0,
      requestsPerMinute: isStopped ? 0 : requestsPerMinute,
      pausedMs: Math.max(0, pausedUntil - now()),
    }),

    async close() {
      if (closed) return
      closed = true
      clearTimeout(gate)
      for (const waiter of waiting.splice(0)) waiter.reject(closedError())
      await dropPlanned(starts.bottleneck)
    },
  }
}

async function dropPlanned(bottleneck: Bottleneck): Promise<void> {
  // Rejects only where it was stopped before.
  await bottleneck.stop({ dropWaitingJobs: true }).catch(() => undefined)
}

function checkPace(requestsPerMinute: number): number {
  if (Number.isFinite(requestsPerMinute) && requestsPerMinute > 0) return requestsPerMinute
  throw new RangeError(`requestsPerMinute must be a number above 0, got ${requestsPerMinute}`)
}

function closedError(): ServiceError {
  return new ServiceError('limiter-closed', 'the rate limiter is closed: this replica is shutting down')
}
