/** Attempts with large journals: those beyond the room wait unread and longer than a journal may take to come, chunks and small ones pass. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as requestHttp1 } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type EndpointHandler, withAttemptStarts } from '../../../src/restate/attempts/attempt-starts.ts'
import { createInputRoom } from '../../../src/restate/attempts/input-room.ts'
import { waitUntil } from '../../helpers/wait.ts'

/** A start message as Restate sends it: the journal holds the input alone. */
const START = Buffer.from(
  '00000000000000530a1860bdbd5b86ee947d9d589466cdd0dfeccf1f1b86be91d1721226696e765f31614d7434305366436247383375' +
    '4554494765746d6f4237454b763637673333617418012801400148ba82e2bbaa8f92f5fd01',
  'hex',
)
const LARGE = 1_000_000
const SMALL = 50_000
/** A journal may take so long to come. */
const START_TIMEOUT_MS = 300

function attemptOf(inputBytes: number): Buffer {
  const input = Buffer.alloc(8 + inputBytes, 7)
  input.writeUInt32BE(inputBytes, 4)
  return Buffer.concat([START, input])
}

/** The attempts that were read to the end, by their paths, each with a function that ends it. */
type Begun = Map<string, () => void>

async function listen(t: TestContext, server: Server): Promise<number> {
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function watch(begun: Begun) {
  const handler = (async (request, response) => {
    let bytes = 0
    try {
      for await (const part of request) bytes += (part as Buffer).length
      begun.set(request.url ?? '', () => response.end(String(bytes)))
    } catch {
      begun.set(`${request.url} is cut off`, () => undefined)
    }
  }) as EndpointHandler
  const room = createInputRoom({ bytes: LARGE, waiting: 1 })
  return withAttemptStarts(handler, { startTimeoutMs: START_TIMEOUT_MS, room })
}

/** Sends an attempt and returns what came back; undefined where the connection was closed without an answer. */
type Send = (path: string, bytes: number) => Promise<string | undefined>

const clients = {
  'HTTP/1.1': async (t: TestContext, begun: Begun): Promise<Send> => {
    const port = await listen(t, createServer(watch(begun)))
    return async (path, bytes) => {
      const call = requestHttp1({ port, host: '127.0.0.1', path, method: 'POST', agent: false })
      call.end(attemptOf(bytes))
      try {
        const [response] = await once(call, 'response')
        return (await response.toArray()).join('')
      } catch {
        return undefined
      }
    }
  },
  'HTTP/2': async (t: TestContext, begun: Begun): Promise<Send> => {
    const port = await listen(t, createHttp2Server(watch(begun)))
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    t.after(() => session.destroy())
    return async (path, bytes) => {
      const stream = session.request({ ':method': 'POST', ':path': path })
      let text = ''
      stream
        .on('error', () => undefined)
        .on('data', (part) => {
          text += String(part)
        })
      stream.end(attemptOf(bytes))
      // A client that has not sent all of its body is told to stop, and closes no stream by itself.
      await new Promise((resolve) => stream.once('end', resolve).once('close', resolve))
      return text === '' ? undefined : text
    }
  },
}

for (const [protocol, connect] of Object.entries(clients)) {
  test(`${protocol}: a large journal waits until another has ended, chunks and small ones pass, and who finds the line full is cut off`, async (t) => {
    const begun: Begun = new Map()
    const send = await connect(t, begun)
    const batch = (name: string) => `/invoke/classify-api/batch?${name}`
    const chunk = '/invoke/classifier/chunk?c'
    const first = send(batch('a'), LARGE)
    await waitUntil('the first is read', async () => begun.has(batch('a')))
    const second = send(batch('b'), LARGE)
    const small = send(batch('small'), SMALL)
    const large = send(chunk, LARGE)
    await waitUntil('what needs no room is read', async () => begun.has(batch('small')) && begun.has(chunk))
    assert.equal(await send(batch('c'), LARGE), undefined)
    // The second waits for longer than its journal might take to come.
    await new Promise((resolve) => setTimeout(resolve, 2 * START_TIMEOUT_MS))
    assert.equal(begun.has(batch('b')), false)
    assert.equal(begun.has(`${batch('b')} is cut off`), false)
    for (const path of [batch('a'), batch('small'), chunk]) begun.get(path)?.()
    assert.equal(await first, String(attemptOf(LARGE).length))
    assert.equal(await small, String(attemptOf(SMALL).length))
    assert.equal(await large, String(attemptOf(LARGE).length))
    await waitUntil('the second is read', async () => begun.has(batch('b')))
    begun.get(batch('b'))?.()
    assert.equal(await second, String(attemptOf(LARGE).length))
  })
}
