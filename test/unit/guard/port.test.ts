/** One port of the guard before a scripted node: what passes to the node, and what of its answers. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type Call,
  call,
  echo,
  sendRaw,
  startGuardPort,
  startScriptedNode,
  world,
} from '../../helpers/servers/guard-port.ts'

test('a call passes with method, path, query, body and its own headers, and without those of browsers and connections', async (t) => {
  const { node, ask } = await world(t)
  const headers = {
    ...{ 'content-type': 'application/json', 'x-run-part': '5', 'idempotency-key': 'a', 'accept-encoding': 'gzip' },
    ...{ authorization: 'Bearer secret', cookie: 'session=secret', 'sec-fetch-site': 'none', referer: 'http://x/' },
    ...{ te: 'trailers', 'proxy-authorization': 'secret', 'x-private': 'secret', connection: 'x-private' },
  }
  const { status, text } = await ask('/classify-api/batch/send?delay=1s', { headers, body: '{"a":1}' })
  assert.equal(status, 200)
  const seen = JSON.parse(text)
  assert.deepEqual([seen.method, seen.url, seen.body], ['POST', '/classify-api/batch/send?delay=1s', '{"a":1}'])
  assert.equal(seen.headers.host, new URL(node.url).host)
  assert.deepEqual(Object.keys(seen.headers).toSorted(), [
    ...['accept-encoding', 'connection', 'content-length', 'content-type', 'host', 'idempotency-key', 'x-run-part'],
  ])
  assert.ok(!text.includes('secret'))
})

test('bodies of every kind arrive as they were: none, empty, chunked, without a type, and with Expect', async (t) => {
  const { guard, ask } = await world(t)
  const bodyOf = async (path: string, sent: Call) => JSON.parse((await ask(path, sent)).text)
  for (const path of ['/classify-api/batch', '/other/handler']) {
    assert.equal((await bodyOf(path, {})).bytes, 0)
    assert.equal((await bodyOf(path, { method: 'GET' })).method, 'GET')
    const untyped = await bodyOf(path, { body: 'abc' })
    assert.deepEqual([untyped.body, untyped.headers['content-type']], ['abc', undefined])
    const typed = await bodyOf(path, {
      body: '{"a": 1 }',
      headers: { 'content-type': 'application/json; charset=utf-8' },
    })
    assert.deepEqual([typed.body, typed.headers['content-type']], ['{"a": 1 }', 'application/json; charset=utf-8'])
    const chunked = await sendRaw(
      guard.port,
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n`,
    )
    assert.match(chunked, /"body":"abcdef"/)
    assert.equal((await bodyOf(path, { body: 'x', headers: { expect: '100-continue' } })).body, 'x')
  }
  const deleted = await bodyOf('/other/handler', { method: 'DELETE' })
  assert.equal(deleted.method, 'DELETE')
})

test('answers pass with status, headers and bytes, and without what would let another origin read them', async (t) => {
  const { ask } = await world(t, (_asked, response) => {
    response.writeHead(418, {
      ...{ 'access-control-allow-origin': 'http://evil.example', 'access-control-allow-credentials': 'true' },
      ...{ 'x-restate-error-source': 'invocation', 'x-restate-id': 'inv_1', 'content-encoding': 'gzip' },
    })
    response.end(Buffer.from([0, 255, 1]))
  })
  const { status, headers } = await ask('/other/handler')
  assert.equal(status, 418)
  assert.deepEqual(
    [headers['x-restate-error-source'], headers['x-restate-id'], headers['content-encoding']],
    [...['invocation', 'inv_1', 'gzip']],
  )
  assert.ok(!Object.keys(headers).some((name) => name.startsWith('access-control-')))
})

test('its own page and programs pass, and the guard answers for itself', async (t) => {
  const { node, guard, ask } = await world(t)
  const own = {
    host: `localhost:${guard.port}`,
    origin: `http://localhost:${guard.port}`,
    'sec-fetch-site': 'same-origin',
  }
  assert.equal((await ask('/classify-api/status', { headers: own, body: '{}' })).status, 200)
  assert.equal((await ask('/classify-api/status', { headers: { host: `[::1]:${guard.port}` } })).status, 200)
  assert.equal(node.requests.length, 2)
  assert.deepEqual(JSON.parse((await ask('/guard/health', { method: 'GET' })).text), { service: 'guard', status: 'ok' })
  await ask('/a', { headers: { host: 'evil.example' } })
  const { text } = await ask('/guard/metrics', { method: 'GET' })
  assert.match(text, /^classify_guard_refused_total\{code="foreign-host"\} 1$/m)
  assert.equal(node.requests.length, 2)
})

test('a node behind a unix socket is reached as one behind a port', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'guard-'))
  const socketPath = join(folder, 'node.sock')
  const node = await startScriptedNode(echo, socketPath)
  const guard = await startGuardPort({ socketPath })
  t.after(async () => {
    await guard.close()
    await node.close()
    await rm(folder, { recursive: true })
  })
  const seen = JSON.parse((await call(guard.url, '/classify-api/batch', { body: '{"a":1}' })).text)
  assert.deepEqual([seen.body, seen.headers.host], ['{"a":1}', 'localhost'])
  await node.close().catch(() => undefined)
  assert.match((await call(guard.url, '/classify-api/batch', { body: '{}' })).text, /node-away/)
})
