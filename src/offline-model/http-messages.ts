/** What the offline model does with a request and its response, whatever stands in them. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export const LARGEST_BODY_BYTES = 8 * 1_024 * 1_024

/** The body as text; null where it is too large, and the rest is then read and thrown away. */
export async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= LARGEST_BODY_BYTES) chunks.push(chunk)
  }
  return bytes > LARGEST_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8')
}

/** Waits `ms`, or until the client has gone away. */
export async function delay(ms: number, response: ServerResponse): Promise<void> {
  if (ms > 0) await hold(response, ms, new AbortController().signal)
}

/** Says nothing until the client goes away, `signal` aborts or `ms` are over. */
export async function hold(response: ServerResponse, ms: number, signal: AbortSignal): Promise<void> {
  const gone = new AbortController()
  const leave = () => gone.abort()
  response.once('close', leave)
  await sleep(ms, undefined, { signal: AbortSignal.any([gone.signal, signal]) }).catch(() => undefined)
  response.off('close', leave)
}

export function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

/** The headers of the whole and half the body; then the connection is gone. */
export function sendHalf(response: ServerResponse, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length })
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy())
}

export function sendError(
  response: ServerResponse,
  status: number,
  type: string,
  message: string,
  code?: string,
): void {
  send(response, status, { error: { message, type, param: null, code: code ?? null } })
}

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
