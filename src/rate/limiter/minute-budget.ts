/** How much a budget that changes allows in the last minute: each of its values for as long as it stood. Pure. */
import { MINUTE_MS } from './minute-window.ts'

/** Budgets are sums of fractions; an excess smaller than this is none. */
const ROUNDING = 1e-6

export interface MinuteBudget {
  /** The budget a minute that holds now. */
  readonly perMinute: number
  set(now: number, perMinute: number): void
  ofLastMinute(now: number): number
  /**
   * Whether `cost` may be added to the `used` part of the last minute's budget. A cost that is larger than a whole
   * minute's budget fits where nothing is used, since it would never fit otherwise.
   */
  fits(now: number, used: number, cost: number): boolean
  /**
   * Milliseconds until more may fit although nothing leaves the window, because the part of the minute in which the
   * present budget has stood grows. `missing` is how much the budget of the last minute lacks.
   */
  nextChangeMs(now: number, missing: number): number
}

/**
 * The first budget counts as having stood for the whole minute before. `now`, in every call, is the milliseconds of a
 * clock that never goes back.
 */
export function createMinuteBudget(first: number): MinuteBudget {
  let budget = first
  let history = [{ from: Number.NEGATIVE_INFINITY, perMinute: first }]

  function forget(now: number): void {
    const current = history.findLastIndex(({ from }) => from <= now - MINUTE_MS)
    if (current > 0) history = history.slice(current)
  }

  function ofLastMinute(now: number): number {
    forget(now)
    if (history.length === 1) return budget
    let sum = 0
    let until = now
    for (const part of history.toReversed()) {
      const from = Math.max(part.from, now - MINUTE_MS)
      if (until > from) sum += (part.perMinute * (until - from)) / MINUTE_MS
      until = Math.min(until, from)
    }
    return sum
  }

  return {
    get perMinute() {
      return budget
    },
    set(now, perMinute) {
      if (perMinute === budget) return
      forget(now)
      if (history.at(-1)?.from === now) history.pop()
      history.push({ from: now, perMinute })
      budget = perMinute
    },
    ofLastMinute,
    fits(now, used, cost) {
      if (used + cost <= ofLastMinute(now) + ROUNDING) return true
      return used === 0 && cost > budget && budget > 0
    },
    nextChangeMs(now, missing) {
      const [oldest, next] = history
      if (oldest === undefined || next === undefined) return Number.POSITIVE_INFINITY
      const growth = (budget - oldest.perMinute) / MINUTE_MS
      const grownMs = growth > 0 ? Math.max(0, missing) / growth : Number.POSITIVE_INFINITY
      return Math.min(grownMs, next.from + MINUTE_MS - now)
    },
  }
}
