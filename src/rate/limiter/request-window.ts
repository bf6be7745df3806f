/** The budgets of a replica over the last minute, of requests and of tokens, and the even pace of the tokens. Pure. */
import type { Budget } from '../types.ts'
import { createMinuteBudget, type MinuteBudget } from './minute-budget.ts'
import { createMinuteWindow, MINUTE_MS, type Start } from './minute-window.ts'
import { createPaceDebt, type PaceDebt } from './pace-debt.ts'

/**
 * A full window stays closed this many milliseconds longer than its count demands, since the provider counts arrivals,
 * which are less even than starts.
 */
const ARRIVAL_MS = 25
/** The weight of the newest request in the mean of the tokens that requests take. */
const NEWEST_WEIGHT = 0.1

export interface RequestWindow {
  readonly budget: Budget
  /** Tokens of requests that have started and not ended. */
  readonly reservedTokens: number
  /** Throws RangeError for a bound that is no number of 0 or more, and then keeps the budget that it has. */
  set(now: number, budget: Budget): void
  /**
   * Milliseconds after which to look again whether a request of `tokens` may start; 0 where it may start now, Infinity
   * where it may not start with this budget.
   */
  waitMs(now: number, tokens: number): number
  take(now: number, tokens: number): Start
  /** The request has ended and took `tokens`. Call it once for each start. */
  end(now: number, start: Start, tokens: number): void
  /** Estimated milliseconds until `tokens` are available at their pace, of which none before `notBeforeMs`. */
  queueMs(now: number, notBeforeMs: number, tokens: number): number
  /** Whether tokens rather than requests decide how soon the next request may start, by the mean of late requests. */
  isBoundByTokens(): boolean
  /** Milliseconds between two starts at the pace of the smaller budget; before any start for requests of `tokens`. */
  intervalMs(tokens: number): number
  /** The used part of the last minute's budget, 0 to 1: the larger of requests and tokens. */
  utilisation(now: number): number
  /** Tokens reserved by all starts, and taken by all that have ended. */
  totals(): { readonly reserved: number; readonly spent: number }
}

/**
 * In every half-open window of 60 s no more starts than the budget of that minute allows, in requests and in tokens; a
 * budget that changed counts for as long as it stood. Tokens count as reserved until the request ends. A request that
 * took more than its reservation can exceed the window by the difference, and delays the next ones for it. The pace of
 * the requests is not kept here but by the spacing of their starts, because only tokens cost differently each time.
 * `now`, in every call, is the milliseconds of a clock that never goes back.
 */
export function createRequestWindow(first: Budget): RequestWindow {
  let budget = checked(first)
  const window = createMinuteWindow()
  const requests = createMinuteBudget(budget.requestsPerMinute)
  let tokens = tokensOf(budget)
  let meanTokens: number | null = null
  let reservedTokens = 0
  const totals = { reserved: 0, spent: 0 }
  const isNothing = () => budget.requestsPerMinute === 0 || budget.tokensPerMinute === 0

  function windowMs(now: number, cost: number): number {
    const isFull = !requests.fits(now, window.count(now), 1)
    const isSpent = tokens !== null && !tokens.minute.fits(now, window.tokens(now), cost)
    if (!isFull && !isSpent) return 0
    const leavesAt = window.nextLeavesAt(now)
    let next = leavesAt === null ? Number.POSITIVE_INFINITY : leavesAt - now + ARRIVAL_MS
    if (isFull) next = Math.min(next, requests.nextChangeMs(now, window.count(now) + 1 - requests.ofLastMinute(now)))
    if (isSpent && tokens !== null) {
      const missing = window.tokens(now) + cost - tokens.minute.ofLastMinute(now)
      next = Math.min(next, tokens.minute.nextChangeMs(now, missing))
    }
    // A wait of 0 would let the caller start, and a tiny one would let it look again and again.
    return Math.max(1, next)
  }

  function tokenIntervalMs(ofFirst: number): number {
    return tokens === null ? 0 : durationMs(meanTokens ?? ofFirst, tokens.minute.perMinute)
  }

  return {
    get budget() {
      return budget
    },
    get reservedTokens() {
      return reservedTokens
    },
    set(now, next) {
      budget = checked(next)
      requests.set(now, budget.requestsPerMinute)
      if (budget.tokensPerMinute === null || tokens === null) tokens = tokensOf(budget)
      else {
        tokens.minute.set(now, budget.tokensPerMinute)
        tokens.debt.setPace(now, budget.tokensPerMinute)
      }
    },
    waitMs(now, cost) {
      if (isNothing()) return Number.POSITIVE_INFINITY
      return Math.max(tokens?.debt.waitMs(now) ?? 0, windowMs(now, cost))
    },
    take(now, cost) {
      tokens?.debt.take(now, cost)
      meanTokens = meanTokens === null ? cost : meanTokens + NEWEST_WEIGHT * (cost - meanTokens)
      reservedTokens += cost
      totals.reserved += cost
      return window.add(now, cost)
    },
    end(now, start, spent) {
      tokens?.debt.correct(now, start.tokens, spent)
      reservedTokens -= start.tokens
      totals.spent += spent
      window.correct(start, spent)
    },
    queueMs(now, notBeforeMs, cost) {
      if (isNothing()) return Number.POSITIVE_INFINITY
      if (tokens === null) return 0
      return Math.max(notBeforeMs, tokens.debt.waitMs(now)) + durationMs(cost, tokens.minute.perMinute)
    },
    isBoundByTokens: () => tokenIntervalMs(0) > durationMs(1, requests.perMinute),
    intervalMs(ofFirst) {
      if (isNothing()) return Number.POSITIVE_INFINITY
      return Math.max(durationMs(1, requests.perMinute), tokenIntervalMs(ofFirst))
    },
    utilisation(now) {
      const ofRequests = part(window.count(now), requests.ofLastMinute(now))
      if (tokens === null) return ofRequests
      return Math.max(ofRequests, part(window.tokens(now), tokens.minute.ofLastMinute(now)))
    },
    totals: () => ({ ...totals }),
  }
}

function tokensOf({ tokensPerMinute }: Budget): { readonly minute: MinuteBudget; readonly debt: PaceDebt } | null {
  if (tokensPerMinute === null) return null
  return { minute: createMinuteBudget(tokensPerMinute), debt: createPaceDebt(tokensPerMinute) }
}

/** Milliseconds that `amount` takes at the pace; 0 for nothing, also where the pace is 0. */
function durationMs(amount: number, perMinute: number): number {
  return amount === 0 ? 0 : (amount * MINUTE_MS) / perMinute
}

function part(used: number, allowed: number): number {
  return allowed > 0 ? Math.min(1, used / allowed) : 0
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
