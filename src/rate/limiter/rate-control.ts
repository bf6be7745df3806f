/** The rate control of a replica: reserves tokens for model requests, and decides what a 429 and the rate headers lead to. */
import type { Logger } from 'pino'
import { LONGEST_PAUSE_MS } from '../lease/cluster-budget.ts'
import type {
  AccountLimits,
  ClusterSignals,
  RateControl,
  RatePermit,
  RateSignal,
  RateSignals,
  RequestSize,
} from '../types.ts'
import { createRefusalWatch } from './refusal-watch.ts'
import { createTokenCharge } from './token-charge.ts'
import type { RateLimiter, StartPermit } from './types.ts'

/**
 * A refusal that names no wait pauses for this many milliseconds. Where the next request is refused as well and nothing is
 * answered between, the pause doubles, up to the longest.
 */
const FIRST_BACKOFF_MS = 1_000
const LONGEST_BACKOFF_MS = 30_000
/** Waits that the endpoint named are taken for enough so many times in a row; from then on they back off as well. */
const TRUSTED_WAITS = 8
/** Limits of an account that are less a minute than these count only where a refusal names them: many headers mean something else. */
const LEAST_LIMITS = { requests: 10, tokens: 1_000 } as const
/**
 * A 429 pauses for at least this many milliseconds, so that an endpoint that asks for a wait of 0 is not asked again
 * without end.
 */
const SHORTEST_WAIT_MS = 50
/**
 * A 429 that asks for a wait of at most this many milliseconds pauses this replica alone; a longer wait pauses the
 * whole cluster.
 */
const OWN_PAUSE_MS = 1_000
/** A pause of at least this many milliseconds is logged, so that an operator sees why nothing is asked. */
const LOGGED_PAUSE_MS = 30_000

export interface RateControlOptions {
  readonly limiter: RateLimiter
  readonly cluster: ClusterSignals
  readonly log: Logger
  /** Milliseconds of a clock that never goes back, for tests. Default: `performance.now`. */
  readonly now?: (() => number) | undefined
}

/**
 * A refusal pauses this replica alone where it asks for a wait of at most a second and its headers show budget left. It
 * pauses the cluster where the wait is longer, where the minute's budget is used up, or where it is the third in a
 * second and more than a few of the last requests were refused.
 */
export function createRateControl(options: RateControlOptions): RateControl {
  const { limiter, cluster, log } = options
  const now = options.now ?? (() => performance.now())
  const charge = createTokenCharge()
  const refusals = createRefusalWatch()
  /** Pauses that have followed each other without an answer between, and the end of the last one. */
  let pausesInRow = 0
  let lastPauseEnd = Number.NEGATIVE_INFINITY
  let account: AccountLimits = { requestsPerMinute: null, tokensPerMinute: null }

  /** The wait that the endpoint named, or that of the backoff. Refusals of requests that were in flight together count once. */
  function waitOf(namedMs: number | undefined): number {
    if (pausesInRow === 0 || now() >= lastPauseEnd) pausesInRow += 1
    const doublings = namedMs === undefined ? pausesInRow - 1 : pausesInRow - 1 - TRUSTED_WAITS
    const backoffMs = doublings < 0 ? 0 : Math.min(FIRST_BACKOFF_MS * 2 ** doublings, LONGEST_BACKOFF_MS)
    const waitMs = Math.min(Math.max(namedMs ?? 0, backoffMs, SHORTEST_WAIT_MS), LONGEST_PAUSE_MS)
    lastPauseEnd = Math.max(lastPauseEnd, now() + waitMs)
    return waitMs
  }

  function pause(retryAfterMs: number | undefined, rate: RateSignals | null, reason: string): number {
    const waitMs = waitOf(retryAfterMs)
    const isTooFast = refusals.noteRefusal(now())
    const isBudgetSpent = rate !== null && (isUsedUp(rate.requests) || isUsedUp(rate.tokens))
    const isClusterWide = waitMs > OWN_PAUSE_MS || isBudgetSpent || isTooFast
    if (waitMs >= LOGGED_PAUSE_MS && limiter.stats().pausedMs < waitMs / 2) {
      // The reason is the endpoint's words, which npm run classify shows; a log holds no words of others.
      log.warn({ waitMs, askedMs: retryAfterMs, rate }, 'The model endpoint asks for a pause')
    }
    limiter.pause(waitMs)
    if (isClusterWide) cluster.pauseCluster(waitMs, reason)
    return waitMs
  }

  /**
   * Reports the account's limits as the primary model's answers name them; the escalation model's may differ and are
   * rarely seen.
   */
  function learnLimits(size: RequestSize, rate: RateSignals | null, isRefusal: boolean): void {
    if (rate === null || size.tier !== 'primary') return
    const believed = (kind: keyof RateSignals) => {
      const { limit } = rate[kind]
      return limit !== null && (isRefusal || limit >= LEAST_LIMITS[kind]) ? limit : null
    }
    const limits = {
      requestsPerMinute: believed('requests') ?? account.requestsPerMinute,
      tokensPerMinute: believed('tokens') ?? account.tokensPerMinute,
    }
    const { requestsPerMinute, tokensPerMinute } = account
    if (limits.requestsPerMinute === requestsPerMinute && limits.tokensPerMinute === tokensPerMinute) return
    account = limits
    cluster.reportAccountLimits(limits)
  }

  function permitOf(permit: Extract<StartPermit, { granted: true }>, size: RequestSize, reserved: number): RatePermit {
    return {
      granted: true,
      waitedMs: permit.waitedMs,
      answered(inputTokens, rate) {
        // An answer without usage counts with its reservation rather than null, because null means that no answer came.
        permit.done(charge.spent(now(), size, inputTokens) ?? reserved)
        // A request that is paid without an answer, such as one that timed out, does not show that the rate is right again.
        if (rate !== null) pausesInRow = 0
        noteReset(permit, rate?.requests.resetMs)
        learnLimits(size, rate, false)
      },
      refused(retryAfterMs, rate, reason) {
        // Providers count refused requests against the limit as well.
        permit.done(null)
        learnLimits(size, rate, true)
        noteReset(permit, rate?.requests.resetMs ?? retryAfterMs)
        if (rate !== null && isForTokens(rate, reserved)) charge.noteRefusal(now())
        return pause(retryAfterMs, rate, reason)
      },
      ended: () => permit.done(null),
    }
  }

  return {
    expect: () => limiter.expect(),
    async acquire(size, maxWaitMs, signal) {
      const reserved = charge.reserve(now(), size)
      const permit = await limiter.acquire(reserved, maxWaitMs, signal, size)
      if (!permit.granted) return permit
      refusals.noteStart(now())
      return permitOf(permit, size, reserved)
    },
  }
}

/** A limit that is whole again at once says nothing about when it is. */
function noteReset(permit: Extract<StartPermit, { granted: true }>, resetMs: number | null | undefined): void {
  if (resetMs !== null && resetMs !== undefined && resetMs > 0) permit.noteReset(resetMs)
}

/**
 * Whether a request of `tokens` was refused because too few of the minute's tokens were left, not for too many
 * requests.
 */
function isForTokens({ requests, tokens: { remaining, resetMs } }: RateSignals, tokens: number): boolean {
  if (remaining === null || remaining >= tokens || requests.remaining === 0) return false
  return resetMs === null || resetMs > OWN_PAUSE_MS
}

/**
 * Whether the minute's budget is used up. Where all of it is available again within a second, the provider enforces the
 * limit in slices of a second, and only such a slice is used up.
 */
function isUsedUp({ remaining, resetMs }: RateSignal): boolean {
  return remaining === 0 && (resetMs === null || resetMs > OWN_PAUSE_MS)
}
