/** What becomes of calls through a port of the guard when their caller, their node or the guard itself leaves. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { call, startScriptedNode, world } from '../../helpers/servers/guard-port.ts'
import { waitUntil } from '../../helpers/wait.ts'

test('a caller who leaves ends its request to the node, frees its place and its body, and lowers the bound', async (t) => {
  let isAborted = false
  const { node, guard } = await world(t, (asked, response) => {
    asked.resume()
    response.on('close', () => {
      isAborted = !response.writableFinished
    })
  })
  const sent = request(`${guard.url}/classify-api/batch`, { method: 'POST' })
  sent.on('error', () => undefined)
  sent.end('{"a":1}')
  await waitUntil('the node has the call', () => node.requests.length === 1)
  assert.equal(guard.shared.calls.inFlight, 1)
  assert.equal(guard.shared.bodies.heldBytes, 0)
  sent.destroy()
  await waitUntil('the node is told', () => isAborted)
  await waitUntil('the place is free', () => guard.shared.calls.inFlight === 0)
  assert.equal(guard.shared.calls.bound, 44)
  assert.match(guard.shared.counts.text(), /^classify_guard_callers_left_total 1$/m)
})

test('a caller who leaves in the middle of a body that is passed on as it comes ends the request to the node', async (t) => {
  let isAborted = false
  const { node, guard } = await world(t, (asked) => {
    asked.on('close', () => {
      isAborted = !asked.complete
    })
    asked.resume()
  })
  const sent = request(`${guard.url}/other/handler`, { method: 'POST' })
  sent.on('error', () => undefined)
  sent.write('half')
  await waitUntil('the node has the call', () => node.requests.length === 1)
  sent.destroy()
  await waitUntil('the node is told', () => isAborted)
  await waitUntil('the place is free', () => guard.shared.calls.inFlight === 0)
})

test('a node that is away, hangs up or breaks off is told apart, and calls pass again when it is back', async (t) => {
  let isBreaking = true
  const { node, guard, ask } = await world(t, (asked, response) => {
    asked.resume()
    if (isBreaking) asked.socket.destroy()
    else response.end('{}')
  })
  // The bound rises only while it is in use.
  for (let call = 1; call < 64; call += 1) guard.shared.calls.begin()
  for (let call = 0; call < 8; call += 1) await ask('/classify-api/batch', { body: '{}' })
  const broken = await ask('/classify-api/batch', { body: '{}' })
  assert.deepEqual([broken.status, broken.code], [502, 'node-away'])
  const { port } = new URL(node.url)
  await node.close()
  const away = await ask('/classify-api/batch', { body: '{}' })
  assert.deepEqual([away.status, away.code], [502, 'node-away'])
  assert.match(away.text, /ECONNREFUSED/)
  isBreaking = false
  const back = await startScriptedNode(
    (asked, response) => void asked.resume().on('end', () => response.end('{}')),
    Number(port),
  )
  t.after(() => back.close())
  assert.equal(guard.shared.calls.bound, 64)
  for (let call = 0; call < 4; call += 1) assert.equal((await ask('/classify-api/batch', { body: '{}' })).status, 200)
  await waitUntil('only answers of the node raise the bound', () => guard.shared.calls.bound === 65)
  assert.ok(guard.lines.every((line) => !line.includes('"err"')))
})

test('a node that breaks off in the middle of an answer breaks the answer off', async (t) => {
  const { guard } = await world(t, (_asked, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('half', () => response.destroy())
  })
  await assert.rejects(call(guard.url, '/other/handler'))
  await waitUntil('the place is free', () => guard.shared.calls.inFlight === 0)
})

test('a guard that ends lets the calls in flight end, and tells further callers so', async (t) => {
  let answer = (): unknown => undefined
  const { guard, ask } = await world(t, (asked, response) => {
    asked.resume()
    answer = () => response.end('done')
  })
  const waiting = ask('/classify-api/batch', { body: '{}' })
  await waitUntil('the call waits', () => guard.shared.calls.inFlight === 1)
  // A connection on which a request has begun is not idle, so it stays open for what comes.
  const late = connect(guard.port, '127.0.0.1')
  late.write('POST /classify-api/status HTTP/1.1\r\nHost: localhost\r\n')
  await ask('/guard/health', { method: 'GET' })
  const closed = guard.close()
  await waitUntil('nothing listens', () =>
    ask('/guard/health', { method: 'GET' }).then(
      ({ status }) => status === 503,
      () => true,
    ),
  )
  late.write('Content-Length: 2\r\n\r\n{}')
  const refused = await text(late)
  assert.match(refused, /^HTTP\/1\.1 503 .*\{"code":"closing","message":"[^"]+"\}$/is)
  answer()
  assert.equal((await waiting).text, 'done')
  await closed
})
