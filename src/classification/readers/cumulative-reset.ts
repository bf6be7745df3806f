/** Searches sample values for the month in which a year-to-date sum starts again from zero. */
import type { Frequency, SamplePoint } from '../types.ts'

/** The last so many sample values are looked at. */
const MAX_POINTS = 400
/** With fewer sample values no reset can be told from chance. */
const MIN_POINTS = 6

/** One sample value. Months count from January of year 0. */
interface Point {
  readonly month: number
  readonly value: number
}

/** How well the values fit a sum that starts again in one month of the year. */
export interface ResetHypothesis {
  /** Month of the year, 1 to 12. */
  readonly resetMonth: number
  /** How many resets the values cover. */
  readonly resets: number
  /** The values cover a reset, fall at it, and have even increments. */
  readonly isShown: boolean
  /** The values contradict the hypothesis nowhere, but do not prove it. */
  readonly isPossible: boolean
  /** Standard deviation of the increments divided by their mean. Values that do not add up have 1.7 or more. */
  readonly unevenness: number
}

/** The best of the twelve hypotheses, with what the values say where none of them holds. */
export interface BestHypothesis extends ResetHypothesis {
  /** The values add up evenly from the first value on, without a reset. */
  readonly isRunningTotal: boolean
  /** Nearly every value is higher than the one before, as in a running total that began before the sample. */
  readonly isRising: boolean
}

/**
 * Tests each month as a hypothesis and returns the best; null where there are too few values. Under the right hypothesis the
 * increments from value to value are even, and the values fall at each reset.
 */
export function findBestReset(sampleValues: readonly SamplePoint[], frequency: Frequency): BestHypothesis | null {
  const points = monthlyPoints(sampleValues)
  if (points.length < MIN_POINTS) return null
  const monthsPerStep = frequency === 'quarterly' ? 3 : 1
  const hypotheses: ResetHypothesis[] = []
  for (let start = 0; start < 12; start += 1) {
    // Quarters may be dated by their first or their last month. A start with which no value coincides would repeat the
    // hypothesis of another start.
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

/** The last sample values, at most one for each month. */
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

/** Whether the increments are even over more than a year, and the first value is itself only a few increments high. */
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
    // The first value of a series that begins in the middle of a year is no increment, because its count may begin
    // there.
    if (before !== undefined || position === 1) increments.push(point.value / position)
    const lastPosition = before === undefined ? 0 : positionInYear(before.month)
    // A fall counts only after most of a year was seen, and after a count that began within the year was seen for
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

/** Standard deviation divided by the mean; infinite for fewer than three values or a mean of zero. */
function unevennessOf(values: readonly number[]): number {
  const average = mean(values)
  const deviation = Math.sqrt(mean(values.map((value) => (value - average) ** 2)))
  return average === 0 || values.length < 3 ? Number.POSITIVE_INFINITY : deviation / Math.abs(average)
}

/** The part of the values that has the same sign as their mean, 0 to 1. */
function shareWithSignOfMean(values: readonly number[]): number {
  const average = mean(values)
  return values.filter((value) => value * average > 0).length / Math.max(1, values.length)
}
