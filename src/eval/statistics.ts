/** The few statistics that a report needs. */

export type Interval = readonly [low: number, high: number]

/** The two-sided 95 % point of the normal distribution. */
const Z = 1.959964

/**
 * Wilson's interval for `right` of `n`. Unlike the textbook's normal interval it stays between 0 and 1 and does not
 * shrink to nothing where all of a small sample are right. [0, 1] where `n` is 0.
 */
export function wilson(right: number, n: number): Interval {
  if (n === 0) return [0, 1]
  const p = right / n
  const bend = Z ** 2 / n
  const middle = (p + bend / 2) / (1 + bend)
  const reach = (Z / (1 + bend)) * Math.sqrt((p * (1 - p)) / n + bend / (4 * n))
  return [round(Math.max(0, middle - reach)), round(Math.min(1, middle + reach))]
}

export interface Outcome {
  /** 0 to 1. */
  readonly confidence: number
  readonly right: boolean
}

/** The mean squared distance of confidence from truth: 0 is perfect; always saying 0.5 gives 0.25. Null of nothing. */
export function brierScore(outcomes: readonly Outcome[]): number | null {
  if (outcomes.length === 0) return null
  const sum = outcomes.reduce((total, { confidence, right }) => total + (confidence - (right ? 1 : 0)) ** 2, 0)
  return round(sum / outcomes.length)
}

export interface ReliabilityBin {
  /** Confidences from `from` up to, but not at, `to`; the last bin holds 1 too. */
  readonly from: number
  readonly to: number
  readonly n: number
  readonly mean_confidence: number
  readonly accuracy: number
  readonly interval: Interval
}

const BIN_COUNT = 10

/** Bins of a tenth; those that nothing fell into are left out. */
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

/** Four decimals: finer than any sample that people label. */
export function round(value: number): number {
  return Number(value.toFixed(4))
}
