/** Sends HTTP requests whose answer may take hours, as that of a batch may; fetch would give up after five minutes of silence. */
import type { Agent, IncomingHttpHeaders } from 'node:http'
import { readApiToken } from '../../config/config.ts'
import { messageOf } from '../../errors.ts'
import { PackedJson } from '../../lib/json/packed-json.ts'

/** An import of these would load all of fetch, which a command does not need, and which takes a sixth of its start. */
const http = process.getBuiltinModule('node:http')
const https = process.getBuiltinModule('node:https')

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH'
  readonly headers?: Readonly<Record<string, string>>
  /** The body of the request, which is sent as JSON. */
  readonly body?: unknown
  /** An abort of this signal ends the request; nothing else limits how long the answer may take. */
  readonly signal: AbortSignal
}

/** JSON that was written before, as parts one behind the other. A packed part is unpacked when it is sent, and nothing holds it so. */
export class JsonBytes {
  readonly parts: readonly (Uint8Array | PackedJson)[]

  constructor(parts: readonly (Uint8Array | PackedJson)[]) {
    this.parts = parts
  }

  get length(): number {
    return this.parts.reduce((sum, { length }) => sum + length, 0)
  }

  /** Yields the bytes of each part. */
  *bytes(): Generator<Uint8Array> {
    for (const part of this.parts) yield part instanceof PackedJson ? part.unpack() : part
  }
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** The milliseconds that opening a connection may take. */
const CONNECT_TIMEOUT_MS = 10_000
/**
 * After this many milliseconds of silence TCP probes a connection. A server that was killed, and another in its place, refuses
 * the first probe; one that is cut off is given up after ten, one a second. Whether a node lives tells nothing of a connection
 * whose end was lost.
 */
const KEEP_ALIVE_MS = 5_000

/**
 * Sends a request and resolves with the answer. Rejects with a sentence that says why no complete answer came, or with
 * the reason of an aborted signal.
 */
export type HttpClient = (url: string, request: HttpRequest) => Promise<HttpAnswer>

interface Agents {
  readonly http: Agent
  readonly https: Agent
}

/**
 * Creates a client that keeps its connections for later requests; idle connections do not keep the process alive. Each
 * request shows `token`, by default that of the configuration; null shows none.
 */
export function createHttpClient(token: string | null = readApiToken() ?? null): HttpClient {
  const kept = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS }
  const agents: Agents = { http: new http.Agent(kept), https: new https.Agent(kept) }
  const shown = token === null ? {} : { authorization: `Bearer ${token}` }
  return async (url, given) => {
    const request = { ...given, headers: { ...shown, ...given.headers } }
    try {
      return await send(agents, url, request)
    } catch (error) {
      request.signal.throwIfAborted()
      // The server may close an idle connection just as a request is sent on it, which is no failure, so the request is
      // sent again.
      if (error instanceof StaleConnectionError) return await send(agents, url, request)
      throw error
    }
  }
}

/** The error of a reused connection that the server closed before the request reached it. */
class StaleConnectionError extends Error {}

function send(agents: Agents, url: string, request: HttpRequest): Promise<HttpAnswer> {
  const { method = 'POST', headers, body, signal } = request
  signal.throwIfAborted()
  const isTls = new URL(url).protocol === 'https:'
  const payload = bytesOf(body)
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
  const sent = (isTls ? https : http).request(url, {
    method,
    agent: isTls ? agents.https : agents.http,
    headers: {
      ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
      ...headers,
    },
  })
  const abort = () => sent.destroy(new Error('aborted'))
  signal.addEventListener('abort', abort, { once: true })
  const fail = (error: Error) => {
    const isStale = sent.reusedSocket && 'code' in error && error.code === 'ECONNRESET'
    const sentence = sentenceOf(error, url)
    reject(isStale ? new StaleConnectionError(sentence) : new Error(sentence, { cause: error }))
  }
  sent.on('error', fail)
  sent.on('close', () => signal.removeEventListener('abort', abort))
  sent.on('socket', (socket) => {
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    if (!socket.connecting) return
    const late = () => sent.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1_000} s`))
    const timer = setTimeout(late, CONNECT_TIMEOUT_MS)
    const connected = isTls ? 'secureConnect' : 'connect'
    const settled = () => {
      clearTimeout(timer)
      // The connection is kept, and a listener would keep this request and its answer with it.
      socket.off(connected, settled)
      socket.off('close', settled)
    }
    socket.once(connected, settled)
    socket.once('close', settled)
  })
  sent.on('response', (response) => {
    const parts: Buffer[] = []
    response.on('data', (part: Buffer) => parts.push(part))
    response.on('error', fail)
    response.on('end', () => {
      const text = Buffer.concat(parts).toString()
      parts.length = 0
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
    })
  })
  for (const bytes of payload?.bytes() ?? []) sent.write(bytes)
  sent.end()
  return promise
}

function bytesOf(body: unknown): JsonBytes | undefined {
  if (body === undefined || body instanceof JsonBytes) return body
  return new JsonBytes([Buffer.from(JSON.stringify(body))])
}

/**
 * Returns the message of an error, or its code where the message is empty, as Node.js leaves it for a host with several
 * addresses; with the way out where the name of this machine means its IPv6 address alone, on which no part listens.
 */
export function sentenceOf(error: Error, url: string): string {
  const message = messageOf(error)
  const sentence = message === '' && 'code' in error ? String(error.code) : message
  const { hostname } = new URL(url)
  if (hostname !== 'localhost' || !('address' in error) || error.address !== '::1') return sentence
  return `${sentence}: here localhost means ::1 alone, and the service listens on 127.0.0.1, so use that address`
}
