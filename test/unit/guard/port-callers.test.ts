/** Who may call through a port of the guard: origins and hosts, tokens and their rights, keys, and how many at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCallBound } from '../../../src/guard/call-bound.ts'
import { parseTokens } from '../../../src/http/tokens.ts'
import { sha256 } from '../../../src/lib/sha256.ts'
import { type Call, echo, type Script, sendRaw, world } from '../../helpers/servers/guard-port.ts'
import { waitUntil } from '../../helpers/wait.ts'

test('pages of other origins, foreign hosts, odd paths and broken requests reach no node', async (t) => {
  const { node, guard, ask } = await world(t)
  const cases: readonly [string, Call, number, string][] = [
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
