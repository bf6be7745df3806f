/** Builds the result of every indicator of a batch, and the answers to store, from the plan and the answers that came. */
import { buildClassification, type SourcedDecision } from '../../classification/merge.ts'
import type { Classification } from '../../classification/types.ts'
import type { ResultToSave, StoredAnswer } from '../../store/types.ts'
import { markOlderHumanAnswer } from './human-answer.ts'
import type { Prepared } from './prepare.ts'
import { questionAt } from './questions.ts'
import type { AskedDecision, BatchOptions, BatchState, Missing, Plan, Resolution } from './types.ts'

export interface ResultInput {
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
  /** The result to save; null where the earlier result of the indicator still holds. */
  readonly toSave: ResultToSave | null
}

/** The result of the indicator at `position`. Throws RangeError where plan and request do not belong together. */
export function buildResult(input: ResultInput, one: Prepared | undefined, position: number): BuiltResult {
  const { runId, classifiedAt, options, plan } = input
  const resolution = plan.ways[position]
  if (one === undefined || resolution === undefined) {
    throw new RangeError(`the plan and the request have no indicator in common at position ${position}`)
  }
  if (resolution.kind === 'unchanged') return { classification: resolution.classification, toSave: null }
  const { decision, askedModel, missing, codebookVersion, promptVersion } = decide(input, resolution, position)
  const built = buildClassification({
    indicator: one.indicator,
    reading: questionAt(plan.ways, position)?.reading ?? one.reading,
    mode: options.mode,
    decision,
    ...(missing === undefined ? {} : { noAnswerReason: `${missing.code}: ${missing.message}` }),
    codebookVersion,
    promptVersion,
    runId,
    classifiedAt,
  })
  const classification = resolution.kind === 'reuse' ? markOlderHumanAnswer(built, resolution.answer) : built
  const toSave: ResultToSave = {
    indicator: one.indicator,
    classification,
    inputHash: one.inputHash,
    mode: options.mode,
    askedModel,
    unanswered: missing !== undefined,
  }
  return { classification, toSave }
}

interface Decided {
  readonly decision: SourcedDecision | null
  /** Configured name of the model that was asked; null where the rules decided alone. */
  readonly askedModel: string | null
  readonly missing?: Missing
  /**
   * The versions of the codebook and the prompt under which the decision was made; a release may have changed them
   * since.
   */
  readonly codebookVersion: string
  readonly promptVersion: string
}

function decide(
  { plan, state }: ResultInput,
  resolution: Exclude<Resolution, { kind: 'unchanged' }>,
  position: number,
): Decided {
  const { codebookVersion, promptVersion } = plan
  if (resolution.kind === 'rules') return { decision: null, askedModel: null, codebookVersion, promptVersion }
  const { primary } = plan.models
  const asked = resolution.kind === 'follow' ? resolution.leader : position
  const answer = storedAnswerAt(plan, state, asked)
  if (answer !== undefined) return { ...decideByAnswer(answer, plan), askedModel: primary }
  const decision = state.answers.decisions.get(asked)
  if (decision === undefined) {
    const missing = state.answers.unanswered.get(asked) ?? { code: 'no-answer', message: 'no model answered' }
    return { decision: null, askedModel: primary, missing, codebookVersion, promptVersion }
  }
  return {
    decision: resolution.kind === 'follow' ? { ...decision, source: 'reuse' } : decision,
    // A result of the escalation model is valid for as long as the primary model stays the configured one.
    askedModel: decision.source === 'escalation' ? primary : decision.askedModel,
    codebookVersion: decision.codebookVersion,
    promptVersion: decision.promptVersion,
  }
}

/** The answer at `position` that was stored before this batch, or that another batch gave while this batch waited. */
function storedAnswerAt(plan: Plan, { awaited }: BatchState, position: number): StoredAnswer | undefined {
  const resolution = plan.ways[position]
  return resolution?.kind === 'reuse' ? resolution.answer : awaited.get(position)
}

/** A human answer was given without a prompt, so the prompt version of the plan stands in the result. */
function decideByAnswer(answer: StoredAnswer, plan: Plan): Omit<Decided, 'askedModel'> {
  const { decision, model, codebookVersion } = answer
  const isHuman = answer.source === 'person'
  return {
    decision: { decision, model, source: isHuman ? 'person' : 'reuse' },
    codebookVersion,
    promptVersion: isHuman ? plan.promptVersion : answer.promptVersion,
  }
}

/**
 * The answers to store for whole shapes, except those at the positions in `unsettled`. A shape names a model, a
 * codebook and a prompt, so an answer that came under others, because of a release while the batch worked, is not
 * stored.
 */
export function answersToStore(
  plan: Plan,
  decisions: ReadonlyMap<number, AskedDecision>,
  unsettled: ReadonlySet<number>,
): StoredAnswer[] {
  const byShape = new Map<string, StoredAnswer>()
  for (const [position, asked] of decisions) {
    const { decision, source, model, codebookVersion, promptVersion } = asked
    const question = questionAt(plan.ways, position)
    if (question === undefined || source === 'reuse' || unsettled.has(position)) continue
    const plannedModel = source === 'escalation' ? plan.models.escalation : plan.models.primary
    const isAsPlanned =
      asked.askedModel === plannedModel &&
      codebookVersion === plan.codebookVersion &&
      promptVersion === plan.promptVersion
    if (!isAsPlanned) continue
    const { shape, shapeHash } = question
    byShape.set(shapeHash, { shapeHash, shape, decision, source, model, codebookVersion, promptVersion })
  }
  return [...byShape.values()]
}
