/** The internal handler classifier/chunk, which has the model answer one request or a group of them, and waits durably where it cannot. */
import { type Context, RestatePromise } from '@restatedev/restate-sdk'
import { ServiceError } from '../../errors.ts'
import type { CountAnswered, ModelRequestRecord } from '../../store/types.ts'
import { sleepAway } from '../attempts/suspension.ts'
import type { ChunkGroup, ChunkGroupReply, ChunkReply, ChunkRequest, EarlierChunkRequest } from '../chunk-contract.ts'
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

/** A member of a group that met a replica that stops asks again after so many milliseconds, on another one. */
const MOVED_MS = 1_500

/** Milliseconds of the pause after the first refusal for want of capacity; each further pause is twice as long. */
const FIRST_CAPACITY_MS = 1_000
const MAX_CAPACITY_MS = 60_000

/** One request of a call, and how far it is. */
interface Member {
  asked: ChunkRequest | EarlierChunkRequest
  /** Id of its attempts in the trial of the run. A request that is alone in its call has that of the invocation. */
  readonly id: string
  readonly isOfGroup: boolean
  readonly sent: ModelRequestRecord[]
  tries: number
  refusals: number
  timeouts: number
  reply: ChunkReply | null
}

/** A durable wait before a member asks again. */
interface Wait {
  readonly ms: number
  readonly why: string
}

/** Answers a call of classifier/chunk with one request, as the batches of earlier releases make it. Rejects as `askOnTrial` does. */
export async function answerChunk(
  ctx: Context,
  deps: ChunkDeps,
  request: ChunkRequest | EarlierChunkRequest,
): Promise<ChunkReply> {
  const [reply] = await answerAll(ctx, deps, [request])
  if (reply === undefined) throw new Error('a chunk has no reply')
  return reply
}

/** Answers a call with a group of requests. Rejects as `askOnTrial` does. */
export async function answerGroup(ctx: Context, deps: ChunkDeps, { group }: ChunkGroup): Promise<ChunkGroupReply> {
  return { replies: await answerAll(ctx, deps, group) }
}

/**
 * Asks until the model answers or the tries are used up, in turns: in each, all requests without a reply ask at the same time,
 * each in a step of its own, so that its answer is in the journal as soon as it is there. Between the turns the call waits by
 * durable sleep, which holds no slot of a Restate node. A wait for the rate budget or for the capacity of the flex tier lasts
 * as long as needed and uses no try; the pauses while the endpoint is away grow.
 */
async function answerAll(
  ctx: Context,
  deps: ChunkDeps,
  requests: readonly (ChunkRequest | EarlierChunkRequest)[],
): Promise<readonly ChunkReply[]> {
  const { id } = ctx.request()
  const members = requests.map((asked, index): Member => {
    const isOfGroup = requests.length > 1
    return {
      asked,
      isOfGroup,
      id: isOfGroup ? `${id}.${index}` : id,
      sent: [],
      tries: 0,
      refusals: 0,
      timeouts: 0,
      reply: null,
    }
  })
  for (let turn = 0; ; turn += 1) {
    const open = members.filter(({ reply }) => reply === null)
    const outcomes = await RestatePromise.all(open.map((member) => askMember(ctx, deps, member, turn)))
    const waits = outcomes.flatMap((outcome, index) => {
      const member = open[index]
      return member === undefined ? [] : (takeOutcome(ctx, member, outcome) ?? [])
    })
    const replies = members.flatMap(({ reply }) => reply ?? [])
    if (replies.length === members.length) return replies
    const longest = waits.reduce((one, other) => (other.ms > one.ms ? other : one))
    await sleepAway(ctx, longest.ms, longest.why)
  }
}

/** The step in which a member asks once. */
function askMember(ctx: Context, deps: ChunkDeps, member: Member, turn: number): RestatePromise<StepOutcome> {
  const { asked, id, isOfGroup } = member
  const { attemptCompletedSignal: signal } = ctx.request()
  return ctx.run(`ask the model about ${asked.items.length} indicators`, async (): Promise<StepOutcome> => {
    const found = await askOnTrial(deps, asked, { id, requestId: `${id}-${turn}`, signal }).catch(
      (error: unknown): AskOutcome => {
        if (!isOfGroup || !(error instanceof ServiceError) || error.code !== 'limiter-closed') throw error
        // An error would end the attempt, and with it the requests of other members that are paid for.
        return { kind: 'wait', waitMs: MOVED_MS }
      },
    )
    // Answered indicators are counted inside the step, because a replay would count them again outside. Escalated
    // indicators were counted with the answer of the primary model, and an indicator with open fields is counted with
    // the chunk that answers the last of them.
    if (found.kind === 'answered' && asked.tier === 'primary') {
      const open = new Set(found.unanswered.map(({ key }) => key))
      deps.countAnswered(asked.run_id, found.decisions.filter(({ key }) => !open.has(key)).length)
    }
    // The limits of tries are journaled with a failed try, so that a replay under a release with another limit gives up
    // after the same try.
    return found.kind === 'retry' ? { ...found, max_tries: MAX_TRIES, max_timeouts: MAX_TIMEOUTS } : found
  })
}

/** Gives the member its reply, or returns how long it must wait before it asks again. */
function takeOutcome(ctx: Context, member: Member, outcome: StepOutcome): Wait | null {
  const { asked, sent } = member
  if (outcome.kind === 'answered') {
    const { kind: _, ...reply } = outcome
    member.reply = { ...reply, requests: [...sent, ...reply.requests] }
    return null
  }
  sent.push(...requestsOf(outcome))
  if (outcome.kind === 'wait' && outcome.for === 'capacity') {
    const pauseMs = Math.min(FIRST_CAPACITY_MS * 2 ** member.refusals, MAX_CAPACITY_MS)
    member.refusals += 1
    const ms = Math.max(outcome.waitMs, Math.round(pauseMs * (0.5 + ctx.rand.random())))
    return { ms, why: 'wait for the flex tier' }
  }
  if (outcome.kind === 'wait') {
    if (outcome.service_tier !== undefined) member.asked = { ...asked, service_tier: outcome.service_tier }
    return { ms: outcome.waitMs, why: outcome.for === 'cost' ? 'wait for the cost limit' : 'wait for the rate budget' }
  }
  member.tries += 1
  if (outcome.code === 'model-timeout') member.timeouts += 1
  const { max_tries: maxTries = TRIES_OF_EARLIER_RELEASES, max_timeouts: maxTimeouts = maxTries } = outcome
  if (member.tries >= maxTries || member.timeouts >= maxTimeouts) {
    const { asked_model, code, message } = outcome
    const unanswered = asked.items.map(({ key }) => ({ key, code, message }))
    member.reply = { asked_model, decisions: [], unanswered, requests: sent, failure: null }
    return null
  }
  const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (member.tries - 1), MAX_BACKOFF_MS)
  // The pauses are spread, because chunks that failed together would otherwise return together.
  return { ms: Math.round(backoffMs * (0.5 + ctx.rand.random())), why: 'the model endpoint is away' }
}
