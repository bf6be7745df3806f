/** The signs of life of a replica: pings while a call of HTTP/2 is open, and none on an idle connection. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect, createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHeartbeat } from '../../../src/http/heartbeat.ts'

const EVERY_MS = 10

const server = createServer()
const streams: ServerHttp2Stream[] = []
let client: ClientHttp2Session
let pings = 0

before(async () => {
  const heartbeat = createHeartbeat(EVERY_MS)
  server.on('session', (session) => heartbeat.sessionBegan(session))
  server.on('stream', (stream) => {
    stream.respond()
    streams.push(stream.resume())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  client.on('ping', () => {
    pings += 1
  })
})

after(async () => {
  client.destroy()
  server.close()
})

test('whoever waits for an answer hears a ping again and again, and nothing once all calls have ended', async () => {
  await sleep(5 * EVERY_MS)
  assert.equal(pings, 0)

  const calls = ['/a', '/b'].map((path) => client.request({ ':path': path, ':method': 'POST' }).resume())
  while (pings < 5) await sleep(EVERY_MS)
  for (const call of calls) call.end()
  while (streams.length < 2) await sleep(EVERY_MS)
  streams[0]?.end()
  const before = pings
  while (pings < before + 5) await sleep(EVERY_MS)
  streams[1]?.end()
  while (!streams.every((stream) => stream.destroyed)) await sleep(EVERY_MS)
  // A ping that is under way arrives before the answer to one of the client.
  await new Promise((resolve) => client.ping(resolve))
  const last = pings
  await sleep(10 * EVERY_MS)
  assert.equal(pings, last)
})
