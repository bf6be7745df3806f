/** One port of the guard before a scripted node: what passes, what is refused, and what becomes of callers and nodes that leave. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createBodyReader } from '../../../src/guard/bodies.ts'
import { createCallBound } from '../../../src/guard/call-bound.ts'
import { inspectBody } from '../../../src/guard/inspect-body.ts'
import { refusal } from '../../../src/guard/refusals.ts'
import { parseTokens } from '../../../src/http/tokens.ts'
import { MAX_JSON_BYTES } from '../../../src/lib/json/json-shape.ts'
import { sha256 } from '../../../src/lib/sha256.ts'
import { call, type Script, sendRaw, startGuardPort, startScriptedNode } from '../../helpers/guard-port.ts'
import { waitUntil } from '../../helpers/wait.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** The bytes of all buffers that are in use. */
function buffersNow(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

/** A node that answers with what it was sent. */
const echo: Script = async (asked, response) => {
  const body = await buffer(asked)
  response.setHeader('content-type', 'application/json')
  response.end(
    JSON.stringify({
      method: asked.method,
      url: asked.url,
      headers: asked.headers,
      bytes: body.length,
      body: body.subarray(0, 100).toString(),
    }),
  )
}

async function world(context: TestContext, script: Script = echo, options: Parameters<typeof startGuardPort>[1] = {}) {
  const node = await startScriptedNode(script)
  const guard = await startGuardPort({ url: node.url }, options)
  context.after(async () => {
    await guard.close()
    await node.close()
  })
  return { node, guard, ask: (path: string, sent?: Parameters<typeof call>[2]) => call(guard.url, path, sent) }
}

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
  const bodyOf = async (path: string, sent: Parameters<typeof call>[2]) => JSON.parse((await ask(path, sent)).text)
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

test('pages of other origins, foreign hosts, odd paths and broken requests reach no node', async (t) => {
  const { node, guard, ask } = await world(t)
  const cases: readonly [string, Parameters<typeof call>[2], number, string][] = [
    ['/classify-api/budget', { headers: { origin: 'http://evil.example' } }, 403, 'foreign-origin'],
    ['/classify-api/budget', { method: 'OPTIONS', headers: { origin: 'http://evil.example' } }, 403, 'foreign-origin'],
    ['/classify-api/budget', { headers: { origin: 'null' } }, 403, 'foreign-origin'],
    ['/classify-api/status', { method: 'GET', headers: { 'sec-fetch-site': 'cross-site' } }, 403, 'foreign-origin'],
    ['/guard/health', { method: 'GET', headers: { 'sec-fetch-site': 'cross-site' } }, 403, 'foreign-origin'],
    ['/classify-api/budget', { headers: { host: 'evil.example:8080' } }, 403, 'foreign-host'],
    ['/openapi.json', { method: 'GET', headers: { host: 'evil.example' } }, 403, 'foreign-host'],
    ['/openapi.json', { method: 'GET', headers: { origin: 'http://evil.example' } }, 403, 'foreign-origin'],
    ['/classify-api//batch', {}, 400, 'target-invalid'],
    ['/restate/../classify-api/batch', {}, 400, 'target-invalid'],
    ['/classify-api/%62atch', {}, 400, 'target-invalid'],
    ['/classify-api/batch/', {}, 400, 'target-invalid'],
    ['/%', {}, 400, 'target-invalid'],
    ['http://localhost/classify-api/batch', {}, 400, 'target-invalid'],
    ['/classify-api/batch', { headers: { 'idempotency-key': 'k'.repeat(256) } }, 400, 'idempotency-key-too-long'],
    ['/classify-api/batch', { headers: { 'idempotency-key': 'k'.repeat(60_000) } }, 400, 'idempotency-key-too-long'],
    ['/classify-api/batch', { headers: { 'content-encoding': 'gzip' }, body: 'x' }, 415, 'encoding-refused'],
    ['/classify-api/batch', { headers: { 'x-large': 'k'.repeat(200_000) } }, 431, 'headers-too-large'],
    ['/classify-api/batch', { method: 'PROPFIND' }, 405, 'method-unknown'],
  ]
  for (const [path, sent, status, code] of cases) {
    const answer = await ask(path, sent)
    assert.deepEqual([answer.status, answer.code], [status, code], `${path} ${JSON.stringify(sent).slice(0, 80)}`)
    assert.equal(answer.headers['x-restate-error-source'], undefined)
  }
  const raw: readonly string[] = [
    'Host: localhost\r\nHost: evil.example',
    'Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://evil.example',
    'Host: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked',
    'Host: localhost\r\nContent-Length: 3\r\nContent-Length: 4',
    'Host: localhost\r\nTransfer-Encoding: chunked, identity',
    'Host: localhost\r\nTransfer-Encoding: xchunked',
    'Host: localhost\r\nContent-Length: 3, 3',
    'Host: localhost\r\nContent-Length: +3',
    'Host: localhost\r\n folded: x',
    'Host : localhost',
    'X: y',
  ]
  for (const head of raw) {
    const answer = await sendRaw(
      guard.port,
      `POST /classify-api/batch HTTP/1.1\r\n${head}\r\nConnection: close\r\n\r\nabc`,
    )
    assert.match(answer, /^HTTP\/1\.1 4(?:00|03) /, head)
  }
  const old = await sendRaw(guard.port, 'GET /classify-api/batch HTTP/1.0\r\n\r\n')
  assert.match(old, /^HTTP\/1\.1 403 .*"foreign-host"/s)
  assert.equal(node.requests.length, 0)
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

test('the node is told whose token a decision or a budget came with, and of no other call; callers cannot say it themselves', async (t) => {
  const tokens = parseTokens(`desk:${sha256('desk')}:review+read`, 'tokens')
  const paths = ['/classify-api/review', '/classify-api/review/send', '/classify-api/budget', '/classify-api/status']
  for (const [given, told] of [
    [tokens, ['desk', 'desk', 'desk', undefined]],
    [null, [undefined, undefined, undefined, undefined]],
  ] as const) {
    const { node, ask } = await world(t, echo, { tokens: () => given })
    for (const path of paths) {
      const headers = { authorization: 'Bearer desk', 'x-guard-caller': 'forged', 'X-Guard-Caller': 'forged' }
      assert.equal((await ask(path, { body: '{}', headers })).status, 200, path)
    }
    assert.deepEqual(
      node.requests.map(({ headers }) => headers['x-guard-caller']),
      told,
    )
  }
})

test('with tokens each call needs one with the right that it uses, and the log has no token and no body', async (t) => {
  const tokens = parseTokens(
    ['submit', 'read', 'operate'].map((right) => `${right}er:${sha256(`${right}-secret`)}:${right}`).join('\n'),
    'tokens',
  )
  const { node, guard, ask } = await world(t, echo, { tokens: () => tokens })
  const statusFor = async (right: string, path: string, body = '{}', method = 'POST') => {
    const { status } = await ask(path, { method, body, headers: { authorization: `Bearer ${right}-secret` } })
    return status
  }
  assert.equal((await ask('/guard/health', { method: 'GET' })).status, 200)
  assert.equal((await ask('/openapi.json', { method: 'GET' })).text, '{"openapi":"3.1.0"}')
  assert.equal((await ask('/openapi.json', { body: '{}' })).code, 'token-missing')
  assert.equal((await ask('/guard/metrics', { method: 'GET' })).code, 'token-missing')
  const missing = await ask('/classify-api/batch', { body: 'body-secret' })
  assert.deepEqual(
    [missing.status, missing.code, missing.headers['www-authenticate']],
    [401, 'token-missing', 'Bearer'],
  )
  assert.equal((await ask('/restate/health', { method: 'GET' })).status, 401)
  assert.equal(
    (await ask('/classify-api/batch', { headers: { authorization: 'Bearer wrong-secret' } })).code,
    'token-unknown',
  )
  const table: readonly [string, string, readonly [number, number, number]][] = [
    ['/classify-api/batch', '{}', [200, 403, 403]],
    ['/classify-api/batch/send', '{}', [200, 403, 403]],
    ['/classify-api/status', '{}', [403, 200, 403]],
    ['/classify-api/review', '{}', [403, 403, 403]],
    ['/classify-api/budget', '{}', [403, 200, 403]],
    ['/classify-api/budget', '{"rpm":5}', [403, 403, 200]],
    ['/classify-api/codebook', '{"text":"body-secret"}', [403, 403, 200]],
    ['/classifier/chunk', '{}', [403, 403, 200]],
    ['/restate/awakeables/x/resolve', '{}', [403, 403, 200]],
  ]
  for (const [path, body, statuses] of table) {
    const found = [
      await statusFor('submit', path, body),
      await statusFor('read', path, body),
      await statusFor('operate', path, body),
    ]
    assert.deepEqual(found, statuses, `${path} ${body}`)
  }
  assert.equal(node.requests.length, table.length - 1)
  assert.ok(node.requests.every(({ headers }) => headers.authorization === undefined))
  assert.ok(guard.lines.length > 10 && guard.lines.every((line) => !line.includes('secret')))
})

test('an admin port is read with one right and changed with another', async (t) => {
  const tokens = parseTokens(`a:${sha256('a')}:read\nb:${sha256('b')}:operate`, 'tokens')
  const { ask } = await world(t, echo, { kind: 'admin', tokens: () => tokens })
  const status = async (token: string, method: string, path: string) =>
    (await ask(path, { method, headers: { authorization: `Bearer ${token}` } })).status
  assert.deepEqual([await status('a', 'GET', '/ui/'), await status('b', 'GET', '/ui/')], [200, 403])
  assert.deepEqual([await status('a', 'POST', '/query'), await status('b', 'POST', '/query')], [200, 403])
  assert.deepEqual([await status('a', 'POST', '/deployments'), await status('b', 'POST', '/deployments')], [403, 200])
  assert.deepEqual(
    [await status('a', 'PATCH', '/invocations/i/kill'), await status('b', 'PATCH', '/invocations/i/kill')],
    [403, 200],
  )
})

test('the same key with another body is refused, by call or send, and with the same body it passes', async (t) => {
  const { node, ask } = await world(t)
  const use = async (path: string, key: string, body: string) => {
    const answer = await ask(path, { headers: { 'idempotency-key': key }, body })
    return answer.code ?? answer.status
  }
  assert.equal(await use('/classify-api/batch', 'k1', '{"a":1}'), 200)
  assert.equal(await use('/classify-api/batch', 'k1', '{"a":1}'), 200)
  assert.equal(await use('/classify-api/batch/send', 'k1', '{"a":1}'), 200)
  assert.equal(await use('/classify-api/batch', 'k1', '{"a":2}'), 'idempotency-key-reused')
  assert.equal(await use('/classify-api/batch/send', 'k1', '{"a":2}'), 'idempotency-key-reused')
  assert.equal(await use('/restate/call/classify-api/batch', 'k1', '{"a":2}'), 'idempotency-key-reused')
  assert.equal(await use('/restate/send/classify-api/batch', 'k1', '{"a":2}'), 'idempotency-key-reused')
  assert.equal(await use('/classify-api/batch', 'k1', ''), 'idempotency-key-reused')
  assert.equal(await use('/classify-api/estimate', 'k1', '{"a":2}'), 200)
  assert.equal(await use('/classify-api/batch', 'k2', '{"a":2}'), 200)
  assert.equal(await use('/object/one/handler', 'k1', 'x'), 200)
  assert.equal(await use('/object/two/handler', 'k1', 'y'), 200)
  assert.equal(await use('/object/one/handler/send', 'k1', 'y'), 'idempotency-key-reused')
  assert.equal(node.requests.length, 7)
})

test('beyond the bound a call is refused at once with Retry-After, while questions, sends and answers pass', async (t) => {
  const held: (() => void)[] = []
  const script: Script = (asked, response) => {
    asked.resume()
    if (asked.url === '/classify-api/batch') held.push(() => response.end('{}'))
    else response.end('{}')
  }
  const { guard, ask } = await world(t, script, { calls: createCallBound(2) })
  const waiting = [ask('/classify-api/batch', { body: '{}' }), ask('/classify-api/batch', { body: '{}' })]
  await waitUntil('both calls wait', () => held.length === 2)
  const refused = await ask('/classify-api/batch', { body: '{}' })
  assert.deepEqual([refused.status, refused.code, refused.headers['retry-after']], [429, 'too-many-calls', '1'])
  assert.equal((await ask('/other/handler', { body: '{}' })).status, 429)
  assert.equal((await ask('/classify-api/estimate', { body: '{}' })).status, 429)
  for (const path of ['/classify-api/status', '/classify-api/batch/send', '/classify-api/health']) {
    assert.equal((await ask(path, { body: '{}' })).status, 200, path)
  }
  assert.equal((await ask('/restate/invocation/classify-api/batch/k/output', { method: 'GET' })).status, 200)
  for (const answer of held) answer()
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    [200, 200],
  )
  await waitUntil('the places are free', () => guard.shared.calls.inFlight === 0)
})

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
  // The guard may ask the node whether it lives while a large body is under way.
  const calls = () => node.requests.filter(({ url }) => url !== '/restate/health').length
  const before = calls()
  const beyond = Buffer.concat([most, Buffer.from(' ')])
  for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
    const refused = await ask('/classify-api/batch', { headers, body: beyond })
    assert.deepEqual([refused.status, refused.code], [413, 'body-too-large'])
  }
  assert.equal((await ask('/other/handler', { body: beyond })).code, 'body-too-large')
  assert.equal(calls(), before)
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
