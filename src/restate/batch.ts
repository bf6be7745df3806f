/** classify-api/batch: plan, fan out, gather, save. It reads like the drawing in the README. */
import { type Context, RestatePromise } from '@restatedev/restate-sdk'
import { MAX_ROUNDS, nextPack, packChunks } from '../classification/chunks.ts'
import { needsEscalation, type SourcedDecision } from '../classification/merge.ts'
import { keysFor } from '../classification/prompt.ts'
import { ServiceError } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import type { ModelRequestRecord, Store } from '../store/types.ts'
import { type BatchRequest, type BatchResponse, type ChunkReply, type ChunkRequest, DEFAULT_PACK } from './contract.ts'
import { databaseStep } from './options.ts'
import { type BatchOptions, type Plan, planBatch } from './plan.ts'
import { saveResults } from './save.ts'

export interface BatchDeps {
  readonly store: Store
  readonly models: { readonly primary: string; readonly escalation: string | null }
  readonly metrics: Metrics
  /** Calls classifier/chunk; given by the service definitions, so that this file needs not know them. */
  readonly callChunk: (ctx: Context, request: ChunkRequest) => RestatePromise<ChunkReply>
}

/** What is known of the indicators that were asked, by their position in the request. */
interface Gathered {
  readonly decisions: Map<number, SourcedDecision>
  readonly unanswered: Map<number, { readonly code: string; readonly message: string }>
  readonly requests: ModelRequestRecord[]
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
    () => planBatch({ store: deps.store, model: deps.models.primary }, request, runId, options),
    databaseStep,
  )
  const gathered: Gathered = { decisions: new Map(), unanswered: new Map(), requests: [] }
  const ask = async (tier: ChunkRequest['tier'], chunks: Chunks) =>
    gather(gathered, tier, chunks, await callAll(ctx, deps, plan, runId, tier, chunks))

  await ask('primary', plan.chunks)
  for (let round = 1; round < MAX_ROUNDS && gathered.unanswered.size > 0; round += 1) {
    failWhereNobodyAnswers(gathered)
    const chunks = await ctx.run(`pack what was left open, round ${round + 1}`, () => {
      return packChunks([...gathered.unanswered.keys()], nextPack(options.pack, round))
    })
    await ask('primary', chunks)
  }
  failWhereNobodyAnswers(gathered)

  if (deps.models.escalation !== null && gathered.decisions.size > 0) {
    const doubted = await ctx.run('review the answers', () => {
      const positions = [...gathered.decisions].filter(([position, { decision }]) => {
        const way = plan.ways[position]
        return way?.kind === 'ask' && needsEscalation(way.reading, decision, options.mode).escalate
      })
      return packChunks(
        positions.map(([position]) => position),
        options.pack,
      )
    })
    await ask('escalation', doubted)
  }

  return await ctx.run(
    `save ${request.indicators.length} results`,
    () => saveResults(deps, { request, runId, batchId: ctx.request().id, options, plan, ...gathered }),
    databaseStep,
  )
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
    for (const { key, decision, model } of reply.decisions) {
      const position = positionOf(key)
      if (position === undefined) continue
      into.decisions.set(position, { decision, model, source: tier === 'primary' ? 'model' : 'escalation' })
      into.unanswered.delete(position)
    }
    for (const { key, code, message } of reply.unanswered) {
      const position = positionOf(key)
      if (position !== undefined && !into.decisions.has(position)) into.unanswered.set(position, { code, message })
    }
  }
}

/** Failures that say nothing of the indicators: with these alone, saving guesses would hide that the model is away. */
const ENDPOINT_CODES = new Set(['model-unavailable', 'model-timeout', 'model-bad-request'])

/** Not one answer in the whole batch and the endpoint is to blame: the batch fails, to be run again when it is back. */
function failWhereNobodyAnswers(gathered: Gathered): void {
  if (gathered.decisions.size > 0) return
  const [first] = gathered.unanswered.values()
  if (first === undefined || ![...gathered.unanswered.values()].every(({ code }) => ENDPOINT_CODES.has(code))) return
  const code = first.code === 'model-bad-request' ? 'model-bad-request' : 'model-unavailable'
  throw new ServiceError(code, first.message)
}
