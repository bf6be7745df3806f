/** A batch that is tried again is planned without another wait for the pace, after which its next attempt would look like a first one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PlanDeps, type PlanInput, planBatch } from '../../../../src/restate/batch/plan.ts'

const WAIT = { waitMs: 1_000, chunks: 1, booked: false }

/** The number of chunks that a batch is expected to need, as admission is told. */
async function expectedOf(input: { owner?: string; mode: string; reuse?: boolean; before?: typeof WAIT }) {
  const asked: (number | null)[] = []
  const enter = (_before: unknown, expected: number | null) => {
    asked.push(expected)
    return WAIT
  }
  const deps = { admission: { enter }, isTriedAgain: (id: string) => id === 'again' } as unknown as PlanDeps
  const { owner = 'first', mode, reuse = true, before = null } = input
  const options = { mode, reuse, pack: { pack: 10, most: 10 } }
  const request = { indicators: Array.from({ length: 95 }, () => ({})) }
  assert.deepEqual(await planBatch(deps, { owner, options, request, before } as unknown as PlanInput), WAIT)
  return asked
}

test('a batch that has waited and is tried again is planned at once, and may wait once before', async () => {
  assert.deepEqual(await expectedOf({ owner: 'again', mode: 'hybrid' }), [null])
  assert.deepEqual(await expectedOf({ owner: 'again', mode: 'hybrid', before: WAIT }), [0])
  assert.deepEqual(await expectedOf({ mode: 'hybrid', before: WAIT }), [null])
})

test('what a batch will ask is known before its plan where it asks about everything, and where it asks nothing', async () => {
  assert.deepEqual(await expectedOf({ mode: 'model', reuse: false }), [10])
  assert.deepEqual(await expectedOf({ mode: 'model' }), [null])
  assert.deepEqual(await expectedOf({ mode: 'rules' }), [0])
})
