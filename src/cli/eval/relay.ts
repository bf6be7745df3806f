/** An HTTP relay between the replica of an evaluation and the endpoint of its model, which shows every exchange to the evaluation. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { messageOf } from '../../errors.ts'
import { isRecord, parseJson } from '../../lib/json/json.ts'

export interface RelayOptions {
  /** The base URL of the endpoint, such as https://api.openai.com/v1. */
  readonly target: string
  /** Called with each question and each good response, before the replica gets the response. */
  readonly onAnswer: (request: Readonly<Record<string, unknown>>, response: unknown) => Promise<void>
  /** Called with the message of a response that refuses a request as wrong (400). */
  readonly onRefusal: (message: string) => void
  /** Once this signal has aborted, nothing more is asked of the endpoint, because nobody would keep the answer. */
  readonly stopped?: AbortSignal
}

export interface Relay {
  /** The base URL for the replica. */
  readonly url: string
  /** Ends the relay and every connection through it. */
  close(): Promise<void>
}

const BASE_PATH = '/v1'
/** Headers that belong to one connection, or that describe a body as it was before fetch decoded it. */
const HOP_HEADERS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'host',
  'keep-alive',
  'transfer-encoding',
])

/** Starts a relay on a free port of this machine. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const server = createServer((request, response) => {
    pass(request, response, options).catch((error: unknown) => {
      // A status of 502 makes the replica ask again, as it does where the endpoint itself is away.
      if (!response.headersSent) response.writeHead(502, { 'content-type': 'application/json' })
      if (!response.destroyed) response.end(JSON.stringify({ error: { message: describe(error) } }))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${BASE_PATH}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function pass(request: IncomingMessage, response: ServerResponse, options: RelayOptions): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const body = await readText(request)
  options.stopped?.throwIfAborted()
  const path = (request.url ?? '/').replace(new RegExp(`^${BASE_PATH}(?=/)`), '')
  const answer = await fetch(`${options.target.replace(/\/$/, '')}${path}`, {
    method: request.method ?? 'POST',
    headers: Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
      HOP_HEADERS.has(name) || value === undefined ? [] : [[name, [value].flat().join(', ')]],
    ),
    ...(body === '' ? {} : { body }),
    signal: gone.signal,
  })
  const text = await answer.text()
  const question = parseJson(body)
  if (answer.status === 200 && isRecord(question)) await options.onAnswer(question, parseJson(text))
  if (answer.status === 400) options.onRefusal(messageOfRefusal(parseJson(text)))
  response.writeHead(answer.status, Object.fromEntries([...answer.headers].filter(([name]) => !HOP_HEADERS.has(name))))
  response.end(text)
}

function messageOfRefusal(body: unknown): string {
  const error = isRecord(body) ? body.error : undefined
  return isRecord(error) && typeof error.message === 'string' ? error.message : ''
}

/** The message of an error with that of its cause, because fetch says only "fetch failed". */
function describe(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`
}
