/** The set of open connections of a server: it holds a connection for as long as the connection is open, and no longer. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createConnections } from '../../../src/http/connections.ts'

const CLIENTS = 20

test('clients that abort their second request on a connection leave no connection in the set', async (t) => {
  const connections = createConnections()
  const server = createServer((message, response) => {
    connections.requestBegan(message.socket, response)
    if (message.url === '/fast') response.end()
    else response.flushHeaders()
  })
  const closed: Promise<unknown>[] = []
  server.on('connection', (socket) => {
    connections.opened(socket)
    closed.push(once(socket, 'close'))
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
  await Promise.all(closed)
  // The response of an aborted request closes after its socket.
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(closed.length, CLIENTS)
  assert.equal(connections.count(), 0)
})
