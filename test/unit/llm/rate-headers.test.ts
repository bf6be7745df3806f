/** What is read from the rate headers of a response. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseRateHeaders } from '../../../src/llm/openai/headers.ts'

const nothing = { limit: null, remaining: null, resetMs: null }

describe('parseRateHeaders', () => {
  it('reads what OpenAI sends', () => {
    const headers = new Headers({
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '499',
      'x-ratelimit-reset-requests': '120ms',
      'X-RateLimit-Limit-Tokens': '200000',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
    })
    assert.deepEqual(parseRateHeaders(headers), {
      requests: { limit: 500, remaining: 499, resetMs: 120 },
      tokens: { limit: 200_000, remaining: 0, resetMs: 360_000 },
    })
  })

  it('knows nothing where nothing is said', () => {
    assert.deepEqual(parseRateHeaders(new Headers()), { requests: nothing, tokens: nothing })
  })

  for (const odd of ['', '-1', '1.5', '1e9', 'NaN', 'Infinity', '0x10', '1,000', '9'.repeat(300), '5; DROP', '５']) {
    it(`takes "${odd.slice(0, 20)}" for not said`, () => {
      let headers: Headers
      try {
        headers = new Headers({ 'x-ratelimit-limit-requests': odd, 'x-ratelimit-remaining-requests': odd })
      } catch {
        return // What no header can hold can't come.
      }
      const { limit, remaining } = parseRateHeaders(headers).requests
      assert.deepEqual([limit, remaining], [null, null])
    })
  }

  it('takes a limit of 0 for not said, and a remainder of 0 for 0', () => {
    const headers = new Headers({ 'x-ratelimit-limit-tokens': '0', 'x-ratelimit-remaining-tokens': '0' })
    assert.deepEqual(parseRateHeaders(headers).tokens, { limit: null, remaining: 0, resetMs: null })
  })

  for (const [text, resetMs] of [
    ['1s', 1_000],
    ['12ms', 12],
    ['6m0s', 360_000],
    ['1h0m1.5s', 3_601_500],
    ['7', 7_000],
    ['2d', null],
    ['-1s', null],
    ['soon', null],
    [`${'1'.repeat(400)}s`, null],
  ] as const) {
    it(`reads the reset "${text.slice(0, 20)}" as ${resetMs}`, () => {
      const { requests } = parseRateHeaders(new Headers({ 'x-ratelimit-reset-requests': text }))
      assert.equal(requests.resetMs, resetMs)
    })
  }

  it('never throws, and says numbers that can be counted with', () => {
    const text = fc.string({ unit: 'binary-ascii', maxLength: 60 }).filter((value) => !/[\0\r\n]/.test(value))
    const check = (limit: string, reset: string) => {
      const headers = new Headers({ 'x-ratelimit-limit-requests': limit, 'x-ratelimit-reset-requests': reset })
      for (const value of Object.values(parseRateHeaders(headers).requests)) {
        assert.ok(value === null || (Number.isFinite(value) && value >= 0))
      }
    }
    fc.assert(fc.property(text, text, check), { seed: 5, numRuns: 500 })
  })
})
