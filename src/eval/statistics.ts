/** The intervals of an eval report, and the rounding of its figures. */

export type Interval = readonly [low: number, high: number]

/** The standard normal quantile for a two-sided 95 % interval. */
const Z = 1.959964

/**
 * Returns Wilson's 95 % interval for the probability behind `right` successes in `n` trials; [0, 1] where `n` is 0. Unlike
 * the normal approximation, Wilson's interval stays between 0 and 1, and keeps a width where every trial of a small sample
 * succeeds.
 */
export function wilson(right: number, n: number): Interval {
  if (n === 0) return [0, 1]
  const p = right / n
  const bend = Z ** 2 / n
  const middle = (p + bend / 2) / (1 + bend)
  const reach = (Z / (1 + bend)) * Math.sqrt((p * (1 - p)) / n + bend / (4 * n))
  return [round(Math.max(0, middle - reach)), round(Math.min(1, middle + reach))]
}

/** Rounds a number to four decimals, which is finer than any labelled sample can tell. */
export function round(value: number): number {
  return Number(value.toFixed(4))
}
