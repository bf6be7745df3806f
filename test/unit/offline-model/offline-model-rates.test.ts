/** Tests of the offline model's rate limits, sliding window, latencies and statistics. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseResetMs } from '../../../src/llm/openai/retry-after.ts'
import { createLatency } from '../../../src/offline-model/latency.ts'
import { createRandom } from '../../../src/offline-model/random.ts'
import { createRateLimits, formatReset } from '../../../src/offline-model/rate-limits.ts'
import { createSlidingWindow } from '../../../src/offline-model/sliding-window.ts'
import { createStats } from '../../../src/offline-model/stats.ts'

describe('createSlidingWindow', () => {
  it('holds the half-open window: an event is gone when its span is over, to the millisecond', () => {
    const window = createSlidingWindow(1_000)
    window.add(0, 5)
    window.add(500, 7)
    assert.deepEqual([window.count(999), window.sum(999)], [2, 12])
    assert.deepEqual([window.count(1_000), window.sum(1_000)], [1, 7])
    assert.deepEqual([window.count(1_500), window.sum(1_500)], [0, 0])
    assert.deepEqual(window.peaks(), { count: 2, sum: 12 })
  })

  it('agrees with counting by hand on 20,000 events', () => {
    const random = createRandom(3)
    const window = createSlidingWindow(100)
    const events: { at: number; weight: number }[] = []
    let at = 0
    let most = 0
    for (let index = 0; index < 20_000; index += 1) {
      at += Math.floor(random() * 3)
      const weight = Math.floor(random() * 10)
      events.push({ at, weight })
      window.add(at, weight)
      const inside = events.slice(-400).filter((event) => event.at > at - 100)
      most = Math.max(most, inside.length)
      assert.equal(window.count(at), inside.length)
    }
    assert.equal(window.peaks().count, most)
  })
})

describe('createRateLimits', () => {
  it('lets everything in where no limit is set, and sends no headers', () => {
    const gate = createRateLimits({ rpm: 0, tpm: 0, sliceMs: 0 })
    assert.deepEqual(gate.admit(0, 1e9), { exceeded: null, retryAfterMs: 0, headers: {} })
  })

  it('lets in a minute as many as the limit, and the next when the first is a minute old', () => {
    const gate = createRateLimits({ rpm: 3, tpm: 0, sliceMs: 0 })
    assert.deepEqual(
      [0, 10_000, 20_000].map((now) => gate.admit(now, 1).exceeded),
      [null, null, null],
    )
    const refused = gate.admit(30_000, 1)
    assert.equal(refused.exceeded, 'requests')
    assert.equal(refused.retryAfterMs, 30_000)
    assert.deepEqual(refused.headers, {
      'x-ratelimit-limit-requests': '3',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '50s',
    })
    assert.equal(gate.admit(59_999, 1).exceeded, 'requests')
    assert.equal(gate.admit(60_000, 1).exceeded, null)
  })

  it('limits tokens, and says when enough of them are free', () => {
    const gate = createRateLimits({ rpm: 0, tpm: 1_000, sliceMs: 0 })
    gate.admit(0, 400)
    gate.admit(1_000, 500)
    const refused = gate.admit(2_000, 600)
    assert.equal(refused.exceeded, 'tokens')
    assert.equal(refused.retryAfterMs, 59_000)
    assert.equal(refused.headers['x-ratelimit-remaining-tokens'], '100')
    assert.equal(gate.admit(2_000, 100).exceeded, null)
  })

  it('divides a minute into slices and carries nothing over', () => {
    const gate = createRateLimits({ rpm: 6_000, tpm: 0, sliceMs: 100 })
    const admitted = (from: number, count: number) =>
      Array.from({ length: count }, () => gate.admit(from, 1)).filter(({ exceeded }) => exceeded === null).length
    assert.equal(admitted(0, 30), 10)
    assert.equal(gate.admit(30, 1).retryAfterMs, 70)
    assert.equal(admitted(100, 30), 10)
    assert.equal(admitted(60_000, 30), 10)
  })

  it('adds up fractions over several slices', () => {
    const gate = createRateLimits({ rpm: 1_000, tpm: 0, sliceMs: 100 })
    let admitted = 0
    for (let now = 0; now < 60_000; now += 10) if (gate.admit(now, 1).exceeded === null) admitted += 1
    assert.equal(admitted, 1_000)
  })

  it('lets a request overdraw its slice of tokens, and later slices pay', () => {
    const gate = createRateLimits({ rpm: 0, tpm: 60_000, sliceMs: 100 })
    let admitted = 0
    for (let now = 0; now < 60_000; now += 20) if (gate.admit(now, 1_200).exceeded === null) admitted += 1
    assert.ok(admitted >= 49 && admitted <= 51, `${admitted} requests of 1,200 in a minute of 60,000`)
  })

  it('never lets in more than the limit, and lets in a request that has waited as long as it was asked to', () => {
    const limits = fc.record({
      rpm: fc.integer({ min: 1, max: 500 }),
      tpm: fc.constantFrom(0, 2_000, 50_000),
      sliceMs: fc.constantFrom(0, 100, 1_000),
    })
    const steps = fc.array(
      fc.record({ ms: fc.integer({ min: 0, max: 4_000 }), tokens: fc.integer({ min: 1, max: 900 }) }),
    )
    fc.assert(
      fc.property(limits, steps, (limit, asked) => {
        const gate = createRateLimits(limit)
        const window = createSlidingWindow(60_000)
        let now = 0
        for (const { ms, tokens } of asked) {
          now += ms
          let admission = gate.admit(now, tokens)
          // A request may have to wait once for each of the two limits, and a request that overdraws a slice once more.
          for (let round = 0; admission.exceeded !== null && round < 4; round += 1) {
            now += admission.retryAfterMs
            admission = gate.admit(now, tokens)
          }
          assert.equal(admission.exceeded, null)
          window.add(now, 1)
        }
        assert.ok(
          window.peaks().count <=
            limit.rpm + (limit.sliceMs === 0 ? 0 : Math.ceil((limit.rpm * limit.sliceMs) / 60_000)),
        )
      }),
      { seed: 11, numRuns: 300 },
    )
  })
})

describe('formatReset', () => {
  for (const [ms, text] of [
    [0, '0s'],
    [12, '12ms'],
    [1_000, '1s'],
    [1_200, '1.2s'],
    [360_000, '6m0s'],
    [61_500, '1m1.5s'],
  ] as const) {
    it(`writes ${ms} ms as ${text}, which the client reads back`, () => {
      assert.equal(formatReset(ms), text)
      assert.equal(parseResetMs(text), ms)
    })
  }
})

describe('createLatency', () => {
  const draw = (count: number, ...options: Parameters<typeof createLatency>) => {
    const next = createLatency(...options)
    return Array.from({ length: count }, () => next())
  }

  it('gives the same sequence for the same seed and another for another', () => {
    assert.deepEqual(draw(50, 800, 0.3, 1), draw(50, 800, 0.3, 1))
    assert.notDeepEqual(draw(50, 800, 0.3, 1), draw(50, 800, 0.3, 2))
  })

  it('has the median and the spread asked for', () => {
    const sorted = draw(20_000, 800, 0.3, 1).sort((a, b) => a - b)
    const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0
    assert.ok(Math.abs(at(0.5) - 800) < 20, `median ${at(0.5)}`)
    assert.ok(Math.abs(at(0.8413) / 800 - Math.exp(0.3)) < 0.05, 'one sigma')
  })

  it('is constant without spread, and nothing without a median', () => {
    assert.deepEqual(draw(3, 50, 0, 1), [50, 50, 50])
    assert.deepEqual(draw(3, 0, 2, 1), [0, 0, 0])
  })
})

describe('createStats', () => {
  it('tracks at most 200,000 ids and counts the rest in one number', () => {
    const stats = createStats()
    for (let index = 0; index < 200_005; index += 1) stats.asked([`id-${index}`])
    stats.asked(['id-1', 'id-200004'])
    const { indicators, untracked, max_per_indicator } = stats.read({ withIndicators: false })
    assert.deepEqual(
      { indicators, untracked, max_per_indicator },
      { indicators: 200_000, untracked: 6, max_per_indicator: 2 },
    )
  })
})
