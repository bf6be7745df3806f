/** Merges what the rules read with the answer of a model or a person into a classification, and decides about escalation. */
import { MAX_REASON_LENGTH } from './answers.ts'
import { ruleConfidence } from './calibration.ts'
import { cutText } from './clean-text.ts'
import { familyOf, timeBasisOf } from './codebook/definitions.ts'
import { DECIDED_FIELDS, perDecidedField } from './codebook.ts'
import type {
  Classification,
  DecidedField,
  Decision,
  Indicator,
  Issue,
  Mode,
  RuleReading,
  Source,
  Status,
} from './types.ts'
import { isBlocked, validate } from './validate.ts'

/** The least confidence at which an answer stands. A lower one makes the service ask the escalation model, then a person. */
export const CONFIDENCE_THRESHOLD = 0.6

/** The sources, from the weakest to the strongest. The strongest source that decided a field is the source of the result. */
const SOURCES_BY_RANK = ['rules', 'reuse', 'model', 'escalation', 'person'] as const satisfies readonly Source[]

/** An answer to the decided fields, with the source and the model that gave it. */
export interface SourcedDecision {
  readonly decision: Decision
  readonly source: Exclude<Source, 'rules'>
  /** The model's name as its endpoint returned it; null for the answer of a person. */
  readonly model: string | null
}

export interface MergeInput {
  readonly mode: Mode
  readonly reading: RuleReading
  /** The last answer from any source; null where no answer was needed or none came. */
  readonly decision?: SourcedDecision | null
}

/** The values of the decided fields, with the source and the confidence of each. */
export interface MergedDecision {
  readonly type: Decision['type']
  readonly temporal_aggregation: Decision['temporal_aggregation']
  readonly orientation: Decision['orientation']
  readonly decidedBy: Readonly<Record<DecidedField, Source>>
  /** The confidence of each value, 0 to 1. */
  readonly confidence: Readonly<Record<DecidedField, number>>
  /** The fields whose value comes from a rule that is not sure of it. */
  readonly unsure: readonly DecidedField[]
  /** The fields where the answer of a model contradicts a sure rule, whichever of the two decided. */
  readonly conflicts: readonly DecidedField[]
}

/** Whether the rules are sure of all three decided fields, so that mode `hybrid` asks no model. */
export function isSettledByRules(reading: RuleReading): boolean {
  return DECIDED_FIELDS.every((field) => reading[field].sure)
}

/** Whether an indicator needs an answer in `mode`, be it a stored answer or a new one from a model. */
export function needsAnswer(reading: RuleReading, mode: Mode): boolean {
  return mode === 'model' || (mode === 'hybrid' && !isSettledByRules(reading))
}

/**
 * Whether a stored result agrees with what the rules read now in every field that the rules decide. They disagree where a new
 * release reads a unit better or has become sure of a field. Fields that a model or a person decided do not count.
 */
export function agreesWithRules(known: Classification, reading: RuleReading, mode: Mode): boolean {
  if (known.source === 'person') return true
  const { unit, frequency, cumulative } = reading
  const isReadAlike =
    UNIT_PARTS.every((part) => known.unit[part] === unit.value[part]) &&
    known.frequency === frequency.value &&
    known.cumulative.pattern === cumulative.value.pattern &&
    known.cumulative.reset_month === cumulative.value.reset_month
  const decidedByRules = DECIDED_FIELDS.filter(
    (field) => known.source === 'rules' || (mode !== 'model' && reading[field].sure),
  )
  return isReadAlike && decidedByRules.every((field) => known[field] === reading[field].value)
}

const UNIT_PARTS = ['kind', 'scale', 'currency', 'per'] as const

/** Returns the fields where the rules are sure of a value and `decision` has a different value. */
export function conflictsOf(reading: RuleReading, decision: Decision): DecidedField[] {
  return DECIDED_FIELDS.filter((field) => reading[field].sure && reading[field].value !== decision[field])
}

/**
 * Chooses a value for each decided field. The answer of a person always wins. Otherwise mode `rules` takes the rules' value;
 * mode `hybrid` takes the rules' value where the rules are sure, else the answer; mode `model` takes the answer. Without an
 * answer the rules' value stands.
 */
export function mergeDecision({ mode, reading, decision: given = null }: MergeInput): MergedDecision {
  const used = given !== null && (mode !== 'rules' || given.source === 'person') ? given : null
  const fromDecision = (field: DecidedField): boolean =>
    used !== null && usesDecision(reading, field, mode, used.source)
  const source = (field: DecidedField): Source => (used !== null && fromDecision(field) ? used.source : 'rules')
  const confidence = (field: DecidedField): number =>
    used !== null && fromDecision(field) ? used.decision.confidence[field] : ruleConfidence(field, reading[field].sure)
  const from = <F extends DecidedField>(field: F): Decision[F] =>
    used !== null && fromDecision(field) ? used.decision[field] : (reading[field].value as Decision[F])
  return {
    type: from('type'),
    temporal_aggregation: from('temporal_aggregation'),
    orientation: from('orientation'),
    decidedBy: perDecidedField(source),
    confidence: perDecidedField(confidence),
    unsure: DECIDED_FIELDS.filter((field) => !fromDecision(field) && !reading[field].sure),
    conflicts: used === null || used.source === 'person' ? [] : conflictsOf(reading, used.decision),
  }
}

export type EscalationReason = 'low-confidence' | 'conflict'

/**
 * Returns why the escalation model is asked after a model has answered, or null where the answer stands. `conflict`: the
 * answer contradicts a sure rule or makes an impossible result. `low-confidence`: the answer states too low a confidence for
 * a field that it decides.
 */
export function escalationReasonOf(reading: RuleReading, decision: Decision, mode: Mode): EscalationReason | null {
  if (mode === 'rules') return null
  const merged = mergeDecision({ mode, reading, decision: { decision, source: 'model', model: null } })
  if (merged.conflicts.length > 0 || isBlocked(validate(fieldsOf(reading, merged)))) return 'conflict'
  return lowFields(reading, merged).length > 0 ? 'low-confidence' : null
}

export interface ClassificationInput {
  readonly indicator: Indicator
  readonly reading: RuleReading
  readonly mode: Mode
  /** The last answer, which is the escalation model's where that model was asked; null where no answer came. */
  readonly decision: SourcedDecision | null
  /** Why a needed answer did not come, such as "the model refused". This text becomes the message of an issue. */
  readonly noAnswerReason?: string
  /** The codebook version under which the answer was asked for, which a later release may have changed. */
  readonly codebookVersion: string
  /** The version of the prompt with which the answer was asked for. */
  readonly promptVersion: string
  readonly runId: string
  /** The time of classification, as ISO 8601 in UTC. */
  readonly classifiedAt: string
}

/** Builds the result for one indicator. A result with an unsettled field gets issues and the status `needs-review`. */
export function buildClassification(input: ClassificationInput): Classification {
  const { indicator, reading, mode, decision } = input
  const merged = mergeDecision({ mode, reading, decision })
  const source =
    SOURCES_BY_RANK.findLast((rank) => DECIDED_FIELDS.some((field) => merged.decidedBy[field] === rank)) ?? 'rules'
  const findings = validate(fieldsOf(reading, merged))
  const unsettled = unsettledIssues(input, merged)
  // A result decided by a person is never sent to review, because the same person would be asked the same question again.
  const needsReview = source !== 'person' && (unsettled.length > 0 || isBlocked(findings))
  const status: Status = needsReview ? 'needs-review' : 'accepted'
  return {
    indicator_id: indicator.indicator_id,
    name: indicator.name,
    type: merged.type,
    family: familyOf(merged.type),
    temporal_aggregation: merged.temporal_aggregation,
    time_basis: timeBasisOf(merged.temporal_aggregation),
    orientation: merged.orientation,
    unit: reading.unit.value,
    frequency: reading.frequency.value,
    cumulative: reading.cumulative.value,
    confidence: Math.min(...DECIDED_FIELDS.map((field) => merged.confidence[field])),
    source,
    status,
    issues: [...unsettled, ...findings],
    reason: source === 'rules' || decision === null ? rulesReason(reading) : decision.decision.reason,
    model: source === 'rules' || decision === null ? null : decision.model,
    codebook_version: input.codebookVersion,
    prompt_version: input.promptVersion,
    run_id: input.runId,
    classified_at: input.classifiedAt,
  }
}

function usesDecision(reading: RuleReading, field: DecidedField, mode: Mode, source: Source): boolean {
  return source === 'person' || mode === 'model' || !reading[field].sure
}

/** One issue for each reason why the merged fields are not settled. */
function unsettledIssues(input: ClassificationInput, merged: MergedDecision): Issue[] {
  const { reading, mode, decision } = input
  const issues: Issue[] = []
  if (decision === null && needsAnswer(reading, mode)) {
    issues.push({ code: 'no-answer', message: input.noAnswerReason ?? 'no model answered for this indicator' })
  }
  if (merged.unsure.length > 0) {
    issues.push({ code: 'unsure', message: `the rules are not sure of ${merged.unsure.join(', ')}` })
  }
  const low = lowFields(reading, merged)
  if (low.length > 0) {
    const parts = low.map(
      (field) => `${field} has ${merged.confidence[field]} and needs ${thresholdOf(field, reading, merged)}`,
    )
    issues.push({ code: 'low-confidence', message: `confidence too low: ${parts.join(', ')}` })
  }
  for (const field of merged.conflicts) {
    const { value, rule } = reading[field]
    const answer = decision?.decision[field]
    issues.push({
      code: 'rule-conflict',
      message: `${field}: the answer is ${answer}, but the rule ${rule} is sure of ${value}`,
    })
  }
  return issues
}

/** Returns the fields that an answer decided with too low a confidence. Fields that a rule decided do not count. */
function lowFields(reading: RuleReading, merged: MergedDecision): DecidedField[] {
  return DECIDED_FIELDS.filter(
    (field) => merged.decidedBy[field] !== 'rules' && merged.confidence[field] < thresholdOf(field, reading, merged),
  )
}

/** Returns the least confidence that an answer needs. To overrule an unsure rule, it needs at least the rule's confidence. */
function thresholdOf(field: DecidedField, reading: RuleReading, merged: MergedDecision): number {
  const contradictsGuess =
    merged.decidedBy[field] !== 'person' && !reading[field].sure && merged[field] !== reading[field].value
  return contradictsGuess ? Math.max(CONFIDENCE_THRESHOLD, ruleConfidence(field, false)) : CONFIDENCE_THRESHOLD
}

function fieldsOf(reading: RuleReading, merged: MergedDecision) {
  return {
    type: merged.type,
    temporal_aggregation: merged.temporal_aggregation,
    orientation: merged.orientation,
    unit: reading.unit.value,
    frequency: reading.frequency.value,
    cumulative: reading.cumulative.value,
  }
}

/** Joins the sentences that explain the rules' values, each sentence once. */
function rulesReason(reading: RuleReading): string {
  const sentences = new Set(DECIDED_FIELDS.map((field) => reading[field].because))
  return cutText([...sentences].join(' '), MAX_REASON_LENGTH)
}
