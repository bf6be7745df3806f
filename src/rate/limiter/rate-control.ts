/** The one place that decides what a refusal for rate means, and what the endpoint's headers do to the budget. */
import type { Logger } from 'pino'
import type {
  AccountLimits,
  ClusterSignals,
  RateControl,
  RateLimiter,
  RatePermit,
  RateSignal,
  RateSignals,
  RequestSize,
  StartPermit,
} from '../types.ts'
import { createTokenCharge } from './token-charge.ts'

/** How long a 429 without a hint pauses. */
const DEFAULT_PAUSE_MS = 1_000
/** A hint of nothing must not make a chunk spin. */
const SHORTEST_WAIT_MS = 50
/** A longer hint, such as a day, is asked about again after this long: limits are raised, and hints are wrong. */
const LONGEST_PAUSE_MS = 600_000
/** Up to here a refusal is a matter of this replica's timing. */
const OWN_PAUSE_MS = 1_000
/** As many refusals within a second are a matter of the cluster's pace. */
const REFUSALS = 3
const REFUSALS_WITHIN_MS = 1_000
/** From here on a person should know why nothing moves. */
const LOGGED_PAUSE_MS = 30_000

export interface RateControlOptions {
  readonly limiter: RateLimiter
  readonly share: ClusterSignals
  readonly log: Logger
  /** Milliseconds of a clock that never goes back. For tests. Default: `performance.now`. */
  readonly now?: (() => number) | undefined
}

/**
 * A refusal that asks for at most a second while budget is left delays this replica alone. A longer one, one that says
 * that the minute's budget is used up, or the third within a second pauses the cluster.
 */
export function createRateControl(options: RateControlOptions): RateControl {
  const { limiter, share, log } = options
  const now = options.now ?? (() => performance.now())
  const charge = createTokenCharge()
  let refusedAt: number[] = []
  let allowed: AccountLimits = { requestsPerMinute: null, tokensPerMinute: null }

  function pause(retryAfterMs: number | undefined, rate: RateSignals | null): number {
    const askedMs = retryAfterMs ?? DEFAULT_PAUSE_MS
    const waitMs = Math.min(Math.max(askedMs, SHORTEST_WAIT_MS), LONGEST_PAUSE_MS)
    refusedAt = [...refusedAt.filter((at) => now() - at < REFUSALS_WITHIN_MS), now()].slice(-REFUSALS)
    const isUsedUp = rate !== null && (usedUp(rate.requests) || usedUp(rate.tokens))
    const isCluster = askedMs > OWN_PAUSE_MS || isUsedUp || refusedAt.length >= REFUSALS
    if (waitMs >= LOGGED_PAUSE_MS && limiter.stats().pausedMs < waitMs / 2) {
      log.warn({ waitMs, askedMs, rate }, 'The model endpoint asks for a pause')
    }
    limiter.pause(waitMs)
    if (isCluster) share.pauseCluster(waitMs)
    return waitMs
  }

  /** The account's limits are those of the first model: the escalation model, asked rarely, may have others. */
  function learnLimits(size: RequestSize, rate: RateSignals | null): void {
    if (rate === null || size.tier !== 'primary') return
    const limits = {
      requestsPerMinute: rate.requests.limit ?? allowed.requestsPerMinute,
      tokensPerMinute: rate.tokens.limit ?? allowed.tokensPerMinute,
    }
    const { requestsPerMinute, tokensPerMinute } = allowed
    if (limits.requestsPerMinute === requestsPerMinute && limits.tokensPerMinute === tokensPerMinute) return
    allowed = limits
    share.accountAllows(limits)
  }

  function permitOf(permit: Extract<StartPermit, { granted: true }>, size: RequestSize, reserved: number): RatePermit {
    return {
      granted: true,
      waitedMs: permit.waitedMs,
      answered(inputTokens, rate) {
        // Answered, though without usage: what was reserved is what it took, and its latency counts.
        permit.done(charge.spent(now(), size, inputTokens) ?? reserved)
        learnLimits(size, rate)
      },
      refused(retryAfterMs, rate) {
        // Providers count refused requests as well.
        permit.done(null)
        learnLimits(size, rate)
        if (rate !== null && isForTokens(rate, reserved)) charge.exceeded(now())
        return pause(retryAfterMs, rate)
      },
      ended: () => permit.done(null),
    }
  }

  return {
    async acquire(size, maxWaitMs, signal) {
      const reserved = charge.reserve(now(), size)
      const permit = await limiter.acquire(reserved, maxWaitMs, signal)
      return permit.granted ? permitOf(permit, size, reserved) : permit
    },
  }
}

/** The minute's tokens, not its requests, were in the way of a request of `tokens`. */
function isForTokens({ requests, tokens: { remaining, resetMs } }: RateSignals, tokens: number): boolean {
  if (remaining === null || remaining >= tokens || requests.remaining === 0) return false
  return resetMs === null || resetMs > OWN_PAUSE_MS
}

/** Nothing is left for longer than a moment. Where it is all there again within a second, the limit is one of slices. */
function usedUp({ remaining, resetMs }: RateSignal): boolean {
  return remaining === 0 && (resetMs === null || resetMs > OWN_PAUSE_MS)
}
