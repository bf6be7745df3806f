/** classify-api/batch: plan, fan out, gather, save. It reads like the drawing in the README. */
import { type Context, RestatePromise } from '@restatedev/restate-sdk'
import { MAX_ROUNDS, nextPack, packChunks } from '../classification/chunks.ts'
import { needsEscalation } from '../classification/merge.ts'
import { keysFor } from '../classification/prompt.ts'
import { ServiceError } from '../errors.ts'
import type { ModelRequestRecord } from '../store/types.ts'
import { type BatchRequest, type BatchResponse, type ChunkReply, type ChunkRequest, DEFAULT_PACK } from './contract.ts'
import { databaseStep } from './options.ts'
import { type BatchOptions, type Models, type Plan, planBatch } from './plan.ts'
import { type AskedDecision, type SaveDeps, saveResults } from './save.ts'

export interface BatchDeps extends SaveDeps {
  readonly models: Models
  /** Calls classifier/chunk; given by the service definitions, so that this file needs not know them. */
  readonly callChunk: (ctx: Context, request: ChunkRequest) => RestatePromise<ChunkReply>
}

/** What is known of the indicators that were asked, by their position in the request. */
interface Gathered {
  readonly decisions: Map<number, AskedDecision>
  readonly unanswered: Map<number, { readonly code: string; readonly message: string }>
  readonly requests: ModelRequestRecord[]
  /** What fails the whole run, once a chunk has met it. */
  failure: ChunkReply['failure']
}

type Chunks = readonly (readonly number[])[]

export async function classifyBatch(ctx: Context, deps: BatchDeps, request: BatchRequest): Promise<BatchResponse> {
  const runId = request.run_id ?? `api-${ctx.rand.uuidv4()}`
  const options: BatchOptions = {
    mode: request.options?.mode ?? 'hybrid',
    reuse: request.options?.reuse ?? true,
    force: request.force ?? false,
    pack: request.options?.pack ?? DEFAULT_PACK,
  }

  const plan = await ctx.run(
    `plan ${request.indicators.length} indicators`,
    () => planBatch({ store: deps.store, models: deps.models }, request, runId, options),
    databaseStep,
  )
  const gathered: Gathered = { decisions: new Map(), unanswered: new Map(), requests: [], failure: null }
  const ask = async (tier: ChunkRequest['tier'], chunks: Chunks) =>
    gather(gathered, tier, chunks, await callAll(ctx, deps, plan, runId, tier, chunks))

  await ask('primary', plan.chunks)
  for (let round = 1; round < MAX_ROUNDS && gathered.unanswered.size > 0 && gathered.failure === null; round += 1) {
    failWhereNobodyAnswers(gathered, AWAY_CODES)
    const chunks = await ctx.run(`pack what was left open, round ${round + 1}`, () => {
      return packChunks([...gathered.unanswered.keys()], nextPack(options.pack, round))
    })
    await ask('primary', chunks)
  }
  if (gathered.failure === null) failWhereNobodyAnswers(gathered, ENDPOINT_CODES)

  let doubted: Chunks = []
  if (plan.models.escalation !== null && gathered.decisions.size > 0 && gathered.failure === null) {
    doubted = await ctx.run('review the answers', () => packChunks(doubtedOf(gathered, plan, options), options.pack))
    await ask('escalation', doubted)
  }

  const classifiedAt = await ctx.date.toJSON()
  const { failure } = gathered
  // What was paid for is kept also where the run fails; what stayed open is not saved, so that the next run asks it.
  const openPositions = failure === null ? [] : [...gathered.unanswered.keys(), ...doubted.flat()]
  const response = await ctx.run(
    `save ${request.indicators.length} results`,
    () => saveResults(deps, { request, runId, classifiedAt, options, plan, openPositions, ...gathered }),
    databaseStep,
  )
  if (failure !== null) throw new ServiceError(failure.code, failure.message)
  return response
}

/** Positions whose answer goes to the escalation model. */
function doubtedOf(gathered: Gathered, plan: Plan, options: BatchOptions): number[] {
  return [...gathered.decisions].flatMap(([position, { decision }]) => {
    const way = plan.ways[position]
    return way?.kind === 'ask' && needsEscalation(way.reading, decision, options.mode).escalate ? [position] : []
  })
}

function callAll(
  ctx: Context,
  deps: BatchDeps,
  plan: Plan,
  runId: string,
  tier: ChunkRequest['tier'],
  chunks: Chunks,
): RestatePromise<ChunkReply[]> {
  return RestatePromise.all(
    chunks.map((positions) => {
      const keys = keysFor(positions.length)
      const items = positions.flatMap((position, index) => {
        const way = plan.ways[position]
        return way?.kind === 'ask' ? [{ key: keys[index] ?? '', indicator: way.indicator, reading: way.reading }] : []
      })
      return deps.callChunk(ctx, { run_id: runId, tier, items })
    }),
  )
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

/** The endpoint gave no answer: a smaller question would find it away as well. */
const AWAY_CODES: ReadonlySet<string> = new Set(['model-unavailable', 'model-timeout'])
/** Failures that say nothing of the indicators: with these alone, saving guesses would hide that the model is away. */
const ENDPOINT_CODES: ReadonlySet<string> = new Set([...AWAY_CODES, 'model-bad-request'])

/** Not one answer in the whole batch, for these reasons alone: the batch fails, to be run again when they are gone. */
function failWhereNobodyAnswers(gathered: Gathered, codes: ReadonlySet<string>): void {
  if (gathered.decisions.size > 0) return
  const [first] = gathered.unanswered.values()
  if (first === undefined || ![...gathered.unanswered.values()].every(({ code }) => codes.has(code))) return
  const code = first.code === 'model-bad-request' ? 'model-bad-request' : 'model-unavailable'
  throw new ServiceError(code, first.message)
}
