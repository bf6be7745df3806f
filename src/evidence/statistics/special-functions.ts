/** Special functions that the bounds rest on: logarithms of the gamma and beta functions, and the regularised incomplete beta function. */

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const
const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI)
/** From this argument on Stirling's series with four terms is exact to the last digits of a double. */
const STIRLING_FROM = 12

/**
 * The natural logarithm of the gamma function of `x` > 0, with a relative error of about 1e-15 (Lanczos 1964 below 12,
 * Stirling's series from there).
 */
export function logGamma(x: number): number {
  if (x >= STIRLING_FROM) {
    const square = 1 / (x * x)
    const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / x
    return (x - 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI + series
  }
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const shifted = x - 1
  const sum = LANCZOS.reduce((total, term, index) => (index === 0 ? term : total + term / (shifted + index)), 0)
  const base = shifted + 7.5
  return HALF_LOG_TWO_PI + (shifted + 0.5) * Math.log(base) - base + Math.log(sum)
}

/** The natural logarithm of the beta function of `a` > 0 and `b` > 0. */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b)
}

/** The natural logarithm of "n over k", for whole numbers 0 <= k <= n. */
export function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
}

/** log(exp(a) + exp(b) + ...) without overflow; -Infinity for no term. */
export function logSumExp(terms: readonly number[]): number {
  let most = -Infinity
  for (const term of terms) if (term > most) most = term
  if (most === -Infinity || most === Infinity) return most
  let sum = 0
  for (const term of terms) sum += Math.exp(term - most)
  return most + Math.log(sum)
}

/** `count` times log(`x`), where 0 times log(0) is 0. */
export function timesLog(count: number, x: number): number {
  return count === 0 ? 0 : count * Math.log(x)
}

/** The natural logarithm of the probability of `k` successes in `n` independent trials of probability `p`. */
export function logBinomial(n: number, k: number, p: number): number {
  return logChoose(n, k) + timesLog(k, p) + timesLog(n - k, 1 - p)
}

const LEAST = 1e-300
const PRECISION = 1e-15

/**
 * The regularised incomplete beta function I_x(a, b): the probability that a Beta(a, b) variable is at most `x`. It is
 * computed by the continued fraction in Lentz's form (Press and others, Numerical Recipes, 1992, section 6.4), whose number
 * of steps grows with the square root of a and b; parameters up to 10^7 are computed to about nine digits.
 */
export function regularisedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - regularisedBeta(1 - x, b, a)
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a
  return front * continuedFraction(x, a, b)
}

function continuedFraction(x: number, a: number, b: number): number {
  const steps = 1_000 + 20 * Math.ceil(Math.sqrt(Math.max(a, b)))
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let value = d
  for (let m = 1; m <= steps; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    value *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    const factor = d * c
    value *= factor
    if (Math.abs(factor - 1) < PRECISION) break
  }
  return value
}

/** A denominator of exactly 0 would end the fraction, so that it is moved away from 0 by the least amount. */
function away(x: number): number {
  return Math.abs(x) < LEAST ? LEAST : x
}

/**
 * The quantile of the standard normal distribution at `p` of (0, 1), by halving the distribution function, which is half of
 * an incomplete gamma function and computed by its series (Marsaglia 2004); good to about ten digits between 1e-9 and 1 - 1e-9.
 */
export function normalQuantile(p: number): number {
  let [low, high] = [-8, 8]
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2
    if (normalBelow(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

function normalBelow(x: number): number {
  let sum = x
  let term = x
  for (let k = 3; Math.abs(term) > 1e-17 && k < 400; k += 2) {
    term *= (x * x) / k
    sum += term
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x - HALF_LOG_TWO_PI)
}
