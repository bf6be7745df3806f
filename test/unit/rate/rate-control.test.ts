/** What the rate control makes of answers, refusals and rate headers. */
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { pino } from 'pino'
import { parseRateHeaders } from '../../../src/llm/openai/headers.ts'
import { createRateControl } from '../../../src/rate/limiter/rate-control.ts'
import type { RateLimiter } from '../../../src/rate/limiter/types.ts'
import type { AccountLimits, LimiterStats, RateSignals, RequestSize } from '../../../src/rate/types.ts'

const size: RequestSize = { tier: 'primary', promptTokens: 1_000, maxCompletionTokens: 300 }
const billed = 800

function signals(headers: Readonly<Record<string, string>>): RateSignals {
  return parseRateHeaders(new Headers(headers))
}

describe('createRateControl', () => {
  let clock = 0
  let paused: number[] = []
  let clusterPauses: number[] = []
  let limits: AccountLimits[] = []
  let reserved: number[] = []
  let done: (number | null)[] = []
  let resets: number[] = []

  /** Records what the rate control asks of the limiter; how a limiter acts on it is tested with the limiter. */
  const limiter: RateLimiter = {
    expect: () => () => undefined,
    acquire: async (tokens) => {
      reserved.push(tokens)
      return { granted: true, waitedMs: 0, noteReset: (ms) => resets.push(ms), done: (spent) => done.push(spent) }
    },
    pause: (ms) => paused.push(ms),
    setSlots: () => undefined,
    setBudget: () => assert.fail('only the lease client sets the budget'),
    stats: () => ({ pausedMs: 0 }) as LimiterStats,
    close: async () => undefined,
  }
  const cluster = {
    pauseCluster: (ms: number) => clusterPauses.push(ms),
    reportAccountLimits: (allowed: AccountLimits) => limits.push(allowed),
  }
  const make = () => createRateControl({ limiter, cluster, log: pino({ level: 'silent' }), now: () => clock })

  async function permit(control: ReturnType<typeof make>, of = size) {
    const permit = await control.acquire(of, 0)
    assert.ok(permit.granted)
    return permit
  }

  beforeEach(() => {
    clock = 1_000
    paused = []
    clusterPauses = []
    limits = []
    reserved = []
    done = []
    resets = []
  })

  const left = { 'x-ratelimit-remaining-requests': '5', 'x-ratelimit-reset-requests': '30s' }
  const none = { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '30s' }
  const noTokens = { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' }
  const slice = { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '80ms' }
  const cases: readonly [
    what: string,
    retryAfterMs: number | undefined,
    headers: Record<string, string>,
    all: boolean,
  ][] = [
    ['a short wait and budget left', 1_000, left, false],
    ['a short wait and no headers', 20, {}, false],
    ['no hint at all', undefined, {}, false],
    ['a slice that is used up', 80, slice, false],
    ['a long wait', 1_001, left, true],
    ['a short wait, and the minute is used up', 20, none, true],
    ['a short wait, and the tokens are used up', 20, noTokens, true],
    ['nothing left, and no header that says until when', 20, { 'x-ratelimit-remaining-requests': '0' }, true],
    ['a day', 86_400_000, left, true],
  ]
  for (const [what, retryAfterMs, headers, isCluster] of cases) {
    it(`${isCluster ? 'pauses the cluster' : 'delays this replica alone'} for ${what}`, async () => {
      const waitMs = (await permit(make())).refused(retryAfterMs, signals(headers), 'slow down')
      const expected = Math.min(600_000, Math.max(50, retryAfterMs ?? 1_000))
      assert.equal(waitMs, expected)
      assert.deepEqual(paused, [expected])
      assert.deepEqual(clusterPauses, isCluster ? [expected] : [])
      assert.deepEqual(done, [null], 'a refused request counts at the provider')
    })
  }

  it('tells the limiter when the limit is whole again, by headers or else by the wait of a refusal', async () => {
    const control = make()
    const answered = await permit(control)
    answered.answered(500, signals({ 'x-ratelimit-reset-requests': '57ms' }))
    const silent = await permit(control)
    silent.answered(500, signals({}))
    const whole = await permit(control)
    whole.answered(500, signals({ 'x-ratelimit-reset-requests': '0s' }))
    const refused = await permit(control)
    refused.refused(90, signals({ 'x-ratelimit-reset-requests': '43ms' }), 'too many')
    const named = await permit(control)
    named.refused(31, signals({}), 'too many')
    assert.deepEqual(resets, [57, 43, 31])
  })

  it('pauses the cluster at the third refusal within a second, and not for three in a longer time', async () => {
    const control = make()
    for (const at of [0, 600, 1_200, 1_800]) {
      clock = at
      ;(await permit(control)).refused(100, null, 'slow down')
    }
    assert.deepEqual(clusterPauses, [])
    clock = 2_300
    ;(await permit(control)).refused(100, null, 'slow down')
    assert.deepEqual(clusterPauses, [])
    clock = 2_400
    ;(await permit(control)).refused(100, null, 'slow down')
    assert.deepEqual(clusterPauses, [100])
  })

  it('backs off while refusals that name no wait follow each other, and begins anew after an answer', async () => {
    const control = make()
    const refuse = async (namedMs?: number) => (await permit(control)).refused(namedMs, null, 'slow down')
    const waits: number[] = []
    for (let round = 0; round < 7; round += 1) {
      // Two requests that were in flight together are refused for one pause.
      const waitMs = await refuse()
      clock += 10
      assert.equal(await refuse(), waitMs)
      waits.push(waitMs)
      clock += waitMs
    }
    assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    clock += 30_000
    // A request that is paid without an answer, as where it timed out, does not show that the rate is right again.
    ;(await permit(control)).answered(billed, null)
    assert.equal(await refuse(), 30_000)
    ;(await permit(control)).answered(billed, signals({}))
    assert.equal(await refuse(), 1_000)
  })

  it('knows that a pause has ended that was shorter than the wait that was asked for', async () => {
    const control = make()
    const refuse = async (namedMs?: number) => (await permit(control)).refused(namedMs, null, 'slow down')
    assert.equal(await refuse(3_600_000), 600_000)
    clock += 600_000
    assert.equal(await refuse(), 2_000)
    clock += 2_000
    // The same of a pause that was longer than the wait that was asked for.
    assert.equal(await refuse(1), 50)
    clock += 10
    assert.equal(await refuse(), 4_000, 'the pause of 50 ms has not ended, so that this is the third in a row')
  })

  it('takes a wait that was named for too short once it was, eight times in a row', async () => {
    const control = make()
    const waits: number[] = []
    for (let round = 0; round < 11; round += 1) {
      const waitMs = (await permit(control)).refused(60, null, 'slow down')
      waits.push(waitMs)
      clock += waitMs
    }
    assert.deepEqual(waits, [...Array.from({ length: 8 }, () => 60), 1_000, 2_000, 4_000])
  })

  it('believes a tiny limit only where a refusal names it', async () => {
    const control = make()
    const tiny = signals({ 'x-ratelimit-limit-requests': '1', 'x-ratelimit-limit-tokens': '1' })
    ;(await permit(control)).answered(billed, tiny)
    assert.deepEqual(limits, [])
    ;(await permit(control)).refused(undefined, tiny, 'slow down')
    ;(await permit(control)).answered(billed, tiny)
    ;(await permit(control)).answered(billed, signals({ 'x-ratelimit-limit-requests': '500' }))
    assert.deepEqual(limits, [
      { requestsPerMinute: 1, tokensPerMinute: 1 },
      { requestsPerMinute: 500, tokensPerMinute: 1 },
    ])
  })

  it('reports what the account allows to the cluster, once for each change, and only of the primary model', async () => {
    const control = make()
    const answer = async (headers: Record<string, string>, of = size) =>
      (await permit(control, of)).answered(billed, signals(headers))
    await answer({})
    await answer({ 'x-ratelimit-limit-requests': '500' })
    await answer({ 'x-ratelimit-limit-requests': '500' })
    await answer({ 'x-ratelimit-limit-requests': '3' }, { ...size, tier: 'escalation' })
    await answer({ 'x-ratelimit-limit-tokens': '200000', 'x-ratelimit-limit-requests': '0' })
    await answer({ 'x-ratelimit-limit-requests': '9000' })
    assert.deepEqual(limits, [
      { requestsPerMinute: 500, tokensPerMinute: null },
      { requestsPerMinute: 500, tokensPerMinute: 200_000 },
      { requestsPerMinute: 9_000, tokensPerMinute: 200_000 },
    ])
  })

  it('reserves the larger of prompt and completion bound, and books what was billed in its place', async () => {
    const control = make()
    ;(await permit(control)).answered(billed, null)
    ;(await permit(control, { ...size, maxCompletionTokens: 5_000 })).answered(billed, null)
    assert.deepEqual(done, [800, 5_000])
    // The estimate was a quarter too high: it is trusted no longer.
    ;(await permit(control)).answered(0, null)
    assert.deepEqual(reserved, [1_000, 5_000, 800])
    assert.equal(done[2], 800, 'an answer without usage took what was reserved')
  })

  it('goes by the answer whose estimate was furthest below what was billed', async () => {
    const control = make()
    for (const input of [800, 1_200, 700]) (await permit(control)).answered(input, null)
    await permit(control)
    assert.equal(reserved.at(-1), 1_200)
    for (let index = 0; index < 32; index += 1) (await permit(control)).answered(billed, null)
    await permit(control)
    assert.equal(reserved.at(-1), 800)
  })

  it('does not let an odd usage make requests free, or too large', async () => {
    const control = make()
    ;(await permit(control)).answered(1, null)
    await permit(control)
    assert.equal(reserved.at(-1), 300)
    ;(await permit(control)).answered(1e9, null)
    await permit(control)
    assert.equal(reserved.at(-1), 4_000)
  })

  it('reserves the sum for ten minutes where the endpoint had no tokens left three times in a minute', async () => {
    const control = make()
    for (let index = 0; index < 3; index += 1) {
      ;(await permit(control)).refused(20, signals({ ...none, ...noTokens }), 'slow down')
      ;(await permit(control)).refused(20, signals({ ...left, ...noTokens }), 'slow down')
      clock += 40_000
    }
    await permit(control)
    assert.equal(reserved.at(-1), 1_000, 'the requests were in the way, or it came now and then')
    for (let index = 0; index < 2; index += 1) {
      ;(await permit(control)).refused(20, signals({ ...left, ...noTokens }), 'slow down')
    }
    await permit(control)
    assert.equal(reserved.at(-1), 1_300)
    clock += 600_000
    await permit(control)
    assert.equal(reserved.at(-1), 1_000)
  })

  it('gives a permit back however the request ended', async () => {
    const unknown = await permit(make())
    unknown.ended()
    assert.deepEqual(done, [null])
  })
})
