/** What one budget, of requests or of tokens, has allowed in the last minute, and its even pace. Pure. */
import { MINUTE_MS } from './minute-window.ts'

/** Pace that was missed, by a process too busy to start on time, is made up for at once by at most as much. */
export const CATCH_UP_MS = 100
/** What was missed beyond it is made up for by a pace that is faster by a hundredth, which is no burst anywhere. */
export const HURRY = 1.01
const REMEMBERED_MS = 10_000
/** Sums of fractions of a changing pace: far below one request or token. */
const ROUNDING = 1e-6

export interface Allowance {
  /** A minute, as it stands now. */
  readonly perMinute: number
  set(now: number, perMinute: number): void
  /** The budget of the last minute: of a changing one, each for as long as it stood. */
  ofLastMinute(now: number): number
  /** Whether `cost` may be added to what is `used` in the last minute. What is larger than a whole minute's budget may go alone. */
  fits(now: number, used: number, cost: number): boolean
  /** Milliseconds until `fits` may answer otherwise while nothing leaves the window. */
  nextChangeMs(now: number, missing: number): number
  /** Milliseconds until the even pace allows the next start. */
  paceMs(now: number): number
  /** Milliseconds that `amount` takes at the pace. */
  durationMs(amount: number): number
  take(now: number, cost: number): void
  /** A start that took `reserved` came to `spent`. */
  correct(now: number, reserved: number, spent: number): void
}

/**
 * `now` never goes back. The budget is taken to have stood for ever at the start. The pace is a debt: a start adds its
 * cost, time pays it off, and the next start waits until nothing is owed. So the cost of one is spread over the time
 * after it, and a new budget holds at once for what is owed. It is kept twice: `near` is paid off a little faster and
 * saves up next to nothing, which makes the spacing; `far` keeps the mean.
 */
export function createAllowance(perMinute: number): Allowance {
  let budget = perMinute
  let history = [{ from: Number.NEGATIVE_INFINITY, perMinute }]
  let near = 0
  let far = 0
  let settledAt = Number.NEGATIVE_INFINITY

  function settle(now: number): void {
    if (settledAt !== Number.NEGATIVE_INFINITY && now > settledAt) {
      const earned = (budget * (now - settledAt)) / MINUTE_MS
      near = payOff(near, earned * HURRY, (budget * CATCH_UP_MS) / MINUTE_MS)
      far = payOff(far, earned, (budget * REMEMBERED_MS) / MINUTE_MS)
    }
    settledAt = Math.max(settledAt, now)
  }

  function forget(now: number): void {
    const current = history.findLastIndex(({ from }) => from <= now - MINUTE_MS)
    if (current > 0) history = history.slice(current)
  }

  function ofLastMinute(now: number): number {
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
      settle(now)
      forget(now)
      if (history.at(-1)?.from === now) history.pop()
      history.push({ from: now, perMinute })
      budget = perMinute
    },
    ofLastMinute(now) {
      forget(now)
      return ofLastMinute(now)
    },
    fits(now, used, cost) {
      forget(now)
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
    paceMs(now) {
      settle(now)
      const owed = Math.max(near / HURRY, far)
      return owed <= ROUNDING ? 0 : (owed * MINUTE_MS) / budget
    },
    durationMs: (amount) => (amount === 0 ? 0 : (amount * MINUTE_MS) / budget),
    take(now, cost) {
      settle(now)
      near += cost
      far += cost
    },
    correct(now, reserved, spent) {
      settle(now)
      // At most one start ahead of the pace, or many that come back at once would let a burst go.
      near = Math.max(near + spent - reserved, Math.min(near, -spent))
      far += spent - reserved
    },
  }
}

/** Saves up at most `most`; what a correction gave back may be more than that, and is not lost. */
function payOff(owed: number, earned: number, most: number): number {
  return Math.min(owed, Math.max(owed - earned, -most))
}
