/** Drift: whether accuracy moved between two answers to the same labelled rows, and how small a change they can show. */
import { assertCount, assertShare } from './statistics/checks.ts'
import { logBinomial, normalQuantile } from './statistics/special-functions.ts'

/** The least size of a sentinel set: with it a fall of about six points is found in four of five cases. */
export const LEAST_SENTINELS = 150

/** One sentinel row: whether the earlier and the later answer to it are right by its label. */
export interface SentinelPair {
  readonly id: string
  readonly before: boolean
  readonly after: boolean
}

export interface Drift {
  readonly rows: number
  /** Shares of right rows. */
  readonly before: number
  readonly after: number
  /** Rows that were right and are wrong now, and the other way round. */
  readonly lost: readonly string[]
  readonly gained: readonly string[]
  /** after - before. */
  readonly change: number
  /** The interval of the change at confidence 1 - delta. */
  readonly interval: readonly [low: number, high: number]
  /** The two-sided p-value of McNemar's exact test. */
  readonly p: number
  readonly verdict: 'worse' | 'better' | 'no-change-shown'
  /** The smallest fall that rows of this number show with probability 0.8. */
  readonly detectable: number | null
}

/**
 * Compares two answers to the same sentinel rows. The verdict rests on McNemar's test in its exact form (McNemar 1947; the
 * binomial distribution of the rows that changed), which errs in at most `delta` of comparisons where accuracy did not move. The
 * interval of the change is Tango's score interval for paired shares (Tango 1998), which is asymptotic: for few
 * changed rows it may disagree with the exact test in the last digit. Each comparison has its own error probability; of twenty
 * runs without any change one may be called changed at delta = 0.05. Throws RangeError without a row.
 */
export function compareSentinels(pairs: readonly SentinelPair[], delta = 0.05): Drift {
  assertShare('delta', delta)
  assertCount('the number of sentinel rows', pairs.length, 1)
  const lost = pairs.filter(({ before, after }) => before && !after).map(({ id }) => id)
  const gained = pairs.filter(({ before, after }) => !before && after).map(({ id }) => id)
  const rows = pairs.length
  const p = mcnemarExact(lost.length, gained.length)
  const change = (gained.length - lost.length) / rows
  return {
    rows,
    before: pairs.filter(({ before }) => before).length / rows,
    after: pairs.filter(({ after }) => after).length / rows,
    lost,
    gained,
    change,
    interval: pairedInterval(lost.length, gained.length, rows, delta),
    p,
    verdict: p > delta || change === 0 ? 'no-change-shown' : change < 0 ? 'worse' : 'better',
    detectable: smallestDetectableFall(rows, { delta }),
  }
}

/**
 * The two-sided p-value of McNemar's exact test: twice the probability that of `lost` + `gained` fair coins at most the smaller
 * number shows heads, at most 1.
 */
export function mcnemarExact(lost: number, gained: number): number {
  const changed = lost + gained
  const fewer = Math.min(lost, gained)
  let tail = 0
  for (let k = 0; k <= fewer; k++) tail += Math.exp(logBinomial(changed, k, 0.5))
  return Math.min(1, 2 * tail)
}

/**
 * The interval of the change of accuracy (gained - lost) / rows that Tango's score test (1998) does not reject at `delta`, where
 * `lost` and `gained` are the numbers of rows that changed in either direction.
 */
export function pairedInterval(
  lost: number,
  gained: number,
  rows: number,
  delta: number,
): readonly [low: number, high: number] {
  const limit = normalQuantile(1 - delta / 2)
  const observed = (gained - lost) / rows
  const end = (outside: number, isInside: (change: number) => boolean) => {
    let [inner, outer] = [observed, outside]
    for (let halving = 0; halving < 50; halving++) {
      const middle = (inner + outer) / 2
      if (isInside(middle)) inner = middle
      else outer = middle
    }
    return inner
  }
  const score = (change: number) => tangoScore(lost, gained, rows, change)
  return [end(-1, (change) => score(change) <= limit), end(1, (change) => score(change) >= -limit)]
}

/** The distance of the observed from a supposed change, in standard errors under the supposed one. */
function tangoScore(lost: number, gained: number, rows: number, change: number): number {
  const b = lost + gained - change * (2 * rows + lost - gained)
  const root = Math.sqrt(Math.max(0, b * b + 8 * rows * lost * change * (1 - change)))
  // The likeliest share of lost rows if gained rows are more by `change`.
  const share = Math.max(0, -change, (b + root) / (4 * rows))
  const variance = rows * (2 * share + change * (1 - change))
  const distance = gained - lost - rows * change
  if (distance === 0) return 0
  return variance <= 0 ? Math.sign(distance) * Infinity : distance / Math.sqrt(variance)
}

/** What is assumed of the comparison whose power is asked for. */
export interface DetectionOptions {
  /** The error probability of the test, two-sided; 0.05 unless given. */
  readonly delta?: number
  /** The probability with which the fall shall be found; 0.8 unless given. */
  readonly power?: number
  /** The share of rows that change from wrong to right meanwhile; 0.005 unless given. */
  readonly gainedShare?: number
}

/**
 * The smallest fall of accuracy, in steps of 0.001, that McNemar's exact test shows on `rows` rows with the power asked for; null
 * where not even a fall of 0.5 is. For 150 rows it is 0.062.
 */
export function smallestDetectableFall(rows: number, options: DetectionOptions = {}): number | null {
  const { delta = 0.05, power = 0.8, gainedShare = 0.005 } = options
  assertCount('rows', rows, 1)
  assertShare('delta', delta)
  assertShare('power', power)
  const least = leastLost(rows, delta)
  // The power rises with the fall, so that the smallest step is found by halving.
  let [low, high] = [1, 500]
  if (powerOf(rows, gainedShare + high / 1_000, gainedShare, least) < power) return null
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (powerOf(rows, gainedShare + middle / 1_000, gainedShare, least) >= power) high = middle
    else low = middle + 1
  }
  return low / 1_000
}

/** The least number of lost rows that is called a fall, by the number of gained rows. */
function leastLost(rows: number, delta: number): number[] {
  const least: number[] = []
  let lost = 0
  for (let gained = 0; gained <= rows; gained++) {
    while (lost <= rows && (lost <= gained || mcnemarExact(lost, gained) > delta)) lost++
    least.push(lost)
    if (lost > rows) break
  }
  return least
}

/** The probability that the test shows a fall where rows are lost and gained with the given shares. */
function powerOf(rows: number, lostShare: number, gainedShare: number, least: readonly number[]): number {
  let power = 0
  for (const [gained, from] of least.entries()) {
    const probability = Math.exp(logBinomial(rows, gained, gainedShare))
    if (probability < 1e-9 && gained > rows * gainedShare) break
    const others = rows - gained
    const share = lostShare / (1 - gainedShare)
    let below = 0
    for (let lost = 0; lost < Math.min(from, others + 1); lost++) below += Math.exp(logBinomial(others, lost, share))
    power += probability * Math.max(0, 1 - below)
  }
  return power
}
