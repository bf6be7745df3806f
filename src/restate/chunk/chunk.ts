/** The internal handler classifier/chunk, which has the model answer the indicators of one request and waits durably where it cannot. */
import type { Context } from '@restatedev/restate-sdk'
import type { CountAnswered, ModelRequestRecord } from '../../store/types.ts'
import type { ChunkReply, ChunkRequest, EarlierChunkRequest } from '../chunk-contract.ts'
import { type AskOnTrialDeps, askOnTrial } from './ask-on-trial.ts'
import { type AskOutcome, requestsOf } from './ask-outcome.ts'

export interface ChunkDeps extends AskOnTrialDeps {
  readonly countAnswered: CountAnswered
}

/**
 * The number of tries that may find the endpoint away, over about a minute, before the chunk replies without an answer.
 */
export const MAX_TRIES = 8

/** The number of tries that may time out, because each may be billed. */
export const MAX_TIMEOUTS = 2

/**
 * The number of tries where the journal of a chunk does not name it: every release that wrote such journals made this
 * many.
 */
const TRIES_OF_EARLIER_RELEASES = 8

/**
 * The outcome of one step as the journal holds it. A failed try also holds the chunk's limits of tries, unless an earlier
 * release journaled it.
 */
type StepOutcome = AskOutcome & { readonly max_tries?: number; readonly max_timeouts?: number }

/** Milliseconds of the pause after the first try that finds the endpoint away; each further pause is twice as long. */
const FIRST_BACKOFF_MS = 500
const MAX_BACKOFF_MS = 15_000

/** Milliseconds of the pause after the first refusal for want of capacity; each further pause is twice as long. */
const FIRST_CAPACITY_MS = 1_000
const MAX_CAPACITY_MS = 60_000

/**
 * Asks until the model answers or the tries are used up. The chunk waits by durable sleep between the steps, which
 * holds no slot of a Restate node. A wait for the rate budget or for the
 * capacity of the flex tier lasts as long as needed and uses no try; the pauses while
 * the endpoint is away grow.
 */
export async function answerChunk(
  ctx: Context,
  deps: ChunkDeps,
  request: ChunkRequest | EarlierChunkRequest,
): Promise<ChunkReply> {
  const sent: ModelRequestRecord[] = []
  let asked = request
  let tries = 0
  let refusals = 0
  let timeouts = 0
  for (let turn = 0; ; turn += 1) {
    const { id, attemptCompletedSignal: signal } = ctx.request()
    const requestId = `${id}-${turn}`
    const outcome: StepOutcome = await ctx.run(`ask the model about ${request.items.length} indicators`, async () => {
      const found = await askOnTrial(deps, asked, { id, requestId, signal })
      // Answered indicators are counted inside the step, because a replay would count them again outside. Escalated
      // indicators were counted with the answer of the primary model, and an indicator with open fields is counted with
      // the chunk that answers the last of them.
      if (found.kind === 'answered' && request.tier === 'primary') {
        const open = new Set(found.unanswered.map(({ key }) => key))
        deps.countAnswered(request.run_id, found.decisions.filter(({ key }) => !open.has(key)).length)
      }
      // The limits of tries are journaled with a failed try, so that a replay under a release with another limit gives up
      // after the same try.
      return found.kind === 'retry' ? { ...found, max_tries: MAX_TRIES, max_timeouts: MAX_TIMEOUTS } : found
    })
    if (outcome.kind === 'answered') {
      const { kind: _, ...reply } = outcome
      return { ...reply, requests: [...sent, ...reply.requests] }
    }
    sent.push(...requestsOf(outcome))
    if (outcome.kind === 'wait' && outcome.for === 'capacity') {
      const pauseMs = Math.min(FIRST_CAPACITY_MS * 2 ** refusals, MAX_CAPACITY_MS)
      refusals += 1
      await ctx.sleep(
        Math.max(outcome.waitMs, Math.round(pauseMs * (0.5 + ctx.rand.random()))),
        'wait for the flex tier',
      )
      continue
    }
    if (outcome.kind === 'wait') {
      if (outcome.service_tier !== undefined) asked = { ...asked, service_tier: outcome.service_tier }
      await ctx.sleep(outcome.waitMs, outcome.for === 'cost' ? 'wait for the cost limit' : 'wait for the rate budget')
      continue
    }
    tries += 1
    if (outcome.code === 'model-timeout') timeouts += 1
    const { max_tries: maxTries = TRIES_OF_EARLIER_RELEASES, max_timeouts: maxTimeouts = maxTries } = outcome
    if (tries >= maxTries || timeouts >= maxTimeouts) {
      const { asked_model, code, message } = outcome
      const unanswered = request.items.map(({ key }) => ({ key, code, message }))
      return { asked_model, decisions: [], unanswered, requests: sent, failure: null }
    }
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (tries - 1), MAX_BACKOFF_MS)
    // The pauses are spread, because chunks that failed together would otherwise return together.
    await ctx.sleep(Math.round(backoffMs * (0.5 + ctx.rand.random())), 'the model endpoint is away')
  }
}
