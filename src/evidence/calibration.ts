/** Fits the calibration of confidence on labels that the rules were not tuned on. */

import type { Calibration } from '../codebooks/types.ts'
import { type AnswerKind, answerConfidence, rowRange } from './confidence.ts'

/** One answer to one field of a labelled record. */
export interface AnswerOutcome {
  readonly field: string
  readonly kind: Exclude<AnswerKind, 'person'>
  /** The confidence that a model stated, 0 to 1; a finding states none, and its number counts for nothing. */
  readonly stated: number
  readonly right: boolean
}

/** How many labels an earlier figure weighs as when the rate of one field is drawn towards it. */
const SHRINKAGE = 10
/** What is assumed of answers without a label: as if 2 labels with this share right had been seen. */
const PRIOR = { right: 0.8, weight: 2 } as const
/** Labels as strong as the assumption that fields miss in different rows, which makes the confidence of rows lower. */
const OVERLAP_WEIGHT = 1

/** The labels behind a calibration, and what is known before them. */
export interface CalibrationBasis {
  /** The number of labelled records. */
  readonly records: number
  /** The fields that get a figure, those without labels too. */
  readonly fields: readonly string[]
  /** The calibration that holds until labels say otherwise; without it, the rate of all fields together takes its place. */
  readonly prior?: Calibration | null
}

/**
 * Fits a calibration by shrinkage (the posterior mean of a beta-binomial model, as in empirical Bayes: Efron and Morris 1975).
 * The rate of sure findings, that of guesses, and the ratio between how often a model is right and what it states, are
 * fitted by field. Each is drawn by the weight of 10 labels towards the figure of the prior, or without a prior towards the rate of all
 * fields, which itself is drawn towards 0.8 by the weight of 2, with one wrong answer added to each field. A field without labels has the least figure of the others. A guess never has a higher confidence than a sure finding of its field,
 * and no factor raises what a model states. Each item of `rows` holds the answers to one record by one way of deciding. Labels
 * that rules were tuned on must not be given: they would state more than holds elsewhere.
 */
export function fitCalibration(
  rows: readonly (readonly AnswerOutcome[])[],
  { records, fields, prior = null }: CalibrationBasis,
): Calibration {
  const of = (kind: AnswerKind) => rows.flat().filter((outcome) => outcome.kind === kind)
  const [ofSure, ofGuess, ofModel] = [of('sure'), of('guess'), of('model')]
  const rules = fields.map((name) => {
    const sure = fitField(ofSure, name, prior?.rules[name]?.sure, () => 1)
    const guess = fitField(ofGuess, name, prior?.rules[name]?.guess, () => 1)
    return [name, { sure, guess: Math.min(sure, guess) }] as const
  })
  const model = fields.map(
    (name) => [name, fitField(ofModel, name, prior === null ? undefined : (prior.model[name] ?? 1), statedOf)] as const,
  )
  const fitted: Calibration = {
    records,
    rules: Object.fromEntries(rules),
    model: ofModel.length === 0 ? (prior?.model ?? {}) : Object.fromEntries(model),
    spread: 1,
  }
  return { ...fitted, spread: fitSpread(fitted, rows, prior) }
}

/** The ratio of right answers to the sum of what each states, in one field, drawn towards an earlier figure or all fields. */
function fitField(
  outcomes: readonly AnswerOutcome[],
  name: string,
  earlier: number | undefined,
  statedBy: (outcome: AnswerOutcome) => number,
): number {
  const ratio = (some: readonly AnswerOutcome[], towards: number, weight: number) => {
    const stated = some.reduce((sum, one) => sum + statedBy(one), 0)
    const right = some.filter((one) => one.right).length
    return Math.min(1, (right + weight * towards) / (stated + weight))
  }
  const own = outcomes.filter((one) => one.field === name)
  if (earlier !== undefined) return rounded(ratio(own, earlier, SHRINKAGE))
  if (own.length === 0) {
    const others = [...new Set(outcomes.map(({ field }) => field))]
    return others.length === 0
      ? PRIOR.right
      : Math.min(...others.map((other) => fitField(outcomes, other, earlier, statedBy)))
  }
  const overall = ratio(outcomes, PRIOR.right, PRIOR.weight)
  // One wrong answer is added to those of the field, because no sample proves a chance of 1.
  const missed: AnswerOutcome[] = own.slice(0, 1).map((one) => ({ ...one, right: false }))
  return rounded(ratio([...own, ...missed], overall, SHRINKAGE))
}

function statedOf({ stated }: AnswerOutcome): number {
  return stated
}

/** The spread at which the mean confidence of the labelled rows meets their accuracy, drawn towards the earlier one, or 1. */
function fitSpread(
  calibration: Calibration,
  rows: readonly (readonly AnswerOutcome[])[],
  prior: Calibration | null,
): number {
  const weight = prior === null ? OVERLAP_WEIGHT : SHRINKAGE
  let above = weight * (prior?.spread ?? 1)
  let room = weight
  for (const answers of rows) {
    const confidences = answers.map(({ field, kind, stated }) => answerConfidence(calibration, field, kind, stated))
    const [low, high] = rowRange(confidences)
    above += high - (answers.every(({ right }) => right) ? 1 : 0)
    room += high - low
  }
  return rounded(Math.min(1, Math.max(0, above / room)))
}

function rounded(value: number): number {
  return Number(value.toFixed(3))
}
