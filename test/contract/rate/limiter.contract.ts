/** What every `RateLimiter` does, in fake time, in which a second takes milliseconds and is the same on every machine. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { isServiceError } from '../../../src/errors.ts'
import type { RateLimiter } from '../../../src/rate/limiter/types.ts'
import type { Budget } from '../../../src/rate/types.ts'

export type MakeRateLimiter = (options: Budget & { now: () => number }) => RateLimiter

const PATIENT_MS = 1e12

export async function advance(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1) {
    mock.timers.tick(1)
    await turn()
  }
}

/**
 * Asks with `count` patient callers for `tokens` each, and records when each got its permit. A request ends after `holdMs`
 * and has then taken what it had reserved.
 */
export function queue(limiter: RateLimiter, count: number, tokens = 0, holdMs = 0): { readonly starts: number[] } {
  const starts: number[] = []
  for (let index = 0; index < count; index += 1) {
    limiter.acquire(tokens, PATIENT_MS).then(
      (permit) => {
        if (!permit.granted) return
        starts.push(Date.now())
        if (holdMs === 0) permit.done(tokens)
        else setTimeout(() => permit.done(tokens), holdMs)
      },
      () => undefined,
    )
  }
  return { starts }
}

export function perMinute(requestsPerMinute: number, tokensPerMinute: number | null = null): Budget {
  return { requestsPerMinute, tokensPerMinute }
}

/** The most starts in any half-open window. */
export function mostIn(windowMs: number, starts: readonly number[]): number {
  let most = 0
  let first = 0
  starts.forEach((start, index) => {
    while ((starts[first] ?? start) <= start - windowMs) first += 1
    most = Math.max(most, index - first + 1)
  })
  return most
}

export function rateLimiterContract(name: string, makeAdapter: MakeRateLimiter): void {
  describe(`rate limiter contract: ${name}`, () => {
    const open: RateLimiter[] = []
    const make = (requestsPerMinute: number, tokensPerMinute: number | null = null) => {
      const limiter = makeAdapter({ requestsPerMinute, tokensPerMinute, now: () => Date.now() })
      open.push(limiter)
      return limiter
    }

    beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 }))
    afterEach(async () => {
      for (const limiter of open.splice(0)) {
        const closed = limiter.close()
        await advance(20)
        await closed
      }
      mock.timers.reset()
    })

    it('gives the first caller its permit without a wait', async () => {
      const limiter = make(60)
      const permit = limiter.acquire(0, 0)
      await advance(20)
      const answer = await permit
      assert.ok(answer.granted)
      assert.ok(answer.waitedMs <= 20)
    })

    for (const requestsPerMinute of [300, 6_000, 12_000, 120_000]) {
      it(`spends ${requestsPerMinute} a minute evenly and never more`, async () => {
        const limiter = make(requestsPerMinute)
        const perSecond = requestsPerMinute / 60
        const { starts } = queue(limiter, perSecond * 12)
        await advance(10_000)
        assert.ok(starts.length >= perSecond * 10 * 0.95, `only ${starts.length} starts in 10 s`)
        assert.ok(starts.length <= perSecond * 10 + Math.max(2, perSecond / 100), `${starts.length} starts in 10 s`)
        assert.ok(mostIn(1_000, starts) <= perSecond + Math.max(2, perSecond / 100), 'a burst')
      })
    }

    it('defers a caller at once where its wait would be too long, and keeps no place for it', async () => {
      const limiter = make(60)
      queue(limiter, 11)
      await advance(20)
      assert.equal(limiter.stats().waiting, 10)
      const permit = await limiter.acquire(0, 5_000)
      assert.ok(!permit.granted)
      assert.ok(permit.waitMs >= 50)
      assert.equal(limiter.stats().waiting, 10)
    })

    it('lets deferred callers come back at the pace and not together', async () => {
      const limiter = make(600)
      queue(limiter, 200)
      await advance(20)
      const returns: number[] = []
      for (let index = 0; index < 100; index += 1) {
        const permit = await limiter.acquire(0, 0)
        assert.ok(!permit.granted)
        returns.push(permit.waitMs)
      }
      // A backlog that has just begun comes back at up to 60 a second, whatever the pace.
      assert.ok(mostIn(1_000, returns) <= 60, `${mostIn(1_000, returns)} return within one second`)
      assert.ok(Math.max(...returns) <= 11_000)
      await advance(5_500)
      const later: number[] = []
      for (let index = 0; index < 100; index += 1) {
        const permit = await limiter.acquire(0, 0)
        assert.ok(!permit.granted)
        later.push(permit.waitMs)
      }
      assert.ok(mostIn(1_000, later) <= 13, `${mostIn(1_000, later)} return within one second`)
      assert.ok(Math.max(...later) <= 12_000)
    })

    it('grants nothing in a pause, and goes on after it', async () => {
      const limiter = make(6_000)
      const { starts } = queue(limiter, 100)
      await advance(100)
      limiter.pause(2_000)
      const before = starts.length
      const { pausedMs } = limiter.stats()
      assert.ok(pausedMs > 1_900 && pausedMs <= 2_000)
      await advance(1_990)
      assert.equal(starts.length, before)
      await advance(300)
      assert.ok(starts.length >= before + 20, `${starts.length - before} starts after the pause`)
    })

    it('does not cut a longer pause short', async () => {
      const limiter = make(6_000)
      const { starts } = queue(limiter, 5)
      limiter.pause(1_000)
      limiter.pause(10)
      await advance(900)
      assert.equal(starts.length, 0)
    })

    it('defers callers that would now wait beyond their bound as soon as a pause begins', async () => {
      const limiter = make(6_000)
      queue(limiter, 1)
      const impatient = limiter.acquire(0, 1_000)
      await turn()
      limiter.pause(30_000)
      const permit = await impatient
      assert.ok(!permit.granted)
      assert.equal(limiter.stats().waiting, 1, 'the patient caller stays')
    })

    it('gives no start to callers that went away while they waited, and delays no other caller for them', async () => {
      const limiter = make(600, 60_000)
      queue(limiter, 1, 100)
      const gone = new AbortController()
      const codes: unknown[] = []
      const leave = (error: unknown) => codes.push(isServiceError(error) && error.code)
      for (let index = 0; index < 100; index += 1) limiter.acquire(1_000, PATIENT_MS, gone.signal).catch(leave)
      const { starts } = queue(limiter, 5, 100)
      const kept = new AbortController()
      const last = limiter.acquire(100, PATIENT_MS, kept.signal)
      await advance(20)
      assert.equal(limiter.stats().waiting, 106)
      gone.abort()
      await turn()
      assert.deepEqual(
        codes,
        Array.from({ length: 100 }, () => 'interrupted'),
      )
      assert.equal(limiter.stats().waiting, 6)
      await advance(700)
      assert.equal(starts.length, 5)
      const permit = await last
      kept.abort()
      assert.ok(permit.granted, 'a caller that goes away after its start has the permit')
      permit.done(100)
      const { reservedTokensTotal, spentTokensTotal, inFlight } = limiter.stats()
      assert.deepEqual([reservedTokensTotal, spentTokensTotal, inFlight], [700, 700, 0])
      await assert.rejects(
        limiter.acquire(0, 0, gone.signal),
        (error) => isServiceError(error) && error.code === 'interrupted',
      )
    })

    it('slows down at once with 1,000 waiting', async () => {
      const limiter = make(12_000)
      const { starts } = queue(limiter, 1_000)
      await advance(1_000)
      limiter.setBudget(perMinute(120))
      const before = starts.length
      await advance(10_000)
      const after = starts.length - before
      assert.ok(after >= 18 && after <= 21, `${after} starts in 10 s at 2 a second`)
    })

    it('speeds up at once with 1,000 waiting, also from a pace of minutes', async () => {
      const limiter = make(1)
      const { starts } = queue(limiter, 1_000)
      await advance(100)
      assert.equal(starts.length, 1)
      limiter.setBudget(perMinute(6_000))
      await advance(5_000)
      assert.ok(starts.length >= 450, `${starts.length} starts`)
      assert.ok(starts.length <= 503, `${starts.length} starts`)
    })

    it('gives no start away for a new pace or a short pause, however often they come', async () => {
      const limiter = make(60)
      const { starts } = queue(limiter, 100)
      for (let round = 0; round < 100; round += 1) {
        limiter.setBudget(perMinute(60 + (round % 2)))
        limiter.pause(1)
        await advance(20)
      }
      assert.ok(starts.length >= 1 && starts.length <= 3, `${starts.length} starts in 2 s at 1 a second`)
    })

    it('shows how many callers wait, and the pace', async () => {
      const limiter = make(60)
      queue(limiter, 3)
      await advance(20)
      const { waiting, requestsPerMinute, tokensPerMinute, pausedMs } = limiter.stats()
      assert.deepEqual([waiting, requestsPerMinute, tokensPerMinute, pausedMs], [2, 60, null, 0])
      limiter.setBudget(perMinute(30))
      assert.equal(limiter.stats().requestsPerMinute, 30)
    })

    it('rejects the callers that wait, and all later ones, once it is closed', async () => {
      const limiter = make(60)
      const isClosed = (error: unknown) => isServiceError(error) && error.code === 'limiter-closed'
      const waiting = [1, 2, 3].map(() => limiter.acquire(0, PATIENT_MS))
      const outcomes = Promise.allSettled(waiting)
      await advance(20)
      const closing = limiter.close()
      await advance(20)
      await closing
      const [first, ...rest] = await outcomes
      assert.equal(first?.status, 'fulfilled')
      for (const outcome of rest) assert.ok(outcome.status === 'rejected' && isClosed(outcome.reason))
      await assert.rejects(limiter.acquire(0, PATIENT_MS), isClosed)
      await limiter.close()
    })

    it('spends tokens evenly where they are the smaller budget', async () => {
      const limiter = make(6_000, 60_000)
      const { starts } = queue(limiter, 50, 1_000)
      await advance(10_000)
      assert.ok(starts.length >= 10 && starts.length <= 11, `${starts.length} starts of 1,000 tokens in 10 s`)
      assert.equal(mostIn(900, starts), 1)
    })

    it('spends the whole budget of tokens where their pace is a little slower than that of the requests', async () => {
      const limiter = make(60, 40_000)
      const { starts } = queue(limiter, 50, 1_000)
      await advance(20_000)
      assert.ok(starts.length >= 13 && starts.length <= 14, `${starts.length} starts of 1,000 tokens in 20 s`)
    })

    it('goes on as soon as a request turns out to have taken less, and later where it took more', async () => {
      const limiter = make(6_000, 60_000)
      const first = await Promise.all([limiter.acquire(10_000, PATIENT_MS), advance(5)])
      assert.ok(first[0].granted)
      assert.equal(limiter.stats().reservedTokens, 10_000)
      const { starts } = queue(limiter, 2, 1_000)
      await advance(1_500)
      assert.equal(starts.length, 0)
      first[0].done(1_000)
      await advance(20)
      assert.equal(starts.length, 1)
      assert.equal(limiter.stats().reservedTokens, 0)
      const later = make(6_000, 60_000)
      const second = await Promise.all([later.acquire(1_000, PATIENT_MS), advance(5)])
      assert.ok(second[0].granted)
      second[0].done(10_000)
      second[0].done(0)
      const { starts: late } = queue(later, 1, 1_000)
      await advance(9_900)
      assert.equal(late.length, 0)
      await advance(200)
      assert.equal(late.length, 1)
    })

    it('starts a request that is larger than the budget of a whole minute, and delays the next one for it', async () => {
      const limiter = make(60_000, 60_000)
      const { starts } = queue(limiter, 1, 90_000)
      const { starts: next } = queue(limiter, 1, 1_000)
      await advance(20)
      assert.equal(starts.length, 1)
      await advance(89_000)
      assert.equal(next.length, 0)
      await advance(1_100)
      assert.equal(next.length, 1)
    })

    for (const nothing of [perMinute(0), perMinute(60, 0)]) {
      it(`starts nothing with a budget of ${JSON.stringify(nothing)}, and all at the pace once there is one`, async () => {
        const limiter = make(nothing.requestsPerMinute, nothing.tokensPerMinute)
        const returns: number[] = []
        for (let index = 0; index < 100; index += 1) {
          const permit = await limiter.acquire(10, 20_000)
          assert.ok(!permit.granted)
          returns.push(permit.waitMs)
        }
        assert.ok(Math.min(...returns) >= 1_000)
        assert.ok(Math.max(...returns) <= 3_000, `the last asks again after ${Math.max(...returns)} ms`)
        assert.equal(limiter.stats().deferred, 100)
        await advance(100)
        limiter.setBudget(perMinute(600))
        const { starts } = queue(limiter, 30)
        await advance(2_000)
        assert.ok(
          starts.length >= 18 && starts.length <= 21,
          `${starts.length} starts in 2 s at 10 a second, its ends included`,
        )
      })
    }

    it('defers every caller when the budget goes to nothing', async () => {
      const limiter = make(60)
      const waiting = [1, 2, 3].map(() => limiter.acquire(0, 10_000))
      await advance(20)
      limiter.setBudget(perMinute(0))
      const permits = await Promise.all(waiting)
      assert.deepEqual(
        permits.map(({ granted }) => granted),
        [true, false, false],
      )
    })

    it('bounds what is in flight by latency and pace, without a start lost while answers come in time', async () => {
      const limiter = make(6_000)
      const { starts } = queue(limiter, 1_000, 0, 2_000)
      await advance(9_000)
      assert.ok(starts.length >= 890, `${starts.length} starts in 9 s at 100 a second`)
      assert.ok(limiter.stats().inFlight >= 190 && limiter.stats().inFlight <= 210)
    })

    it('defers callers whose time is over while the model does not answer, and starts all when it does', async () => {
      const limiter = make(6_000)
      const open: ((tokens: number | null) => void)[] = []
      const ask = () => limiter.acquire(0, 2_000).then((permit) => (permit.granted ? open.push(permit.done) : permit))
      const all = Array.from({ length: 5_000 }, ask)
      let away = 0
      for (const one of all) one.then((permit) => (away += typeof permit === 'object' ? 1 : 0))
      await advance(15_000)
      const { inFlight, inFlightBound, waiting } = limiter.stats()
      assert.equal(open.length, inFlight)
      assert.ok(inFlight <= 600 && inFlight === Math.min(inFlight, inFlightBound), `${inFlight} of ${inFlightBound}`)
      assert.equal(waiting, 0)
      assert.equal(away, 5_000 - open.length)
      const before = open.length
      for (const done of open.slice(0, before)) done(0)
      const { starts } = queue(limiter, 50)
      await advance(1_000)
      assert.equal(starts.length, 50)
    })

    it('never starts more than the pace allows, whatever happens to pace and pause', async () => {
      const step = fc.oneof(
        fc.record({ do: fc.constant('queue' as const), count: fc.integer({ min: 1, max: 40 }) }),
        fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 400 }) }),
        fc.record({ do: fc.constant('pause' as const), ms: fc.integer({ min: 1, max: 300 }) }),
        fc.record({ do: fc.constant('pace' as const), rpm: fc.integer({ min: 60, max: 9_000 }) }),
      )
      const run = async (steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) => {
        const limiter = make(1_200)
        let pace = 1_200
        let allowed = 0
        const all: { readonly starts: number[] }[] = []
        for (const each of steps) {
          if (each.do === 'queue') all.push(queue(limiter, each.count))
          else if (each.do === 'pause') limiter.pause(each.ms)
          else if (each.do === 'pace') {
            pace = each.rpm
            limiter.setBudget(perMinute(pace))
          } else {
            await advance(each.ms)
            allowed += (each.ms * pace) / 60_000
          }
        }
        const started = all.reduce((sum, { starts }) => sum + starts.length, 0)
        // One more for the first start, and one for the start that a faster pace may find due.
        assert.ok(started <= allowed + 2, `${started} starts where ${allowed} were allowed`)
      }
      const steps = fc.array(step, { minLength: 5, maxLength: 30 })
      await fc.assert(fc.asyncProperty(steps, run), { seed: 7, numRuns: 40 })
    })
  })
}
