/** docker/health.sh, by which Docker decides whether a container is healthy, against real servers. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { skipWithout } from '../helpers/programs.ts'

const SCRIPT = fileURLToPath(new URL('../../docker/health.sh', import.meta.url))
const skip = await skipWithout('bash', 'bash')

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

function isHealthy(port: number, ...path: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('bash', [SCRIPT, String(port), ...path], (error) => resolve(error === null))
  })
}

test('200 is healthy, and the script asks for /health or for the path that it is given', { skip }, async (t) => {
  const asked: (string | undefined)[] = []
  const server = createHttpServer((request, response) => {
    asked.push(request.url)
    response.statusCode = request.url === '/elsewhere' ? 404 : 200
    response.end('{"status":"ok"}')
  })
  const port = await listen(t, server)
  assert.equal(await isHealthy(port), true)
  assert.equal(await isHealthy(port, '/live'), true)
  assert.equal(await isHealthy(port, '/elsewhere'), false)
  assert.deepEqual(asked, ['/health', '/live', '/elsewhere'])
})

test('503 is unhealthy', { skip }, async (t) => {
  const server = createHttpServer((_request, response) => {
    response.statusCode = 503
    response.end()
  })
  assert.equal(await isHealthy(await listen(t, server)), false)
})

test('a server that closes the connection without an answer is unhealthy', { skip }, async (t) => {
  const server = createTcpServer((socket) => socket.end())
  assert.equal(await isHealthy(await listen(t, server)), false)
})

test('a server that accepts and never answers is unhealthy', {
  skip,
}, async (t) => {
  const sockets = new Set<{ destroy(): void }>()
  const server = createTcpServer((socket) => sockets.add(socket.on('error', () => undefined)))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  assert.equal(await isHealthy(await listen(t, server)), false)
})

test('a port on which nothing listens is unhealthy', { skip }, async () => {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  assert.equal(await isHealthy(port), false)
})
