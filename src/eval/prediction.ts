/** Builds what eval scores: the labels predicted for one record, with what the rules read of it and the stated confidence. */
import { completeLabels } from '../classification/fields.ts'
import { mergeLabels } from '../classification/merge.ts'
import { confidencesOf, type FieldAnswer } from '../classification/result.ts'
import type { Classification, Finding, Indicator, Labels, Reading, Scheme } from '../classification/types.ts'
import type { Codebook } from '../codebooks/codebook.ts'
import { answerKind, calibrationOf, statedConfidence } from '../evidence/confidence.ts'
import type { GoldRow } from './gold-file.ts'

export type { FieldAnswer } from '../classification/result.ts'

export interface Prediction {
  readonly labels: Labels
  /**
   * The labels that the rules alone give. Coverage and precision of the rules are measured on these labels, even where a
   * model or a person decided the result.
   */
  readonly ruleLabels: Labels
  /** What the rules read of each field; absent for a field that no rule reads. */
  readonly findings: Readonly<Record<string, Pick<Finding, 'sure' | 'rule'>>>
  /** The confidence that the fields that a model may be asked for are all right, 0 to 1. */
  readonly confidence: number
  /** What answered each field, with its confidence. */
  readonly answers: readonly FieldAnswer[]
}

/** A labelled row with what was predicted for it. */
export interface ScoredRow {
  readonly row: GoldRow
  readonly prediction: Prediction
}

/** Predicts by the rules alone. The rules get nothing but the record, so that no gold label can reach them. */
export function predictByRules(scheme: Scheme, indicator: Indicator): Prediction {
  const reading = readBy(scheme, indicator)
  const merged = mergeLabels({ scheme, mode: 'rules', reading, decisions: [] })
  const { answers, row } = confidencesOf(scheme, reading, merged)
  return { ...ruleReadingOf(scheme.codebook, reading), labels: merged.labels, confidence: row, answers }
}

/** What a prediction takes from a result of the service. */
export type ResultToScore = Pick<
  Classification,
  'labels' | 'confidence' | 'field_confidence' | 'field_source' | 'model'
>

/**
 * Takes the prediction from a result of the service. The rules read the record again, because a result does not hold their
 * reading. `isGuess` says whether a model's answers are guesses of the offline model.
 */
export function predictByResult(
  scheme: Scheme,
  indicator: Indicator,
  result: ResultToScore,
  isGuess: boolean,
): Prediction {
  const { labels, confidence, field_confidence: confidences, field_source: sources } = result
  const reading = readBy(scheme, indicator)
  const answers = Object.entries(sources).map(([field, source]): FieldAnswer => {
    const kind = answerKind(source, reading[field], isGuess)
    const calibrated = confidences[field] ?? 0
    const stated = kind === 'model' ? statedConfidence(calibrationOf(scheme), field, calibrated) : calibrated
    return { field, kind, stated, confidence: calibrated }
  })
  return { ...ruleReadingOf(scheme.codebook, reading), labels, confidence, answers }
}

/** Reads a record by the codebook's rules; nothing is read for a codebook that has none. */
export function readBy({ code }: Scheme, indicator: Indicator): Reading {
  return code?.read(indicator) ?? {}
}

function ruleReadingOf(codebook: Codebook, reading: Reading): Pick<Prediction, 'ruleLabels' | 'findings'> {
  const values = Object.fromEntries(Object.entries(reading).map(([name, { value }]) => [name, value]))
  const findings = codebook.fields.flatMap(({ name, type }) => {
    const finding = reading[type.kind === 'derived' ? type.from : name]
    return finding === undefined ? [] : [[name, { sure: finding.sure, rule: finding.rule }] as const]
  })
  return { ruleLabels: completeLabels(codebook, values), findings: Object.fromEntries(findings) }
}
