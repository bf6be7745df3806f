/** Bodies that pass a port of the guard: how large and how slow they may be, how long they are held, and what is left out of them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createBodyReader } from '../../../src/guard/bodies.ts'
import { inspectBody } from '../../../src/guard/inspect-body.ts'
import { refusal } from '../../../src/guard/refusals.ts'
import { parseTokens } from '../../../src/http/tokens.ts'
import { MAX_JSON_BYTES } from '../../../src/lib/json/json-shape.ts'
import { sha256 } from '../../../src/lib/sha256.ts'
import { echo, world } from '../../helpers/servers/guard-port.ts'
import { waitUntil } from '../../helpers/wait.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** The bytes of all buffers that are in use. */
function buffersNow(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

test('large bodies and answers pass, those beyond the bound are refused, declared or not', async (t) => {
  const { node, guard, ask } = await world(t, async (asked, response) => {
    const length = await buffer(asked).then(
      (body) => body.length,
      () => -1,
    )
    response.end(asked.url === '/other/large' ? Buffer.alloc(40_000_000, 7) : String(length))
  })
  const most = Buffer.alloc(MAX_JSON_BYTES, 32)
  assert.equal((await ask('/classify-api/batch', { body: most })).text, String(MAX_JSON_BYTES))
  assert.equal((await ask('/other/handler', { body: most })).text, String(MAX_JSON_BYTES))
  assert.equal((await ask('/other/large', { method: 'GET' })).text.length, 40_000_000)
  await waitUntil('the bodies are given back', () => guard.shared.bodies.heldBytes === 0)
  const before = node.requests.length
  const beyond = Buffer.concat([most, Buffer.from(' ')])
  for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
    const refused = await ask('/classify-api/batch', { headers, body: beyond })
    assert.deepEqual([refused.status, refused.code], [413, 'body-too-large'])
  }
  assert.equal((await ask('/other/handler', { body: beyond })).code, 'body-too-large')
  assert.equal(node.requests.length, before)
  assert.equal((await ask('/other/handler', { headers: { 'transfer-encoding': 'chunked' }, body: beyond })).status, 413)
})

test('a caller who asks before it sends its body is refused before it is sent, and permitted where it is read', async (t) => {
  const tokens = parseTokens(`reader:${sha256('reader')}:read`, 'tokens')
  const { node, guard } = await world(t, echo, { tokens: () => tokens })
  const asks = (path: string, further: Readonly<Record<string, string>>) => {
    const headers = { expect: '100-continue', authorization: 'Bearer reader', 'content-length': '2', ...further }
    const sent = request(`${guard.url}${path}`, { method: 'POST', headers, agent: false })
    let isPermitted = false
    sent.once('continue', () => {
      isPermitted = true
      sent.end('{}')
    })
    sent.flushHeaders()
    return once(sent, 'response').then(([response]: IncomingMessage[]) => {
      const found = [response?.statusCode, isPermitted, response?.headers.connection]
      sent.destroy()
      return found
    })
  }
  const tooLong = String(MAX_JSON_BYTES + 1)
  const refused: readonly [string, Readonly<Record<string, string>>, number][] = [
    ['/classify-api/status', { 'content-length': tooLong }, 413],
    ['/classify-api/status', { host: 'evil.example' }, 403],
    ['/classify-api/status', { authorization: 'Bearer nobody' }, 401],
    ['/classify-api/status', { 'content-encoding': 'gzip' }, 415],
    ['/classify-api/batch', {}, 403],
    ['/other/handler', { 'content-length': tooLong }, 403],
  ]
  for (const [path, headers, status] of refused)
    assert.deepEqual(await asks(path, headers), [status, false, 'close'], `${path} ${JSON.stringify(headers)}`)
  assert.equal(node.requests.length, 0)
  const [status, isPermitted] = await asks('/classify-api/status', {})
  assert.deepEqual([status, isPermitted], [200, true])
})

test('a body that comes too slowly is refused, and so is one too many at once', async (t) => {
  const bodies = createBodyReader({ maxHeldBytes: 10_000, timeoutMs: 300 })
  const { node, guard, ask } = await world(t, echo, { bodies })
  const slow = request(`${guard.url}/classify-api/batch`, { method: 'POST', headers: { 'content-length': '9000' } })
  slow.write('x'.repeat(8_000))
  await waitUntil('the body is awaited', () => bodies.heldBytes === 8_000)
  const many = await ask('/classify-api/batch', { body: 'x'.repeat(5_000) })
  assert.deepEqual([many.status, many.code, many.headers['retry-after']], [429, 'too-many-calls', '2'])
  const [response] = await once(slow, 'response')
  assert.equal(response.statusCode, 408)
  slow.destroy()
  assert.equal(bodies.heldBytes, 0)
  assert.equal((await ask('/classify-api/batch', { body: 'x'.repeat(5_000) })).status, 200)
  assert.equal(node.requests.length, 1)
})

test('callers who declare large bodies and send nothing leave the room to others', async (t) => {
  const { guard, ask } = await world(t)
  const headers = { 'content-length': String(MAX_JSON_BYTES) }
  const silent = Array.from({ length: 8 }, () =>
    request(`${guard.url}/classify-api/batch`, { method: 'POST', headers }),
  )
  for (const sent of silent) sent.on('error', () => undefined).flushHeaders()
  // The head of a request is read in order with the connections before it, so that all of them are known by then.
  const { status } = await ask('/classify-api/batch', { body: Buffer.alloc(MAX_JSON_BYTES, 32) })
  for (const sent of silent) sent.destroy()
  assert.equal(status, 200)
})

test('a body is held until the node has it, and its memory is free while its caller waits for the answer', async (t) => {
  const held: (() => void)[] = []
  const { guard, ask } = await world(t, (asked, response) => {
    asked.resume().on('end', () => held.push(() => response.end('{}')))
  })
  const body = Buffer.alloc(MAX_JSON_BYTES, 32)
  const before = buffersNow()
  // More than the bound on all bodies, one after the other.
  const waiting: Promise<unknown>[] = []
  for (let call = 1; call <= 6; call += 1) {
    waiting.push(ask('/classify-api/batch', { headers: { 'idempotency-key': `k${call}` }, body }))
    await waitUntil('the node has the body', () => held.length === call)
  }
  await waitUntil('nothing is held', () => guard.shared.bodies.heldBytes === 0)
  assert.equal(guard.shared.calls.inFlight, 6)
  await waitUntil('the memory is free', () => buffersNow() - before < MAX_JSON_BYTES)
  for (const answer of held) answer()
  await Promise.all(waiting)
})

test('a body that its inspection cleans is passed on clean, and one that it refuses is not passed on', async (t) => {
  const { node, ask } = await world(t, echo, {
    inspectBody: (handler, bytes) => {
      if (bytes.toString() === 'throw') throw new Error('a defect')
      return bytes.length > 20
        ? refusal('body-invalid', `too much for ${handler}`)
        : { bytes: Buffer.from('{"clean":1}') }
    },
  })
  assert.equal(JSON.parse((await ask('/classify-api/batch', { body: '{"dirty":1}' })).text).body, '{"clean":1}')
  assert.equal(JSON.parse((await ask('/other/handler', { body: '{"dirty":1}' })).text).body, '{"dirty":1}')
  assert.equal(
    JSON.parse((await ask('/restate/send/classify-api/batch', { body: '{"dirty":1}' })).text).body,
    '{"clean":1}',
  )
  const refused = await ask('/classify-api/batch/send', { body: ' '.repeat(30) })
  assert.deepEqual([refused.status, refused.text], [400, '{"code":"body-invalid","message":"too much for batch"}'])
  assert.equal((await ask('/classify-api/batch', { body: 'throw' })).code, 'internal')
  assert.equal(node.requests.length, 3)
})

test('the guard leaves out what no handler reads, and refuses what is beyond the bounds', async (t) => {
  const { node, ask } = await world(t, echo, { inspectBody })
  const deep = `{"indicators":[{"indicator_id":"a","name":"b","junk":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`
  const passed = JSON.parse((await ask('/classify-api/batch', { body: deep })).text).body
  assert.deepEqual(JSON.parse(passed).indicators[0], { indicator_id: 'a', name: 'b', junk: null })
  const refused = await ask('/classify-api/budget', { body: JSON.stringify({ rpm: 'x'.repeat(70_000) }) })
  assert.deepEqual([refused.status, refused.code], [400, 'body-invalid'])
  assert.equal(node.requests.length, 1)
})
