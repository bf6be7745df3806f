/** Fans a batch out: calls one chunk for each request to the model, and keeps the batch's claims while it waits for them. */
import { RestatePromise } from '@restatedev/restate-sdk'
import { answerKeys } from '../../classification/prompt.ts'
import { awaitCalls } from '../attempts/suspension.ts'
import type { ChunkBody, ChunkReply, ChunkRequest, ChunkResult, EarlierChunkRequest } from '../chunk-contract.ts'
import { databaseStep } from '../options.ts'
import { CLAIM_MS, RENEW_MS } from './claims.ts'
import { itemOf, ownAnswerOf, questionAt } from './questions.ts'
import type { Batch, Chunks, ModelAnswers, Plan } from './types.ts'

export interface Asking {
  /** Which model is asked. */
  readonly tier: ChunkRequest['tier']
  /** How often the batch has asked it about the indicators at these positions before. */
  readonly roundOf: (positions: readonly number[]) => number
}

/**
 * Calls all chunks at once and resolves with their replies, in order. The claims on the shapes at `claimed` are renewed
 * until all replies are there.
 */
export async function callChunks(
  batch: Batch,
  answers: ModelAnswers,
  asking: Asking,
  chunks: Chunks,
  claimed: readonly number[],
): Promise<ChunkReply[]> {
  const { ctx, plan, store, owner, callChunk } = batch
  const requests = chunks.map((positions) => requestOf(batch, answers, asking, positions))
  // No promise is mapped before it is awaited: of a mapped one Restate knows nothing, and would wake the batch for each of its calls.
  const calls = RestatePromise.all(callsOf(requests, plan).map((body) => callChunk(ctx, body)))
  // A release without claims journaled no timers for their renewal, and a replay of its journal must not add any.
  if (plan.claims === undefined || chunks.length === 0) return repliesOf(await awaitCalls(ctx, calls))
  const shapeHashes = claimed.flatMap((position) => questionAt(plan.ways, position)?.shapeHash ?? [])
  for (;;) {
    const results = await awaitCalls(ctx, RestatePromise.race([calls, ctx.sleep(RENEW_MS, 'renew the claims')]))
    if (results !== undefined) return repliesOf(results as ChunkResult[])
    await ctx.run('renew the claims', () => store.renewClaims(owner, shapeHashes, CLAIM_MS), databaseStep)
  }
}

function repliesOf(results: readonly ChunkResult[]): ChunkReply[] {
  return results.flatMap((result) => ('replies' in result ? result.replies : [result]))
}

/**
 * The bodies of the calls for these requests: as many requests share one as together ask about no more indicators than the plan
 * names. A batch that a release without groups planned calls each request by itself, as its journal holds it.
 */
function callsOf(
  requests: readonly (ChunkRequest | EarlierChunkRequest)[],
  { groupSize }: Pick<Plan, 'groupSize'>,
): ChunkBody[] {
  if (groupSize === undefined) return [...requests]
  const groups: (ChunkRequest | EarlierChunkRequest)[][] = []
  let size = Number.POSITIVE_INFINITY
  for (const request of requests) {
    size += request.items.length
    if (size > groupSize) {
      groups.push([])
      size = request.items.length
    }
    groups.at(-1)?.push(request)
  }
  return groups.map((group) => ({ group }))
}

/** The body of one request. A batch that an earlier release planned sends the form of that release, as its journal holds it. */
function requestOf(
  { plan, options, runId, part }: Batch,
  answers: ModelAnswers,
  { tier, roundOf }: Asking,
  positions: readonly number[],
): ChunkRequest | EarlierChunkRequest {
  const keys = answerKeys(positions.length)
  const asked = positions.flatMap((position, index) => {
    const question = questionAt(plan.ways, position)
    return question === undefined ? [] : [{ key: keys[index] ?? '', question, position }]
  })
  const { earlierReadings } = plan
  if (earlierReadings !== undefined) {
    const items = asked.map(({ key, question: { indicator }, position }) => {
      return { key, indicator, reading: earlierReadings.get(position) }
    })
    return { run_id: runId, tier, items }
  }
  const items = asked.map(({ key, question, position }) => itemOf(key, question, options.mode, answers, position, tier))
  const { hash, name, version } = plan.codebook
  const ofPart = part === undefined ? {} : { part }
  const ofTier = {
    ...(options.serviceTier === null ? {} : { service_tier: options.serviceTier }),
    ...(options.tierFallback ? { tier_fallback: true as const } : {}),
  }
  const chunk: ChunkRequest = { run_id: runId, tier, codebook_hash: hash, ...ofPart, items, ...ofTier }
  if (plan.batchId === undefined) return chunk
  const shapes = asked.map(({ key, question: { shape, shapeHash, indicator } }) => {
    const own = options.reuse ? {} : { given_for: ownAnswerOf(runId, indicator) }
    return { key, shape, shape_hash: shapeHash, ...own }
  })
  const booking = {
    batch_id: plan.batchId,
    ...(plan.sequence === undefined ? {} : { sequence: plan.sequence }),
    round: roundOf(positions),
    ...(options.maxCostUsd === null ? {} : { max_cost_usd: options.maxCostUsd }),
    // A model that is not set any more is not asked, so that nothing is kept under its name.
    model: plan.models[tier] ?? '',
    prompt_version: plan.promptVersion,
    codebook: `${name}@${version}`,
    shapes,
  }
  return { ...chunk, booking }
}
