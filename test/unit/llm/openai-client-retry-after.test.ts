/** The wait that the client of a language model reads from a refusal. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseResetMs, retryAfterMsOf } from '../../../src/llm/openai/retry-after.ts'

const NOW = Date.parse('2026-11-20T10:00:00Z')

describe('retryAfterMsOf', () => {
  const cases: readonly (readonly [string, Record<string, string>, number | undefined])[] = [
    ['nothing', {}, undefined],
    ['retry-after-ms', { 'retry-after-ms': '250' }, 250],
    ['retry-after-ms before retry-after', { 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    ['seconds', { 'retry-after': '2' }, 2_000],
    ['parts of a second', { 'retry-after': '0.5' }, 500],
    ['zero', { 'retry-after': '0' }, 0],
    ['an HTTP date', { 'retry-after': 'Fri, 20 Nov 2026 10:00:07 GMT' }, 7_000],
    ['an HTTP date in the past', { 'retry-after': 'Fri, 20 Nov 2026 09:00:00 GMT' }, 0],
    ['a negative number', { 'retry-after': '-5' }, undefined],
    ['an odd word', { 'retry-after': 'soon' }, undefined],
    ['more than a day', { 'retry-after': '999999999' }, 86_400_000],
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
    ['a reset behind an odd retry-after', { 'retry-after': 'x', 'x-ratelimit-reset-tokens': '1m30s' }, 90_000],
  ]
  for (const [name, headers, expected] of cases) {
    it(`reads ${name}`, () => assert.equal(retryAfterMsOf(new Headers(headers), NOW), expected))
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
