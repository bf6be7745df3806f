/** Who decides which field, when a second model is asked, and the result that comes of it. */
import { MAX_REASON_LENGTH } from './answers.ts'
import { modelConfidence, ruleConfidence } from './calibration.ts'
import { cutText } from './clean-text.ts'
import { DECIDED_FIELDS } from './codebook.ts'
import { familyOf, timeBasisOf } from './codebook-definitions.ts'
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

/** Below this, an answer is asked again of the escalation model, and after that of a person; see `thresholdOf`. */
export const CONFIDENCE_THRESHOLD = 0.6

/** Weakest first: the source of a result is the strongest that decided any of its fields. */
const SOURCES_BY_RANK = ['rules', 'reuse', 'model', 'escalation', 'person'] as const satisfies readonly Source[]

/** A decision and who gave it. */
export interface SourcedDecision {
  readonly decision: Decision
  readonly source: Exclude<Source, 'rules'>
  /** As the endpoint named it; null for a person's word. */
  readonly model: string | null
}

export interface MergeInput {
  readonly mode: Mode
  readonly reading: RuleReading
  /** The latest decision, or null where none was needed or none came. */
  readonly decision?: SourcedDecision | null
}

/** The decided fields, and for each who decided it and how surely. */
export interface MergedDecision {
  readonly type: Decision['type']
  readonly temporal_aggregation: Decision['temporal_aggregation']
  readonly orientation: Decision['orientation']
  readonly decidedBy: Readonly<Record<DecidedField, Source>>
  /** 0 to 1. */
  readonly confidence: Readonly<Record<DecidedField, number>>
  /** Fields that stand on an unsure rule. */
  readonly unsure: readonly DecidedField[]
  /** Fields where the decision contradicts a sure rule, whichever of them stands. A person is never contradicted. */
  readonly conflicts: readonly DecidedField[]
}

/** True where all three decided fields are sure, so that hybrid mode has nothing to ask. */
export function isSettledByRules(reading: RuleReading): boolean {
  return DECIDED_FIELDS.every((field) => reading[field].sure)
}

/** True where `mode` wants an answer for this indicator, by reuse or from a model. */
export function needsAnswer(reading: RuleReading, mode: Mode): boolean {
  return mode === 'model' || (mode === 'hybrid' && !isSettledByRules(reading))
}

/**
 * Whether an earlier result says what the rules say now of all that they decide: a new release may read a unit better, or
 * be sure of what it was not sure of. What a model or a person decided beside them is not looked at.
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

/** The fields where `decision` contradicts a sure rule. */
export function conflictsOf(reading: RuleReading, decision: Decision): DecidedField[] {
  return DECIDED_FIELDS.filter((field) => reading[field].sure && reading[field].value !== decision[field])
}

/**
 * Field by field: a person wins over all; mode rules takes the rules' best; mode hybrid takes the rules where they are
 * sure, else the decision; mode model takes the decision. Where no decision came the rules' best stands.
 */
export function mergeDecision({ mode, reading, decision: given = null }: MergeInput): MergedDecision {
  const used = given !== null && (mode !== 'rules' || given.source === 'person') ? given : null
  const fromDecision = (field: DecidedField): boolean =>
    used !== null && usesDecision(reading, field, mode, used.source)
  const source = (field: DecidedField): Source => (used !== null && fromDecision(field) ? used.source : 'rules')
  const confidence = (field: DecidedField): number => {
    if (used === null || !fromDecision(field)) return ruleConfidence(field, reading[field].sure)
    const stated = used.decision.confidence[field]
    return used.source === 'person' ? stated : modelConfidence(field, stated)
  }
  const from = <F extends DecidedField>(field: F): Decision[F] =>
    used !== null && fromDecision(field) ? used.decision[field] : (reading[field].value as Decision[F])
  return {
    type: from('type'),
    temporal_aggregation: from('temporal_aggregation'),
    orientation: from('orientation'),
    decidedBy: perField(source),
    confidence: perField(confidence),
    unsure: DECIDED_FIELDS.filter((field) => !fromDecision(field) && !reading[field].sure),
    conflicts: used === null || used.source === 'person' ? [] : conflictsOf(reading, used.decision),
  }
}

export type EscalationReason = 'low-confidence' | 'conflict'

/**
 * Why a model's answer goes once to the escalation model, or null where it does not. `conflict`: it contradicts a sure
 * rule or makes a result that cannot be right. `low-confidence`: it is unsure of a field that it decides.
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
  /** The last decision that came (the escalation's where there was one), or null. */
  readonly decision: SourcedDecision | null
  /** Why no answer came though one was needed, such as "the model refused"; for the issue's message. */
  readonly noAnswerReason?: string
  /** The codebook and the prompt under which the decision was made: a release may have changed them since. */
  readonly codebookVersion: string
  readonly promptVersion: string
  readonly runId: string
  /** ISO 8601, UTC. */
  readonly classifiedAt: string
}

/** The result for one indicator. Open doubts become issues and `needs-review`, never a silent guess. */
export function buildClassification(input: ClassificationInput): Classification {
  const { indicator, reading, mode, decision } = input
  const merged = mergeDecision({ mode, reading, decision })
  const source =
    SOURCES_BY_RANK.findLast((one) => DECIDED_FIELDS.some((field) => merged.decidedBy[field] === one)) ?? 'rules'
  const findings = validate(fieldsOf(reading, merged))
  const doubts = doubtsOf(input, merged)
  // A person has looked already: asking for another review would never end.
  const isOpen = source !== 'person' && (doubts.length > 0 || isBlocked(findings))
  const status: Status = isOpen ? 'needs-review' : 'accepted'
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
    issues: [...doubts, ...findings],
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

function doubtsOf(input: ClassificationInput, merged: MergedDecision): Issue[] {
  const { reading, mode, decision } = input
  const issues: Issue[] = []
  if (decision === null && needsAnswer(reading, mode)) {
    issues.push({ code: 'no-answer', message: input.noAnswerReason ?? 'no model answered for this indicator' })
  }
  if (merged.unsure.length > 0) {
    issues.push({ code: 'unsure', message: `the rules only guess ${merged.unsure.join(', ')}` })
  }
  const low = lowFields(reading, merged)
  if (low.length > 0) {
    const parts = low.map((field) => `${field} ${merged.confidence[field]} of ${thresholdOf(field, reading, merged)}`)
    issues.push({ code: 'low-confidence', message: `less sure than it has to be: ${parts.join(', ')}` })
  }
  for (const field of merged.conflicts) {
    const { value, rule } = reading[field]
    const answer = decision?.decision[field]
    issues.push({
      code: 'rule-conflict',
      message: `${field}: the answer is ${answer}, the sure rule ${rule} says ${value}`,
    })
  }
  return issues
}

/** Fields that were decided by an answer below the threshold. A rule's guess is `unsure` instead, a person is believed. */
function lowFields(reading: RuleReading, merged: MergedDecision): DecidedField[] {
  return DECIDED_FIELDS.filter(
    (field) => merged.decidedBy[field] !== 'rules' && merged.confidence[field] < thresholdOf(field, reading, merged),
  )
}

/** An answer against the guess of a rule has to be surer than that guess, as measured, is right. */
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

/** What the rules went by, each sentence once. */
function rulesReason(reading: RuleReading): string {
  const sentences = new Set(DECIDED_FIELDS.map((field) => reading[field].because))
  return cutText([...sentences].join(' '), MAX_REASON_LENGTH)
}

function perField<T>(value: (field: DecidedField) => T): Record<DecidedField, T> {
  return { type: value('type'), temporal_aggregation: value('temporal_aggregation'), orientation: value('orientation') }
}
