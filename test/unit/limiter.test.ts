import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRateLimiter } from '../../src/llm/limiter.ts'
import { createReturnSchedule } from '../../src/llm/return-schedule.ts'
import { advance } from '../contract/rate-limiter.contract.ts'

describe('createRateLimiter', () => {
  for (const requestsPerMinute of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`does not take a pace of ${requestsPerMinute}`, async () => {
      assert.throws(() => createRateLimiter({ requestsPerMinute }), { name: 'RangeError', message: /above 0, got/ })
      const limiter = createRateLimiter({ requestsPerMinute: 1 })
      assert.throws(() => limiter.setPace(requestsPerMinute), RangeError)
      await limiter.close()
    })
  }

  it('never starts more than the pace in real time, and leaves no timer behind', async () => {
    const limiter = createRateLimiter({ requestsPerMinute: 6_000 })
    const began = performance.now()
    let starts = 0
    for (let index = 0; index < 200; index += 1) {
      limiter.acquire(60_000).then(
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
    const limiter = createRateLimiter({ requestsPerMinute: 600, now: () => Date.now() })
    let asked = 0
    let served = 0
    const one = async (lateMs: number) => {
      for (;;) {
        asked += 1
        const permit = await limiter.acquire(50)
        if (permit.granted) break
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
  it('books one start after the other', () => {
    const schedule = createReturnSchedule()
    const waits = [1, 2, 3].map(() => schedule.bookMs(0, 1_000, 100, 0))
    assert.deepEqual(waits, [1_000, 1_100, 1_200])
  })

  it('asks them to come a little early, but never before 50 ms', () => {
    const schedule = createReturnSchedule()
    assert.equal(schedule.bookMs(0, 1_000, 100, 400), 600)
    assert.equal(schedule.bookMs(0, 1_000, 100, 5_000), 50)
  })

  it('books again from now once the booked starts are past', () => {
    const schedule = createReturnSchedule()
    schedule.bookMs(0, 1_000, 100, 0)
    assert.equal(schedule.bookMs(5_000, 200, 100, 0), 200)
  })

  it('keeps the number of booked starts when the pace changes', () => {
    const schedule = createReturnSchedule()
    for (let index = 0; index < 10; index += 1) schedule.bookMs(0, 1_000, 1_000, 0)
    assert.equal(schedule.bookMs(0, 0, 100, 0), 1_100)
  })

  it('books nobody beyond a minute and spreads them over the half minute before it', () => {
    const schedule = createReturnSchedule()
    const waits = Array.from({ length: 100 }, () => schedule.bookMs(0, 120_000, 1_000, 0))
    assert.ok(waits.every((wait) => wait >= 30_000 && wait <= 60_000))
    const tenths = new Set(waits.map((wait) => Math.floor((wait - 30_000) / 3_000)))
    assert.equal(tenths.size, 10)
  })
})
