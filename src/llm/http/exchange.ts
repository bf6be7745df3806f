/** One HTTP request with its answer: follows no redirect, reads a bounded body, and goes through the proxy that Node.js uses.
 *
 * It is made by `request` of undici, the client inside Node.js, whose `fetch` takes five times the CPU time for the same exchange.
 */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type Dispatcher, request } from 'undici'
import { decoded } from './encodings.ts'

/** The most bytes of a body that are read, after it was decompressed. The longest answer that can be asked for has a tenth of it. */
const MOST_BYTES = 4 * 1_024 * 1_024

/** What is read: small answers, which servers compress only where they are asked to. */
const ACCEPTED = 'gzip, deflate'

/** Where Node.js keeps what sends the requests of `fetch`: connections of its own, or a proxy. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1')

/**
 * Sends as `fetch` does by itself, but without its own limits of 300 s, which would end a slow request before its time-out: the
 * caller ends it, by its signal.
 */
const PATIENT: Pick<Dispatcher, 'dispatch'> = {
  dispatch(options, handler) {
    const { [DISPATCHER]: dispatcher } = globalThis as unknown as { readonly [DISPATCHER]: Dispatcher }
    return dispatcher.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler)
  },
}

export interface Sent {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | null
  readonly signal: AbortSignal | null
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** The body as text, without the encodings of its headers. */
  readonly text: string
}

/** Rejects where no whole answer comes, and with a TypeError where its body is longer than is read or is not as it says. */
export async function exchange({ url, method, headers, body, signal }: Sent): Promise<Answer> {
  const answer = await request(url, {
    method: method as Dispatcher.HttpMethod,
    headers: { 'accept-encoding': ACCEPTED, ...headers },
    body,
    signal,
    dispatcher: PATIENT as Dispatcher,
  })
  const received = headersOf(answer.headers)
  const bytes = await readParts(answer.body, Number(received.get('content-length')))
  try {
    const whole = await decoded(bytes, received.get('content-encoding') ?? '', MOST_BYTES)
    return { status: answer.statusCode, headers: received, text: UTF8.decode(await unsaid(whole)) }
  } catch (error) {
    throw error instanceof RangeError ? tooLong() : error
  }
}

const UTF8 = new TextDecoder()

function tooLong(): TypeError {
  return new TypeError(`its answer is longer than ${MOST_BYTES} bytes`)
}

function headersOf(received: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(received)) {
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) headers.append(name, one)
  }
  return headers
}

async function readParts(body: Dispatcher.ResponseData['body'], said: number): Promise<Uint8Array> {
  if (said > MOST_BYTES) {
    body.on('error', () => undefined).destroy()
    throw tooLong()
  }
  const parts: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop closes the connection, so that nothing more is read.
  for await (const part of body as AsyncIterable<Uint8Array>) {
    bytes += part.byteLength
    if (bytes > MOST_BYTES) throw tooLong()
    parts.push(part)
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
}

/** What some proxies have compressed and say nothing of in the headers, or have compressed twice. */
async function unsaid(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  return await promisify(gunzip)(bytes, { maxOutputLength: MOST_BYTES })
}
