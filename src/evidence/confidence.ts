/** The confidence that a result states of its fields and of the whole row, calibrated where the codebook brings a calibration. */
import type { Calibration, Reading, Scheme } from '../codebooks/types.ts'

/** What gave an answer: a rule that is sure, a guess of a rule or of the offline model, a model, or a person. */
export type AnswerKind = 'sure' | 'guess' | 'model' | 'person'

/** The confidence of a finding whose field no labels were counted for. */
const UNCOUNTED = 0.5
/** Finer than any labelled sample can tell. */
const DECIMALS = 3

/** The calibration that counts for a scheme: that of the catalogue, else the shipped one; null for a codebook without either. */
export function calibrationOf({ calibration, code }: Pick<Scheme, 'calibration' | 'code'>): Calibration | null {
  return calibration ?? code?.calibration ?? null
}

/** The sources of a field whose label is an answer of a model, given now or taken from the answers that are kept. */
const MODEL_SOURCES: ReadonlySet<string> = new Set(['model', 'escalation', 'reuse'])

/** Whether the source of a field, as `field_source` of a result names it, is a model. No rule may have the name of a source. */
export function isModelSource(source: string): boolean {
  return MODEL_SOURCES.has(source)
}

/**
 * Returns what gave the answer to a field. `by` is its source, or the rule that decided it; `guessed` says whether a model's answer is a guess
 * of the offline model.
 */
export function answerKind(by: string, finding: Reading[string] | undefined, guessed: boolean): AnswerKind {
  if (by === 'person') return 'person'
  if (isModelSource(by)) return guessed ? 'guess' : 'model'
  return finding?.sure === true ? 'sure' : 'guess'
}

/**
 * The confidence of one answer, 0 to 1. `stated` is the confidence that a model or a person stated. A finding has the rate at
 * which findings of its field were right on labels that the rules were not tuned on; what a model states is multiplied with the
 * factor of the field. Without a calibration a model's confidence is what it states.
 */
export function answerConfidence(
  calibration: Calibration | null,
  field: string,
  kind: AnswerKind,
  stated: number,
): number {
  if (kind === 'person') return stated
  if (kind === 'model') return rounded(stated * (calibration?.model[field] ?? 1))
  return rounded(calibration?.rules[field]?.[kind] ?? UNCOUNTED)
}

/** The confidence that a model stated of a field, out of the calibrated one that `answerConfidence` made of it. */
export function statedConfidence(calibration: Calibration | null, field: string, confidence: number): number {
  return Math.min(1, confidence / (calibration?.model[field] || 1))
}

/**
 * The confidence that all fields of a row are right, from the confidence of each: between their least (misses always coincide)
 * and 1 minus the sum of their chances to miss (they never do), by the fitted spread; their least without a calibration.
 * `conflicts` holds, for each conflict within the row, the confidences of the answers that speak against each other, which may
 * be answers that were not taken. The result is never above the least of the fields, and never above the least of any
 * conflict. 1 without a field.
 */
export function rowConfidence(
  calibration: Pick<Calibration, 'spread'> | null,
  fields: readonly number[],
  conflicts: readonly (readonly number[])[] = [],
): number {
  const [low, high] = rowRange(fields)
  return rounded(Math.max(0, Math.min(high - (calibration?.spread ?? 0) * (high - low), ...conflicts.flat())))
}

/** The confidence of a row if misses of its fields never coincide, and if they always do. */
export function rowRange(fields: readonly number[]): readonly [low: number, high: number] {
  const misses = fields.reduce((sum, confidence) => sum + 1 - confidence, 0)
  return [Math.max(0, 1 - misses), Math.min(1, ...fields)]
}

function rounded(value: number): number {
  return Number(value.toFixed(DECIMALS))
}
