/** In which order callers start that wait for the rate limiter. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Caller, createCallerQueue, FIRST } from '../../../src/rate/limiter/caller-queue.ts'

function caller(order: number, tokens: number): Caller {
  return { askedAt: 0, tokens, order, maxWaitMs: 0, resolve: () => undefined, reject: () => undefined }
}

describe('createCallerQueue', () => {
  it('has those go first whose batch began first, and those of one batch as they came', () => {
    const queue = createCallerQueue()
    for (const [order, tokens] of [
      [2, 1],
      [1, 2],
      [2, 3],
      [FIRST, 4],
      [1, 5],
    ] as const) {
      queue.add(caller(order, tokens))
    }
    assert.deepEqual(queue.before(1), { requests: 3, tokens: 11 })
    assert.deepEqual(queue.before(3), { requests: 5, tokens: 15 })
    assert.deepEqual(queue.before(FIRST), { requests: 1, tokens: 4 })
    const tokens = Array.from({ length: 5 }, () => queue.takeFirst()?.tokens)
    assert.deepEqual(tokens, [4, 2, 5, 1, 3])
  })
})
