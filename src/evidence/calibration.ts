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

/** How many labels the rate of all fields weighs as when the rate of one field is drawn towards it. */
const SHRINKAGE = 10
/** What is assumed of answers without a label: as if 2 labels with this share right had been seen. */
const PRIOR = { right: 0.8, weight: 2 } as const
/** Labels as strong as the assumption that fields miss in different rows, which makes the confidence of rows lower. */
const OVERLAP_WEIGHT = 1

/**
 * Fits a calibration by shrinkage (the posterior mean of a beta-binomial model, as in empirical Bayes: Efron and Morris 1975).
 * The rate of sure findings, that of guesses, and the ratio between how often a model is right and what it states, are
 * each drawn towards 0.8 over all fields by the weight of 2 labels, and those of a field towards that of all fields by the
 * weight of 10. A guess never has a higher confidence than a sure finding of its field. Each item of `rows` holds the answers
 * to one record by one way of deciding. `fields` names the fields that get a figure, those without labels too; a model's
 * factors are given only where a model answered. Labels that rules were tuned on must not be given: they would state more than holds elsewhere.
 */
export function fitCalibration(
  rows: readonly (readonly AnswerOutcome[])[],
  { records, fields }: { readonly records: number; readonly fields: readonly string[] },
): Calibration {
  const all = rows.flat()
  const of = (kind: AnswerKind) => all.filter((outcome) => outcome.kind === kind)
  const [sure, guess] = [ratesByField(of('sure')), ratesByField(of('guess'))]
  const factor = factorsByField(of('model'))
  const fitted: Calibration = {
    records,
    rules: Object.fromEntries(
      fields.map((name) => [name, { sure: sure(name), guess: Math.min(sure(name), guess(name)) }]),
    ),
    model: of('model').length === 0 ? {} : Object.fromEntries(fields.map((name) => [name, factor(name)])),
    spread: 1,
  }
  return { ...fitted, spread: fitSpread(fitted, rows) }
}

/** The rates by field, each drawn towards the rate of all fields. */
function ratesByField(outcomes: readonly AnswerOutcome[]): (field: string) => number {
  const overall = shrink(outcomes, PRIOR.right, PRIOR.weight)
  return (field) =>
    rounded(
      shrink(
        outcomes.filter((one) => one.field === field),
        overall,
        SHRINKAGE,
      ),
    )
}

function shrink(outcomes: readonly AnswerOutcome[], towards: number, weight: number): number {
  return (rightOf(outcomes) + weight * towards) / (outcomes.length + weight)
}

/** What the stated confidence of each field is to be multiplied with so that its mean is the share of right answers; at most 1. */
function factorsByField(outcomes: readonly AnswerOutcome[]): (field: string) => number {
  const ratio = (some: readonly AnswerOutcome[], towards: number, weight: number) => {
    const stated = some.reduce((sum, one) => sum + one.stated, 0)
    return Math.min(1, (rightOf(some) + weight * towards) / (stated + weight))
  }
  const overall = ratio(outcomes, PRIOR.right, PRIOR.weight)
  return (field) =>
    rounded(
      ratio(
        outcomes.filter((one) => one.field === field),
        overall,
        SHRINKAGE,
      ),
    )
}

/** The spread at which the mean confidence of the labelled rows meets their accuracy, drawn towards 1. */
function fitSpread(calibration: Calibration, rows: readonly (readonly AnswerOutcome[])[]): number {
  let above = OVERLAP_WEIGHT
  let room = OVERLAP_WEIGHT
  for (const answers of rows) {
    const confidences = answers.map(({ field, kind, stated }) => answerConfidence(calibration, field, kind, stated))
    const [low, high] = rowRange(confidences)
    above += high - (answers.every(({ right }) => right) ? 1 : 0)
    room += high - low
  }
  return rounded(Math.min(1, Math.max(0, above / room)))
}

function rightOf(outcomes: readonly AnswerOutcome[]): number {
  return outcomes.filter(({ right }) => right).length
}

function rounded(value: number): number {
  return Number(value.toFixed(3))
}
