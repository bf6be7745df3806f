/** A Restate ingress over real HTTP whose answers a test scripts one by one. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BatchResponse } from '../../../src/restate/contract.ts'

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Whether the connection is cut in the place of an answer. */
  readonly cut?: boolean
}

export interface ScriptedIngress {
  readonly url: string
  /** Paths of the requests so far, without those of the health probe. */
  readonly asked: string[]
  close(): Promise<void>
}

/** The answer of a Restate to which no deployment is registered. */
export const UNKNOWN_SERVICE = { status: 404, body: { message: "service 'classify-api' not found" } }

/** The answer of Restate for an invocation that ended with a failure. */
export function failedInvocation(status: number, message: string): Reply {
  return { status, headers: { 'x-restate-error-source': 'invocation' }, body: { message } }
}

/** `script` gets of each request but the health probe the path, the parsed body, its number, which counts from 0, and its headers. */
export async function startScriptedIngress(
  script: (path: string, body: unknown, index: number, headers: IncomingHttpHeaders) => Reply | Promise<Reply>,
): Promise<ScriptedIngress> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    request.on('end', async () => {
      if (request.url === '/restate/health') return response.end()
      const path = request.url ?? ''
      const reply = await script(path, JSON.parse(text), asked.push(path) - 1, request.headers)
      if (reply.cut === true) return request.socket.destroy()
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers })
      response.end(JSON.stringify(reply.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The answer to a batch that was classified by rules. Of each result it holds the id and the status alone. */
export function batchDone(body: unknown): Reply {
  const { run_id, indicators } = body as { run_id: string; indicators: readonly { indicator_id: string }[] }
  const count = indicators.length
  const results = indicators.map(({ indicator_id }) => ({ indicator_id, status: 'accepted' }))
  const summary: BatchResponse['summary'] = {
    indicators: count,
    classified: count,
    unchanged: 0,
    needs_review: 0,
    unverified: 0,
    by_source: { rules: count, reuse: 0, model: 0, escalation: 0, person: 0 },
    model_requests: 0,
    tokens: { input: 0, cached: 0, output: 0 },
    cost_usd: 0,
    warnings: [],
  }
  return { body: { run_id, results, summary } }
}
