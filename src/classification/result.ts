/** Builds the result of one record from the merged labels: its status, its issues and its confidence. */
import type { Codebook } from '../codebooks/codebook.ts'
import { createRecent } from '../codebooks/recent.ts'
import { type AnswerKind, answerConfidence, answerKind, calibrationOf, rowConfidence } from '../evidence/confidence.ts'
import { MAX_REASON_LENGTH } from './answers.ts'
import { cutText } from './clean-text.ts'
import { appliesTo, openFields } from './fields.ts'
import { answerOf, doubtfulFields, type Merged, type MergeInput, mergeLabels, thresholdOf } from './merge.ts'
import type { Classification, Indicator, Issue, Reading, Scheme, Source, Status } from './types.ts'
import { isBlocked, validate } from './validate.ts'

/** The sources, from the weakest to the strongest. The strongest source that decided a field is the source of the result. */
const SOURCES_BY_RANK = ['rules', 'reuse', 'model', 'escalation', 'person'] as const satisfies readonly Source[]

export interface ClassificationInput extends MergeInput {
  readonly indicator: Indicator
  readonly catalogue: string
  /** The fields that the batch wanted an answer for, where these are not the fields that are open by `mode`. */
  readonly wanted?: readonly string[]
  /** Why fields that were asked have no answer, by field, such as "the model refused". */
  readonly unanswered: Readonly<Record<string, string>>
  /** The version of the prompt with which the answers were asked for. */
  readonly promptVersion: string
  readonly runId: string
  /** The time of classification, as ISO 8601 in UTC. */
  readonly classifiedAt: string
}

/** Builds the result of one record. What is in doubt becomes an issue and the status `needs-review`. */
export function buildClassification(input: ClassificationInput): Classification {
  const { indicator, scheme, reading, decisions } = input
  const { codebook, hash } = scheme
  const { decided, ...outcome } = outcomeOf(input)
  const { source } = outcome
  const last = source === 'rules' ? undefined : decisions.findLast((one) => one.source === source)
  return {
    indicator_id: indicator.indicator_id,
    name: indicator.name,
    catalogue: input.catalogue,
    codebook: `${codebook.name}@${codebook.version}`,
    codebook_hash: hash,
    ...outcome,
    reason: last === undefined ? rulesReason(scheme, indicator, reading) : last.decision.reason,
    model: modelOf(decided, decisions),
    prompt_version: input.promptVersion,
    run_id: input.runId,
    classified_at: input.classifiedAt,
  }
}

/** What of a result follows from its reading and the answers alone. */
type Outcome = Pick<
  Classification,
  'labels' | 'field_confidence' | 'field_source' | 'confidence' | 'source' | 'status' | 'issues'
> & { readonly decided: readonly Source[] }

/** The outcomes that came last, about 4 KB each. Records of a catalogue are many, and what becomes of them is mostly the same. */
const outcomes = createRecent<Outcome>(1_000)

function outcomeOf(input: ClassificationInput): Outcome {
  const { scheme, reading, mode, decisions, unanswered, wanted } = input
  const answers = decisions.map(({ source, isGuess, decision }) => [
    source,
    isGuess,
    decision.labels,
    decision.confidence,
  ])
  const parts = [scheme.codebook, scheme.code, scheme.calibration, reading].map(numberOf)
  const key = JSON.stringify([parts, mode, answers, Object.entries(unanswered), wanted])
  const known = outcomes.get(key) ?? buildOutcome(input)
  outcomes.set(key, known)
  return known
}

function buildOutcome(input: ClassificationInput): Outcome {
  const { scheme, reading } = input
  const { codebook } = scheme
  const merged = mergeLabels(input)
  const decided = Object.values(merged.decidedBy)
  const findings = validate(codebook, merged.labels)
  const doubts = doubtsOf(input, merged)
  const { row, confidence } = confidencesOf(scheme, reading, merged)
  const outcome: Outcome = {
    labels: merged.labels,
    field_confidence: confidence,
    field_source: sourcesOf(reading, merged),
    confidence: row,
    source: SOURCES_BY_RANK.findLast((one) => decided.includes(one)) ?? 'rules',
    status: statusOf(codebook, merged, doubts.length > 0 || isBlocked(codebook, findings)),
    issues: [...doubts, ...guessIssues(merged), ...findings],
    decided,
  }
  // Many results share it, so that nobody may change it.
  for (const part of [outcome.labels, outcome.field_confidence, outcome.field_source, outcome.issues])
    Object.freeze(part)
  return outcome
}

const numbers = new WeakMap<object, number>()
let lastNumber = 0

/** A number that stands for an object in a key; 0 for none. */
function numberOf(object: object | null | undefined): number {
  if (object === null || object === undefined) return 0
  const known = numbers.get(object)
  if (known !== undefined) return known
  lastNumber += 1
  numbers.set(object, lastNumber)
  return lastNumber
}

/** Returns the model of the strongest source among those that decided a field; null where no model took part. */
function modelOf(decided: readonly Source[], decisions: MergeInput['decisions']): string | null {
  const source = SOURCES_BY_RANK.findLast((one) => one !== 'person' && decided.includes(one))
  return decisions.findLast((one) => one.source === source)?.model ?? null
}

/** Names the rule of each field that a rule decided, and the source of each other field. */
function sourcesOf(reading: Reading, { decidedBy }: Merged): Record<string, string> {
  return Object.fromEntries(
    Object.entries(decidedBy).map(([name, by]) => [name, by === 'rules' ? (reading[name]?.rule ?? by) : by]),
  )
}

/**
 * A result that a person decided in every field that the rules are not sure of is never sent to review, because the same
 * person would be asked the same question again. Where the person left a field open, what fills it counts as it would alone.
 */
function statusOf({ fields }: Codebook, merged: Merged, isDoubted: boolean): Status {
  const { decidedBy, guessed, unchecked, undecided } = merged
  const deciders = fields.flatMap(({ name, asked }) => (asked ? (decidedBy[name] ?? []) : []))
  const isPersons = deciders.includes('person') && deciders.every((by) => by === 'person' || by === 'rules')
  const isSettled = isPersons && guessed.length === 0 && undecided.length === 0
  if (isDoubted && !isSettled) return 'needs-review'
  return guessed.length > 0 || (unchecked.length > 0 && !isPersons) ? 'unverified' : 'accepted'
}

/** What answered one field, with the confidence that was stated and the calibrated one. */
export interface FieldAnswer {
  readonly field: string
  readonly kind: AnswerKind
  readonly stated: number
  readonly confidence: number
}

/**
 * Returns the confidence of each field, where a derived field is as sure as the field that it follows from, and that of the
 * fields that a model may be asked for together; 0 where one of these has no label. Where an answer contradicts a sure
 * finding, the row is no surer than the less sure of the two.
 */
export function confidencesOf(
  scheme: Scheme,
  reading: Reading,
  merged: Merged,
): { readonly answers: readonly FieldAnswer[]; readonly confidence: Record<string, number>; readonly row: number } {
  const { fields } = scheme.codebook
  const calibration = calibrationOf(scheme)
  const answers = Object.entries(merged.decidedBy).map(([field, by]): FieldAnswer => {
    const kind = answerKind(by, reading[field], merged.guessed.includes(field))
    const stated = merged.confidence[field] ?? 0
    return { field, kind, stated, confidence: answerConfidence(calibration, field, kind, stated) }
  })
  const known = new Map(answers.map((answer) => [answer.field, answer.confidence]))
  const conflicts = merged.conflicts.map((name) => [
    known.get(name) ?? 0,
    answerConfidence(calibration, name, 'sure', 1),
  ])
  const confidence: Record<string, number> = {}
  for (const { name, type } of fields) {
    const own = known.get(type.kind === 'derived' ? type.from : name)
    if (own !== undefined) confidence[name] = own
  }
  const asked = fields.flatMap((field) => (field.asked ? (confidence[field.name] ?? []) : []))
  const isOpen = asked.length === 0 || merged.undecided.length > 0
  return { answers, confidence, row: isOpen ? 0 : rowConfidence(calibration, asked, conflicts) }
}

/** Returns one issue for each reason why the merged labels are not settled. */
function doubtsOf(input: ClassificationInput, merged: Merged): Issue[] {
  const { scheme, reading, mode, decisions, unanswered } = input
  const issues: Issue[] = []
  const open = input.wanted ?? openFields(scheme, reading, mode)
  const wanted = open.filter((name) => {
    const field = scheme.codebook.field.get(name)
    const isMissing = answerOf(decisions, name) === undefined && field !== undefined && appliesTo(field, merged.labels)
    return isMissing && (name in unanswered || merged.undecided.includes(name) || merged.guessed.includes(name))
  })
  const reasons = Map.groupBy(wanted, (name) => unanswered[name] ?? 'no model answered')
  for (const [reason, names] of reasons) issues.push({ code: 'no-answer', message: `${names.join(', ')}: ${reason}` })
  if (mode === 'rules' && merged.undecided.length > 0) {
    issues.push({ code: 'no-rule', message: `no rule reads ${merged.undecided.join(', ')}` })
  }
  const low = doubtfulFields(input, merged)
  if (low.length > 0) {
    const parts = low.map(
      (name) => `${name} has ${merged.confidence[name]} and needs ${thresholdOf(scheme, name, reading, merged)}`,
    )
    issues.push({ code: 'low-confidence', message: `confidence too low: ${parts.join(', ')}` })
  }
  for (const name of merged.conflicts) {
    const finding = reading[name]
    if (finding === undefined) continue
    const answer = answerOf(decisions, name)?.decision.labels[name]
    const message = `${name}: the answer is ${answer}, but the rule ${finding.rule} is sure of ${finding.value}`
    issues.push({ code: 'rule-conflict', message })
  }
  return issues
}

function guessIssues({ guessed, unchecked }: Merged): Issue[] {
  return [
    ...(guessed.length === 0 ? [] : [{ code: 'unsure', message: `only a guess: ${guessed.join(', ')}` }]),
    ...(unchecked.length === 0
      ? []
      : [
          {
            code: 'unchecked',
            message: `decided by rules that nothing has checked on this catalogue: ${unchecked.join(', ')}`,
          },
        ]),
  ]
}

/** Joins the sentences that explain the findings of the askable fields by the words they rest on, each sentence once. */
function rulesReason({ codebook: { fields }, code }: Scheme, record: Indicator, reading: Reading): string {
  const explained = code?.explain(record, reading) ?? {}
  const sentences = new Set(
    fields.flatMap(({ name, asked }) => (asked ? (explained[name] ?? reading[name]?.because ?? []) : [])),
  )
  const whole = [...sentences].map((sentence) => (sentence.endsWith('.') ? sentence : `${sentence}.`))
  return cutText(whole.join(' '), MAX_REASON_LENGTH)
}
