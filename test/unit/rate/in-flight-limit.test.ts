/** How many requests the limiter lets be in flight. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createInFlightLimit } from '../../../src/rate/limiter/in-flight-limit.ts'

/** The interval of 100 starts a second. */
const INTERVAL_MS = 10

describe('createInFlightLimit', () => {
  const answer = (limit: ReturnType<typeof createInFlightLimit>, latencyMs: number | null, times: number) => {
    for (let index = 0; index < times; index += 1) {
      limit.started()
      limit.ended(latencyMs)
    }
  }

  it('leaves room before the first answer, and for a slow pace', () => {
    assert.equal(createInFlightLimit().bound(INTERVAL_MS), 600)
    assert.equal(createInFlightLimit().bound(60_000), 8)
    assert.equal(createInFlightLimit().bound(Number.POSITIVE_INFINITY), 8)
  })

  it('follows the latency up within a few answers, and down', () => {
    const limit = createInFlightLimit()
    answer(limit, 1_500, 1)
    assert.equal(limit.bound(INTERVAL_MS), 450)
    answer(limit, 10_000, 12)
    assert.ok(limit.bound(INTERVAL_MS) >= 2_800, `${limit.bound(INTERVAL_MS)}`)
    answer(limit, 1_500, 300)
    assert.ok(limit.bound(INTERVAL_MS) <= 460, `${limit.bound(INTERVAL_MS)}`)
  })

  it('learns nothing from what was not answered, so that a model that hangs does not widen it', () => {
    const limit = createInFlightLimit()
    answer(limit, 2_000, 1)
    answer(limit, null, 1_000)
    assert.equal(limit.bound(INTERVAL_MS), 600)
    assert.equal(limit.inFlight, 0)
  })

  it('is wider where answers are slow by agreement, also for latencies of minutes', () => {
    const limit = createInFlightLimit()
    limit.expectSlow()
    assert.equal(limit.bound(INTERVAL_MS), 9_000)
    answer(limit, 240_000, 1)
    assert.equal(limit.bound(INTERVAL_MS), 72_000)
    answer(limit, 900_000, 50)
    assert.equal(limit.bound(INTERVAL_MS), 90_000)
  })

  it('does not strangle a fast model that slows down threefold', () => {
    const limit = createInFlightLimit()
    answer(limit, 50, 500)
    assert.equal(limit.bound(INTERVAL_MS), 300)
  })
})
