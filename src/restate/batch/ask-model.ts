/** Asks the model about chunks of a batch: fan out and gather, ask again in smaller chunks, then escalate what is in doubt. */
import { packRuleOfRound } from '../../classification/chunks.ts'
import { escalationReasonOf } from '../../classification/merge.ts'
import { isEndpointAway, isOfEndpoint } from '../../errors.ts'
import type { ChunkRequest } from '../contract.ts'
import { callChunks } from './fan-out.ts'
import { failWhereNothingIsAnswered, gatherReplies } from './gather.ts'
import { roundsOf } from './plan.ts'
import { packPositions, questionAt } from './questions.ts'
import type { Batch, Chunks, ModelAnswers } from './types.ts'

/**
 * Adds to `answers` the decisions of the models, and the reasons for missing ones, for the positions in `chunks`.
 * Rejects with model-unavailable or model-bad-request where the endpoint is the reason that the whole batch has no
 * answer.
 */
export async function askModel(batch: Batch, answers: ModelAnswers, chunks: Chunks): Promise<void> {
  const { ctx, plan, options } = batch
  const asked = new Set(chunks.flat())
  const ask = async (tier: ChunkRequest['tier'], next: Chunks) =>
    gatherReplies(answers, plan, tier, next, await callChunks(batch, tier, next, [...asked]))
  const unansweredPositions = () => [...answers.unanswered.keys()].filter((position) => asked.has(position))

  answers.escalated = []
  await ask('primary', chunks)
  const rounds = roundsOf(plan)
  for (let round = 1; round < rounds && unansweredPositions().length > 0 && answers.failure === null; round += 1) {
    failWhereNothingIsAnswered(answers, isEndpointAway)
    const smaller = await ctx.run(`pack what was left open, round ${round + 1}`, () =>
      packPositions(plan.ways, unansweredPositions(), packRuleOfRound(options.pack, round)),
    )
    await ask('primary', smaller)
  }
  if (answers.failure === null) failWhereNothingIsAnswered(answers, isOfEndpoint)

  const isAnswered = [...asked].some((position) => answers.decisions.has(position))
  if (plan.models.escalation === null || !isAnswered || answers.failure !== null) return
  const escalated = await ctx.run('review the answers', () =>
    packPositions(plan.ways, positionsToEscalate(batch, answers, asked), options.pack),
  )
  answers.escalated = escalated.flat()
  await ask('escalation', escalated)
}

function positionsToEscalate(
  { plan, options }: Batch,
  { decisions }: ModelAnswers,
  asked: ReadonlySet<number>,
): number[] {
  return [...decisions].flatMap(([position, { decision }]) => {
    const question = asked.has(position) ? questionAt(plan.ways, position) : undefined
    if (question === undefined) return []
    return escalationReasonOf(question.reading, decision, options.mode) !== null ? [position] : []
  })
}
