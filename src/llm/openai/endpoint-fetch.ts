/** The `fetch` of the OpenAI package: sends our headers and no others, follows no redirect, bounds what it reads, and shows failures as failures.
 *
 * The package reads variables of its own from the environment and adds what they hold to the headers; it follows redirects with
 * the prompt, reads a body of any size, and takes an error under status 200 for an answer.
 */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { isNestedDeeper } from '../../lib/json/json-cursor.ts'
import { completionIn, DEEPEST } from './completion-body.ts'
import type { Endpoint } from './endpoint.ts'
import { normalise } from './error-bodies.ts'
import { failureInside, reasonBehind } from './hidden-failures.ts'
import { redactExact } from './redaction.ts'

/** The most bytes of a body that are read, after it was decompressed. The longest answer that can be asked for has a tenth of it. */
const MOST_BYTES = 4 * 1_024 * 1_024

/** Where Node.js keeps what sends the requests of `fetch`: connections of its own, or a proxy. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1')
interface Dispatcher {
  dispatch(options: object, handler: object): boolean
}

/**
 * Sends as `fetch` does by itself, but without its own limits of 300 s, which would end a slow request before its time-out: the
 * OpenAI package ends it, by its signal.
 */
const PATIENT: Dispatcher = {
  dispatch(options, handler) {
    const { [DISPATCHER]: dispatcher } = globalThis as unknown as { readonly [DISPATCHER]: Dispatcher }
    return dispatcher.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler)
  },
}

export function createEndpointFetch({ headers, secrets, answerSecrets }: Endpoint): typeof fetch {
  return async (input, init) => {
    // The types of browsers, which know no dispatcher, are in the program as well.
    const patient: RequestInit & { readonly dispatcher: Dispatcher } = { ...init, dispatcher: PATIENT }
    const response = await fetch(input, { ...patient, headers, redirect: 'manual' })
    const body = await readBody(response)
    const text = response.ok ? completionIn(body) : body
    const hidden = response.ok ? failureInside(text) : null
    if (response.ok && hidden === null) {
      return rewritten(response, response.status, redactExact(text, answerSecrets), isJsonText(text))
    }
    const error = normalise(hidden?.text ?? text, secrets)
    const said = [error.message, redirectOf(response), reasonBehind(hidden?.text ?? text, secrets)]
    const message = said.filter((one) => typeof one === 'string' && one !== '').join(': ')
    const refusal = {
      error: { ...error, message: hidden === null ? message : `${message} (inside an answer with 200)` },
    }
    return rewritten(response, hidden?.status ?? response.status, JSON.stringify(refusal), true)
  }
}

/**
 * The response with another body. The old length and encoding are those of the body as it came. The OpenAI package reads no
 * stream, so none is built of a text that was read already, and a response that stays what it was is not copied.
 */
function rewritten(response: Response, status: number, text: string, isJson: boolean): Response {
  const read = { text: async () => text, json: async (): Promise<unknown> => JSON.parse(text) }
  const isSame = status === response.status && isJson && JSON_TYPE.test(response.headers.get('content-type') ?? '')
  if (isSame) return Object.assign(response, read)
  const headers = new Headers(response.headers)
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) headers.delete(name)
  if (isJson) headers.set('content-type', 'application/json')
  return Object.assign(new Response(null, { status, headers }), read)
}

const JSON_TYPE = /^application\/json\b/

/** Whether a text is meant as JSON; some servers send it as plain text. */
function isJsonText(text: string): boolean {
  return /^[\s\uFEFF]*[{[]/.test(text.slice(0, 100))
}

/** Where a redirect leads, without its query, which may carry a secret. */
function redirectOf(response: Response): string | null {
  const location = response.headers.get('location')
  if (response.status < 300 || response.status >= 400 || location === null) return null
  const base = URL.canParse(response.url) ? response.url : undefined
  if (!URL.canParse(location, base)) return null
  const { origin, pathname } = new URL(location, base)
  return `to ${origin}${pathname}`
}

async function readBody(response: Response): Promise<string> {
  const tooLong = new TypeError(`its answer is longer than ${MOST_BYTES} bytes`)
  const length = response.headers.get('content-length')
  if (Number(length) > MOST_BYTES) {
    await response.body?.cancel()
    throw tooLong
  }
  // A body of known length that is not compressed can be no longer than that, so it is read at once, which is quicker.
  const isPlain = length !== null && !response.headers.has('content-encoding')
  const bytes = isPlain ? new Uint8Array(await response.arrayBuffer()) : await readParts(response, tooLong)
  const text = new TextDecoder().decode(await expanded(bytes, tooLong))
  if (isNestedDeeper(text, DEEPEST)) throw new TypeError(`its answer is nested deeper than ${DEEPEST} levels`)
  return text
}

async function readParts(response: Response, tooLong: Error): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop closes the connection, so that nothing more is read or decompressed.
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > MOST_BYTES) throw tooLong
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** What some proxies have compressed and say nothing of in the headers, or have compressed twice. */
async function expanded(bytes: Uint8Array, tooLong: Error): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: MOST_BYTES })
  } catch (error) {
    throw error instanceof RangeError ? tooLong : error
  }
}
