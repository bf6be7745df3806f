/** Requests that may wait for hours: fetch gives a silent answer up after five minutes, and a batch may take longer. */
import http from 'node:http'
import https from 'node:https'
import { z } from 'zod'
import { messageOf } from '../../errors.ts'
import { parseJson } from '../../lib/json.ts'

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH'
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** The only bound on the answer. */
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

const errorSchema = z.object({ message: z.string() })

/** The sentence in an answer of Restate's that is no success: its `message`, else the beginning of the text. */
export function errorMessageOf({ text }: Pick<HttpAnswer, 'text'>): string {
  return errorSchema.safeParse(parseJson(text)).data?.message ?? text.slice(0, 300)
}

const CONNECT_TIMEOUT_MS = 10_000
/** First probe of a silent connection; the system's further ones notice a dead peer within a minute or so. */
const KEEP_ALIVE_MS = 30_000

/** Rejects where no whole answer came, with a sentence that says why; with the signal's reason when it is aborted. */
export type HttpClient = (url: string, request: HttpRequest) => Promise<HttpAnswer>

interface Agents {
  readonly http: http.Agent
  readonly https: https.Agent
}

/** Keeps its connections for the next request; those that are idle do not hold the process. */
export function createHttpClient(): HttpClient {
  const kept = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS }
  const agents: Agents = { http: new http.Agent(kept), https: new https.Agent(kept) }
  return async (url, request) => {
    try {
      return await send(agents, url, request)
    } catch (error) {
      request.signal.throwIfAborted()
      // A kept connection that the other side had closed in the meantime says nothing about the other side.
      if (error instanceof StaleConnectionError) return await send(agents, url, request)
      throw error
    }
  }
}

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

/** A name with several addresses gives an error without words of its own. */
function sentenceOf(error: Error): string {
  const message = messageOf(error)
  return message === '' && 'code' in error ? String(error.code) : message
}
