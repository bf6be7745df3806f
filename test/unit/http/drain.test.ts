/** The drain of a replica's HTTP server with calls as Restate makes them, on real connections of HTTP/1.1 and HTTP/2. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { buildApp } from '../../../src/app.ts'
import { drainApp } from '../../../src/http/drain.ts'
import { createMetrics } from '../../../src/metrics.ts'

/** Longer than any test may take: a drain that lasts until its time limit fails the test by the test's own limit. */
const NO_DRAIN_TIMEOUT_MS = 120_000
const TEST_TIMEOUT_MS = 30_000
/**
 * Between the end of the last call and the end of the drain, both seen in this process: shorter than the shortest bound after which
 * the server closes a connection by itself, which is 10 s.
 */
const MAX_CLOSE_MS = 9_000

interface TestServer {
  readonly app: FastifyInstance
  readonly port: number
  readonly url: string
  /** The warnings that the server has logged. */
  readonly warnings: readonly string[]
  /** Resolves when a call of `/invoke/slow` or `/invoke/stream` has begun. */
  readonly began: Promise<void>
  /** Lets the calls of `/invoke/slow` and `/invoke/stream` end. */
  finish(): void
  openConnections(): Promise<number>
}

async function startServer(t: TestContext): Promise<TestServer> {
  const warnings: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => warnings.push(line) })
  const began = Promise.withResolvers<void>()
  const finished = Promise.withResolvers<void>()
  const answer = async (url: string | undefined, response: ServerResponse) => {
    if (url === '/invoke/fast') return response.end('fast')
    if (url === '/invoke/stream') response.write('slow, ')
    began.resolve()
    await finished.promise
    response.end(url === '/invoke/stream' ? 'streamed' : 'slow')
  }
  const app = await buildApp({
    service: 'test',
    model: 'test',
    log,
    metrics: createMetrics(),
    pingDatabase: async () => undefined,
    writeRefusal: () => undefined,
    clock: { now: Date.now, skewMs: () => undefined },
    nodeClocks: { note: () => undefined, skewMs: () => undefined },
    hosts: null,
    createRestateHandler: () => (call, response) => void answer(call.url, response),
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(async () => {
    app.server.closeAllConnections()
    await app.close()
  })
  const { port } = app.server.address() as AddressInfo
  return {
    app,
    port,
    url: `http://127.0.0.1:${port}`,
    warnings,
    began: began.promise,
    finish: finished.resolve,
    openConnections: () =>
      new Promise((resolve, reject) => {
        app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
      }),
  }
}

function keepAliveAgent(t: TestContext): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  return agent
}

/** Resolves with the whole response of HTTP/1.1. */
async function post(url: string, agent: Agent): Promise<{ readonly response: IncomingMessage; readonly body: string }> {
  const call = request(url, { agent, method: 'POST' }).end()
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  let body = ''
  for await (const chunk of response) body += chunk
  return { response, body }
}

async function connected(t: TestContext, port: number, firstBytes = ''): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1').on('error', () => undefined)
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  if (firstBytes !== '') await new Promise((resolve) => socket.write(firstBytes, resolve))
  return socket
}

/** Begins a drain. Resolves, when the server has stopped listening, with a function that waits for the drain's end. */
async function beginDrain({ app }: TestServer): Promise<() => Promise<void>> {
  const drained = drainApp(app, NO_DRAIN_TIMEOUT_MS, app.log)
  while (app.server.listening) await new Promise((resolve) => setImmediate(resolve))
  return () => drained
}

async function untilOpen(server: TestServer, count: number): Promise<void> {
  while ((await server.openConnections()) !== count) await new Promise((resolve) => setImmediate(resolve))
}

describe('a drain with a call in flight ends when the call has ended', { timeout: TEST_TIMEOUT_MS }, () => {
  test('HTTP/1.1, on a connection that the client would keep', async (t) => {
    const server = await startServer(t)
    const agent = keepAliveAgent(t)
    await post(`${server.url}/invoke/fast`, agent)
    const answer = post(`${server.url}/invoke/slow`, agent)
    await server.began
    const drained = await beginDrain(server)
    server.finish()
    const { response, body } = await answer
    const endedAt = performance.now()
    await drained()
    assert.ok(performance.now() - endedAt < MAX_CLOSE_MS)
    assert.equal(body, 'slow')
    assert.equal(response.headers.connection, 'close')
    assert.deepEqual(server.warnings, [])
  })

  test('HTTP/1.1, where the headers were sent before the drain began', async (t) => {
    const server = await startServer(t)
    const answer = post(`${server.url}/invoke/stream`, keepAliveAgent(t))
    await server.began
    const drained = await beginDrain(server)
    server.finish()
    const { body } = await answer
    const endedAt = performance.now()
    await drained()
    assert.ok(performance.now() - endedAt < MAX_CLOSE_MS)
    assert.equal(body, 'slow, streamed')
    assert.deepEqual(server.warnings, [])
  })

  test('HTTP/1.1, where the client goes away instead of waiting for the end', async (t) => {
    const server = await startServer(t)
    const call = request(`${server.url}/invoke/stream`, { agent: keepAliveAgent(t), method: 'POST' }).end()
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    response.on('error', () => undefined)
    const drained = await beginDrain(server)
    call.destroy()
    await drained()
    assert.deepEqual(server.warnings, [])
  })

  test('HTTP/2', async (t) => {
    const server = await startServer(t)
    const session = connectHttp2(server.url)
    t.after(() => session.destroy())
    const stream = session.request({ ':method': 'POST', ':path': '/invoke/slow' })
    await server.began
    const drained = await beginDrain(server)
    server.finish()
    let body = ''
    for await (const chunk of stream) body += chunk
    const endedAt = performance.now()
    await drained()
    assert.ok(performance.now() - endedAt < MAX_CLOSE_MS)
    assert.equal(body, 'slow')
    assert.deepEqual(server.warnings, [])
  })
})

describe('connections on which nothing runs do not hold up a drain', { timeout: TEST_TIMEOUT_MS }, () => {
  test('HTTP/1.1 after a response', async (t) => {
    const server = await startServer(t)
    await post(`${server.url}/invoke/fast`, keepAliveAgent(t))
    await drainApp(server.app, NO_DRAIN_TIMEOUT_MS, server.app.log)
  })

  test('HTTP/2 after a response', async (t) => {
    const server = await startServer(t)
    const session = connectHttp2(server.url)
    t.after(() => session.destroy())
    for await (const _ of session.request({ ':method': 'POST', ':path': '/invoke/fast' }));
    await drainApp(server.app, NO_DRAIN_TIMEOUT_MS, server.app.log)
  })

  for (const firstBytes of ['', 'PRI * HT', 'POST /invoke/fast HTTP/1.1\r\nhost: ']) {
    test(`a client that has sent ${JSON.stringify(firstBytes)} alone`, async (t) => {
      const server = await startServer(t)
      await connected(t, server.port, firstBytes)
      await untilOpen(server, 1)
      await drainApp(server.app, NO_DRAIN_TIMEOUT_MS, server.app.log)
    })
  }
})

test('a call that outlives the time limit is cut off, and the log says so', { timeout: TEST_TIMEOUT_MS }, async (t) => {
  const server = await startServer(t)
  const answer = post(`${server.url}/invoke/slow`, keepAliveAgent(t))
  await server.began
  const cutOff = assert.rejects(answer, /ECONNRESET|socket hang up/)
  await drainApp(server.app, 50, server.app.log)
  await cutOff
  assert.match(server.warnings.join(), /Some work did not end in time/)
})
