/** Asking the model for the open indicators of a batch: fan out, re-ask in smaller chunks, escalate, gather. */
import { type Context, RestatePromise } from '@restatedev/restate-sdk'
import { MAX_ROUNDS, nextPack } from '../../classification/chunks.ts'
import { needsEscalation } from '../../classification/merge.ts'
import { keysFor } from '../../classification/prompt.ts'
import { failureOf, ServiceError } from '../../errors.ts'
import type { ModelRequestRecord, Store } from '../../store/types.ts'
import type { ChunkReply, ChunkRequest } from '../contract.ts'
import { databaseStep } from '../options.ts'
import { CLAIM_MS, RENEW_MS } from './claims.ts'
import { type BatchOptions, type Plan, packPositions, questionAt } from './plan.ts'
import type { AskedDecision } from './save.ts'

export interface Asking {
  readonly ctx: Context
  readonly store: Store
  /** Calls classifier/chunk; given by the service definitions, so that this file needs not know them. */
  readonly callChunk: (ctx: Context, request: ChunkRequest) => RestatePromise<ChunkReply>
  readonly plan: Plan
  readonly options: BatchOptions
  readonly runId: string
  /** The invocation of the batch. */
  readonly owner: string
}

/** What is known of the indicators that were asked, by their position in the request. */
export interface Gathered {
  readonly decisions: Map<number, AskedDecision>
  readonly unanswered: Map<number, { readonly code: string; readonly message: string }>
  readonly requests: ModelRequestRecord[]
  /** What the last asking sent to the escalation model: open where that failed. */
  doubted: readonly number[]
  /** What fails the whole run, once a chunk has met it. */
  failure: ChunkReply['failure']
}

export function nothingGathered(): Gathered {
  return { decisions: new Map(), unanswered: new Map(), requests: [], doubted: [], failure: null }
}

type Chunks = readonly (readonly number[])[]

/**
 * Asks `chunks` and all that follows from their answers, and adds it to `gathered`. Rejects with model-unavailable or
 * model-bad-request where nobody in the whole batch has an answer because of the endpoint.
 */
export async function askModel(asking: Asking, gathered: Gathered, chunks: Chunks): Promise<void> {
  const { ctx, plan, options } = asking
  const asked = new Set(chunks.flat())
  const ask = async (tier: ChunkRequest['tier'], next: Chunks) =>
    gather(gathered, tier, next, await callAll(asking, tier, next, [...asked]))
  const openOnes = () => [...gathered.unanswered.keys()].filter((position) => asked.has(position))

  gathered.doubted = []
  await ask('primary', chunks)
  for (let round = 1; round < MAX_ROUNDS && openOnes().length > 0 && gathered.failure === null; round += 1) {
    failWhereNobodyAnswers(gathered, isAway)
    const smaller = await ctx.run(`pack what was left open, round ${round + 1}`, () =>
      packPositions(plan.ways, openOnes(), nextPack(options.pack, round)),
    )
    await ask('primary', smaller)
  }
  if (gathered.failure === null) failWhereNobodyAnswers(gathered, isOfEndpoint)

  const isAnswered = [...asked].some((position) => gathered.decisions.has(position))
  if (plan.models.escalation === null || !isAnswered || gathered.failure !== null) return
  const doubted = await ctx.run('review the answers', () =>
    packPositions(plan.ways, doubtedOf(asking, gathered, asked), options.pack),
  )
  gathered.doubted = doubted.flat()
  await ask('escalation', doubted)
}

/** Positions whose answer goes to the escalation model. */
function doubtedOf({ plan, options }: Asking, gathered: Gathered, asked: ReadonlySet<number>): number[] {
  return [...gathered.decisions].flatMap(([position, { decision }]) => {
    const question = asked.has(position) ? questionAt(plan.ways, position) : undefined
    return question !== undefined && needsEscalation(question.reading, decision, options.mode).escalate
      ? [position]
      : []
  })
}

/** Calls the chunks and waits for all. Claims on the shapes of `held` are renewed as long as that takes. */
async function callAll(
  asking: Asking,
  tier: ChunkRequest['tier'],
  chunks: Chunks,
  held: readonly number[],
): Promise<ChunkReply[]> {
  const { ctx, plan, store, owner } = asking
  const replies = RestatePromise.all(
    chunks.map((positions) => {
      const keys = keysFor(positions.length)
      const items = positions.flatMap((position, index) => {
        const question = questionAt(plan.ways, position)
        if (question === undefined) return []
        return [{ key: keys[index] ?? '', indicator: question.indicator, reading: question.reading }]
      })
      return asking.callChunk(ctx, { run_id: asking.runId, tier, items })
    }),
  )
  // A journal of a release without claims knows no such timers.
  if (plan.claims === undefined || chunks.length === 0) return await replies
  const shapeHashes = held.flatMap((position) => questionAt(plan.ways, position)?.shapeHash ?? [])
  for (;;) {
    const renewal: RestatePromise<null> = ctx.sleep(RENEW_MS, 'renew the claims').map(() => null)
    const first = await RestatePromise.race([replies, renewal])
    if (first !== null) return first
    await ctx.run('renew the claims', () => store.renewClaims(owner, shapeHashes, CLAIM_MS), databaseStep)
  }
}

/** Adds one round's replies. An escalation that brings nothing leaves the first answer standing. */
function gather(into: Gathered, tier: ChunkRequest['tier'], chunks: Chunks, replies: readonly ChunkReply[]): void {
  for (const [index, reply] of replies.entries()) {
    const positions = chunks[index] ?? []
    const keys = keysFor(positions.length)
    const positionOf = (key: string): number | undefined => positions[keys.indexOf(key)]
    into.requests.push(...reply.requests)
    into.failure ??= reply.failure
    for (const { key, decision, model } of reply.decisions) {
      const position = positionOf(key)
      if (position === undefined) continue
      const source = tier === 'primary' ? 'model' : 'escalation'
      into.decisions.set(position, { decision, model, source, askedModel: reply.asked_model })
      into.unanswered.delete(position)
    }
    for (const { key, code, message } of reply.unanswered) {
      const position = positionOf(key)
      if (position !== undefined && !into.decisions.has(position)) into.unanswered.set(position, { code, message })
    }
  }
}

/** Not one answer in the whole batch, for these reasons alone: the batch fails, to be run again when they are gone. */
export function failWhereNobodyAnswers(
  { decisions, unanswered }: Pick<Gathered, 'decisions' | 'unanswered'>,
  isReason: (code: string) => boolean,
): void {
  if (decisions.size > 0) return
  const [first] = unanswered.values()
  if (first === undefined || ![...unanswered.values()].every(({ code }) => isReason(code))) return
  const code = first.code === 'model-bad-request' ? 'model-bad-request' : 'model-unavailable'
  throw new ServiceError(code, first.message)
}

/** The endpoint gave no answer at all: a smaller question would find it away as well. */
function isAway(code: string): boolean {
  return isOfEndpoint(code) && failureOf(code).status >= 503
}

/** The failure says nothing of the indicators: to save guesses after such failures alone would hide that the model is away. */
export function isOfEndpoint(code: string): boolean {
  return failureOf(code).scope === 'endpoint'
}
