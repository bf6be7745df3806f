/** Tests of the offline model's HTTP server and of its process. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, it } from 'node:test'
import { pino } from 'pino'
import { parseAnswers } from '../../../src/classification/answers.ts'
import type { ModelRequest } from '../../../src/llm/types.ts'
import { createOfflineModel, type OfflineModel, type OfflineModelOptions } from '../../../src/offline-model/server.ts'
import type { OfflineModelStats } from '../../../src/offline-model/stats.ts'
import { askFor } from '../../contract/model-client.contract.ts'
import { childEnvironment } from '../../helpers/child-environment.ts'
import { builtInScheme } from '../../helpers/codebooks/offline-question.ts'
import { waitUntil } from '../../helpers/wait.ts'

const log = pino({ level: 'silent' })
const { codebook } = builtInScheme('economic-indicators')

interface CompletionBody {
  readonly model: string
  readonly choices: readonly [{ readonly finish_reason: string; readonly message: { readonly content: string } }]
  readonly usage: {
    readonly prompt_tokens: number
    readonly completion_tokens: number
    readonly prompt_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens: number }
  }
}

interface ErrorBody {
  readonly error: { readonly message: string; readonly code: string | null; readonly type: string }
}

const completionOf = async (response: Response) => (await response.json()) as CompletionBody
const errorOf = async (response: Response) => ((await response.json()) as ErrorBody).error

/** The body that the OpenAI client sends for `request`. */
function bodyOf(request: ModelRequest, changes: object = {}): string {
  return JSON.stringify({
    model: 'any',
    messages: [
      { role: 'system', content: request.system },
      { role: 'user', content: request.user },
    ],
    response_format: {
      type: 'json_schema',
      json_schema: { name: request.schemaName, schema: request.schema, strict: true },
    },
    max_completion_tokens: request.maxCompletionTokens,
    ...changes,
  })
}

describe('createOfflineModel', () => {
  const open: OfflineModel[] = []
  afterEach(async () => {
    await Promise.all(open.splice(0).map((model) => model.close()))
  })

  async function start(options: Partial<OfflineModelOptions> = {}) {
    const none = { latencyMs: 0, sigma: 0, rpm: 0, tpm: 0, sliceMs: 0 }
    const model = createOfflineModel({ host: '127.0.0.1', port: 0, ...none, log, ...options })
    open.push(model)
    const { url } = await model.listen()
    const post = (body: string, path = '/v1/chat/completions') => fetch(`${url}${path}`, { method: 'POST', body })
    const get = (path: string) => fetch(`${url}${path}`)
    const getStats = async (query = '') => (await (await get(`/stats${query}`)).json()) as OfflineModelStats
    return { model, url, post, get, getStats }
  }

  for (const path of ['/v1/chat/completions', '/chat/completions']) {
    it(`answers ${path} with the rules' guess, under its own name`, async () => {
      const { post } = await start()
      const question = askFor(2)
      const response = await post(bodyOf(question), path)
      assert.equal(response.status, 200)
      const body = await completionOf(response)
      assert.equal(body.model, 'offline-rules')
      assert.equal(body.choices[0].finish_reason, 'stop')
      const { decisions, unanswered } = parseAnswers(
        codebook,
        JSON.parse(body.choices[0].message.content),
        question.asked,
      )
      assert.deepEqual(unanswered, [])
      const { labels, confidence } = decisions.get('k1') ?? assert.fail('no answer')
      assert.deepEqual(
        [labels.type, labels.temporal_aggregation, labels.orientation, labels.unit_kind, labels.unit_scale],
        ['flow', 'period-total', 'higher-is-positive', 'currency', 1e6],
      )
      assert.deepEqual(Object.keys(labels), question.asked[0]?.fields)
      assert.deepEqual(new Set(Object.values(confidence)), new Set([0.75]))
    })
  }

  it('writes the properties of the schema that was sent, in its order', async () => {
    const { post } = await start()
    const labels = { type: 'array', items: { properties: { field: { enum: ['x'] }, value: { type: 'string' } } } }
    const items = { type: 'object', properties: { labels, key: {} } }
    const schema = { type: 'object', properties: { answers: { type: 'array', items } } }
    const format = { type: 'json_schema', json_schema: { name: 'x', schema } }
    const body = await completionOf(await post(bodyOf(askFor(1), { response_format: format })))
    assert.match(body.choices[0].message.content, /^\{"answers":\[\{"labels":\[\{"field":.*\}\],"key":"k1"\}\]\}$/)
  })

  it('reports cached tokens from the second request with the same prefix on', async () => {
    const { post } = await start()
    const { usage: first } = await completionOf(await post(bodyOf(askFor(1, 'a'))))
    const { usage: second } = await completionOf(await post(bodyOf(askFor(1, 'b'))))
    const { cached_tokens, cache_write_tokens } = first.prompt_tokens_details
    assert.equal(cached_tokens, 0)
    assert.ok(cache_write_tokens >= 1_024)
    assert.ok(first.prompt_tokens > cache_write_tokens)
    assert.deepEqual(second.prompt_tokens_details, { cached_tokens: cache_write_tokens, cache_write_tokens: 0 })
  })

  it('cuts an answer off at the token limit', async () => {
    const { post } = await start()
    const body = await completionOf(await post(bodyOf(askFor(5), { max_completion_tokens: 20 })))
    assert.equal(body.choices[0].finish_reason, 'length')
    assert.equal(body.usage.completion_tokens, 20)
  })

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['bad JSON', '{', /not JSON/],
    ['null', 'null', /the offline model does not accept this request/],
    ['no messages', '{"messages":[]}', /messages/],
    [
      'another prompt',
      '{"messages":[{"role":"user","content":"Hello"}]}',
      /only answers the prompts of the classify service/,
    ],
    [
      'another schema',
      bodyOf(askFor(1), { response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' } } } }),
      /only knows the answer schema/,
    ],
    ['a stream', bodyOf(askFor(1), { stream: true }), /stream/],
    ['a body of 9 MB', `"${'x'.repeat(9 * 1_024 * 1_024)}"`, /larger than/],
  ]
  for (const [name, body, message] of refused) {
    it(`refuses ${name} with a clear 400`, async () => {
      const { post, model } = await start()
      const response = await post(body)
      assert.equal(response.status, 400)
      assert.match((await errorOf(response)).message, message)
      assert.deepEqual(model.stats().requests, { accepted: 0, refused: 0, failed: 1, aborted: 0 })
    })
  }

  it('counts requests, tokens and indicators, and resets the counts', async () => {
    const { post, getStats, url } = await start()
    await post(bodyOf(askFor(2, 'a')))
    await post(bodyOf(askFor(1, 'a')))
    const stats = await getStats()
    assert.deepEqual(stats.requests, { accepted: 2, refused: 0, failed: 0, aborted: 0 })
    assert.deepEqual(stats.requests_by_indicator, { 'a-k1': 2, 'a-k2': 1 })
    assert.deepEqual([stats.max_per_indicator, stats.indicators, stats.peak_per_60s], [2, 2, 2])
    assert.ok(stats.tokens.input > 0 && stats.tokens.cached > 0 && stats.tokens.output > 0 && stats.tokens.charged > 0)
    assert.equal(stats.in_flight, 0)
    assert.ok(Date.parse(stats.started_at) <= Date.now())
    assert.deepEqual((await getStats('?indicators=0')).requests_by_indicator, {})
    await fetch(`${url}/stats/reset`, { method: 'POST' })
    const after = await getStats()
    assert.deepEqual([after.requests.accepted, after.peak_per_60s, after.indicators], [0, 0, 0])
  })

  it('enforces the rate with the headers and the body of OpenAI', async () => {
    const { post, model } = await start({ rpm: 2 })
    const accepted = await post(bodyOf(askFor(1)))
    assert.equal(accepted.headers.get('x-ratelimit-limit-requests'), '2')
    assert.equal(accepted.headers.get('x-ratelimit-remaining-requests'), '1')
    assert.equal(accepted.headers.get('x-ratelimit-limit-tokens'), null)
    await post(bodyOf(askFor(1)))
    const response = await post(bodyOf(askFor(1)))
    assert.equal(response.status, 429)
    assert.match(response.headers.get('retry-after') ?? '', /^(59|60)$/)
    assert.ok(Number(response.headers.get('retry-after-ms')) > 50_000)
    const { code, type } = await errorOf(response)
    assert.deepEqual([code, type], ['rate_limit_exceeded', 'requests'])
    assert.deepEqual(model.stats().requests, { accepted: 2, refused: 1, failed: 0, aborted: 0 })
  })

  it('notices a client that goes away before the answer', async () => {
    const { url, model } = await start({ latencyMs: 60_000 })
    const controller = new AbortController()
    const asked = fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: bodyOf(askFor(1)),
      signal: controller.signal,
    })
    await waitUntil('a request is in flight', () => model.stats().in_flight > 0, { pollMs: 1 })
    controller.abort()
    await assert.rejects(asked)
    await waitUntil('no request is in flight', () => model.stats().in_flight === 0, { pollMs: 1 })
    const { requests, peak_in_flight, tokens } = model.stats()
    assert.deepEqual([requests.accepted, requests.aborted, peak_in_flight, tokens.output], [1, 1, 1, 0])
  })

  it('lets a request in flight end when it closes', async () => {
    const { post, model } = await start({ latencyMs: 100 })
    const asked = post(bodyOf(askFor(1)))
    await waitUntil('a request is in flight', () => model.stats().in_flight > 0, { pollMs: 1 })
    await model.close()
    open.pop()
    assert.equal((await asked).status, 200)
  })

  it('has models, health and 404', async () => {
    const { get } = await start()
    assert.match(await (await get('/v1/models')).text(), /"id":"offline-rules"/)
    assert.deepEqual(await (await get('/health')).json(), { service: 'offline-model', status: 'ok' })
    assert.equal((await get('/v1/embeddings')).status, 404)
  })

  it('refuses a foreign Host and a page of another origin, unless it listens for others too and has no names', async () => {
    const statusOf = async (url: string, headers: Readonly<Record<string, string>>) => {
      const sent = request(`${url}/stats`, { headers, agent: false }).end()
      const [response] = await once(sent, 'response')
      return { status: response.statusCode as number, body: JSON.parse(await text(response)) }
    }
    const { url } = await start({ allowedHosts: ['model.example.org'] })
    const rebound = await statusOf(url, { host: 'rebound.example' })
    assert.equal(rebound.status, 403)
    assert.equal(rebound.body.error.code, 'foreign-host')
    assert.equal((await statusOf(url, { origin: 'http://evil.example' })).body.error.code, 'foreign-origin')
    assert.equal((await statusOf(url, { host: 'model.example.org:80' })).status, 200)
    const open = await start({ host: '0.0.0.0' })
    const reachable = open.url.replace('0.0.0.0', '127.0.0.1')
    assert.equal((await statusOf(reachable, { host: 'offline-model:9085' })).status, 200)
    // In the cluster it listens on every address, is published on this machine alone, and knows by which names it is called.
    const named = await start({ host: '0.0.0.0', allowedHosts: ['offline-model'] })
    const published = named.url.replace('0.0.0.0', '127.0.0.1')
    assert.equal((await statusOf(published, { host: 'offline-model:9085' })).status, 200)
    assert.equal((await statusOf(published, { host: 'localhost:9085' })).status, 200)
    assert.equal((await statusOf(published, { host: 'rebound.example' })).body.error.code, 'foreign-host')
  })

  it('says that a port is taken', async () => {
    const { url } = await start()
    const other = createOfflineModel({
      ...{
        host: '127.0.0.1',
        port: Number(new URL(url).port),
        latencyMs: 0,
        sigma: 0,
        rpm: 0,
        tpm: 0,
        sliceMs: 0,
        log,
      },
    })
    await assert.rejects(other.listen(), { code: 'port-taken', message: /OFFLINE_MODEL_PORT/ })
  })
})

describe('the process of the offline model', () => {
  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  function run(env: Record<string, string>) {
    const path = new URL('../../../src/offline-model/main.ts', import.meta.url).pathname
    const child = spawn(process.execPath, [path], {
      env: childEnvironment(env),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    children.push(child)
    assert.ok(child.stderr !== null)
    // "close" never comes after this process has disconnected the channel, so "exit" is awaited.
    const exit = Promise.all([once(child, 'exit'), text(child.stderr)])
    return { child, exit: exit.then(([[code, signal], said]) => ({ code, signal, said })) }
  }

  async function freePort(): Promise<string> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    return String(port)
  }

  for (const [name, end] of [
    ['SIGTERM', (child: ChildProcess) => child.kill('SIGTERM')],
    ['SIGINT', (child: ChildProcess) => child.kill('SIGINT')],
    ['the end of its parent', (child: ChildProcess) => child.disconnect()],
  ] as const) {
    it(`tells its parent that it is ready, serves, and ends with 0 on ${name}`, async () => {
      const port = await freePort()
      const { child, exit } = run({ OFFLINE_MODEL_PORT: port })
      const [message] = await once(child, 'message')
      assert.deepEqual(message, { ready: true, port: Number(port) })
      assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200)
      end(child)
      assert.deepEqual(await exit, { code: 0, signal: null, said: '' })
    })
  }

  it('ends with 2 and one sentence where its configuration is wrong', async () => {
    const { code, said } = await run({ OFFLINE_MODEL_RPM: 'many' }).exit
    assert.equal(code, 2)
    assert.match(said, /OFFLINE_MODEL_RPM is "many"/)
    assert.ok(!said.includes('    at '), 'a stack')
  })
})
