/** Clients that send their requests for ever: each loses its connection, and one that waits for a slow answer keeps it. */
import assert from 'node:assert/strict'
import { type EventEmitter, once } from 'node:events'
import type { RequestListener } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createPolyglotHttpServer } from '../../../src/http/polyglot.ts'
import { type EndpointHandler, withAttemptStarts } from '../../../src/restate/attempts/attempt-starts.ts'
import { waitUntil } from '../../helpers/wait.ts'

const TIMES = { headersMs: 100, keepAliveMs: 100, bodyMs: 50 }
/** Milliseconds between two bytes of a client that trickles. */
const BETWEEN_MS = 20

async function listen(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createPolyglotHttpServer(listener, TIMES)
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Waits for the end of a connection. `once` of Node.js would reject where a byte is written that nobody reads any more. */
async function closed(connection: EventEmitter): Promise<void> {
  await new Promise<void>((resolve) => void connection.once('close', () => resolve()))
}

/** Sends `head` and then a byte now and then; resolves with what came back once the connection is closed. */
async function trickle(port: number, head: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let got = ''
  socket.on('data', (part) => {
    got += part.toString()
  })
  socket.on('error', () => undefined)
  if (head !== '') socket.write(head)
  const timer = setInterval(() => socket.writable && head !== '' && socket.write('a'), BETWEEN_MS)
  await closed(socket)
  clearInterval(timer)
  return got
}

const answerAtOnce: RequestListener = (_request, response) => {
  response.statusCode = 401
  response.end('no')
}

test('a connection without a request, and one whose headers never end, are closed', async (t) => {
  const port = await listen(t, answerAtOnce)
  assert.equal(await trickle(port, ''), '')
  assert.equal(await trickle(port, 'GET / HTTP/1.1\r\nhost: x\r\nx-slow: '), '')
  assert.match(await trickle(port, 'GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nx-slow: '), /401/)
})

test('a body that goes on after its request was answered is cut off', async (t) => {
  const port = await listen(t, answerAtOnce)
  assert.match(await trickle(port, 'POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n'), /401[\s\S]*no/)
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  t.after(() => session.destroy())
  const stream = session.request({ ':method': 'POST', ':path': '/x' })
  stream.on('error', () => undefined)
  stream.resume()
  const timer = setInterval(() => stream.writable && stream.write('a'), BETWEEN_MS)
  await closed(stream)
  clearInterval(timer)
})

test('a call of Restate whose journal never comes is cut off, in HTTP/1.1 and HTTP/2', async (t) => {
  const seen: string[] = []
  const handler = (async (request, response) => {
    try {
      for await (const _ of request) seen.push('a part')
    } catch {
      seen.push('cut off')
    }
    response.end()
  }) as EndpointHandler
  const port = await listen(t, withAttemptStarts(handler, { startTimeoutMs: TIMES.headersMs }) as RequestListener)
  await trickle(port, 'POST /invoke/s/h HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n')
  // The client may learn of the end before the server's handler does.
  await waitUntil('the handler is cut off', () => seen.at(-1) === 'cut off')
  seen.length = 0
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  t.after(() => session.destroy())
  const stream = session.request({ ':method': 'POST', ':path': '/invoke/s/h' })
  stream.on('error', () => undefined)
  stream.resume()
  // The first part comes with the headers, so that the bound for the whole cannot end before it.
  stream.write('a')
  const timer = setInterval(() => stream.writable && stream.write('a'), BETWEEN_MS)
  t.after(() => clearInterval(timer))
  await waitUntil('the handler is cut off', () => seen.at(-1) === 'cut off')
  assert.ok(seen.includes('a part'))
})

test('an answer may take longer than any of these bounds', async (t) => {
  const port = await listen(t, (_request, response) => void setTimeout(() => response.end('late'), 5 * TIMES.headersMs))
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'late')
})
