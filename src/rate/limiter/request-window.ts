/** The books of a replica's budget: what was started in the last minute, and when the next request may start. Pure. */

import type { Budget } from '../types.ts'
import { createMinuteWindow, type Start } from './minute-window.ts'
import { type Allowance, createAllowance } from './pace-debt.ts'

/** The provider's window is by when requests arrive, which is not as even as when they start. */
const ARRIVAL_MS = 25
/** Weight of the newest request in the mean of what requests take. */
const NEWEST = 0.1

export interface Ledger {
  readonly budget: Budget
  /** Throws RangeError where a bound is not a number of 0 or more. */
  set(now: number, budget: Budget): void
  /**
   * Milliseconds after which to look again whether a request of `tokens` may start; 0: it may now. Infinity: not with
   * this budget.
   */
  waitMs(now: number, tokens: number): number
  take(now: number, tokens: number): Start
  correct(now: number, start: Start, tokens: number): void
  /** Estimate for one who stands behind `requests` that take `tokens`, where nothing starts for `notBeforeMs`. */
  queueMs(now: number, notBeforeMs: number, requests: number, tokens: number): number
  /** Between two starts, at the pace of the smaller budget, for requests as large as of late; before any, of `tokens`. */
  intervalMs(tokens: number): number
  utilisation(now: number): number
}

/**
 * In any half-open window of 60 s no more is started than the budget of that minute, in requests and in tokens: a
 * budget that changed counts for as long as it stood. Tokens count as reserved until they are corrected; one that is
 * corrected upwards can exceed the window by as much, and holds up the next for it.
 */
export function createRequestWindow(first: Budget): Ledger {
  let budget = checked(first)
  const window = createMinuteWindow()
  const requests = createAllowance(budget.requestsPerMinute)
  let tokens: Allowance | null = allowanceOf(budget.tokensPerMinute)
  let meanTokens: number | null = null
  const isNothing = () => budget.requestsPerMinute === 0 || budget.tokensPerMinute === 0

  function windowMs(now: number, cost: number): number {
    const isFull = !requests.fits(now, window.count(now), 1)
    const isSpent = tokens !== null && !tokens.fits(now, window.tokens(now), cost)
    if (!isFull && !isSpent) return 0
    const leavesAt = window.nextLeavesAt(now)
    let next = leavesAt === null ? Number.POSITIVE_INFINITY : leavesAt - now + ARRIVAL_MS
    if (isFull) next = Math.min(next, requests.nextChangeMs(now, window.count(now) + 1 - requests.ofLastMinute(now)))
    if (isSpent && tokens !== null) {
      const missing = window.tokens(now) + cost - tokens.ofLastMinute(now)
      next = Math.min(next, tokens.nextChangeMs(now, missing))
    }
    // Never 0: what is a rounding away would be looked at again and again.
    return Math.max(1, next)
  }

  return {
    get budget() {
      return budget
    },
    set(now, next) {
      budget = checked(next)
      requests.set(now, budget.requestsPerMinute)
      if (budget.tokensPerMinute === null || tokens === null) tokens = allowanceOf(budget.tokensPerMinute)
      else tokens.set(now, budget.tokensPerMinute)
    },
    waitMs(now, cost) {
      if (isNothing()) return Number.POSITIVE_INFINITY
      return Math.max(requests.paceMs(now), tokens?.paceMs(now) ?? 0, windowMs(now, cost))
    },
    take(now, cost) {
      requests.take(now, 1)
      tokens?.take(now, cost)
      meanTokens = meanTokens === null ? cost : meanTokens + NEWEST * (cost - meanTokens)
      return window.add(now, cost)
    },
    correct(now, start, spent) {
      tokens?.correct(now, start.tokens, spent)
      window.correct(start, spent)
    },
    queueMs(now, notBeforeMs, ahead, tokensAhead) {
      if (isNothing()) return Number.POSITIVE_INFINITY
      const byRequests = Math.max(notBeforeMs, requests.paceMs(now)) + requests.durationMs(ahead)
      if (tokens === null) return byRequests
      return Math.max(byRequests, Math.max(notBeforeMs, tokens.paceMs(now)) + tokens.durationMs(tokensAhead))
    },
    intervalMs(ofFirst) {
      if (isNothing()) return Number.POSITIVE_INFINITY
      return Math.max(requests.durationMs(1), tokens?.durationMs(meanTokens ?? ofFirst) ?? 0)
    },
    utilisation(now) {
      const part = (used: number, allowed: number) => (allowed > 0 ? Math.min(1, used / allowed) : 0)
      const ofRequests = part(window.count(now), requests.ofLastMinute(now))
      return tokens === null ? ofRequests : Math.max(ofRequests, part(window.tokens(now), tokens.ofLastMinute(now)))
    },
  }
}

function allowanceOf(perMinute: number | null): Allowance | null {
  return perMinute === null ? null : createAllowance(perMinute)
}

function checked(budget: Budget): Budget {
  for (const [name, value] of Object.entries(budget)) {
    if (value === null && name === 'tokensPerMinute') continue
    if (!(Number.isFinite(value) && value >= 0)) {
      throw new RangeError(`${name} must be a number of 0 or more, got ${value}`)
    }
  }
  return budget
}
