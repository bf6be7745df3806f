/** Keeps an even pace as a debt: a start adds its cost, time pays it off, and the next is due when nothing is owed. Pure. */
import { MINUTE_MS } from './minute-window.ts'

/**
 * Starts that are late by at most this many milliseconds are made up for at once. Measured at 6,000 requests a minute
 * with stalls of 60 ms: with 100 ms the whole budget is used, with 20 ms only 0.90 of it.
 */
export const CATCH_UP_MS = 100
/**
 * Starts that are later than `CATCH_UP_MS` are made up for by a pace that is higher by this factor, which causes no
 * burst.
 */
export const CATCH_UP_FACTOR = 1.01
/** At most this many milliseconds of the pace are remembered as missed. */
const REMEMBERED_MS = 10_000
/** Debts are sums of fractions; one that is smaller than this counts as paid. */
const ROUNDING = 1e-6

export interface PaceDebt {
  setPace(now: number, perMinute: number): void
  /** Milliseconds until the next start is due; Infinity at a pace of 0. */
  waitMs(now: number): number
  /** Whether starts are late by more than `CATCH_UP_MS` and by at least one request or token. */
  isBehind(now: number): boolean
  /** A start that costs `cost` requests or tokens. */
  take(now: number, cost: number): void
  /** A start that was taken with `reserved` turned out to cost `spent`. */
  correct(now: number, reserved: number, spent: number): void
}

/**
 * The pace may change at any time, because a new one holds at once for what is owed. The cost of a large request is
 * spread over the time after it. `now`, in every call, is the milliseconds of one clock that never goes back.
 */
export function createPaceDebt(pace: number): PaceDebt {
  let perMinute = pace
  /** Requests or tokens that are not paid for yet; below 0 where starts are late. */
  let owed = 0
  /**
   * What was missed beyond `CATCH_UP_MS`, and what was given back beyond one start. Time pays off a hundredth more
   * while some of it is left.
   */
  let missed = 0
  let settledAt = Number.NEGATIVE_INFINITY

  function settle(now: number): void {
    if (settledAt !== Number.NEGATIVE_INFINITY && now > settledAt) {
      const earned = (perMinute * (now - settledAt)) / MINUTE_MS
      const caughtUp = Math.min(missed, earned * (CATCH_UP_FACTOR - 1))
      missed -= caughtUp
      const wanted = owed - earned - caughtUp
      const lowest = (-perMinute * CATCH_UP_MS) / MINUTE_MS
      owed = Math.max(wanted, Math.min(owed, lowest))
      const most = Math.max(missed, (perMinute * REMEMBERED_MS) / MINUTE_MS)
      missed = Math.min(missed + owed - wanted, most)
    }
    settledAt = Math.max(settledAt, now)
  }

  return {
    setPace(now, pace) {
      settle(now)
      perMinute = pace
    },
    waitMs(now) {
      if (perMinute === 0) return Number.POSITIVE_INFINITY
      settle(now)
      if (owed <= ROUNDING) return 0
      return (owed * MINUTE_MS) / (missed > 0 ? perMinute * CATCH_UP_FACTOR : perMinute)
    },
    isBehind(now) {
      settle(now)
      return missed >= 1
    },
    take(now, cost) {
      settle(now)
      owed += cost
    },
    correct(now, reserved, spent) {
      settle(now)
      // Many requests may end at the same moment. At most one start of what they give back goes ahead of the pace, and
      // the rest counts as missed, or they would let a burst go.
      const wanted = owed + spent - reserved
      owed = Math.max(wanted, Math.min(owed, -spent))
      missed += owed - wanted
    },
  }
}
