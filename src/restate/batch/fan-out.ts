/** Fans a batch out: calls one chunk for each request to the model, and keeps the batch's claims while it waits for them. */
import { RestatePromise } from '@restatedev/restate-sdk'
import { answerKeys } from '../../classification/prompt.ts'
import type { ChunkItem, ChunkReply, ChunkRequest } from '../contract.ts'
import { databaseStep } from '../options.ts'
import { CLAIM_MS, RENEW_MS } from './claims.ts'
import { questionAt } from './questions.ts'
import type { Batch, Chunks } from './types.ts'

/**
 * Calls all chunks at once and resolves with their replies, in order. The claims on the shapes at `claimed` are renewed
 * until all replies are there.
 */
export async function callChunks(
  batch: Batch,
  tier: ChunkRequest['tier'],
  chunks: Chunks,
  claimed: readonly number[],
): Promise<ChunkReply[]> {
  const { ctx, plan, runId, store, owner, callChunk } = batch
  const replies = RestatePromise.all(
    chunks.map((positions) => callChunk(ctx, { run_id: runId, tier, items: itemsOf(batch, positions) })),
  )
  // A release without claims journaled no timers for their renewal, and a replay of its journal must not add any.
  if (plan.claims === undefined || chunks.length === 0) return await replies
  const shapeHashes = claimed.flatMap((position) => questionAt(plan.ways, position)?.shapeHash ?? [])
  for (;;) {
    const renewal: RestatePromise<null> = ctx.sleep(RENEW_MS, 'renew the claims').map(() => null)
    const first = await RestatePromise.race([replies, renewal])
    if (first !== null) return first
    await ctx.run('renew the claims', () => store.renewClaims(owner, shapeHashes, CLAIM_MS), databaseStep)
  }
}

function itemsOf({ plan }: Batch, positions: readonly number[]): ChunkItem[] {
  const keys = answerKeys(positions.length)
  return positions.flatMap((position, index) => {
    const question = questionAt(plan.ways, position)
    if (question === undefined) return []
    return [{ key: keys[index] ?? '', indicator: question.indicator, reading: question.reading }]
  })
}
