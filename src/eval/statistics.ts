/** The statistics of an eval report: Wilson's interval, the Brier score and a reliability table. */

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

/** One prediction, as its stated confidence and whether it was right. */
export interface Outcome {
  /** The confidence that the prediction stated, 0 to 1. */
  readonly confidence: number
  readonly right: boolean
}

/**
 * Returns the mean squared difference between stated confidence and truth; null without predictions. A perfect score is 0,
 * and a constant confidence of 0.5 scores 0.25.
 */
export function brierScore(outcomes: readonly Outcome[]): number | null {
  if (outcomes.length === 0) return null
  const sum = outcomes.reduce((total, { confidence, right }) => total + (confidence - (right ? 1 : 0)) ** 2, 0)
  return round(sum / outcomes.length)
}

/** The predictions whose stated confidence lies in one range. */
export interface ReliabilityBin {
  /**
   * The range of confidence reaches from `from` up to `to`. The value `to` belongs to the next range; only the last range
   * includes its end, 1.
   */
  readonly from: number
  readonly to: number
  readonly n: number
  readonly mean_confidence: number
  readonly accuracy: number
  readonly interval: Interval
}

const BIN_COUNT = 10

/** Sorts the predictions into ten ranges of confidence. Ranges without a prediction are left out. */
export function reliabilityTable(outcomes: readonly Outcome[]): ReliabilityBin[] {
  return Array.from({ length: BIN_COUNT }, (_, index) => {
    const inside = outcomes.filter(({ confidence }) => binOf(confidence) === index)
    const right = inside.filter((outcome) => outcome.right).length
    const mean = inside.reduce((total, { confidence }) => total + confidence, 0) / inside.length
    return {
      from: index / BIN_COUNT,
      to: (index + 1) / BIN_COUNT,
      n: inside.length,
      mean_confidence: round(mean),
      accuracy: round(right / inside.length),
      interval: wilson(right, inside.length),
    }
  }).filter(({ n }) => n > 0)
}

function binOf(confidence: number): number {
  return Math.min(BIN_COUNT - 1, Math.max(0, Math.floor(confidence * BIN_COUNT + 1e-9)))
}

/** Rounds a number to four decimals, which is finer than any labelled sample can tell. */
export function round(value: number): number {
  return Number(value.toFixed(4))
}
