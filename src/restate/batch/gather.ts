/** Gathers the replies of chunks into the answers of a batch, and fails a batch to which the model endpoint has answered nothing. */
import { answerKeys } from '../../classification/prompt.ts'
import { isEndpointAway, isErrorCode, ServiceError } from '../../errors.ts'
import { isOfflineGuess } from '../../lib/model-names.ts'
import type { ChunkReply, ChunkRequest } from '../chunk-contract.ts'
import { earlierForms } from './earlier-plan.ts'
import { openFieldsAt, questionAt } from './questions.ts'
import type { AskedDecision, Chunks, Missing, ModelAnswers, Plan } from './types.ts'

export function noAnswers(): ModelAnswers {
  return {
    decisions: new Map(),
    unanswered: new Map(),
    partial: new Map(),
    widened: new Map(),
    requests: [],
    unkept: new Set(),
    escalated: [],
    failure: null,
  }
}

/**
 * Adds the replies of one fan-out, in the order of its chunks. An escalation that brings no answer leaves the primary
 * model's answer standing. The reply of an earlier release names no codebook or prompt, so those of the plan are taken.
 */
export function gatherReplies(
  answers: ModelAnswers,
  plan: Pick<Plan, 'codebook' | 'promptVersion' | 'ways' | 'earlierReadings'>,
  tier: ChunkRequest['tier'],
  chunks: Chunks,
  replies: readonly ChunkReply[],
): void {
  const source = tier === 'primary' ? 'model' : 'escalation'
  for (const [index, reply] of replies.entries()) {
    const positions = chunks[index] ?? []
    const keys = answerKeys(positions.length)
    const positionOf = (key: string): number | undefined => positions[keys.indexOf(key)]
    answers.requests.push(...reply.requests)
    answers.failure ??= reply.failure
    for (const { key, decision: given, model } of reply.decisions) {
      const position = positionOf(key)
      if (position === undefined) continue
      const decision = plan.earlierReadings === undefined ? given : earlierForms().parseDecision(given)
      const asked: AskedDecision = {
        ...{ decision, model, source, isGuess: isOfflineGuess(model) },
        ...{ askedModel: reply.asked_model, ...versionsOf(reply, plan) },
      }
      if (reply.kept !== true) answers.unkept.add(position)
      answers.decisions.set(position, [...(answers.decisions.get(position) ?? []), asked])
    }
    for (const { key, code, message, fields } of reply.unanswered) {
      const position = positionOf(key)
      if (position === undefined) continue
      const asked = fields ?? questionAt(plan.ways, position)?.fields ?? []
      const missing = new Map(answers.unanswered.get(position))
      for (const field of asked) missing.set(field, { code, message })
      answers.unanswered.set(position, missing)
    }
    for (const position of positions) dropAnswered(answers, plan, position)
  }
}

/** The hash and the prompt version of a reply. A chunk of an earlier form names the version of its codebook in place of a hash. */
function versionsOf(reply: ChunkReply, plan: Pick<Plan, 'codebook' | 'promptVersion' | 'earlierReadings'>) {
  const promptVersion = reply.prompt_version ?? plan.promptVersion
  if (plan.earlierReadings === undefined) return { codebookHash: reply.codebook_hash ?? '', promptVersion }
  const version = (reply as { readonly codebook_version?: string }).codebook_version ?? plan.codebook.version
  return { codebookHash: version === plan.codebook.version ? '' : version, promptVersion }
}

/** Removes the reasons of fields that were answered, so that `unanswered` holds only what is still open. */
function dropAnswered(answers: ModelAnswers, { ways }: Pick<Plan, 'ways'>, position: number): void {
  const question = questionAt(ways, position)
  const missing = answers.unanswered.get(position)
  if (question === undefined || missing === undefined) return
  const open = openFieldsAt(answers, question, position)
  const left = [...missing].filter(([field]) => open.includes(field))
  if (left.length === 0) answers.unanswered.delete(position)
  else answers.unanswered.set(position, new Map(left))
}

/** The reason that stands for a position: that of its first field without an answer. */
export function firstMissing(missing: ReadonlyMap<string, Missing> | undefined): Missing | undefined {
  const [first] = missing?.values() ?? []
  return first
}

/**
 * Throws ServiceError model-unavailable, model-bad-request or model-too-long where the batch has no answer at all and `isCause` accepts
 * the code of every failure. Such a batch fails, so that it is submitted again when the cause is gone: guesses of the
 * rules that were saved in place of the answers would hide the failure.
 */
export function failWhereNothingIsAnswered(
  { decisions, unanswered }: Pick<ModelAnswers, 'decisions' | 'unanswered'>,
  isCause: (code: string) => boolean,
): void {
  if (decisions.size > 0) return
  const reasons = [...unanswered.values()].flatMap((missing) => [...missing.values()])
  const [first] = reasons
  if (first === undefined || !reasons.every(({ code }) => isCause(code))) return
  const code = isErrorCode(first.code) && !isEndpointAway(first.code) ? first.code : 'model-unavailable'
  throw new ServiceError(code, first.message)
}
