/** Requests that share a call of classifier/chunk: what happens to one of them ends none of the others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../../src/errors.ts'
import type { RateControl } from '../../../../src/rate/types.ts'
import { answerChunk, answerGroup } from '../../../../src/restate/chunk/chunk.ts'
import { createWorld } from '../batch-world.ts'
import { createJournal } from '../journal.ts'

const answer = { type: 'stock', temporal_aggregation: 'point-in-time', orientation: 'higher-is-positive' }
const indicators = ['Zorbic attainment', 'Ferric bearing', 'Plumbic reach'].map((name, index) => {
  return { indicator_id: `g.${index}`, name, units: '', periodicity: '' }
})

/** The requests that a batch of three makes, and a world of a model whose replica's limiter closes at the second permit. */
async function worldOfDrain() {
  const world = createWorld({ says: () => answer })
  await world.classify({ indicators, options: { mode: 'model', reuse: false, pack: 1 } })
  // The first round: what an answer leaves open is asked about again.
  const requests = world.chunks.slice(0, 3)
  world.asked.length = 0
  let permits = 0
  const rate: RateControl = {
    expect: world.chunkDeps.rate.expect,
    async acquire(...of) {
      permits += 1
      if (permits === 2) throw new ServiceError('limiter-closed', 'this replica is shutting down')
      return await world.chunkDeps.rate.acquire(...of)
    },
  }
  return { world, requests, deps: { ...world.chunkDeps, rate } }
}

test('a member of a group that meets a stopping replica asks again later, and the requests of the others are paid once', async () => {
  const { world, requests, deps } = await worldOfDrain()
  const journal = createJournal('inv_group')
  const { replies } = await answerGroup(journal.ctx, deps, { group: requests })
  assert.deepEqual(
    replies.map(({ decisions }) => decisions.length),
    [1, 1, 1],
  )
  assert.equal(world.asked.length, 3, 'each was asked about once')
  assert.equal(journal.entries.filter(({ step }) => step === 'sleep').length, 1)
})

test('a request that is alone in its call is tried at once by another replica', async () => {
  const { requests, deps } = await worldOfDrain()
  const [first, second] = requests
  assert.ok(first !== undefined && second !== undefined)
  await answerChunk(createJournal('inv_first').ctx, deps, first)
  await assert.rejects(answerChunk(createJournal('inv_second').ctx, deps, second), /shutting down/)
})
