/** A chat completions endpoint on loopback that answers as real gateways, local servers and accounts do, one quirk at a time. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readRequest } from './answerer.ts'
import { QUIRKS, type QuirkName } from './quirks.ts'
import type { Quirk, Reply, Seen } from './types.ts'

/** A quirk by its name, a quirk of the test's own, or several that take turns from request to request. */
export type Behaviour = QuirkName | Quirk | readonly (QuirkName | Quirk)[]

export interface QuirkyEndpoint {
  /** The value for OPENAI_BASE_URL. */
  readonly url: string
  /** The requests since the start or the last `behave`, in order of arrival. */
  readonly asked: readonly Seen[]
  /** What a provider would bill since then: the requests that the model worked for, and their tokens. */
  readonly billed: { readonly requests: number; readonly input: number; readonly output: number }
  /** The most requests that were in flight at once since then. */
  readonly mostInFlight: number
  /** Answers by `behaviour` from now on, and begins to count anew. */
  behave(behaviour: Behaviour): void
  close(): Promise<void>
}

/** Starts the endpoint on a free port. */
export async function startQuirkyEndpoint(behaviour: Behaviour = 'clean'): Promise<QuirkyEndpoint> {
  let quirks = listOf(behaviour)
  let asked: Seen[] = []
  let billed = { requests: 0, input: 0, output: 0 }
  let inFlight = 0
  let mostInFlight = 0

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    if (!path.split('?', 1)[0]?.endsWith('/chat/completions')) {
      return send(response, { status: 404, body: { error: { message: `no ${path}` } } })
    }
    const text = Buffer.concat(parts).toString('utf8')
    const seen = readRequest({ index: asked.length, path, headers: request.headers }, text)
    asked.push(seen)
    const quirk = quirks[seen.index % quirks.length]
    if (quirk === undefined) throw new TypeError('an endpoint needs at least one quirk')
    const reply = await quirk(seen)
    if (reply.isBilled ?? (reply.raw === undefined && (reply.status ?? 200) === 200)) {
      const { requests, input, output } = billed
      billed = { requests: requests + 1, input: input + seen.tokens.input, output: output + seen.tokens.output }
    }
    send(response, reply)
  }

  const server = createServer((request, response) => {
    inFlight += 1
    mostInFlight = Math.max(mostInFlight, inFlight)
    response.once('close', () => {
      inFlight -= 1
    })
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else send(response, { status: 500, body: { error: { message: String(error) } } })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    get asked() {
      return asked
    },
    get billed() {
      return billed
    },
    get mostInFlight() {
      return mostInFlight
    },
    behave(next) {
      quirks = listOf(next)
      asked = []
      billed = { requests: 0, input: 0, output: 0 }
      mostInFlight = inFlight
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listOf(behaviour: Behaviour): readonly Quirk[] {
  const list: readonly (QuirkName | Quirk)[] =
    typeof behaviour === 'string' || typeof behaviour === 'function' ? [behaviour] : behaviour
  return list.map((one) => (typeof one === 'string' ? QUIRKS[one] : one))
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '', raw }: Reply): void {
  if (raw !== undefined) {
    raw(response)
    return
  }
  const isText = typeof body === 'string' || Buffer.isBuffer(body)
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(isText ? body : JSON.stringify(body))
}
