/** Gathers the replies of chunks into the answers of a batch, and fails a batch to which the model endpoint has answered nothing. */
import { answerKeys } from '../../classification/prompt.ts'
import { ServiceError } from '../../errors.ts'
import type { ChunkReply, ChunkRequest } from '../contract.ts'
import type { Chunks, ModelAnswers, Plan } from './types.ts'

export function noAnswers(): ModelAnswers {
  return { decisions: new Map(), unanswered: new Map(), requests: [], escalated: [], failure: null }
}

/**
 * Adds the replies of one fan-out, in the order of its chunks. An escalation that brings no answer leaves the primary
 * model's answer standing. The reply of an earlier release names no versions, so those of the plan are taken.
 */
export function gatherReplies(
  answers: ModelAnswers,
  plan: Pick<Plan, 'codebookVersion' | 'promptVersion'>,
  tier: ChunkRequest['tier'],
  chunks: Chunks,
  replies: readonly ChunkReply[],
): void {
  const source = tier === 'primary' ? 'model' : 'escalation'
  for (const [index, reply] of replies.entries()) {
    const positions = chunks[index] ?? []
    const keys = answerKeys(positions.length)
    const positionOf = (key: string): number | undefined => positions[keys.indexOf(key)]
    const askedModel = reply.asked_model
    const codebookVersion = reply.codebook_version ?? plan.codebookVersion
    const promptVersion = reply.prompt_version ?? plan.promptVersion
    answers.requests.push(...reply.requests)
    answers.failure ??= reply.failure
    for (const { key, decision, model } of reply.decisions) {
      const position = positionOf(key)
      if (position === undefined) continue
      answers.decisions.set(position, { decision, model, source, askedModel, codebookVersion, promptVersion })
      answers.unanswered.delete(position)
    }
    for (const { key, code, message } of reply.unanswered) {
      const position = positionOf(key)
      if (position === undefined || answers.decisions.has(position)) continue
      answers.unanswered.set(position, { code, message })
    }
  }
}

/**
 * Throws ServiceError model-unavailable or model-bad-request where the batch has no answer at all and `isCause` accepts
 * the code of every failure. Such a batch fails, so that it is submitted again when the cause is gone: guesses of the
 * rules that were saved in place of the answers would hide the failure.
 */
export function failWhereNothingIsAnswered(
  { decisions, unanswered }: Pick<ModelAnswers, 'decisions' | 'unanswered'>,
  isCause: (code: string) => boolean,
): void {
  if (decisions.size > 0) return
  const [first] = unanswered.values()
  if (first === undefined || ![...unanswered.values()].every(({ code }) => isCause(code))) return
  const code = first.code === 'model-bad-request' ? 'model-bad-request' : 'model-unavailable'
  throw new ServiceError(code, first.message)
}
