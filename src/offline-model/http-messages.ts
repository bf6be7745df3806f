/** Reads request bodies and sends responses of the offline model, with delays and broken responses included. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** The most bytes of a request body; the offline model refuses a larger body. */
export const MAX_BODY_BYTES = 8 * 1_024 * 1_024

/**
 * Reads the body of a request as text, or null where the body is too large. A body that is too large is read to its end too.
 */
export async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return bytes > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8')
}

/** Waits `ms` milliseconds, or until the client closes the connection. */
export async function delay(ms: number, response: ServerResponse): Promise<void> {
  if (ms > 0) await hold(response, ms, new AbortController().signal)
}

/** Waits until the client closes the connection, `signal` aborts or `ms` milliseconds have passed. */
export async function hold(response: ServerResponse, ms: number, signal: AbortSignal): Promise<void> {
  const gone = new AbortController()
  const leave = () => gone.abort()
  response.once('close', leave)
  await sleep(ms, undefined, { signal: AbortSignal.any([gone.signal, signal]) }).catch(() => undefined)
  response.off('close', leave)
}

/** Sends a response with a JSON body. */
export function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

/** Sends the headers of a whole response and half of its body, and then closes the connection. */
export function sendHalf(response: ServerResponse, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length })
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy())
}

/** Sends an error response in the form of OpenAI's API. */
export function sendError(
  response: ServerResponse,
  status: number,
  type: string,
  message: string,
  code?: string,
): void {
  send(response, status, { error: { message, type, param: null, code: code ?? null } })
}

/** Sends the response 429 in the form of OpenAI's API, with the time after which to try again. */
export function sendRateLimited(
  response: ServerResponse,
  model: string,
  kind: 'requests' | 'tokens',
  retryAfterMs: number,
): void {
  response.setHeader('retry-after-ms', retryAfterMs)
  response.setHeader('retry-after', Math.ceil(retryAfterMs / 1_000))
  const per = kind === 'requests' ? 'requests per min (RPM)' : 'tokens per min (TPM)'
  const message = `Rate limit reached for ${model} on ${per}. Please try again in ${retryAfterMs}ms.`
  sendError(response, 429, kind, message, 'rate_limit_exceeded')
}
