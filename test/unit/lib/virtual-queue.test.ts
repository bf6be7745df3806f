/** The turns of callers that sleep instead of standing in a queue. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createVirtualQueue } from '../../../src/lib/virtual-queue.ts'

const make = () => createVirtualQueue({ horizonMs: 60_000, shortestMs: 50 })
const one = { places: 1, intervalMs: 100, notBeforeMs: 0 }

describe('createVirtualQueue', () => {
  it('books one turn after the other, each for as many places as are asked for', () => {
    const queue = make()
    const waits = [1, 5, 2, 1].map((places) => queue.book(0, { ...one, places }).waitMs)
    assert.deepEqual(waits, [50, 100, 600, 800])
    assert.equal(queue.book(700, one).waitMs, 200)
    assert.equal(queue.book(5_000, one).waitMs, 50, 'the queue is empty again')
  })

  it('begins no turn before the time that is asked for, and stands still until then', () => {
    const queue = make()
    assert.equal(queue.book(0, { ...one, notBeforeMs: 7_000 }).waitMs, 7_000)
    assert.equal(queue.book(1_000, one).waitMs, 6_100)
  })

  it('keeps the number of booked places when the pace changes', () => {
    const queue = make()
    for (let booked = 0; booked < 10; booked += 1) queue.book(0, one)
    assert.equal(queue.book(0, { ...one, intervalMs: 1_000 }).waitMs, 10_000)
    assert.equal(queue.book(0, { ...one, intervalMs: 10 }).waitMs, 110)
  })

  it('lets later turns begin sooner by the places that are given back', () => {
    const queue = make()
    queue.shorten(5)
    queue.book(0, { ...one, places: 20 })
    queue.shorten(5)
    assert.equal(queue.book(0, one).waitMs, 1_500)
    queue.shorten(1_000)
    assert.equal(queue.book(0, one).waitMs, 50)
  })

  it('books nothing beyond the horizon nor while it does not move, and spreads those who ask over half the time to all of it', () => {
    const queue = make()
    const still = { ...one, intervalMs: Number.POSITIVE_INFINITY }
    const turns = Array.from({ length: 100 }, (_, index) =>
      queue.book(0, index % 2 ? still : { ...one, notBeforeMs: 1e6 }),
    )
    assert.ok(turns.every(({ waitMs, isBooked }) => !isBooked && waitMs >= 30_000 && waitMs <= 60_000))
    assert.equal(new Set(turns.map(({ waitMs }) => Math.floor((waitMs - 30_000) / 3_000))).size, 10)
    assert.ok(queue.book(0, { ...still, unbookedMs: 2_000 }).waitMs <= 2_000)
    assert.ok(queue.book(0, { ...still, unbookedMs: 1e9 }).waitMs <= 60_000)
    assert.deepEqual(queue.book(0, one), { waitMs: 50, isBooked: true })
  })

  it('counts the places of those who sleep until their sleep has ended', () => {
    const request = fc.record({
      places: fc.integer({ min: 1, max: 20 }),
      intervalMs: fc.constantFrom(1, 20, 500, 5_000, Number.POSITIVE_INFINITY),
      notBeforeMs: fc.integer({ min: 0, max: 90_000 }),
      passedMs: fc.integer({ min: 0, max: 20_000 }),
    })
    fc.assert(
      fc.property(fc.array(request, { maxLength: 60 }), (requests) => {
        const queue = make()
        const asleep: { readonly until: number; readonly places: number }[] = []
        let now = 5e9
        for (const { passedMs, ...asked } of requests) {
          now += passedMs
          asleep.push({ until: now + queue.book(now, asked).waitMs, places: asked.places })
          const { booked, unbooked } = queue.sleeping(now)
          const sum = (lateMs: number) =>
            asleep.reduce((total, { until, places }) => (until + lateMs > now ? total + places : total), 0)
          assert.ok(booked + unbooked >= sum(0) && booked + unbooked <= sum(1_000))
        }
      }),
      { numRuns: 200 },
    )
  })
})
