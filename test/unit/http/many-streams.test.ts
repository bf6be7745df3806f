/** One HTTP/2 connection with the attempts of thousands of batches, of which Restate gives many up. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createPolyglotHttpServer } from '../../../src/http/polyglot.ts'
import { waitUntil } from '../../helpers/wait.ts'

/** More than Node lets a client reset by default, 1,000 and 33 more a second. */
const RESETS = 3_000
const WAVE = 500

async function connectTo(t: TestContext, listener: RequestListener): Promise<ClientHttp2Session> {
  const server = createPolyglotHttpServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  t.after(() => {
    session.destroy()
    server.close()
    server.closeAllConnections()
  })
  await once(session, 'remoteSettings')
  return session
}

async function send(session: ClientHttp2Session, path: string, body: Buffer): Promise<string> {
  const stream = session.request({ ':method': 'POST', ':path': path })
  stream.end(body)
  return (await stream.toArray()).join('')
}

test('a client that gives thousands of requests up keeps its connection', async (t) => {
  let begun = 0
  const session = await connectTo(t, (request, response) => {
    begun += 1
    if (request.url === '/answered') response.end('answered')
  })
  for (let sent = 0; sent < RESETS; ) {
    const streams = Array.from({ length: WAVE }, () => session.request({ ':method': 'POST', ':path': '/given-up' }))
    sent += WAVE
    await waitUntil('the wave has begun', () => begun === sent)
    for (const stream of streams) {
      stream.on('error', () => undefined)
      stream.close(constants.NGHTTP2_CANCEL)
    }
  }
  assert.equal(await send(session, '/answered', Buffer.alloc(10)), 'answered')
})
