/** A batch that waits for other batches, against a store that a test scripts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context } from '@restatedev/restate-sdk'
import { noAnswers } from '../../../src/restate/batch/gather.ts'
import { prepare, readOptions } from '../../../src/restate/batch/prepare.ts'
import { awaitAnswers } from '../../../src/restate/batch/single-flight.ts'
import type { Batch, BatchState, Plan } from '../../../src/restate/batch/types.ts'
import type { ClaimState, Store } from '../../../src/store/types.ts'

const request = { indicators: ['a', 'b'].map((id) => ({ indicator_id: id, name: `Zorbic attainment of ${id}` })) }
const { prepared } = prepare(request, 'small')

test('a batch that takes a claim over in the moment in which its run fails still holds it, to end it with that failure', async () => {
  const [first, second] = prepared
  assert.ok(first && second)
  const plan: Plan = {
    runStartedAt: '2026-01-01T00:00:00.000Z',
    models: { primary: 'small', escalation: null },
    codebookVersion: 'v1',
    promptVersion: 'p1',
    ways: [
      { kind: 'await', ...first },
      { kind: 'await', ...second },
    ],
    chunks: [],
    warnings: [],
    claims: { at: '2026-01-01T00:00:00.000Z', shapeHashes: [] },
  }
  const refused = { code: 'model-auth', message: 'the key is refused', fatal: true }
  const ended: ClaimState = {
    shapeHash: first.shapeHash,
    isHeld: false,
    ended: { shapeHash: first.shapeHash, failure: refused },
  }
  const store = {
    findClaims: async (hashes: readonly string[]) =>
      new Map(hashes.includes(first.shapeHash) ? [[first.shapeHash, ended]] : []),
    findAnswers: async () => new Map(),
    claimShapes: async (_owner: string, hashes: readonly string[]) => ({ claimed: hashes, at: '' }),
    releaseClaims: async () => undefined,
  }
  const ctx = { run: async (_name: string, action: () => unknown) => await action(), sleep: async () => undefined }
  const batch: Batch = {
    ctx: ctx as unknown as Context,
    store: store as unknown as Store,
    plan,
    options: readOptions(request),
    runId: 'r',
    owner: 'inv_1',
    callChunk: () => assert.fail('nothing is asked once the run has failed'),
  }
  const state: BatchState = { answers: noAnswers(), awaited: new Map(), claimed: [], shared: new Set() }
  await awaitAnswers(batch, state, [0, 1])
  assert.deepEqual(state.answers.failure, { code: 'model-auth', message: 'the key is refused' })
  assert.deepEqual(state.claimed, [1])
})
