/** Searches sample values for the month in which a year-to-date sum starts again from zero. */
import type { Frequency, SamplePoint } from '../types.ts'

/** At most this many sample values are used, the latest ones. */
const MAX_POINTS = 400
/** With fewer sample values a reset cannot be told from chance. */
const MIN_POINTS = 6

/** One sample value, dated by a month that counts from January of year 0. */
interface Point {
  readonly month: number
  readonly value: number
}

/** The test of one month as the month of the reset: how well the sample values fit a sum that starts again in it. */
export interface ResetHypothesis {
  /** The month of the reset, 1 to 12. */
  readonly resetMonth: number
  /** How many resets the sample values cover. */
  readonly resets: number
  /** Whether the sample values prove the hypothesis: they cover a reset, fall at it, and have even increments. */
  readonly isShown: boolean
  /** Whether the sample values contradict the hypothesis nowhere, although they do not prove it. */
  readonly isPossible: boolean
  /** The standard deviation of the increments divided by their mean. Values that do not add up have 1.7 or more. */
  readonly unevenness: number
}

/** The best of the twelve hypotheses, with two facts about the sample values that help where no hypothesis holds. */
export interface BestHypothesis extends ResetHypothesis {
  /** Whether the sample values add up evenly from the first value on, without a reset. */
  readonly isRunningTotal: boolean
  /** Whether nearly every sample value is higher than the one before, as in a running total that began earlier. */
  readonly isRising: boolean
}

/**
 * Tests each month of the year as the month of the reset and returns the best hypothesis; null where there are too few sample
 * values. Under the right hypothesis the increments from value to value are even, and the values fall at each reset.
 */
export function findBestReset(sampleValues: readonly SamplePoint[], frequency: Frequency): BestHypothesis | null {
  const points = monthlyPoints(sampleValues)
  if (points.length < MIN_POINTS) return null
  const monthsPerStep = frequency === 'quarterly' ? 3 : 1
  const hypotheses: ResetHypothesis[] = []
  for (let start = 0; start < 12; start += 1) {
    // Quarters may be dated by their first or their last month. A start month with which no value coincides is skipped,
    // because its hypothesis would repeat that of another month.
    if (monthsPerStep === 3 && !points.some((point) => (point.month - start) % 3 === 0)) continue
    hypotheses.push(testReset(points, start, monthsPerStep))
  }
  const rank = (hypothesis: ResetHypothesis) => (hypothesis.isShown ? 2 : hypothesis.isPossible ? 1 : 0)
  const best = hypotheses.sort((a, b) => rank(b) - rank(a) || a.unevenness - b.unevenness)[0]
  if (best === undefined) return null
  const increments = points.slice(1).map(({ value }, at) => value - (points[at]?.value ?? 0))
  return {
    ...best,
    isRunningTotal: !best.isShown && isEvenFromTheStart(points, increments),
    isRising: increments.length >= 12 && shareWithSignOfMean(increments) >= 0.95,
  }
}

/** Returns the latest sample values, at most one for each month. */
function monthlyPoints(sampleValues: readonly SamplePoint[]): Point[] {
  const points: Point[] = []
  for (const { date, value } of sampleValues.slice(-MAX_POINTS)) {
    const match = /^(\d{4})-(\d{2})/.exec(date)
    if (!match || !Number.isFinite(value)) continue
    const month = Number(match[1]) * 12 + Number(match[2]) - 1
    if (points.at(-1)?.month !== month) points.push({ month, value })
  }
  return points
}

/** Whether the increments are even over more than a year, and the first value is only a few increments high. */
function isEvenFromTheStart(points: readonly Point[], increments: readonly number[]): boolean {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || increments.length < 7 || last.month - first.month < 13) return false
  const average = mean(increments)
  return (
    shareWithSignOfMean(increments) >= 0.8 &&
    unevennessOf(increments) <= 0.9 &&
    average !== 0 &&
    Math.abs(first.value / average - 1.5) <= 2
  )
}

/** Tests the hypothesis that the sum starts again in month `start` (0 is January) of each year. */
function testReset(points: readonly Point[], start: number, monthsPerStep: number): ResetHypothesis {
  const positionInYear = (month: number) => Math.floor(((((month - start) % 12) + 12) % 12) / monthsPerStep) + 1
  const yearOf = (month: number) => Math.floor((month - start) / 12)
  const stepsPerYear = 12 / monthsPerStep
  const increments: number[] = []
  let resets = 0
  let fallsAtReset = 0
  let pointsInYear = 0
  let isFirstYear = true
  for (const [at, point] of points.entries()) {
    const before = points[at - 1]
    const position = positionInYear(point.month)
    if (before !== undefined && yearOf(before.month) === yearOf(point.month)) {
      increments.push((point.value - before.value) / (position - positionInYear(before.month)))
      pointsInYear += 1
      continue
    }
    // The first value of a series that begins in the middle of a year is no increment, because the sum may have begun earlier
    // than that value.
    if (before !== undefined || position === 1) increments.push(point.value / position)
    const lastPosition = before === undefined ? 0 : positionInYear(before.month)
    // A fall counts as a reset only after most of a year was seen. A sum that began within the year has to be seen for
    // longer.
    const beganWithinYear = isFirstYear && positionInYear(points[0]?.month ?? 0) > 1
    const neededPoints = Math.max(3, beganWithinYear ? stepsPerYear * 0.4 : 0)
    if (before !== undefined && lastPosition >= stepsPerYear * 0.7 && pointsInYear >= neededPoints) {
      resets += 1
      const steps = Math.min(lastPosition, pointsInYear)
      if (Math.abs(point.value) <= Math.abs(before.value) * Math.min(0.6, (position / steps) * 2 + 0.06)) {
        fallsAtReset += 1
      }
    }
    pointsInYear = 1
    if (before !== undefined) isFirstYear = false
  }
  const unevenness = unevennessOf(increments)
  const isConsistent = fallsAtReset >= resets * 0.8 && shareWithSignOfMean(increments) >= 0.75
  const isEven =
    resets >= 2 ? unevenness <= 0.9 : resets === 1 && points.length >= stepsPerYear + 1 && unevenness <= 0.8
  return {
    // A quarter that is dated by its last month starts two months earlier.
    resetMonth: monthsPerStep === 3 && start % 3 === 2 ? start - 1 : start + 1,
    resets,
    isShown: isEven && isConsistent && fallsAtReset > 0,
    isPossible: isConsistent && unevenness <= 1,
    unevenness,
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0) / Math.max(1, values.length)
}

/** Returns the standard deviation divided by the mean; infinite for fewer than three values or a mean of zero. */
function unevennessOf(values: readonly number[]): number {
  const average = mean(values)
  const deviation = Math.sqrt(mean(values.map((value) => (value - average) ** 2)))
  return average === 0 || values.length < 3 ? Number.POSITIVE_INFINITY : deviation / Math.abs(average)
}

/** Returns the part of the values that has the same sign as their mean, 0 to 1. */
function shareWithSignOfMean(values: readonly number[]): number {
  const average = mean(values)
  return values.filter((value) => value * average > 0).length / Math.max(1, values.length)
}
