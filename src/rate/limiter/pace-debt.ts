/** Keeps an even pace as a debt: a start adds its cost, time pays it off, and the next is due when nothing is owed. Pure. */
import { MINUTE_MS } from './minute-window.ts'

/**
 * Starts that are late by at most this many milliseconds are made up for at once. Measured at 6,000 requests a minute
 * with stalls of 60 ms: with 100 ms the whole budget is used, with 20 ms only 0.90 of it.
 */
export const CATCH_UP_MS = 100
/** At most this many milliseconds of the pace are remembered as missed, unless the manner says otherwise. */
const REMEMBERED_MS = 10_000
/** Debts are sums of fractions; one that is smaller than this counts as paid. */
const ROUNDING = 1e-6

/** How what is late is made up for. */
export interface CatchUp {
  /** What is later than what is made up for at once is made up for by a pace that is higher by this factor; with 1 never. */
  readonly factor: number
  /** At least and at most so many starts or tokens are made up for at once, `CATCH_UP_MS` of the pace between them. */
  readonly leastAtOnce: number
  readonly mostAtOnce: number
  /** At most this many milliseconds of the pace are remembered as missed. */
  readonly rememberedMs: number
}

/** A pace that is higher by a hundredth causes no burst. */
const STEADY: CatchUp = {
  factor: 1.01,
  leastAtOnce: 0,
  mostAtOnce: Number.POSITIVE_INFINITY,
  rememberedMs: REMEMBERED_MS,
}

export interface PaceDebt {
  setPace(now: number, perMinute: number): void
  setCatchUp(now: number, catchUp: CatchUp): void
  /** Forgets what is late. */
  forget(now: number): void
  /** Milliseconds until the next start is due; Infinity at a pace of 0. */
  waitMs(now: number): number
  /** The time, passed or not, from which on no more than `ahead` is owed, as far as is known; Infinity at a pace of 0. */
  owesUntil(now: number, ahead: number): number
  /** Whether starts are late by more than is made up for at once, and by at least one request or token. */
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
  let catchUp = STEADY
  /** Requests or tokens that are not paid for yet; below 0 where starts are late. */
  let owed = 0
  /**
   * What was missed beyond what is made up for at once, and what was given back beyond one start. Time pays off more by the
   * factor while some of it is left.
   */
  let missed = 0
  let settledAt = Number.NEGATIVE_INFINITY

  function settle(now: number): void {
    if (settledAt !== Number.NEGATIVE_INFINITY && now > settledAt) {
      const earned = (perMinute * (now - settledAt)) / MINUTE_MS
      const caughtUp = Math.min(missed, earned * (catchUp.factor - 1))
      missed -= caughtUp
      const wanted = owed - earned - caughtUp
      owed = Math.max(wanted, Math.min(owed, -atOnce()))
      const most = Math.max(missed, (perMinute * catchUp.rememberedMs) / MINUTE_MS)
      missed = catchUp.factor > 1 ? Math.min(missed + owed - wanted, most) : 0
    }
    settledAt = Math.max(settledAt, now)
  }

  function owesUntil(now: number, ahead: number): number {
    if (perMinute === 0) return Number.POSITIVE_INFINITY
    settle(now)
    const open = owed - ahead
    if (Math.abs(open) <= ROUNDING) return now
    return now + (open * MINUTE_MS) / (missed > 0 ? perMinute * catchUp.factor : perMinute)
  }

  function atOnce(): number {
    const { leastAtOnce, mostAtOnce } = catchUp
    return Math.min(mostAtOnce, Math.max(leastAtOnce, (perMinute * CATCH_UP_MS) / MINUTE_MS))
  }

  return {
    setPace(now, pace) {
      settle(now)
      perMinute = pace
      // What a fast pace would have made up for at once is a burst at a slow one.
      const lowest = Math.max(owed, -atOnce())
      missed += lowest - owed
      owed = lowest
    },
    setCatchUp(now, next) {
      settle(now)
      catchUp = next
      if (next.factor === 1) missed = 0
      owed = Math.max(owed, -atOnce())
    },
    forget(now) {
      settle(now)
      missed = 0
      owed = Math.max(owed, 0)
    },
    waitMs(now) {
      return Math.max(0, owesUntil(now, 0) - now)
    },
    owesUntil,
    isBehind(now) {
      settle(now)
      return missed >= 1 && catchUp.factor > 1
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
