/** Quirks of endpoints that report their failures under status 200, or answer nothing under it. */
import { message, type Quirk } from './types.ts'

/** What OpenRouter sends where the provider behind it has failed. */
const PROVIDER_ERROR = {
  code: 502,
  message: 'Provider returned error',
  metadata: { raw: '{"error":{"message":"upstream overloaded, code 1305"}}', provider_name: 'Example' },
}

const inBody =
  (body: unknown): Quirk =>
  () => ({ body, isBilled: false })

export const ERRORS_IN_200 = {
  'choice-error': (seen) => message(seen, { content: '' }, { finish_reason: 'error', error: PROVIDER_ERROR }),
  'choice-error-partial': (seen) =>
    message(seen, { content: seen.text.slice(0, 50) }, { finish_reason: 'error', error: PROVIDER_ERROR }),
  'choice-finish-error': (seen) => message(seen, { content: seen.text }, { finish_reason: 'error' }),
  'top-error': inBody({ error: PROVIDER_ERROR, user_id: 'user_x' }),
  'top-error-text': inBody({ error: 'CUDA out of memory' }),
  'top-error-429': inBody({
    error: {
      code: 429,
      message: 'Provider returned error',
      metadata: { raw: 'example/model is temporarily rate-limited upstream. Please retry shortly.' },
    },
  }),
  'top-error-401': inBody({ error: { code: 401, message: 'No auth credentials found' } }),
  'top-error-quota': inBody({ error: { code: 'insufficient_quota', message: 'You exceeded your current quota' } }),
  'top-error-with-empty-choices': inBody({ choices: [], error: { message: 'no healthy upstream', code: 503 } }),
  'object-error': inBody({ object: 'error', message: 'the engine is dead', type: 'internal_error', code: 500 }),
  'stream-error': () => ({
    headers: { 'content-type': 'text/event-stream' },
    body: 'data: {"choices":[{"delta":{"content":"{"}}]}\n\ndata: {"error":{"code":429,"message":"Slow down"}}\n\n',
    isBilled: false,
  }),
  'code-of-its-own': inBody({ error: { code: 1302, message: 'Rate limit reached for requests' } }),
  'code-unknown': inBody({ error: { code: 1305, message: 'The service may be temporarily overloaded' } }),
  'code-and-msg': inBody({ code: 429, msg: 'Too many requests', success: false }),
  'code-as-text': inBody({ status: 'error', message: 'Slow down', http_code: '429' }),
  'base-resp': inBody({ base_resp: { status_code: 1008, status_msg: 'insufficient balance' }, choices: null }),
  'errors-list': inBody({ errors: [{ code: 7_000, message: 'No route for that URI' }], success: false, result: null }),
  'detail-alone': inBody({ detail: 'Model is overloaded' }),
  'message-alone': inBody({ message: 'Internal Server Error', statusCode: 500 }),
  'no-choices': (seen) => ({ body: seen.completion({}, {}, { choices: [] }), isBilled: false }),
  'content-null': (seen) => message(seen, { content: null }),
  'content-empty': (seen) => message(seen, { content: '' }),
  'html-page': () => ({
    headers: { 'content-type': 'text/html' },
    body: '<!doctype html><html><head><title>Just a moment...</title></head><body></body></html>',
    isBilled: false,
  }),
  'html-page-as-json': () => ({ body: '<html><body>Maintenance</body></html>', isBilled: false }),
} as const satisfies Readonly<Record<string, Quirk>>
