/** The budgets of the last minute, as properties and by example. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Start } from '../../../src/rate/limiter/minute-window.ts'
import { createRequestWindow } from '../../../src/rate/limiter/request-window.ts'

const MINUTE_MS = 60_000

interface Spent {
  readonly at: number
  readonly reserved: number
  real: number
}

type Change = { readonly at: number; readonly requests: number; readonly tokens: number }

/** The budget of the minute before `at`, each for as long as it stood; the first one for ever before. */
function allowed(changes: readonly Change[], at: number, of: 'requests' | 'tokens'): number {
  return changes.reduce((sum, change, index) => {
    const from = Math.max(index === 0 ? Number.NEGATIVE_INFINITY : change.at, at - MINUTE_MS)
    const until = Math.min(changes[index + 1]?.at ?? at, at)
    return sum + (until > from ? (change[of] * (until - from)) / MINUTE_MS : 0)
  }, 0)
}

describe('createRequestWindow', () => {
  const budgetOf = fc.record({
    requests: fc.oneof(fc.constant(0), fc.double({ min: 1, max: 300, noNaN: true })),
    tokens: fc.oneof(fc.constant(0), fc.integer({ min: 3_000, max: 200_000 })),
  })
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ do: fc.constant('start' as const), tokens: fc.integer({ min: 0, max: 3_000 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('end' as const), factor: fc.double({ min: 0, max: 2, noNaN: true }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('idle' as const), ms: fc.integer({ min: 1, max: 90_000 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('set' as const), budget: budgetOf }) },
  )

  it('never starts more than the budget in any half-open minute, in requests and in tokens, and never hangs', () => {
    const run = (
      first: { requests: number; tokens: number },
      steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
    ) => {
      let now = 1_000_000
      const window = createRequestWindow({ requestsPerMinute: first.requests, tokensPerMinute: first.tokens })
      const changes: Change[] = [{ at: now, ...first }]
      const spent: Spent[] = []
      const open: { readonly start: Start; readonly entry: Spent }[] = []
      const set = (budget: { requests: number; tokens: number }) => {
        window.set(now, { requestsPerMinute: budget.requests, tokensPerMinute: budget.tokens })
        changes.push({ at: now, ...budget })
      }
      for (const each of steps) {
        if (each.do === 'idle') now += each.ms
        else if (each.do === 'set') set(each.budget)
        else if (each.do === 'end') {
          const ended = open.shift()
          if (ended === undefined) continue
          ended.entry.real = Math.round(ended.entry.reserved * each.factor)
          window.end(now, ended.start, ended.entry.real)
        } else {
          let looks = 0
          for (let wait = window.waitMs(now, each.tokens); wait > 0; wait = window.waitMs(now, each.tokens)) {
            // A budget of nothing starts nothing; another one comes.
            if (wait === Number.POSITIVE_INFINITY) set({ requests: 60, tokens: 60_000 })
            else now += wait
            looks += 1
            assert.ok(looks < 2_000, 'it looks again for ever')
          }
          const entry = { at: now, reserved: each.tokens, real: each.tokens }
          open.push({ start: window.take(now, each.tokens), entry })
          spent.push(entry)
        }
      }
      spent.forEach((last, index) => {
        const inside = spent.slice(0, index + 1).filter(({ at }) => at > last.at - MINUTE_MS)
        assert.ok(inside.length <= allowed(changes, last.at, 'requests') + 1e-3, `${inside.length} requests`)
        const tokens = inside.reduce((sum, { real }) => sum + real, 0)
        // Only what turned out to be more than its reservation may be too much.
        const excess = inside.reduce((sum, { real, reserved }) => sum + Math.max(0, real - reserved), 0)
        assert.ok(tokens <= allowed(changes, last.at, 'tokens') + excess + 1e-3, `${tokens} tokens`)
      })
    }
    const first = fc.record({
      requests: fc.integer({ min: 1, max: 300 }),
      tokens: fc.integer({ min: 3_000, max: 200_000 }),
    })
    const steps = fc.array(step, { minLength: 20, maxLength: 300 })
    fc.assert(fc.property(first, steps, run), { seed: 11, numRuns: 300 })
  })

  it('spends a steady budget whole, of requests or of tokens', () => {
    for (const [requests, tokens] of [
      [600, 1e9],
      [1e6, 60_000],
    ] as const) {
      const window = createRequestWindow({ requestsPerMinute: requests, tokensPerMinute: tokens })
      let now = 0
      let starts = 0
      while (now < 180_000) {
        const wait = window.waitMs(now, 100)
        now += wait
        if (wait > 0) continue
        window.take(now, 100)
        starts += 1
      }
      assert.ok(starts >= 1_790 && starts <= 1_801, `${starts} starts in three minutes at 600`)
    }
  })

  it('allows a budget that has grown from nothing only for the time that it has stood', () => {
    const window = createRequestWindow({ requestsPerMinute: 0, tokensPerMinute: null })
    window.set(10_000, { requestsPerMinute: 60, tokensPerMinute: null })
    assert.equal(Math.round(window.waitMs(10_000, 0)), 1_000)
    assert.equal(window.waitMs(11_001, 0), 0)
  })

  it('tells the pace of the smaller budget, also before anything was started', () => {
    const window = createRequestWindow({ requestsPerMinute: 6_000, tokensPerMinute: 60_000 })
    assert.equal(window.intervalMs(1_000), 1_000)
    window.take(0, 2_000)
    assert.equal(window.intervalMs(1_000), 2_000)
    assert.equal(
      createRequestWindow({ requestsPerMinute: 0, tokensPerMinute: null }).intervalMs(1),
      Number.POSITIVE_INFINITY,
    )
  })

  it('tells how much of the last minute was used', () => {
    const window = createRequestWindow({ requestsPerMinute: 100, tokensPerMinute: 1_000 })
    assert.equal(window.utilisation(0), 0)
    const start = window.take(0, 500)
    assert.equal(window.utilisation(0), 0.5)
    window.end(10, start, 5)
    assert.equal(window.utilisation(10), 0.01)
    assert.equal(window.utilisation(60_000), 0)
  })
})
