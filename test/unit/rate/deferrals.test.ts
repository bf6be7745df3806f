/** When deferred callers of the rate limiter come back. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createDeferrals } from '../../../src/rate/limiter/deferrals.ts'

describe('createDeferrals', () => {
  /** Deferrals of a backlog that is no longer new, whose first callers are back. */
  const settled = () => {
    const deferrals = createDeferrals()
    deferrals.defer(-6_000, 0, 100)
    for (let at = -5_000; at <= -1_000; at += 1_000) deferrals.defer(at, 0, 100)
    return deferrals
  }

  it('lets callers come back one after the other, a little faster than the pace', () => {
    const deferrals = settled()
    const waits = [1, 2, 3, 4].map(() => deferrals.defer(0, 0, 100))
    assert.deepEqual(waits, [90, 180, 270, 360])
  })

  it('lets no caller come back within 50 ms, nor before the time that is asked for', () => {
    assert.equal(settled().defer(0, 0, 1), 50)
    assert.equal(settled().defer(0, 7_000, 100), 7_090)
  })

  it('lets a caller come back every three seconds at the slowest pace', () => {
    const deferrals = settled()
    const waits = Array.from({ length: 15 }, (_, index) => deferrals.defer(61_000, 0, index > 7 ? Infinity : 600_000))
    assert.ok(waits.every((wait, index) => wait - (waits[index - 1] ?? 0) <= 3_000))
  })

  it('lets the first callers of a new backlog come back within two seconds, at most 60 a second', () => {
    const deferrals = createDeferrals()
    const waits = Array.from({ length: 100 }, () => deferrals.defer(0, 0, 60_000))
    assert.ok(Math.max(...waits) <= 2_000)
    assert.ok(waits.filter((wait) => wait <= 1_000).length <= 60)
  })

  it('expects the best pace of the last minute back', () => {
    const deferrals = settled()
    assert.equal(deferrals.defer(0, 0, Number.POSITIVE_INFINITY), 90)
  })

  it('keeps the number of booked places when the pace changes', () => {
    const deferrals = settled()
    for (let index = 0; index < 10; index += 1) deferrals.defer(0, 0, 100)
    assert.equal(deferrals.defer(0, 0, 10), 99)
  })

  it('defers no caller beyond a minute, spreads those without a turn over the half minute before, and counts all', () => {
    const deferrals = settled()
    const before = deferrals.due(0)
    const waits = Array.from({ length: 100 }, () => deferrals.defer(0, 120_000, 1_000))
    assert.ok(waits.every((wait) => wait >= 30_000 && wait <= 60_000))
    const tenths = new Set(waits.map((wait) => Math.floor((wait - 30_000) / 3_000)))
    assert.equal(tenths.size, 10)
    assert.equal(deferrals.due(0) - before, 100)
    assert.ok(deferrals.due(40_000) > 20 && deferrals.due(40_000) < 80)
    assert.equal(deferrals.due(61_000), 0)
  })
})
