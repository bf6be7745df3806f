import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createInFlightLimit } from '../../../src/rate/limiter/in-flight-limit.ts'

/** 100 a second. */
const INTERVAL_MS = 10

describe('createInFlightLimit', () => {
  const answer = (flight: ReturnType<typeof createInFlightLimit>, latencyMs: number | null, times: number) => {
    for (let index = 0; index < times; index += 1) {
      flight.started()
      flight.ended(latencyMs)
    }
  }

  it('leaves room before the first answer, and for a slow pace', () => {
    assert.equal(createInFlightLimit().bound(INTERVAL_MS), 600)
    assert.equal(createInFlightLimit().bound(60_000), 8)
    assert.equal(createInFlightLimit().bound(Number.POSITIVE_INFINITY), 8)
  })

  it('follows the latency up within a few answers, and down', () => {
    const flight = createInFlightLimit()
    answer(flight, 1_500, 1)
    assert.equal(flight.bound(INTERVAL_MS), 450)
    answer(flight, 10_000, 12)
    assert.ok(flight.bound(INTERVAL_MS) >= 2_800, `${flight.bound(INTERVAL_MS)}`)
    answer(flight, 1_500, 300)
    assert.ok(flight.bound(INTERVAL_MS) <= 460, `${flight.bound(INTERVAL_MS)}`)
  })

  it('learns nothing from what was not answered, so that a model that hangs does not widen it', () => {
    const flight = createInFlightLimit()
    answer(flight, 2_000, 1)
    answer(flight, null, 1_000)
    assert.equal(flight.bound(INTERVAL_MS), 600)
    assert.equal(flight.inFlight, 0)
  })

  it('does not strangle a fast model that slows down threefold', () => {
    const flight = createInFlightLimit()
    answer(flight, 50, 500)
    assert.equal(flight.bound(INTERVAL_MS), 300)
  })
})
