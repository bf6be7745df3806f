/** Which refusals tell of an account that no waiting opens again, by the forms in which endpoints write them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isAccountClosed } from '../../../src/llm/openai/account-states.ts'
import type { Refusal } from '../../../src/llm/openai/refusals.ts'

const GEMINI =
  'You exceeded your current quota, please check your plan and billing details. For more information, head to:'
const METRIC = '\n* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests'

const closed: readonly [status: number, kinds: readonly string[], said: string][] = [
  [429, ['insufficient_quota'], 'You exceeded your current quota, please check your plan and billing details.'],
  [429, ['billing_not_active'], 'Your account is not active, please check your billing details on our website.'],
  [429, [], 'Your account is not active, please check your billing details on our website.'],
  [400, ['billing_hard_limit_reached'], 'Billing hard limit has been reached'],
  [429, ['requests', 'billing_hard_limit_reached'], 'x'],
  [403, ['access_terminated_error'], 'Your access was terminated.'],
  [401, ['account_deactivated'], 'The OpenAI account associated with this API key has been deactivated.'],
  [403, [], 'Your organization has been disabled.'],
  [400, ['invalid_request_error'], 'Your credit balance is too low to access the Anthropic API.'],
  [400, ['invalid_request_error'], 'You have reached your specified API usage limits. You will regain access on …'],
  [402, [], ''],
  [402, ['402'], 'This request requires more credits, or fewer max_tokens.'],
  [403, [], 'Insufficient Balance'],
  [429, ['exceeded_current_quota_error'], 'Your account is suspended, please check your plan and billing details'],
  [400, ['Arrearage'], 'Access denied, please make sure your account is in good standing.'],
  [429, ['InsufficientQuota'], 'x'],
  [429, [], 'Your team has either used all available credits or reached its monthly spending limit reached'],
  [429, ['RESOURCE_EXHAUSTED'], `${GEMINI}${METRIC}, limit: 0\nPlease retry in 41s.`],
]

const open: readonly [status: number, kinds: readonly string[], said: string][] = [
  [429, ['rate_limit_exceeded', 'requests'], 'Rate limit reached for gpt-6-luna on requests per min (RPM): Limit 3.'],
  [429, [], 'Too Many Requests'],
  [429, [], ''],
  [429, ['RESOURCE_EXHAUSTED'], `${GEMINI}${METRIC}, limit: 15\nPlease retry in 22.6s.`],
  [429, ['RESOURCE_EXHAUSTED'], `${GEMINI}${METRIC}, limit: 0${METRIC}, limit: 250000, model: x`],
  [429, ['RESOURCE_EXHAUSTED'], `${GEMINI}${METRIC}, limit: 0.5`],
  [429, ['rate_limit_error'], "This request would exceed your account's rate limit. Please try again later."],
  [429, ['tokens'], 'Request too large for gpt-6-luna: please check your plan and billing details'],
  [403, [], 'Country, region, or territory not supported'],
  [401, ['invalid_api_key'], 'Incorrect API key provided'],
  [500, ['insufficient_quota'], 'x'],
  [503, [], 'The account service is down'],
  [400, [], 'Unsupported parameter: limit: 0'],
]

const refusalOf = ([status, kinds, said]: (typeof closed)[number]): Refusal => ({ status, kinds, said })

describe('isAccountClosed', () => {
  for (const one of closed) {
    it(`knows ${one[0]} ${one[1].join(' ')} ${one[2].slice(-60)}`, () => assert.ok(isAccountClosed(refusalOf(one))))
  }
  for (const one of open) {
    it(`waits at ${one[0]} ${one[1].join(' ')} ${one[2].slice(-60)}`, () => assert.ok(!isAccountClosed(refusalOf(one))))
  }

  it('reads any text, however long it repeats itself', () => {
    const words = fc.constantFrom('account ', 'your ', 'is ', 'limit: ', '0', 'exceeded ', 'credit ', '_', '1', ' ')
    const text = fc.array(words, { maxLength: 800 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 2 }), (said, kinds) => {
        assert.equal(typeof isAccountClosed({ status: 429, kinds, said: said.slice(0, 4_000) }), 'boolean')
      }),
      { seed: 3, numRuns: 200 },
    )
  })
})
