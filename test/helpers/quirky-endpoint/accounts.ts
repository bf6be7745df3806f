/** Quirks of accounts that no waiting opens again, each in the form of one provider, and of accounts that ask for a wait. */
import { type Quirk, refusal } from './types.ts'

const GEMINI_QUOTA =
  'You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.'

/** A 429 of Gemini's compatible endpoint: a list, with the wait in the details of the body. */
function gemini(limit: number, retryDelay: string): Quirk {
  const metric = 'generativelanguage.googleapis.com/generate_content_free_tier_requests'
  const message = `${GEMINI_QUOTA}\n* Quota exceeded for metric: ${metric}, limit: ${limit}\nPlease retry in ${retryDelay}.`
  const details = [
    { '@type': 'type.googleapis.com/google.rpc.Help', links: [] },
    { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay },
  ]
  return () => ({ status: 429, body: [{ error: { code: 429, message, status: 'RESOURCE_EXHAUSTED', details } }] })
}

export const CLOSED_ACCOUNTS = {
  'billing-not-active': () =>
    refusal(429, 'Your account is not active, please check your billing details on our website.', {
      ...{ type: 'billing_not_active', code: 'billing_not_active' },
    }),
  'billing-hard-limit': () =>
    refusal(429, 'Billing hard limit has been reached.', { code: 'billing_hard_limit_reached', type: 'billing' }),
  'insufficient-quota': () =>
    refusal(
      429,
      'You exceeded your current quota, please check your plan and billing details.',
      { type: 'insufficient_quota', code: 'insufficient_quota' },
      { 'retry-after': '1' },
    ),
  'access-terminated': () =>
    refusal(403, 'Your access was terminated for a breach of the terms.', { type: 'access_terminated_error' }),
  'account-deactivated': () =>
    refusal(401, 'The account associated with this API key has been deactivated.', { code: 'account_deactivated' }),
  'payment-required': () =>
    refusal(402, 'Insufficient Balance', { type: 'unknown_error', code: 'invalid_request_error' }),
  'credits-required': () => ({
    status: 402,
    body: { error: { code: 402, message: 'This request requires more credits, or fewer max_tokens.' } },
  }),
  'credit-too-low': () =>
    refusal(400, 'Your credit balance is too low to access the API. Please go to Plans & Billing.'),
  'gemini-limit-0': gemini(0, '41s'),
} as const satisfies Readonly<Record<string, Quirk>>

const rateLimited = (headers: Readonly<Record<string, string>>): Quirk => {
  return () =>
    refusal(429, 'Rate limit reached for this model', { type: 'requests', code: 'rate_limit_exceeded' }, headers)
}

export const WAITS = {
  'wait-600-s': rateLimited({ 'retry-after': '600' }),
  'wait-a-day': rateLimited({ 'retry-after': '86400' }),
  'wait-0': rateLimited({ 'retry-after': '0' }),
  'wait-negative-reset': rateLimited({
    ...{ 'retry-after': '-1', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '-91s' },
  }),
  'wait-absurd-reset': rateLimited({
    ...{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1795860000' },
  }),
  'wait-gemini-body': gemini(15, '3s'),
  'loading-model': () => ({
    status: 503,
    body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
  }),
  'unavailable-told': () => ({
    status: 503,
    headers: { 'retry-after': '1' },
    body: { error: { message: 'The server is overloaded' } },
  }),
} as const satisfies Readonly<Record<string, Quirk>>
