/** HTTP requests whose answer may take hours, as a batch's does; fetch gives up on a silent server after five minutes. */
import http from 'node:http'
import https from 'node:https'
import { messageOf } from '../../errors.ts'

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH'
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** The only bound on how long the answer may take. */
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

/** Milliseconds within which a connection has to stand. */
const CONNECT_TIMEOUT_MS = 10_000
/** Milliseconds of silence before TCP probes a connection; further probes find a dead peer within about a minute. */
const KEEP_ALIVE_MS = 30_000

/** Rejects where no whole answer came, with a sentence that says why; with the signal's reason when that aborts. */
export type HttpClient = (url: string, request: HttpRequest) => Promise<HttpAnswer>

interface Agents {
  readonly http: http.Agent
  readonly https: https.Agent
}

/** Its connections are kept for the next request; idle ones do not keep the process alive. */
export function createHttpClient(): HttpClient {
  const kept = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS }
  const agents: Agents = { http: new http.Agent(kept), https: new https.Agent(kept) }
  return async (url, request) => {
    try {
      return await send(agents, url, request)
    } catch (error) {
      request.signal.throwIfAborted()
      // The server may close a kept connection just as it is used again: that is no failure of the server.
      if (error instanceof StaleConnectionError) return await send(agents, url, request)
      throw error
    }
  }
}

/** A kept connection was closed by the server before the request reached it. */
class StaleConnectionError extends Error {}

function send(agents: Agents, url: string, request: HttpRequest): Promise<HttpAnswer> {
  const { method = 'POST', headers, body, signal } = request
  signal.throwIfAborted()
  const isTls = new URL(url).protocol === 'https:'
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
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
    reject(isStale ? new StaleConnectionError(sentenceOf(error)) : new Error(sentenceOf(error), { cause: error }))
  }
  sent.on('error', fail)
  sent.on('close', () => signal.removeEventListener('abort', abort))
  sent.on('socket', (socket) => {
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    if (!socket.connecting) return
    const late = () => sent.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1_000} s`))
    const timer = setTimeout(late, CONNECT_TIMEOUT_MS)
    socket.once(isTls ? 'secureConnect' : 'connect', () => clearTimeout(timer))
    socket.once('close', () => clearTimeout(timer))
  })
  sent.on('response', (response) => {
    const parts: Buffer[] = []
    response.on('data', (part: Buffer) => parts.push(part))
    response.on('error', fail)
    response.on('end', () => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString() })
    })
  })
  sent.end(payload)
  return promise
}

/** Node's error for a name with several addresses has an empty message, and its code has to stand for one. */
function sentenceOf(error: Error): string {
  const message = messageOf(error)
  return message === '' && 'code' in error ? String(error.code) : message
}
