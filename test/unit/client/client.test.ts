/** The typed client against scripted servers: what it sends, what it reads, and when it calls again. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { ClassifyError, createClassifyClient } from '../../../src/client/index.ts'

interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Script = (asked: Asked, response: ServerResponse, index: number) => void

async function serve(context: TestContext, script: Script) {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const one = { method, path, headers, body: await text(request) }
    script(one, response, asked.push(one) - 1)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

function answer(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

const INDICATORS = [{ indicator_id: 'a', name: 'GDP' }]

test('a batch is handed over under a key with run, catalogue and token, and its answer is fetched by the key', async (t) => {
  const { url, asked } = await serve(t, ({ path }, response) => {
    if (path.endsWith('/send')) return answer(response, 202, { invocationId: 'inv_1', status: 'Accepted' })
    answer(response, 200, { run_id: 'nightly', results: [{ indicator_id: 'a', kind: 'x' }], summary: {} })
  })
  const client = createClassifyClient<{ kind: 'x' | 'y' }>({ url, token: 't', run: 'nightly', catalogue: 'c' })
  const { results } = await client.classify(INDICATORS, { key: 'k.1', options: { mode: 'rules' } })
  const kind: 'x' | 'y' | undefined = results[0]?.kind
  assert.equal(kind, 'x')
  const [sent, fetched] = asked
  assert.deepEqual([sent?.method, sent?.path], ['POST', '/classify-api/batch/send'])
  assert.deepEqual([sent?.headers['idempotency-key'], sent?.headers.authorization], ['k.1', 'Bearer t'])
  const body = { indicators: INDICATORS, catalogue: 'c', run_id: 'nightly', options: { mode: 'rules' } }
  assert.deepEqual(JSON.parse(sent?.body ?? ''), body)
  assert.deepEqual(
    [fetched?.method, fetched?.path, fetched?.headers.authorization],
    ['GET', '/restate/invocation/inv_1/attach', 'Bearer t'],
  )
})

test('a busy guard, a node that is away and a connection that breaks lead to another try with the same key', async (t) => {
  const { url, asked } = await serve(t, (_asked, response, index) => {
    if (index === 0) return answer(response, 429, { code: 'too-many-calls', message: 'busy' }, { 'retry-after': '0' })
    if (index === 1) return answer(response, 502, { code: 'node-away', message: 'away' })
    if (index === 2) return response.destroy()
    answer(response, 202, { invocationId: 'inv_1', status: 'Accepted' })
  })
  const { key } = await createClassifyClient({ url }).submit(INDICATORS)
  assert.equal(asked.length, 4)
  assert.deepEqual(new Set(asked.map(({ headers }) => headers['idempotency-key'])), new Set([key]))
  assert.equal(new Set(asked.map(({ body }) => body)).size, 1)
})

test('of several nodes another one is asked where one is away', async (t) => {
  const away = await serve(t, (_asked, response) => response.destroy())
  const there = await serve(t, (_asked, response) => answer(response, 200, { rpm: 5 }))
  const client = createClassifyClient({ url: [away.url, there.url] })
  assert.deepEqual([(await client.budget()).rpm, (await client.budget()).rpm], [5, 5])
  assert.deepEqual([away.asked.length, there.asked.length], [1, 2])
})

test('what the handler answers is its last word, with its code, and a guard names its own', async (t) => {
  const { url, asked } = await serve(t, ({ path }, response) => {
    if (path.endsWith('/budget')) return answer(response, 403, { code: 'right-missing', message: 'lacks operate' })
    if (path.endsWith('/health')) return response.writeHead(400).end('<html>')
    answer(response, 502, { code: 502, message: 'model-auth: refused' }, { 'x-restate-error-source': 'invocation' })
  })
  const client = createClassifyClient({ url })
  const failureOf = async (call: Promise<unknown>) => {
    const error = await call.then(
      () => assert.fail('it passed'),
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof ClassifyError)
    return [error.status, error.code, error.message]
  }
  assert.deepEqual(await failureOf(client.wait({ key: 'k' })), [502, 'model-auth', 'refused'])
  assert.deepEqual(await failureOf(client.budget({ rpm: 5 })), [403, 'right-missing', 'lacks operate'])
  assert.deepEqual(await failureOf(client.health()), [400, null, 'HTTP 400: <html>'])
  assert.equal(asked.length, 3)
})

test('runs are listed, steered and limited in cost, and a decision is posted under one key however often it is tried', async (t) => {
  const { url, asked } = await serve(t, ({ path }, response, index) => {
    if (path.endsWith('/review') && index === 3) return response.destroy()
    answer(response, 200, { runs: [], run_id: 'r' })
  })
  const client = createClassifyClient({ url, catalogue: 'c', codebook: 'b' })
  await client.runs({ limit: 5 })
  await client.steer('r', 'paused')
  await client.limitCost('r', 2.5)
  const decisions = [{ indicator_id: 'a', corrections: { kind: null } }]
  await client.review(decisions, { by: 'anna', catalogue: 'd' })
  const bodies = asked.map(({ path, body }) => [path.replace('/classify-api/', ''), JSON.parse(body)])
  const review = { decisions, by: 'anna', catalogue: 'd', codebook: 'b' }
  assert.deepEqual(bodies, [
    ['runs', { limit: 5 }],
    ['drive', { run_id: 'r', wanted: 'paused' }],
    ['drive', { run_id: 'r', max_cost_usd: 2.5 }],
    ['review', review],
    ['review', review],
  ])
  const [first, second] = asked.slice(3).map(({ headers }) => headers['idempotency-key'])
  assert.ok(first !== undefined && first === second)
})

test('what is not there is null: a result, a run, and an answer that is under way', async (t) => {
  const { url } = await serve(t, ({ path }, response) => {
    if (path.endsWith('/output')) return answer(response, 470, { message: 'not ready' })
    answer(response, 404, { code: 404, message: 'input-not-found: no' }, { 'x-restate-error-source': 'invocation' })
  })
  const client = createClassifyClient({ url })
  const asks = [client.result('a'), client.why('a'), client.runStatus('r'), client.output({ key: 'k' })]
  assert.deepEqual(await Promise.all<unknown>(asks), [null, null, null, null])
})

test('an answer is fetched by the key alone too, and a key that no path can hold is refused at once', async (t) => {
  const { url, asked } = await serve(t, (_asked, response) => answer(response, 200, { results: [] }))
  const client = createClassifyClient({ url })
  await client.wait({ key: 'k_1~.' })
  assert.equal(asked[0]?.path, '/restate/invocation/classify-api/batch/k_1~./attach')
  for (const key of ['', 'a/b', 'a b', 'ä', 'k'.repeat(256)]) {
    await assert.rejects(client.submit(INDICATORS, { key }), /key must be 1 to 255 characters/)
    await assert.rejects(client.wait({ key }), TypeError)
  }
  assert.equal(asked.length, 1)
})

test('an abort ends the wait, and patience ends where no node answers', async (t) => {
  const { url } = await serve(t, (_asked, response) => response.destroy())
  const stopped = new Error('stopped')
  const aborts = createClassifyClient({ url, patienceMs: 600_000 }).wait(
    { key: 'k' },
    { signal: AbortSignal.abort(stopped) },
  )
  await assert.rejects(aborts, stopped)
  const pausing = new AbortController()
  const waits = createClassifyClient({
    url,
    patienceMs: 600_000,
    fetch: async () => {
      setImmediate(() => pausing.abort(stopped))
      throw new TypeError('fetch failed')
    },
  }).wait({ key: 'k' }, { signal: pausing.signal })
  await assert.rejects(waits, stopped)
  await assert.rejects(createClassifyClient({ url, patienceMs: 0 }).health(), (error: ClassifyError) => {
    assert.deepEqual([error.status, error.message.startsWith(`${url} gives no answer`)], [0, true])
    return true
  })
})
