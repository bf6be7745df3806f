/** A port of the guard in this process, before a node that the test scripts, with idempotency keys in memory. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import type { GuardUpstream } from '../../../src/config/guard-values.ts'
import type { SharedParts } from '../../../src/guard/answer.ts'
import { BODY_BOUNDS, createBodyReader } from '../../../src/guard/bodies.ts'
import { createCallBound } from '../../../src/guard/call-bound.ts'
import { createCounts } from '../../../src/guard/counts.ts'
import type { PortKind } from '../../../src/guard/examine.ts'
import type { InspectBody } from '../../../src/guard/inspect-body.ts'
import { createKeyCheck } from '../../../src/guard/key-check.ts'
import { createNodeMarks } from '../../../src/guard/node-marks.ts'
import { createPort } from '../../../src/guard/port.ts'
import { allowedHosts } from '../../../src/lib/network/caller.ts'
import { NODE_SILENCE, type SilenceTimes } from '../../../src/lib/silence.ts'
import type { IdempotencyKeys } from '../../../src/store/idempotency/types.ts'

/** Passes every body on as it is. */
const passAsItIs: InspectBody = (_handler, bytes) => ({ bytes })

export interface GuardPort {
  readonly port: number
  readonly url: string
  readonly shared: SharedParts
  /** What the guard has logged. */
  readonly lines: readonly string[]
  close(): Promise<void>
}

export function memoryKeys(): IdempotencyKeys {
  const bodies = new Map<string, string>()
  return {
    note: async ({ scope, body }) => {
      const known = bodies.get(scope) ?? body
      bodies.set(scope, known)
      return known === body
    },
    deleteOld: async () => 0,
  }
}

export async function startGuardPort(
  upstream: GuardUpstream,
  options: Partial<SharedParts> & { readonly kind?: PortKind } = {},
): Promise<GuardPort> {
  const { kind = 'ingress', ...overrides } = options
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) })
  const calls = overrides.calls ?? createCallBound(256)
  const bodies = overrides.bodies ?? createBodyReader(BODY_BOUNDS)
  const keys = overrides.keys ?? createKeyCheck(memoryKeys(), log)
  const shared: SharedParts = {
    ...{ calls, bodies, keys, log, inspectBody: passAsItIs, openApi: '{"openapi":"3.1.0"}' },
    questions: createCallBound(256),
    hosts: allowedHosts([]),
    tokens: () => null,
    counts: createCounts({ calls, bodies, keys }),
    marks: createNodeMarks([upstream]),
    silence: NODE_SILENCE,
    ...overrides,
  }
  const app = await createPort(kind, { port: 0, upstream }, shared)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const close = async () => {
    keys.close()
    await app.close()
  }
  return { port, url: `http://127.0.0.1:${port}`, shared, lines, close }
}

/** A node whose every answer is the test's. */
export interface ScriptedNode {
  readonly server: Server
  readonly url: string
  /** The requests so far. */
  readonly requests: IncomingMessage[]
  close(): Promise<void>
}

export type Script = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** Starts the node on `at`: a path of a unix socket, or a port of 127.0.0.1, by default a free one. */
export async function startScriptedNode(script: Script, at: string | number = 0): Promise<ScriptedNode> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    void script(request, response)
  })
  if (typeof at === 'string') server.listen(at)
  else server.listen(at, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    server,
    url: typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '',
    requests,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  /** The code of a refusal. */
  readonly code: string | undefined
}

export interface Call {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Buffer
}

/** Sends one request with exactly these headers, as `fetch` would not, and reads the whole answer. */
export async function call(
  url: string,
  path: string,
  { method = 'POST', headers = {}, body }: Call = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url)
  const sent = request({ hostname, port, path, method, headers: headers as Record<string, string>, agent: false })
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const answer = await text(response)
  return { status: response.statusCode ?? 0, headers: response.headers, text: answer, code: codeOf(answer) }
}

function codeOf(answer: string): string | undefined {
  try {
    const { code } = JSON.parse(answer) as { readonly code?: string }
    return code
  } catch {
    return undefined
  }
}

/** Writes `bytes` to a port as they are, and resolves with all that came until the guard closed the connection. */
export async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(bytes)
  return await text(socket)
}

/** A node that answers with what it was sent. */
export const echo: Script = async (asked, response) => {
  const body = await buffer(asked)
  response.setHeader('content-type', 'application/json')
  response.end(
    JSON.stringify({
      method: asked.method,
      url: asked.url,
      headers: asked.headers,
      bytes: body.length,
      body: body.subarray(0, 100).toString(),
    }),
  )
}

/** A guard that asks its node only after an hour whether it lives: on a slow machine its questions would be counted, and held, as calls. */
const UNASKED: SilenceTimes = { ...NODE_SILENCE, everyMs: 3_600_000 }

/** A port of the guard before a node that runs the script, both closed behind the test. */
export async function world(
  context: TestContext,
  script: Script = echo,
  options: Parameters<typeof startGuardPort>[1] = {},
) {
  const node = await startScriptedNode(script)
  const guard = await startGuardPort({ url: node.url }, { silence: UNASKED, ...options })
  context.after(async () => {
    await guard.close()
    await node.close()
  })
  return { node, guard, ask: (path: string, sent?: Call) => call(guard.url, path, sent) }
}
