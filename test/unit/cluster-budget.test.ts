/** What a pause costs the pace: once a window, much for a long one, little for a short one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BudgetState, paceFactor, pausedMs, withPause } from '../../src/llm/cluster-budget.ts'

const calm: BudgetState = {
  ...{ rpm: 1_000, tpm: null, safety: 0.99, accountRpm: null, accountTpm: null, accountSeenAt: null },
  ...{ paceFactor: 1, windowUntil: null, pausedUntil: null },
}

test('a long pause drops the pace by a fifth, once for its window, and it recovers after it', () => {
  const first = withPause(calm, 30_000, 0)
  assert.equal(pausedMs(first, 0), 30_000)
  assert.ok(Math.abs(paceFactor(first, 0) - 0.8) < 1e-9)
  const again = withPause(first, 30_000, 100)
  assert.ok(Math.abs(paceFactor(again, 100) - 0.8) < 1e-9)
  assert.ok(paceFactor(again, 40_000) > 0.8)
  assert.equal(paceFactor(again, 120_000), 1)
})

test('a pause of a second or less costs little, and is over soon', () => {
  const first = withPause(calm, 100, 0)
  assert.ok(Math.abs(paceFactor(first, 0) - 0.98) < 1e-9)
  assert.equal(paceFactor(first, 4_000), 1)
})

test('where short refusals go on, the pace goes down to a tenth and no further', () => {
  let state = calm
  for (let now = 0; now < 600_000; now += 1_000) state = withPause(state, 1_000, now)
  assert.ok(Math.abs(paceFactor(state, 600_000) - 0.1) < 0.01)
})
