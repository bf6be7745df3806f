/** Merges the findings of rules with the answers of models and people into the labels of a record, and decides about escalation. */
import type { LabelValue } from '../codebooks/codebook.ts'
import { answerConfidence, calibrationOf } from '../evidence/confidence.ts'
import { appliesTo, completeLabels, isDecisive, isSameLabel } from './fields.ts'
import type { Decision, Labels, Mode, Reading, Scheme, Source } from './types.ts'
import { isBlocked, validate } from './validate.ts'

/** The least confidence at which an answer stands. A lower one makes the service ask the escalation model, then a person. */
export const CONFIDENCE_THRESHOLD = 0.6

/** An answer to some fields, with the source and the model that gave it. */
export interface SourcedDecision {
  readonly decision: Decision
  readonly source: Exclude<Source, 'rules'>
  /** The model's name as its endpoint returned it; null for the answer of a person. */
  readonly model: string | null
  /** Whether the answer is a guess of the offline model, which checks nothing. */
  readonly isGuess: boolean
}

export interface MergeInput {
  readonly scheme: Scheme
  readonly mode: Mode
  readonly reading: Reading
  /** The answers to the record, the latest last. For each field a person's answer counts first, then the latest. */
  readonly decisions: readonly SourcedDecision[]
}

/** The labels of one record, with the source and the confidence of each field that something decided. */
export interface Merged {
  /** A label for each field of the codebook, null where it does not apply or nothing decided it. */
  readonly labels: Labels
  readonly decidedBy: Readonly<Record<string, Source>>
  /** The confidence that was stated of each decided field, 0 to 1, by which doubts are found. */
  readonly confidence: Readonly<Record<string, number>>
  /** The askable fields whose label is a guess: of a rule that is not sure, or of the offline model. */
  readonly guessed: readonly string[]
  /** The askable fields whose label is that of a sure rule, where no evidence of the catalogue says that the rule may decide. */
  readonly unchecked: readonly string[]
  /** The askable fields that apply and that nothing decided. */
  readonly undecided: readonly string[]
  /** The fields where the answer of a model contradicts a sure finding, whichever of the two decided. */
  readonly conflicts: readonly string[]
}

/**
 * Chooses a label for each field. The answer of a person always wins. Otherwise mode `rules` takes the findings; mode
 * `hybrid` takes a finding where it is decisive, else the answer; mode `model` takes the answer. Without an answer the finding
 * stands. A field that does not apply by the labels chosen is null, and what was said of it decides nothing.
 */
export function mergeLabels(input: MergeInput): Merged {
  const { codebook } = input.scheme
  const choices = codebook.fields.flatMap((field) => {
    const choice = field.type.kind === 'derived' ? null : choiceOf(input, field.name)
    return choice === null ? [] : [{ field, ...choice }]
  })
  const labels = completeLabels(codebook, Object.fromEntries(choices.map(({ field, value }) => [field.name, value])))
  const standing = choices.filter(({ field }) => appliesTo(field, labels))
  const chosen = new Set(choices.map(({ field }) => field))
  const undecided = codebook.fields.filter((field) => field.asked && !chosen.has(field) && appliesTo(field, labels))
  return {
    labels,
    decidedBy: Object.fromEntries(standing.map(({ field, by }) => [field.name, by])),
    confidence: Object.fromEntries(standing.map(({ field, confidence }) => [field.name, confidence])),
    guessed: standing.flatMap(({ field, isGuess }) => (isGuess && field.asked ? [field.name] : [])),
    unchecked: standing.flatMap(({ field, isUnchecked }) => (isUnchecked && field.asked ? [field.name] : [])),
    undecided: undecided.map(({ name }) => name),
    conflicts: input.mode === 'rules' ? [] : conflictsOf(input.reading, input.decisions),
  }
}

/** What decides one field. */
interface Choice {
  readonly value: LabelValue
  readonly by: Source
  readonly confidence: number
  readonly isGuess: boolean
  /** Whether a sure rule chose the value, and no evidence of the catalogue says that it may. */
  readonly isUnchecked: boolean
}

/** Chooses between the answer and the finding of a field; null where there is neither. */
function choiceOf({ scheme, mode, reading, decisions }: MergeInput, name: string): Choice | null {
  const finding = reading[name]
  const answer = answerOf(decisions, name)
  if (answer !== undefined && (answer.source === 'person' || usesAnswer(mode, finding))) {
    const { decision, source, isGuess } = answer
    const confidence = decision.confidence[name] ?? 0
    return { value: decision.labels[name] ?? null, by: source, confidence, isGuess, isUnchecked: false }
  }
  if (finding === undefined) return null
  const { value, sure } = finding
  return {
    value,
    by: 'rules',
    confidence: findingConfidence(scheme, name, sure),
    isGuess: !sure,
    isUnchecked: sure && finding.trusted !== true,
  }
}

/** Returns the answer that counts for a field: the latest of a person, else the latest of a model. */
export function answerOf(decisions: readonly SourcedDecision[], field: string): SourcedDecision | undefined {
  const withLabel = decisions.filter(({ decision }) => decision.labels[field] !== undefined)
  return withLabel.findLast(({ source }) => source === 'person') ?? withLabel.at(-1)
}

function usesAnswer(mode: Mode, finding: Reading[string] | undefined): boolean {
  return mode === 'model' || (mode === 'hybrid' && !isDecisive(finding))
}

/** Returns the chance, 0 to 1, that a finding is right by the calibration of the codebook. */
export function findingConfidence(scheme: Scheme, field: string, sure: boolean): number {
  return answerConfidence(calibrationOf(scheme), field, sure ? 'sure' : 'guess', 1)
}

function conflictsOf(reading: Reading, decisions: readonly SourcedDecision[]): string[] {
  return Object.entries(reading).flatMap(([name, finding]) => {
    const answer = isDecisive(finding) ? answerOf(decisions, name) : undefined
    if (answer === undefined || answer.source === 'person') return []
    return isSameLabel(answer.decision.labels[name], finding.value) ? [] : [name]
  })
}

export type EscalationReason = 'low-confidence' | 'conflict'

/**
 * Returns why the escalation model is asked after a model has answered, or null where the answers stand. `conflict`: an
 * answer contradicts a sure finding or makes an impossible result. `low-confidence`: an answer states too low a confidence
 * for a field that it decides.
 */
export function escalationReasonOf(input: MergeInput): EscalationReason | null {
  if (input.mode === 'rules') return null
  const { codebook } = input.scheme
  const merged = mergeLabels(input)
  if (merged.conflicts.length > 0 || isBlocked(codebook, validate(codebook, merged.labels))) return 'conflict'
  return doubtfulFields(input, merged).length > 0 ? 'low-confidence' : null
}

/** Returns the fields that a model's answer decided with too low a confidence. Rules and people do not count. */
export function doubtfulFields({ scheme, reading }: MergeInput, merged: Merged): string[] {
  return Object.entries(merged.decidedBy).flatMap(([name, source]) => {
    if (source === 'rules' || source === 'person') return []
    return (merged.confidence[name] ?? 0) < thresholdOf(scheme, name, reading, merged) ? [name] : []
  })
}

/** Returns the least confidence that an answer needs. To overrule an unsure finding, it needs at least the finding's. */
export function thresholdOf(scheme: Scheme, name: string, reading: Reading, { labels }: Merged): number {
  const finding = reading[name]
  const contradictsGuess = finding !== undefined && !finding.sure && !isSameLabel(labels[name], finding.value)
  return contradictsGuess
    ? Math.max(CONFIDENCE_THRESHOLD, findingConfidence(scheme, name, false))
    : CONFIDENCE_THRESHOLD
}
