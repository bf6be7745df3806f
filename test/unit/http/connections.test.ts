/** The set of open connections of a server: it holds a connection for as long as the connection is open, and no longer. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, type IncomingMessage, type RequestListener, request, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createConnections } from '../../../src/http/connections.ts'
import { createPolyglotHttpServer } from '../../../src/http/polyglot.ts'

const CLIENTS = 20

/** Answers `/fast` at once and any other path never. */
const answerFastAlone: RequestListener = (message, response) => {
  if (message.url === '/fast') response.end()
  else response.flushHeaders()
}

/** Each client finishes one request, aborts the next on the same connection, and goes. Resolves when all connections are closed. */
async function abortSecondRequests(t: TestContext, server: Server): Promise<readonly Socket[]> {
  const sockets = new Map<Socket, Promise<unknown>>()
  server.on('connection', (socket) => {
    if (!sockets.has(socket)) sockets.set(socket, once(socket, 'close'))
  })
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (let client = 0; client < CLIENTS; client += 1) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const [first] = (await once(request(`${url}/fast`, { agent }).end(), 'response')) as [IncomingMessage]
    await once(first.resume(), 'end')
    const second = request(`${url}/hang`, { agent }).end()
    const [response] = (await once(second, 'response')) as [IncomingMessage]
    response.on('error', () => undefined)
    second.destroy()
    agent.destroy()
  }
  await Promise.all(sockets.values())
  // The response of an aborted request closes after its socket.
  await new Promise((resolve) => setImmediate(resolve))
  return [...sockets.keys()]
}

test('clients that abort their second request on a connection leave no socket that a closing server still handles', async (t) => {
  const server = createPolyglotHttpServer(answerFastAlone)
  const sockets = await abortSecondRequests(t, server)
  assert.equal(sockets.length, CLIENTS)
  const destroyed: Socket[] = []
  for (const socket of sockets) {
    socket.destroy = () => {
      destroyed.push(socket)
      return socket
    }
  }
  server.closeIdleConnections()
  server.closeAllConnections()
  assert.equal(destroyed.length, 0)
})

test('clients that abort their second request on a connection leave no connection in the set', async (t) => {
  const connections = createConnections({ headersMs: 60_000, keepAliveMs: 60_000 })
  const server = createPolyglotHttpServer((message, response) => {
    connections.requestBegan(message.socket, response)
    answerFastAlone(message, response)
  })
  server.on('connection', (socket) => connections.opened(socket))
  await abortSecondRequests(t, server)
  assert.equal(connections.count(), 0)
})
