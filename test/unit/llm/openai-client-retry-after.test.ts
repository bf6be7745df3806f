/** The wait that the client of a language model reads from a refusal. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseResetMs, resetMsOf, retryAfterMsOf } from '../../../src/llm/openai/retry-after.ts'

const NOW = Date.parse('2026-11-20T10:00:00Z')

describe('retryAfterMsOf', () => {
  const cases: readonly (readonly [string, Record<string, string>, number | undefined])[] = [
    ['nothing', {}, undefined],
    ['retry-after-ms', { 'retry-after-ms': '250' }, 250],
    ['retry-after-ms before retry-after', { 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    ['seconds', { 'retry-after': '2' }, 2_000],
    ['parts of a second', { 'retry-after': '0.5' }, 500],
    ['zero as no wait', { 'retry-after': '0' }, undefined],
    ['zero milliseconds as no wait', { 'retry-after-ms': '0' }, undefined],
    ['seconds behind zero milliseconds', { 'retry-after-ms': '0', 'retry-after': '3' }, 3_000],
    ['an HTTP date', { 'retry-after': 'Fri, 20 Nov 2026 10:00:07 GMT' }, 7_000],
    ['an HTTP date in the past as no wait', { 'retry-after': 'Fri, 20 Nov 2026 09:00:00 GMT' }, undefined],
    ['a negative number', { 'retry-after': '-5' }, undefined],
    ['words', { 'retry-after': 'in 2 hours' }, 7_200_000],
    ['words with two units', { 'retry-after': '1 minute 30 seconds' }, 90_000],
    ['a number with a unit', { 'retry-after': '120 sec' }, 120_000],
    ['an odd word', { 'retry-after': 'soon' }, undefined],
    ['more than a day', { 'retry-after': '999999999' }, 86_400_000],
  ]
  for (const [name, headers, expected] of cases) {
    it(`reads ${name}`, () => assert.equal(retryAfterMsOf(new Headers(headers), NOW, ''), expected))
  }

  const bodies: readonly (readonly [string, number | undefined])[] = [
    ['22s', 22_000],
    ['0s', undefined],
    ['Rate limit reached for gpt-6-luna. Please try again in 1m7.2s. Visit …', 67_200],
    ['Please retry in 22.629s.', 22_629],
    ['Please try again in 250ms.', 250],
    ['Too many requests, retry after 20 seconds', 20_000],
    ['Please try again in 2 minutes.', 120_000],
    ['Please try again in 2 hours.', 7_200_000],
    ['Wait for about 1 hour and 30 minutes, please', 5_400_000],
    ['Your quota will reset after 18h4m0s.', 65_040_000],
    ['The model is available again in 5 min', 300_000],
    ['It resets in 3 days', 86_400_000],
    ['Please wait 20 seconds before you try again.', 20_000],
    ['try again in 20 tokens', undefined],
    ['retry in 5', undefined],
    ['Please try again later', undefined],
    ['', undefined],
  ]
  for (const [body, expected] of bodies) {
    it(`reads the body "${body}", behind the headers`, () => {
      assert.equal(retryAfterMsOf(new Headers(), NOW, body), expected)
      assert.equal(retryAfterMsOf(new Headers({ 'retry-after': '3' }), NOW, body), 3_000)
    })
  }
})

describe('resetMsOf', () => {
  const cases: readonly (readonly [string, Record<string, string>, number | undefined])[] = [
    ['a reset in milliseconds', { 'x-ratelimit-reset-requests': '12ms' }, 12],
    ['the reset that comes first', { 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-reset-tokens': '6m0s' }, 1_000],
    [
      'the reset of the budget that is used up',
      {
        'x-ratelimit-reset-requests': '1s',
        'x-ratelimit-remaining-requests': '7',
        'x-ratelimit-reset-tokens': '6m0s',
        'x-ratelimit-remaining-tokens': '0',
      },
      360_000,
    ],
    ['an odd reset', { 'x-ratelimit-reset-requests': '' }, undefined],
    ['no wait of another header', { 'retry-after': '7' }, undefined],
    ['parts of a millisecond', { 'x-ratelimit-reset-requests': '1.5ms' }, 2],
    [
      'a long reset of a budget that nothing calls used up as no wait',
      { 'x-ratelimit-reset-tokens': '1m31s' },
      undefined,
    ],
    ['a negative reset', { 'x-ratelimit-reset-requests': '-7', 'x-ratelimit-remaining-requests': '0' }, undefined],
    [
      'a point in time in the place of a reset as no wait',
      { 'x-ratelimit-reset-requests': '1795860000', 'x-ratelimit-remaining-requests': '0' },
      undefined,
    ],
    [
      'the reset of a budget of which much is left as no wait',
      { 'x-ratelimit-reset-requests': '20s', 'x-ratelimit-remaining-requests': '7' },
      undefined,
    ],
  ]
  for (const [name, headers, expected] of cases) {
    it(`reads ${name}`, () => assert.equal(resetMsOf(new Headers(headers)), expected))
  }
})

describe('parseResetMs', () => {
  const cases = [
    ['1h2m3.5s', 3_723_500],
    ['6m0s', 360_000],
    ['20ms', 20],
    ['3', 3_000],
    ['1 s', undefined],
    ['s', undefined],
    ['-1s', undefined],
  ] as const
  for (const [text, expected] of cases) it(`reads "${text}"`, () => assert.equal(parseResetMs(text), expected))
})
