/** Enforces limits of requests (RPM) and tokens (TPM) a minute as a provider does, in sliding minutes or in slices of a fraction of a second. */
import { createSlidingWindow } from './sliding-window.ts'

const MINUTE_MS = 60_000

export interface RateLimitOptions {
  /** The most requests a minute; 0 means no limit. */
  readonly rpm: number
  /** The most tokens a minute; 0 means no limit. */
  readonly tpm: number
  /**
   * With 0, the limits hold for every sliding minute. Any other value is the length of a slice in milliseconds, which has its
   * part of the limits and carries nothing over to the next slice.
   */
  readonly sliceMs: number
}

/** The decision whether a request may start. */
export interface Admission {
  /** The limit that the request would exceed; null where it may start. */
  readonly exceeded: 'requests' | 'tokens' | null
  /** Milliseconds after which a refused request may try again. */
  readonly retryAfterMs: number
  /** OpenAI's x-ratelimit-* response headers, for the limits that are set. */
  readonly headers: Readonly<Record<string, string>>
}

/** The limits of requests and tokens that one server enforces. */
export interface RateLimits {
  /**
   * Charges a request of `tokens` against the limits; a request that exceeds a limit is refused and charged nothing. `now`
   * never goes back.
   */
  admit(now: number, tokens: number): Admission
}

/** The unused part of one limit. */
interface Budget {
  has(now: number, amount: number): boolean
  take(now: number, amount: number): void
  remaining(now: number): number
  /** Milliseconds until `amount` of the limit is available. */
  waitMs(now: number, amount: number): number
  /** Milliseconds until the whole limit is available. */
  resetMs(now: number): number
}

export function createRateLimits({ rpm, tpm, sliceMs }: RateLimitOptions): RateLimits {
  const budgetOf = (perMinute: number) => {
    if (perMinute === 0) return null
    return sliceMs === 0 ? createSlidingBudget(perMinute) : createSlicedBudget(perMinute, sliceMs)
  }
  const limits = [
    { kind: 'requests', perMinute: rpm, budget: budgetOf(rpm) },
    { kind: 'tokens', perMinute: tpm, budget: budgetOf(tpm) },
  ] as const

  function headersOf(now: number): Record<string, string> {
    const headers: Record<string, string> = {}
    for (const { kind, perMinute, budget } of limits) {
      if (budget === null) continue
      headers[`x-ratelimit-limit-${kind}`] = String(perMinute)
      headers[`x-ratelimit-remaining-${kind}`] = String(Math.max(0, Math.floor(budget.remaining(now))))
      headers[`x-ratelimit-reset-${kind}`] = formatReset(budget.resetMs(now))
    }
    return headers
  }

  return {
    admit(now, tokens) {
      const amounts = { requests: 1, tokens }
      for (const { kind, budget } of limits) {
        if (budget === null || budget.has(now, amounts[kind])) continue
        const retryAfterMs = Math.max(1, Math.ceil(budget.waitMs(now, amounts[kind])))
        return { exceeded: kind, retryAfterMs, headers: headersOf(now) }
      }
      for (const { kind, budget } of limits) budget?.take(now, amounts[kind])
      return { exceeded: null, retryAfterMs: 0, headers: headersOf(now) }
    },
  }
}

/** Creates a limit that holds for every sliding minute. */
function createSlidingBudget(perMinute: number): Budget {
  const window = createSlidingWindow(MINUTE_MS)
  const missing = (now: number, amount: number) => window.sum(now) + amount - perMinute
  return {
    has: (now, amount) => missing(now, amount) <= 0,
    take: (now, amount) => window.add(now, amount),
    remaining: (now) => perMinute - window.sum(now),
    waitMs: (now, amount) => (window.weightLeavesAt(now, missing(now, amount)) ?? now + MINUTE_MS) - now,
    resetMs(now) {
      const last = window.leavesAt(now, window.count(now) - 1)
      return last === null ? 0 : last - now
    },
  }
}

/**
 * Creates a limit that is divided into slices of time. One request may overdraw a slice, because it may need more tokens than
 * a slice has; the next slices then have less. Fractions of a token or request add up over several slices.
 */
function createSlicedBudget(perMinute: number, sliceMs: number): Budget {
  const perSlice = (perMinute / MINUTE_MS) * sliceMs
  /** The total that all slices before slice `end` allow. */
  const allowedBefore = (end: number) => Math.floor(end * perSlice)
  let slice = Number.NEGATIVE_INFINITY
  let left = 0

  function turnTo(now: number): void {
    const current = Math.floor(now / sliceMs)
    if (current === slice) return
    const allowance = allowedBefore(current + 1) - allowedBefore(current)
    left = left < 0 ? Math.min(allowance, left + allowedBefore(current + 1) - allowedBefore(slice + 1)) : allowance
    slice = current
  }

  return {
    has(now) {
      turnTo(now)
      return left > 0
    },
    take(now, amount) {
      turnTo(now)
      left -= amount
    },
    remaining(now) {
      turnTo(now)
      return left
    },
    waitMs(now) {
      turnTo(now)
      const end = Math.ceil((allowedBefore(slice + 1) + 1 + Math.max(0, -left)) / perSlice)
      return Math.max(slice + 1, end - 1) * sliceMs - now
    },
    resetMs: (now) => (Math.floor(now / sliceMs) + 1) * sliceMs - now,
  }
}

/** Formats a duration as OpenAI writes it in its reset headers: "0s", "12ms", "1.2s", "6m0s". */
export function formatReset(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms))
  if (whole === 0) return '0s'
  if (whole < 1_000) return `${whole}ms`
  if (whole < MINUTE_MS) return `${whole / 1_000}s`
  return `${Math.floor(whole / MINUTE_MS)}m${(whole % MINUTE_MS) / 1_000}s`
}
