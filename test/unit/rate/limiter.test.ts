import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createReturnSchedule } from '../../../src/rate/limiter/deferrals.ts'
import { createRateLimiter } from '../../../src/rate/limiter/limiter.ts'
import { advance, perMinute } from '../../contract/rate-limiter.contract.ts'

describe('createRateLimiter', () => {
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`does not take a budget of ${wrong}, and keeps the one it has`, async () => {
      const refused = { name: 'RangeError', message: /0 or more, got/ }
      assert.throws(() => createRateLimiter(perMinute(wrong)), refused)
      assert.throws(() => createRateLimiter(perMinute(1, wrong)), refused)
      const limiter = createRateLimiter(perMinute(1))
      assert.throws(() => limiter.setBudget(perMinute(wrong)), refused)
      assert.throws(() => limiter.setBudget(perMinute(1, wrong)), refused)
      await assert.rejects(limiter.acquire(wrong, 0), refused)
      assert.equal(limiter.stats().requestsPerMinute, 1)
      await limiter.close()
    })
  }

  it('never starts more than the pace in real time, and leaves no timer behind', async () => {
    const limiter = createRateLimiter(perMinute(6_000))
    const began = performance.now()
    let starts = 0
    for (let index = 0; index < 200; index += 1) {
      limiter.acquire(0, 60_000).then(
        () => (starts += 1),
        () => undefined,
      )
    }
    await sleep(300)
    const allowed = (performance.now() - began) / 10 + 2
    await limiter.close()
    assert.ok(starts >= 1)
    assert.ok(starts <= allowed, `${starts} starts where ${allowed} were allowed`)
  })
})

describe('createRateLimiter, in fake time', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 }))
  afterEach(() => mock.timers.reset())

  it('serves 60 who may hardly wait and sleep in between, without a herd or a slow end', async () => {
    const limiter = createRateLimiter({ ...perMinute(600), now: () => Date.now() })
    let asked = 0
    let served = 0
    const one = async (lateMs: number) => {
      for (;;) {
        asked += 1
        const permit = await limiter.acquire(0, 50)
        if (permit.granted) {
          permit.done(0)
          break
        }
        // Durable sleeps end late.
        await new Promise((resolve) => setTimeout(resolve, permit.waitMs + lateMs))
      }
      served += 1
    }
    for (let index = 0; index < 60; index += 1) void one(index % 40)
    await advance(12_000)
    assert.equal(served, 60)
    assert.ok(asked <= 60 * 6, `${asked} asked`)
    await limiter.close()
  })
})

describe('createReturnSchedule', () => {
  /** Books until a backlog is no new one any more, and those bookings are past. */
  const settled = () => {
    const schedule = createReturnSchedule()
    schedule.bookMs(-6_000, 0, 100)
    for (let at = -5_000; at <= -1_000; at += 1_000) schedule.bookMs(at, 0, 100)
    return schedule
  }

  it('has them back one after the other, a little faster than the pace', () => {
    const schedule = settled()
    const waits = [1, 2, 3, 4].map(() => schedule.bookMs(0, 0, 100))
    assert.deepEqual(waits, [90, 180, 270, 360])
  })

  it('never has them back before 50 ms, nor before a place is free', () => {
    assert.equal(settled().bookMs(0, 0, 1), 50)
    assert.equal(settled().bookMs(0, 7_000, 100), 7_090)
  })

  it('has one back every three seconds at the slowest pace: the budget may have grown', () => {
    const schedule = settled()
    const waits = Array.from({ length: 15 }, (_, index) => schedule.bookMs(61_000, 0, index > 7 ? Infinity : 600_000))
    assert.ok(waits.every((wait, index) => wait - (waits[index - 1] ?? 0) <= 3_000))
  })

  it('has the first of a new backlog back within two seconds, at most 60 a second: a lease grows to its demand', () => {
    const schedule = createReturnSchedule()
    const waits = Array.from({ length: 100 }, () => schedule.bookMs(0, 0, 60_000))
    assert.ok(Math.max(...waits) <= 2_000)
    assert.ok(waits.filter((wait) => wait <= 1_000).length <= 60)
  })

  it('expects the best pace of the last minute back', () => {
    const schedule = settled()
    assert.equal(schedule.bookMs(0, 0, Number.POSITIVE_INFINITY), 90)
  })

  it('keeps the number of booked places when the pace changes', () => {
    const schedule = settled()
    for (let index = 0; index < 10; index += 1) schedule.bookMs(0, 0, 100)
    assert.equal(schedule.bookMs(0, 0, 10), 99)
  })

  it('books nobody beyond a minute, spreads them over the half minute before it, and counts all', () => {
    const schedule = settled()
    const before = schedule.due(0)
    const waits = Array.from({ length: 100 }, () => schedule.bookMs(0, 120_000, 1_000))
    assert.ok(waits.every((wait) => wait >= 30_000 && wait <= 60_000))
    const tenths = new Set(waits.map((wait) => Math.floor((wait - 30_000) / 3_000)))
    assert.equal(tenths.size, 10)
    assert.equal(schedule.due(0) - before, 100)
    assert.ok(schedule.due(40_000) > 20 && schedule.due(40_000) < 80)
    assert.equal(schedule.due(61_000), 0)
  })
})
