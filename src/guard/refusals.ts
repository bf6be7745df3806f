/** Every refusal of the guard: its code, its HTTP status and the sentence for the caller. */
import { MAX_JSON_BYTES } from '../lib/json/json-shape.ts'

/** What the guard answers in the place of the Restate node. */
export interface Refusal {
  readonly code: RefusalCode
  readonly status: number
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

/** The codes are stable: callers, tests and metrics match on them. */
export const REFUSALS = {
  'target-invalid': 400,
  'header-repeated': 400,
  'idempotency-key-too-long': 400,
  'body-broken': 400,
  'body-invalid': 400,
  'request-broken': 400,
  'token-missing': 401,
  'token-unknown': 401,
  'foreign-host': 403,
  'foreign-origin': 403,
  'right-missing': 403,
  'method-unknown': 405,
  'body-slow': 408,
  'idempotency-key-reused': 409,
  'body-too-large': 413,
  'encoding-refused': 415,
  'too-many-calls': 429,
  'headers-too-large': 431,
  internal: 500,
  'node-away': 502,
  'node-stray': 502,
  closing: 503,
} as const satisfies Readonly<Record<string, number>>

export type RefusalCode = keyof typeof REFUSALS

export function refusal(code: RefusalCode, message: string, headers?: Readonly<Record<string, string>>): Refusal {
  return { code, status: REFUSALS[code], message, ...(headers === undefined ? {} : { headers }) }
}

export function tooManyCalls(message: string, waitSeconds: number): Refusal {
  return refusal('too-many-calls', `${message}; call again in ${waitSeconds} s`, { 'retry-after': String(waitSeconds) })
}

export const TARGET_INVALID = refusal(
  'target-invalid',
  'The path is not written plainly: no other form, no dot segments, and percent signs only where a character needs them',
)

export const BODY_TOO_LARGE = refusal('body-too-large', `The body is larger than ${MAX_JSON_BYTES} bytes`)

export const CLOSING = refusal('closing', 'The guard ends and takes no further call: call again')

/** The refusal for an error that Fastify found in a request, or that nobody foresaw. */
export function refusalOfError(error: Error & { readonly statusCode?: number; readonly code?: string }): Refusal {
  if (error.code === 'FST_ERR_BAD_URL') return TARGET_INVALID
  const status = error.statusCode ?? 500
  if (status >= 500) return refusal('internal', 'The guard failed; its log says why')
  return refusal('request-broken', error.message.slice(0, 200))
}

/** The refusal for a connection on which no readable request came, by the code of Node.js. */
export function refusalOfConnection(code: string): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return refusal('headers-too-large', 'The headers are too large')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return refusal('body-slow', 'The request did not come in time')
  return refusal('request-broken', 'The request is no HTTP/1.1 that can be read in one way alone')
}

/** A refusal as the bytes of a response, for connections that have no request. */
export function formatRefusal({ code, status, message }: Refusal): string {
  const body = JSON.stringify({ code, message })
  const head = [
    `HTTP/1.1 ${status} Refused`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
