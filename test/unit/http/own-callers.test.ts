/** A replica on loopback refuses web pages of other origins and names of this machine that others gave it, over HTTP/1.1 and HTTP/2. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { buildApp } from '../../../src/app.ts'
import { allowedHosts } from '../../../src/lib/network/caller.ts'
import { createMetrics } from '../../../src/metrics.ts'

let app: FastifyInstance
let port: number

before(async () => {
  app = await buildApp({
    service: 'test',
    model: 'test',
    log: pino({ level: 'silent' }),
    metrics: createMetrics(),
    pingDatabase: async () => undefined,
    writeRefusal: () => undefined,
    clock: { now: Date.now, skewMs: () => undefined },
    nodeClocks: { note: () => undefined, skewMs: () => undefined },
    hosts: allowedHosts(['replica.example.org']),
    createRestateHandler: () => (_call, response) => void response.end('called'),
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  port = (app.server.address() as AddressInfo).port
})

after(async () => {
  app.server.closeAllConnections()
  await app.close()
})

async function ask(path: string, method: string, headers: Readonly<Record<string, string>>) {
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }).end()
  const [response] = await once(sent, 'response')
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += part
  return { status: response.statusCode as number, text }
}

async function askHttp2(authority: string, headers: Readonly<Record<string, string>> = {}) {
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':method': 'POST', ':path': '/invoke/x/y', ':authority': authority, ...headers })
  stream.end()
  const [{ ':status': status }] = await once(stream, 'response')
  stream.resume()
  await once(stream, 'close')
  session.close()
  return status
}

const ROUTES = [
  ['GET', '/classify-api/health'],
  ['GET', '/metrics'],
  ['GET', '/discover'],
  ['POST', '/invoke/classify-api/batch'],
] as const

test('a foreign Host is refused on every route', async () => {
  for (const [method, path] of ROUTES) {
    const { status, text } = await ask(path, method, { host: `rebound.example:${port}` })
    assert.equal(status, 403, path)
    assert.equal(JSON.parse(text).code, 'foreign-host')
  }
  assert.equal(await askHttp2(`rebound.example:${port}`), 403)
})

test('a page of another origin is refused on every route', async () => {
  for (const [method, path] of ROUTES) {
    for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
      const { status, text } = await ask(path, method, { host: `localhost:${port}`, ...headers })
      assert.equal(status, 403, path)
      assert.equal(JSON.parse(text).code, 'foreign-origin')
    }
  }
  assert.equal(await askHttp2(`127.0.0.1:${port}`, { origin: 'http://evil.example' }), 403)
})

test('Restate, curl and a person at a browser are answered, by any name of this machine or a configured one', async () => {
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, 'replica.example.org']) {
    for (const [method, path] of ROUTES) {
      assert.equal((await ask(path, method, { host, 'sec-fetch-site': 'none' })).status, 200, `${host} ${path}`)
    }
    assert.equal(await askHttp2(host), 200)
  }
})
