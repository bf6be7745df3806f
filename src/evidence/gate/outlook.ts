/** How many more outcomes a claim is likely to need: the limits of the sequential test, and the chance of reaching them. */
import { assertCount, assertShare } from '../statistics/checks.ts'
import type { SequentialTest } from '../statistics/sequential.ts'

/** What is to be expected of a claim if outcomes go on as they went. */
export interface Outlook {
  /** The probability that the claim is shown within the outcomes that are left. */
  readonly chance: number
  /** The least number of further outcomes by which it is shown with probability 1/2; null where they do not suffice. */
  readonly more: number | null
}

/** Misses seen before the first outcome, in `expectedMissShare`, and the outcomes among which they were seen. */
const PRIOR = { misses: 0.3, outcomes: 30 } as const

/**
 * The share of misses to be expected after `wrong` misses among `n` outcomes, drawn towards 0.01 as if 30 outcomes with 0.3
 * misses had been seen before. It steers how long to go on, and no bound rests on it.
 */
export function expectedMissShare(n: number, wrong: number): number {
  return (wrong + PRIOR.misses) / (n + PRIOR.outcomes)
}

/**
 * The most misses among each number of outcomes with which the test shows its claim: the member at index n is the limit
 * after n outcomes, and -1 where not even n right ones suffice. `most` is the greatest n.
 */
export function buildLimits(test: SequentialTest, most: number): Int32Array {
  assertCount('most', most)
  const limits = new Int32Array(most + 1).fill(-1)
  let limit = -1
  for (let n = 1; n <= most; n++) {
    while (limit < n && test.isShown(n - limit - 1, limit + 1)) limit++
    limits[n] = limit
  }
  return limits
}

/**
 * The outlook after `n` outcomes with `wrong` misses, by the exact distribution of independent further outcomes that miss
 * with probability `missShare`. Outcomes go on up to the last index of `limits` (see `buildLimits`).
 */
export function lookAhead(limits: Int32Array, n: number, wrong: number, missShare: number): Outlook {
  assertShare('missShare', missShare)
  const most = limits.length - 1
  if (n <= most && wrong <= (limits[n] ?? -1)) return { chance: 1, more: 0 }
  const ceiling = (limits[most] ?? -1) + 1
  // The probabilities of `wrong`, `wrong` + 1, ... misses so far without the claim being shown; more than the ceiling never is.
  let open = new Float64Array(Math.max(0, ceiling - wrong))
  if (open.length === 0) return { chance: 0, more: null }
  open[0] = 1
  let chance = 0
  let more: number | null = null
  for (let next = n + 1; next <= most; next++) {
    const after = new Float64Array(open.length)
    for (let extra = 0; extra < open.length; extra++) {
      const stayed = (open[extra] ?? 0) * (1 - missShare)
      const missed = extra === 0 ? 0 : (open[extra - 1] ?? 0) * missShare
      if (wrong + extra <= (limits[next] ?? -1)) chance += stayed + missed
      else after[extra] = stayed + missed
    }
    open = after
    if (more === null && chance >= 0.5) more = next - n
  }
  return { chance, more }
}
