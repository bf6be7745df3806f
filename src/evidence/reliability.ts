/** How well stated confidence meets the truth: the Brier score, a reliability table and the expected calibration error. */
import { clopperPearson } from './statistics/bounds.ts'

/** One prediction, as its stated confidence and whether it was right. */
export interface Prediction {
  /** The confidence that the prediction stated, 0 to 1. */
  readonly confidence: number
  readonly right: boolean
}

/** The predictions whose stated confidence lies in one range: from `from` up to `to`, which belongs to the next range but for 1. */
export interface ReliabilityBin {
  readonly from: number
  readonly to: number
  readonly n: number
  readonly meanConfidence: number
  readonly accuracy: number
  /** The exact interval of the accuracy (Clopper and Pearson) at 95 %. */
  readonly interval: readonly [low: number, high: number]
}

/** Ranges that are narrow where confidences of this service lie. */
export const DEFAULT_EDGES: readonly number[] = [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1]
const INTERVAL_DELTA = 0.05

/**
 * The mean squared difference between stated confidence and truth (Brier 1950); null without predictions. A perfect score is 0,
 * and a constant confidence of 0.5 scores 0.25.
 */
export function brierScore(predictions: readonly Prediction[]): number | null {
  if (predictions.length === 0) return null
  const sum = predictions.reduce((total, { confidence, right }) => total + (confidence - (right ? 1 : 0)) ** 2, 0)
  return sum / predictions.length
}

/** Sorts the predictions into ranges of confidence between rising `edges` from 0 to 1. Ranges without a prediction are left out. */
export function reliabilityBins(predictions: readonly Prediction[], edges = DEFAULT_EDGES): ReliabilityBin[] {
  return edges.slice(0, -1).flatMap((from, index) => {
    const to = edges[index + 1] ?? 1
    const isLast = index === edges.length - 2
    const inside = predictions.filter(({ confidence }) => confidence >= from && (confidence < to || isLast))
    const n = inside.length
    if (n === 0) return []
    const right = inside.filter((prediction) => prediction.right).length
    const meanConfidence = inside.reduce((total, { confidence }) => total + confidence, 0) / n
    return [{ from, to, n, meanConfidence, accuracy: right / n, interval: clopperPearson(right, n, INTERVAL_DELTA) }]
  })
}

/** The mean distance between confidence and accuracy over the ranges, weighted by their predictions; null without predictions. */
export function calibrationError(bins: readonly ReliabilityBin[]): number | null {
  const total = bins.reduce((sum, { n }) => sum + n, 0)
  if (total === 0) return null
  return bins.reduce((sum, { n, meanConfidence, accuracy }) => sum + n * Math.abs(meanConfidence - accuracy), 0) / total
}
