/** Exact bounds for a share of right results after a sample whose size was fixed beforehand, without and with replacement. */
import { assertCounts, assertShare } from './checks.ts'
import { logChoose, regularisedBeta } from './special-functions.ts'

/** Halvings of [0, 1] that reach the precision of a double around 0.5. */
const HALVINGS = 60

/**
 * The one-sided lower bound of Clopper and Pearson (1934) for the probability behind `right` successes in `n` independent
 * trials: the probability p at which `right` or more successes have probability `delta`; 0 where `right` is 0. It is at most
 * the true probability in at least 1 - `delta` of all samples, for each fixed `n`. Looking repeatedly while `n` grows spoils
 * it; use `createSequentialTest` there. Sound up to n = 10^6 and beyond. Throws RangeError for counts that cannot be.
 */
export function clopperPearsonLower(right: number, n: number, delta: number): number {
  assertCounts(right, n, null)
  assertShare('delta', delta)
  if (right === 0) return 0
  return bisect((p) => regularisedBeta(p, right, n - right + 1) > delta)
}

/** The one-sided upper bound of Clopper and Pearson (1934); 1 where every trial succeeded. See `clopperPearsonLower`. */
export function clopperPearsonUpper(right: number, n: number, delta: number): number {
  return 1 - clopperPearsonLower(n - right, n, delta)
}

/** The two-sided interval of Clopper and Pearson (1934) at confidence 1 - `delta`: both one-sided bounds at half of it. */
export function clopperPearson(right: number, n: number, delta: number): readonly [low: number, high: number] {
  return [clopperPearsonLower(right, n, delta / 2), clopperPearsonUpper(right, n, delta / 2)]
}

/**
 * The exact one-sided lower bound for the number of right members of a finite population of `population` members, of which
 * `n` were drawn at random without replacement and `right` were right: the least number under which `right` or more are
 * drawn with a probability above `delta` (the inverted hypergeometric test, as Katz 1953 and Buonaccorsi 1987 have it). It
 * returns a whole number from `right` to population - (n - right); divide it by `population` for a share. As with Clopper
 * and Pearson, `n` must be fixed beforehand. Throws RangeError for counts that cannot be.
 */
export function hypergeometricLower(right: number, n: number, population: number, delta: number): number {
  assertCounts(right, n, population)
  assertShare('delta', delta)
  let low = right
  let high = population - (n - right)
  // The tail grows with the number of right members, so that the least number is found by halving.
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (hypergeometricTail(right, n, population, middle) > delta) high = middle
    else low = middle + 1
  }
  return low
}

/** The exact one-sided upper bound for the number of right members of a finite population. See `hypergeometricLower`. */
export function hypergeometricUpper(right: number, n: number, population: number, delta: number): number {
  return population - hypergeometricLower(n - right, n, population, delta)
}

/**
 * The probability that `n` members drawn without replacement from `population` members, of which `inside` are right, hold
 * at least `right` right ones. All counts are whole numbers.
 */
export function hypergeometricTail(right: number, n: number, population: number, inside: number): number {
  const most = Math.min(n, inside)
  const least = Math.max(0, n - (population - inside))
  if (right <= least) return 1
  if (right > most) return 0
  const all = logChoose(population, n)
  const at = (k: number) => Math.exp(logChoose(inside, k) + logChoose(population - inside, n - k) - all)
  // Each term follows from the one before it by a ratio, from the end that holds fewer terms.
  const up = (k: number) => ((inside - k) * (n - k)) / ((k + 1) * (population - inside - n + k + 1))
  const mean = (n * inside) / population
  if (right > mean) return Math.min(1, sumWhile(right, most, at(right), up))
  const down = (k: number) => 1 / up(k - 1)
  return Math.max(0, 1 - sumDown(right - 1, least, at(right - 1), down))
}

function sumWhile(from: number, to: number, first: number, ratio: (k: number) => number): number {
  let sum = 0
  let term = first
  for (let k = from; k <= to; k++) {
    sum += term
    if (term < sum * 1e-18) break
    term *= ratio(k)
  }
  return sum
}

function sumDown(from: number, to: number, first: number, ratio: (k: number) => number): number {
  let sum = 0
  let term = first
  for (let k = from; k >= to; k--) {
    sum += term
    if (term < sum * 1e-18) break
    term *= ratio(k)
  }
  return sum
}

/** The least x of [0, 1] at which the rising condition `isAbove` begins to hold. */
function bisect(isAbove: (x: number) => boolean): number {
  let low = 0
  let high = 1
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2
    if (isAbove(middle)) high = middle
    else low = middle
  }
  return low
}
