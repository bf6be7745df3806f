/** Builds the result of every indicator of a batch, and the answers to store, from the plan and the answers that came. */
import type { SourcedDecision } from '../../classification/merge.ts'
import { buildClassification } from '../../classification/result.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Classification, Decision } from '../../classification/types.ts'
import type { AnswerToStore, ResultToSave, StoredAnswer } from '../../store/types.ts'
import { earlierForms } from './earlier-plan.ts'
import { markOlderHumanAnswer } from './human-answer.ts'
import type { Prepared } from './prepare.ts'
import { decisionsOfAnswers, questionAt } from './questions.ts'
import {
  type AskedDecision,
  type BatchOptions,
  type BatchState,
  labelsOfAnswers,
  type Missing,
  type ModelAnswers,
  modeOf,
  type Plan,
  type Resolution,
} from './types.ts'

export interface ResultInput {
  readonly scheme: PreparedScheme
  readonly catalogue: string
  readonly runId: string
  /**
   * When the batch was classified, ISO 8601. The journal holds the time, so that a second attempt does not make the
   * result look newer.
   */
  readonly classifiedAt: string
  readonly options: BatchOptions
  readonly plan: Plan
  readonly state: BatchState
}

export interface BuiltResult {
  readonly classification: Classification
  /** The result to save; null where the earlier result of the indicator still holds, or where an audit shows nothing. */
  readonly toSave: ResultToSave | null
  /** Whether any answer to the indicator is a guess of the offline model. */
  readonly isGuess: boolean
}

/** The result of the indicator at `position`. Throws RangeError where plan and request do not belong together. */
export function buildResult(input: ResultInput, one: Prepared | undefined, position: number): BuiltResult {
  const { scheme, catalogue, runId, classifiedAt, options, plan } = input
  const resolution = plan.ways[position]
  if (one === undefined || resolution === undefined) {
    throw new RangeError(`the plan and the request have no indicator in common at position ${position}`)
  }
  if (resolution.kind === 'unchanged')
    return { classification: resolution.classification, toSave: null, isGuess: false }
  const answered = decide(input, resolution, position)
  const isBlindGuess = one.audit && answered.decisions.length > 0 && answered.decisions.every(({ isGuess }) => isGuess)
  // The offline model guesses by what the rules found, which an audit does not show it, so that the rules know more.
  const decided = isBlindGuess ? { ...answered, ...NOTHING_DECIDED } : answered
  const mode = isBlindGuess ? 'rules' : modeOf(one, options.mode)
  const built = buildClassification({
    scheme,
    indicator: one.indicator,
    catalogue,
    reading: questionAt(plan.ways, position)?.reading ?? one.reading,
    mode,
    decisions: decided.decisions,
    // A release without codebook files asked three fields, and the rules read all others.
    ...(plan.earlierReadings === undefined ? {} : { wanted: earlierForms().askedFields }),
    unanswered: reasonsOf(decided.unanswered),
    promptVersion: decided.promptVersion,
    runId,
    classifiedAt,
  })
  const { name, version, hash } = plan.codebook
  const ofPlan = { ...built, codebook: `${name}@${version}`, codebook_hash: hash }
  const classification = markOlderHumanAnswer({ hash }, ofPlan, decided.answers)
  const toSave: ResultToSave = {
    indicator: one.indicator,
    classification,
    inputHash: one.inputHash,
    mode,
    askedModel: decided.askedModel,
    unanswered: decided.unanswered.size > 0,
  }
  // A caller that draws the audits itself classifies the indicator afterwards.
  const isSaved = !(isBlindGuess && options.audit === 'all')
  return {
    classification,
    toSave: isSaved ? toSave : null,
    isGuess: answered.decisions.some(({ isGuess }) => isGuess),
  }
}

interface Decided {
  /** The answers to the indicator, the latest last. */
  readonly decisions: readonly SourcedDecision[]
  /** The stored answers among them. */
  readonly answers: readonly StoredAnswer[]
  /** Configured name of the model that was asked; null where the rules decided alone. */
  readonly askedModel: string | null
  readonly unanswered: ReadonlyMap<string, Missing>
  /** The version of the prompt under which the decision was made; a release may have changed it since. */
  readonly promptVersion: string
}

const NOTHING_MISSING: ReadonlyMap<string, Missing> = new Map()
const NOTHING_DECIDED = { decisions: [], answers: [], askedModel: null, unanswered: NOTHING_MISSING } as const

function decide(
  { plan, state }: ResultInput,
  resolution: Exclude<Resolution, { kind: 'unchanged' }>,
  position: number,
): Decided {
  const { promptVersion } = plan
  const { primary } = plan.models
  if (resolution.kind === 'rules') {
    return { decisions: [], answers: [], askedModel: null, unanswered: NOTHING_MISSING, promptVersion }
  }
  const asked = resolution.kind === 'follow' ? resolution.leader : position
  const question = questionAt(plan.ways, asked)
  const awaited = state.awaited.get(asked)
  const planned = plannedAnswers(plan, resolution)
  const stored = awaited === undefined ? planned : [...planned, awaited]
  const given = state.answers.decisions.get(asked) ?? []
  const last = given.at(-1)
  const isUnasked = last === undefined && awaited === undefined
  const reasons = state.answers.unanswered.get(asked) ?? noReasons(isUnasked ? (question?.fields ?? []) : [])
  // A leader is asked for all that its followers need, so that the answers of people may have some of the fields already.
  const labels = labelsOfAnswers(stored)
  const missing = [...reasons].filter(([field]) => !(field in labels))
  return {
    decisions: [
      ...decisionsOfAnswers(stored),
      ...(resolution.kind === 'follow' ? given.map((one) => ({ ...one, source: 'reuse' as const })) : given),
    ],
    answers: stored,
    // A result of the escalation model is valid for as long as the primary model stays the configured one.
    askedModel: last === undefined || last.source === 'escalation' ? primary : last.askedModel,
    unanswered: new Map(missing),
    promptVersion: last?.promptVersion ?? promptVersionOf(stored, plan),
  }
}

/** The stored answers that the plan gives to an indicator, those of people last. */
function plannedAnswers({ ways }: Plan, resolution: Exclude<Resolution, { kind: 'unchanged' | 'rules' }>) {
  if (resolution.kind !== 'follow') return resolution.answers
  const leader = ways[resolution.leader]
  const ofLeader = leader !== undefined && 'answers' in leader ? (leader.answers ?? []) : []
  if (resolution.answers === undefined) return ofLeader
  // People may have answered only one of two indicators of a shape.
  return [...ofLeader.filter(({ source }) => source !== 'person'), ...resolution.answers]
}

function noReasons(fields: readonly string[]): ReadonlyMap<string, Missing> {
  return new Map(fields.map((field) => [field, { code: 'no-answer', message: 'no model answered' }]))
}

function reasonsOf(unanswered: ReadonlyMap<string, Missing>): Record<string, string> {
  return Object.fromEntries([...unanswered].map(([field, { code, message }]) => [field, `${code}: ${message}`]))
}

/** A human answer was given without a prompt, so the prompt version of the plan stands in its result. */
function promptVersionOf(answers: readonly StoredAnswer[], { promptVersion }: Plan): string {
  return answers.findLast(({ source }) => source !== 'person')?.promptVersion ?? promptVersion
}

/** The answers that no chunk has kept, by position. */
export function unkeptDecisions({ decisions, unkept }: Pick<ModelAnswers, 'decisions' | 'unkept'>) {
  return new Map([...decisions].filter(([position]) => unkept.has(position)))
}

/**
 * The answers to store for whole shapes, except those at the positions in `unsettled`. A shape names a model, a
 * codebook and a prompt, so an answer that came under others, because of a release while the batch worked, is not
 * stored.
 */
export function answersToStore(
  plan: Plan,
  decisions: ReadonlyMap<number, readonly AskedDecision[]>,
  unsettled: ReadonlySet<number>,
): AnswerToStore[] {
  const byShape = new Map<string, AnswerToStore>()
  const { name, version, hash } = plan.codebook
  for (const [position, all] of decisions) {
    const question = questionAt(plan.ways, position)
    const asPlanned = all.filter((asked) => isAsPlanned(plan, asked))
    const last = asPlanned.at(-1)
    if (question === undefined || last === undefined || last.source === 'reuse' || unsettled.has(position)) continue
    const { shape, shapeHash } = question
    byShape.set(shapeHash, {
      ...{ shapeHash, shape, decision: foldDecisions(asPlanned), source: last.source, model: last.model },
      ...{ codebook: `${name}@${version}`, codebookHash: hash, promptVersion: plan.promptVersion },
    })
  }
  return [...byShape.values()]
}

/** Hashes of the shapes whose answers of models the results of the plan rest on, without being asked for by this batch. */
export function reusedShapes({ ways }: Plan, { awaited }: Pick<BatchState, 'awaited'>): string[] {
  const stored = [...ways.flatMap((way) => ('answers' in way ? (way.answers ?? []) : [])), ...awaited.values()]
  return [...new Set(stored.filter(({ source }) => source !== 'person').map(({ shapeHash }) => shapeHash))]
}

function isAsPlanned(plan: Plan, { source, askedModel, codebookHash, promptVersion }: AskedDecision): boolean {
  const plannedModel = source === 'escalation' ? plan.models.escalation : plan.models.primary
  return askedModel === plannedModel && codebookHash === plan.codebook.hash && promptVersion === plan.promptVersion
}

/** One decision of several, in which the label and the confidence of a later one replace those of an earlier one. */
function foldDecisions(decisions: readonly AskedDecision[]): Decision {
  return {
    labels: Object.assign({}, ...decisions.map(({ decision }) => decision.labels)) as Decision['labels'],
    confidence: Object.assign({}, ...decisions.map(({ decision }) => decision.confidence)) as Decision['confidence'],
    reason: decisions.at(-1)?.decision.reason ?? '',
  }
}
