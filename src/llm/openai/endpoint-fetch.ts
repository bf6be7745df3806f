/** The `fetch` of the OpenAI package: sends our headers and no others, follows no redirect, bounds what it reads, and shows failures as failures.
 *
 * The package reads variables of its own from the environment and adds what they hold to the headers; it follows redirects with
 * the prompt, reads a body of any size, and takes an error under status 200 for an answer.
 */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { isNestedDeeper } from '../../lib/json/json-cursor.ts'
import { completionIn, DEEPEST, type ReadBody } from './completion-body.ts'
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
    const dispatcher = PATIENT as unknown as NonNullable<RequestInit['dispatcher']>
    const response = await fetch(input, { ...init, headers, redirect: 'manual', dispatcher })
    const body = await readBody(response)
    const read = response.ok ? completionIn(body) : { text: body, value: undefined }
    const { text } = read
    const hidden = response.ok ? failureInside(read.value) : null
    if (response.ok && hidden === null) {
      const shown = redactExact(text, answerSecrets)
      return rewritten(response, response.status, shown === text ? read : { text: shown, value: undefined })
    }
    const error = normalise(hidden?.text ?? text, secrets)
    const said = [error.message, redirectOf(response), reasonBehind(hidden?.text ?? text, secrets)]
    const message = said.filter((one) => typeof one === 'string' && one !== '').join(': ')
    const refusal = {
      error: { ...error, message: hidden === null ? message : `${message} (inside an answer with 200)` },
    }
    return rewritten(response, hidden?.status ?? response.status, { text: JSON.stringify(refusal), value: refusal })
  }
}

/**
 * The response with another body. The old length and encoding are those of the body as it came. The OpenAI package reads no
 * stream, so none is built of a text that was read already, and a response that stays what it was is not copied.
 */
function rewritten(response: Response, status: number, { text, value }: ReadBody): Response {
  const isJson = isJsonText(text)
  // A value that was read already is not read again.
  const json = async (): Promise<unknown> => value ?? JSON.parse(text)
  const read = { text: async () => text, json }
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

const UTF8 = new TextDecoder()

function tooLong(): TypeError {
  return new TypeError(`its answer is longer than ${MOST_BYTES} bytes`)
}

async function readBody(response: Response): Promise<string> {
  const length = response.headers.get('content-length')
  if (Number(length) > MOST_BYTES) {
    await response.body?.cancel()
    throw tooLong()
  }
  // A body of known length that is not compressed can be no longer than that, so it is read at once, which is quicker.
  const isPlain = length !== null && !response.headers.has('content-encoding')
  const bytes = isPlain ? new Uint8Array(await response.arrayBuffer()) : await readParts(response)
  const text = UTF8.decode(await expanded(bytes))
  if (isNestedDeeper(text, DEEPEST)) throw new TypeError(`its answer is nested deeper than ${DEEPEST} levels`)
  return text
}

async function readParts(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop closes the connection, so that nothing more is read or decompressed.
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > MOST_BYTES) throw tooLong()
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** What some proxies have compressed and say nothing of in the headers, or have compressed twice. */
async function expanded(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: MOST_BYTES })
  } catch (error) {
    throw error instanceof RangeError ? tooLong() : error
  }
}
