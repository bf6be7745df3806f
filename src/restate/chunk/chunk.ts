/** classifier/chunk: has the indicators of one LLM request answered. Internal. */
import type { Context } from '@restatedev/restate-sdk'
import type { CountAnswered, ModelRequestRecord } from '../../store/types.ts'
import type { ChunkReply, ChunkRequest } from '../contract.ts'
import { type AskDeps, askOnce } from './ask.ts'

export interface ChunkDeps extends AskDeps {
  readonly countAnswered: CountAnswered
}

/** Tries while the endpoint is away, about a minute in all; then the batch decides what to make of it. */
export const MAX_TRIES = 8
const FIRST_BACKOFF_MS = 500
const MAX_BACKOFF_MS = 15_000

/**
 * Waits outside the steps, by durable sleep: for the rate budget as long as it takes and without spending a try, for
 * an endpoint that is away with growing pauses. Neither holds a slot.
 */
export async function answerChunk(ctx: Context, deps: ChunkDeps, request: ChunkRequest): Promise<ChunkReply> {
  const sent: ModelRequestRecord[] = []
  let tries = 0
  for (let turn = 0; ; turn += 1) {
    const requestId = `${ctx.request().id}-${turn}`
    const outcome = await ctx.run(`ask the model about ${request.items.length} indicators`, async () => {
      const found = await askOnce(deps, request, requestId, ctx.request().attemptCompletedSignal)
      // Counted inside the step, because a replay would count the same answers again. What is escalated is counted already.
      if (found.kind === 'answered' && request.tier === 'primary') {
        deps.countAnswered(request.run_id, found.decisions.length)
      }
      return found
    })
    if (outcome.kind === 'answered') {
      const { asked_model, decisions, unanswered, requests, failure } = outcome
      return { asked_model, decisions, unanswered, requests: [...sent, ...requests], failure }
    }
    if (outcome.request !== undefined) sent.push(outcome.request)
    if (outcome.kind === 'wait') {
      await ctx.sleep(outcome.waitMs, 'wait for the rate budget')
      continue
    }
    tries += 1
    if (tries >= MAX_TRIES) {
      const { asked_model, code, message } = outcome
      const unanswered = request.items.map(({ key }) => ({ key, code, message }))
      return { asked_model, decisions: [], unanswered, requests: sent, failure: null }
    }
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (tries - 1), MAX_BACKOFF_MS)
    // Spread, or the chunks that failed together would come back together.
    await ctx.sleep(Math.round(backoffMs * (0.5 + ctx.rand.random())), 'the model endpoint is away')
  }
}
