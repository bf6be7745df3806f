/** The rate limiter beyond its contract: odd budgets, real time, and callers that sleep between their tries. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRateLimiter } from '../../../src/rate/limiter/limiter.ts'
import { advance, perMinute, queue } from '../../contract/rate/limiter.contract.ts'
import { waitUntil } from '../../helpers/wait.ts'

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
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const timersBefore = timers()
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
    assert.ok(timers() > timersBefore, 'the limiter has timers while callers wait')
    await limiter.close()
    // Bottleneck ends its own within milliseconds; a timer of the limiter would run for up to a minute.
    await waitUntil('no timer is left', () => timers() <= timersBefore, { patienceMs: 20_000 })
    assert.ok(starts >= 1)
    assert.ok(starts <= allowed, `${starts} starts where ${allowed} were allowed`)
  })
})

describe('createRateLimiter, in fake time', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 }))
  afterEach(() => mock.timers.reset())

  it('starts a request every two minutes at a budget of half a request', async () => {
    const limiter = createRateLimiter({ ...perMinute(0.5), now: () => Date.now() })
    const { starts } = queue(limiter, 2)
    await advance(118_000)
    assert.equal(starts.length, 1)
    await advance(3_000)
    assert.equal(starts.length, 2)
    await limiter.close()
  })

  it('serves 60 callers that may hardly wait and sleep in between, with few tries and in time', async () => {
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
        // Restate ends a durable sleep some time after its end.
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
