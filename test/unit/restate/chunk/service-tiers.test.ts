/** A batch that asks in a service tier: what its chunks carry, and how a chunk waits for the capacity of the flex tier or does without. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../../src/errors.ts'
import type { ModelRequest } from '../../../../src/llm/types.ts'
import { answerChunk, type ChunkDeps, MAX_TRIES } from '../../../../src/restate/chunk/chunk.ts'
import type { ChunkRequest } from '../../../../src/restate/chunk-contract.ts'
import { createMemoryLedger } from '../../../helpers/store/ledger.ts'
import { createWorld } from '../batch-world.ts'
import { createJournal } from '../journal.ts'

const says = () => ({ orientation: 'neutral' })
const batchOf = (options: object) => ({
  indicators: [{ indicator_id: 'a', name: 'Zorbic attainment' }],
  options: { mode: 'model', ...options },
})

async function chunkOf(options: object): Promise<ChunkRequest> {
  const world = createWorld({ says })
  await world.classify(batchOf(options))
  const [chunk] = world.chunks
  assert.ok(chunk !== undefined && 'codebook_hash' in chunk)
  return chunk
}

/** A world whose model has no capacity in the flex tier for the first `times` requests. */
function crowded(times: number, serviceTier?: ModelRequest['serviceTier']) {
  const { chunkDeps } = createWorld({ says })
  const sent: ModelRequest['serviceTier'][] = []
  const ledger = createMemoryLedger()
  const deps: ChunkDeps = {
    ...{ ...chunkDeps, ledger },
    priceOf: (_model, tier) => (tier === 'flex' ? { input: 1, output: 1 } : { input: 2, output: 2 }),
    model: {
      ...chunkDeps.model,
      serviceTier,
      ask: async (request) => {
        sent.push(request.serviceTier)
        if (request.serviceTier === 'flex' && sent.length <= times) {
          throw new ServiceError('model-no-capacity', 'no capacity', { retryAfterMs: 10 })
        }
        return await chunkDeps.model.ask(request)
      },
    },
  }
  return { deps, sent, ledger }
}

test('the options of a batch reach its chunks, and nothing stands in chunks of batches without them', async () => {
  const { service_tier: tier, tier_fallback: fallback } = await chunkOf({ tier: 'flex', tier_fallback: true })
  assert.deepEqual([tier, fallback], ['flex', true])
  const plain = await chunkOf({ tier_fallback: false })
  assert.ok(!('service_tier' in plain) && !('tier_fallback' in plain))
})

test('a chunk waits for capacity more often than it has tries, and each refusal is a request of its own', async () => {
  const chunk = await chunkOf({ tier: 'flex' })
  const { deps, sent } = crowded(MAX_TRIES + 4)
  const journal = createJournal('inv_chunk')
  const reply = await answerChunk(journal.ctx, deps, chunk)
  assert.equal(sent.length, MAX_TRIES + 5)
  assert.deepEqual([reply.decisions.length, reply.failure], [1, null])
  assert.deepEqual([...new Set(reply.requests.map(({ serviceTier }) => serviceTier))], ['flex'])
  assert.equal(reply.requests.filter(({ outcome }) => outcome === 'model-no-capacity').length, MAX_TRIES + 4)
  const again = crowded(0)
  assert.deepEqual(await answerChunk(createJournal('inv_chunk', journal.entries).ctx, again.deps, chunk), reply)
  assert.deepEqual(again.sent, [], 'a replay asks nothing')
})

test('with a fallback a chunk asks in the standard tier at once, and a replay takes the same way', async () => {
  const chunk = await chunkOf({ tier: 'flex', tier_fallback: true })
  const { deps, sent } = crowded(100)
  const journal = createJournal('inv_chunk')
  const reply = await answerChunk(journal.ctx, deps, chunk)
  assert.deepEqual(sent, ['flex', 'standard'])
  assert.equal(reply.decisions.length, 1)
  // A replica that is lost after the refusal leaves the first step in the journal.
  const resumed = crowded(100)
  await answerChunk(createJournal('inv_chunk', journal.entries.slice(0, 2)).ctx, resumed.deps, chunk)
  assert.deepEqual(resumed.sent, ['standard'])
})

test('the setting of the replica counts where a batch names no tier', async () => {
  const chunk = await chunkOf({})
  for (const tier of ['flex', 'priority', undefined] as const) {
    const { deps, sent } = crowded(0, tier)
    await answerChunk(createJournal('inv_chunk').ctx, deps, chunk)
    assert.deepEqual(sent, [tier])
  }
  const named = crowded(0, 'flex')
  await answerChunk(createJournal('inv_chunk').ctx, named.deps, { ...chunk, service_tier: 'standard' })
  assert.deepEqual(named.sent, ['standard'])
})

test('a flex request is reserved at the standard price, because it may end there', async () => {
  const chunk = await chunkOf({ tier: 'flex', max_cost_usd: 1 })
  const most = async (service_tier: 'flex' | 'standard') => {
    const { deps, ledger } = crowded(0)
    await answerChunk(createJournal('inv_chunk').ctx, deps, { ...chunk, service_tier })
    const [sent] = ledger.booked
    assert.equal(sent?.request.outcome, 'sent')
    return sent.request.costUsd
  }
  assert.ok((await most('flex')) > 0)
  assert.equal(await most('flex'), await most('standard'))
})
