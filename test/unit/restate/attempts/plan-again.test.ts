/** A batch that is tried again is planned without a wait for the pace, after which its next attempt would look like a first one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PlanDeps, type PlanInput, planBatch } from '../../../../src/restate/batch/plan.ts'

const WAIT = { waitMs: 1_000, chunks: 1, booked: false }

test('only a batch that is not tried again may wait for the pace before it is planned', async () => {
  const asked: boolean[] = []
  const enter = (_before: unknown, mayAsk: boolean) => {
    asked.push(mayAsk)
    return WAIT
  }
  const deps = { admission: { enter }, isTriedAgain: (id: string) => id === 'again' } as unknown as PlanDeps
  for (const [owner, mode] of [
    ['first', 'hybrid'],
    ['again', 'hybrid'],
    ['first', 'rules'],
  ]) {
    const input = { owner, options: { mode }, before: null } as unknown as PlanInput
    assert.deepEqual(await planBatch(deps, input), WAIT)
  }
  assert.deepEqual(asked, [true, false, false])
})
