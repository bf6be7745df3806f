/** The client against a real HTTP server that fails in every way we know, and echoes the key wherever it can. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, beforeEach, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { pino } from 'pino'
import { isServiceError } from '../../../src/errors.ts'
import { PaidAnswerError, paidUsageOf, rateOf } from '../../../src/llm/errors.ts'
import { createOpenAiClient, type EndedRequest, type OpenAiClientOptions } from '../../../src/llm/openai/client.ts'
import { DEFAULT_PRICES } from '../../../src/llm/pricing.ts'
import type { ModelRequest } from '../../../src/llm/types.ts'

const KEY = 'sk-test-123'
const ODD_KEY = 'a"key/with+odd&signs'

type Handler = (body: Record<string, unknown>, response: ServerResponse, request: IncomingMessage) => void

const question: ModelRequest = {
  tier: 'primary',
  system: 'system',
  user: 'user',
  schema: { type: 'object' },
  schemaName: 'answer',
  maxCompletionTokens: 100,
  cacheKey: 'cache',
}

const usage = { prompt_tokens: 1_000, completion_tokens: 100, prompt_tokens_details: { cached_tokens: 400 } }

function completion(choice: object, rest: object = {}) {
  return { id: 'x', object: 'chat.completion', model: 'gpt-6-luna', choices: [{ index: 0, ...choice }], usage, ...rest }
}

const good = completion({ finish_reason: 'stop', message: { role: 'assistant', content: '{"answers":[]}' } })

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

describe('createOpenAiClient', () => {
  let handle: Handler
  let bodies: Record<string, unknown>[] = []
  let logged = ''
  let ended: EndedRequest[] = []
  let baseUrl = ''
  const server = createServer(async (request, response) => {
    const body: Record<string, unknown> = JSON.parse(await text(request))
    bodies.push(body)
    handle(body, response, request)
  })
  const log = pino({ level: 'trace' }, { write: (line: string) => (logged += line) })

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  })
  after(() => {
    server.close()
    server.closeAllConnections()
  })
  beforeEach(() => {
    bodies = []
    logged = ''
    ended = []
  })

  function make(options: Partial<OpenAiClientOptions> = {}) {
    const hooks = { requestEnded: (request: EndedRequest) => ended.push(request) }
    const prices = DEFAULT_PRICES
    return createOpenAiClient({
      apiKey: KEY,
      baseUrl,
      model: 'gpt-6-luna',
      timeoutMs: 5_000,
      prices,
      log,
      hooks,
      ...options,
    })
  }

  async function failureOf(client: ReturnType<typeof make>, request = question) {
    const error: unknown = await client.ask(request).then(
      () => assert.fail('it answered'),
      (reason: unknown) => reason,
    )
    assert.ok(isServiceError(error), inspect(error))
    return error
  }

  /** Everything that a log line or a crash could show of an error. */
  function shownOf(error: Error): string {
    pino({ level: 'trace' }, { write: (line: string) => (logged += line) }).error({ err: error }, 'failed')
    return [inspect(error, { depth: 20, showHidden: true }), error.stack, JSON.stringify(error), logged].join('\n')
  }

  it('sends the strict schema, the token bound, the cache key and the effort, once', async () => {
    handle = (_, response) => send(response, 200, good)
    await make().ask(question)
    assert.deepEqual(bodies, [
      {
        model: 'gpt-6-luna',
        messages: [
          { role: 'system', content: 'system' },
          { role: 'user', content: 'user' },
        ],
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'answer', schema: { type: 'object' }, strict: true },
        },
        max_completion_tokens: 100,
        prompt_cache_key: 'cache',
        reasoning_effort: 'none',
      },
    ])
  })

  it('counts usage and cost by the price of the model that answered', async () => {
    handle = (_, response) => send(response, 200, { ...good, model: 'gpt-6-luna-2026-09-01' })
    const reply = await make().ask(question)
    assert.deepEqual(reply.usage, { input: 1_000, cachedInput: 400, cacheWriteInput: 0, output: 100 })
    assert.equal(reply.costUsd.toFixed(9), '0.000114000')
    assert.equal(reply.model, 'gpt-6-luna-2026-09-01')
    const { answer: _, excerpt: __, rate: ___, requestId: ____, ...paid } = reply
    assert.deepEqual(
      ended.map(({ model, outcome, paid }) => ({ model, outcome, paid })),
      [{ model: 'gpt-6-luna', outcome: 'ok', paid }],
    )
  })

  it('tells what the headers said of the rate, with an answer and with a refusal for rate', async () => {
    const headers = {
      'x-ratelimit-limit-tokens': '200000',
      'x-ratelimit-remaining-tokens': '195000',
      'x-ratelimit-reset-tokens': '1.5s',
    }
    const said = {
      requests: { limit: null, remaining: null, resetMs: null },
      tokens: { limit: 200_000, remaining: 195_000, resetMs: 1_500 },
    }
    handle = (_, response) => send(response, 200, good, headers)
    assert.deepEqual((await make().ask(question)).rate, said)
    handle = (_, response) => send(response, 429, openAiError('slow down'), { ...headers, 'retry-after-ms': '250' })
    const error = await failureOf(make())
    assert.deepEqual([error.code, error.retryAfterMs, rateOf(error)], ['model-rate-limited', 250, said])
    handle = (_, response) => send(response, 500, openAiError('away'), headers)
    assert.equal(rateOf(await failureOf(make())), null)
  })

  it('takes a model without a price as free and says so once', async () => {
    handle = (_, response) => send(response, 200, { ...good, model: 'unheard-of' })
    const client = make({ model: 'unheard-of' })
    assert.equal((await client.ask(question)).costUsd, 0)
    await client.ask(question)
    assert.equal(logged.match(/"priceKnown":false/g)?.length, 1)
  })

  it('warns of twenty models at most where an endpoint names another one in each answer', async () => {
    let answers = 0
    handle = (_, response) => {
      answers += 1
      send(response, 200, { ...good, model: `invented-${answers}` })
    }
    const client = make({ model: 'unheard-of' })
    for (let asked = 0; asked < 50; asked += 1) assert.equal((await client.ask(question)).model, `invented-${answers}`)
    const warnings = logged.split('\n').filter((line) => line.includes('"priceKnown":false'))
    assert.equal(warnings.length, 20)
    assert.match(warnings.at(-1) ?? '', /not logged after 20/)
  })

  it('takes an answer without usage, and counts its tokens by estimate', async () => {
    handle = (_, response) => send(response, 200, { ...good, usage: null })
    const { usage: read, costUsd, isEstimated } = await make().ask(question)
    assert.equal(isEstimated, true)
    assert.ok(read.input > 0 && read.output > 0 && costUsd > 0, JSON.stringify({ read, costUsd }))
  })

  const openAiError = (message: string, code: string | null = null, type = 'invalid_request_error') => ({
    error: { message, type, code, param: null },
  })
  const refusals: readonly (readonly [number, unknown, string, RegExp])[] = [
    [
      401,
      openAiError('no'),
      'model-auth',
      /^the model endpoint 127\.0\.0\.1:\d+ refused the API key \(401\): check OPENAI_API_KEY$/,
    ],
    [403, openAiError('no access'), 'model-auth', /refused the API key \(403\): check OPENAI_API_KEY.*: no access$/],
    [403, openAiError('x', 'model_not_found'), 'model-not-found', /knows no model "gpt-6-luna"/],
    [
      404,
      openAiError('gone'),
      'model-not-found',
      /127\.0\.0\.1:\d+\/v1 knows no model "gpt-6-luna" \(404\): check OPENAI_MODEL and OPENAI_BASE_URL/,
    ],
    [404, '<html>nginx</html>', 'model-not-found', /check OPENAI_MODEL and OPENAI_BASE_URL$/],
    [400, openAiError('invalid model ID'), 'model-not-found', /knows no model/],
    [400, openAiError('filtered', 'content_filter'), 'model-refused', /content filter .* refused: filtered/],
    [400, openAiError('Could not finish the message because max_tokens was reached'), 'model-cut-off', /token bound/],
    [413, 'too large', 'model-bad-request', /\(413\): too large$/],
    [
      402,
      openAiError('pay'),
      'model-quota',
      /the account at .* does not serve \(402.*\): check its billing and limits: pay$/,
    ],
    [
      429,
      openAiError('no money', 'insufficient_quota'),
      'model-quota',
      /does not serve \(429 insufficient_quota\): check its billing and limits: no money/,
    ],
    [429, openAiError('slow down', 'rate_limit_exceeded', 'requests'), 'model-rate-limited', /limits the rate \(429\)/],
    [408, openAiError('x'), 'model-unavailable', /failed \(408\)/],
    [409, openAiError('x'), 'model-unavailable', /failed \(409\)/],
    [500, openAiError('oops'), 'model-unavailable', /failed \(500\): oops/],
    [502, '<html><h1>Bad gateway</h1></html>', 'model-unavailable', /failed \(502\)$/],
    [503, [{ error: { message: 'listed', code: 503 } }], 'model-unavailable', /failed \(503\): listed/],
    [529, '', 'model-unavailable', /failed \(529\)$/],
  ]
  for (const [status, body, code, message] of refusals) {
    it(`maps ${status} ${JSON.stringify(body).slice(0, 60)} to ${code}, after one request`, async () => {
      handle = (_, response) => send(response, status, body)
      const error = await failureOf(make())
      assert.equal(error.code, code)
      assert.match(error.message, message)
      assert.equal(bodies.length, 1)
      assert.equal(ended[0]?.outcome, code)
      assert.equal(paidUsageOf(error), null)
    })
  }

  const unnamed: readonly (readonly [number, unknown, RegExp])[] = [
    [400, openAiError('bad thing'), /refused the request \(400\): bad thing$/],
    [400, openAiError(`long ${'x'.repeat(5_000)}`), /^.{0,400}…$/],
    [422, { detail: [{ msg: 'odd' }] }, /\(422\): .*odd/],
  ]
  for (const [status, body, message] of unnamed) {
    it(`maps ${status} ${JSON.stringify(body).slice(0, 60)} to model-bad-request, after one request in each form`, async () => {
      handle = (_, response) => send(response, status, body)
      const error = await failureOf(make())
      assert.equal(error.code, 'model-bad-request')
      assert.match(error.message, message)
      assert.equal(bodies.length, 4)
      assert.deepEqual(new Set(ended.map(({ outcome }) => outcome)), new Set(['model-bad-request']))
    })
  }

  it('tells how long a 429 asks to wait', async () => {
    handle = (_, response) => send(response, 429, openAiError('x'), { 'retry-after': '7', 'retry-after-ms': '6500' })
    assert.equal((await failureOf(make())).retryAfterMs, 6_500)
    handle = (_, response) => send(response, 429, openAiError('x'))
    assert.equal((await failureOf(make())).retryAfterMs, undefined)
  })

  const unusable: readonly (readonly [string, object, string])[] = [
    ['a cut-off answer', { finish_reason: 'length', message: { content: '{"answers":[' } }, 'model-cut-off'],
    ['a filtered answer', { finish_reason: 'content_filter', message: { content: null } }, 'model-refused'],
    ['a refusal', { finish_reason: 'stop', message: { content: null, refusal: 'I will not' } }, 'model-refused'],
    ['text', { finish_reason: 'stop', message: { content: 'Sure! Here it is' } }, 'model-bad-answer'],
    ['an empty text', { finish_reason: 'stop', message: { content: '' } }, 'model-unavailable'],
    ['no text', { finish_reason: 'stop', message: { content: null } }, 'model-unavailable'],
    ['no message', { finish_reason: 'stop' }, 'model-unavailable'],
  ]
  for (const [name, choice, code] of unusable) {
    it(`keeps what ${name} cost`, async () => {
      handle = (_, response) => send(response, 200, completion(choice))
      const error = await failureOf(make())
      assert.ok(error instanceof PaidAnswerError)
      assert.equal(error.code, code)
      assert.deepEqual(error.paid.usage, { input: 1_000, cachedInput: 400, cacheWriteInput: 0, output: 100 })
      assert.equal(error.paid.costUsd.toFixed(9), '0.000114000')
      assert.equal(ended[0]?.paid, error.paid)
    })
  }

  const strange: readonly (readonly [string, Handler, string])[] = [
    [
      'a page of HTML with 200',
      (_, r) => send(r, 200, '<html>hi</html>', { 'content-type': 'text/html' }),
      'model-unavailable',
    ],
    ['an error inside a 200', (_, r) => send(r, 200, { error: { message: 'overloaded' } }), 'model-unavailable'],
    ['JSON of another kind', (_, r) => send(r, 200, { hello: 1 }), 'model-unavailable'],
    ['broken JSON', (_, r) => send(r, 200, '{"choices":['), 'model-unavailable'],
    ['a cut connection', (_, r) => r.socket?.destroy(), 'model-unavailable'],
    [
      'a connection cut inside the body',
      (_, r) => {
        r.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
        r.write('{"choices"', () => r.socket?.destroy())
      },
      'model-unavailable',
    ],
  ]
  for (const [name, handler, code] of strange) {
    it(`maps ${name} to ${code}`, async () => {
      handle = handler
      assert.equal((await failureOf(make())).code, code)
    })
  }

  for (const [what, baseUrl, reason] of [
    ['a port where nobody listens', 'http://127.0.0.1:1/v1', /ECONNREFUSED|bad port/],
    ['a host that does not exist', 'http://no-such-host.invalid/v1', /ENOTFOUND|EAI_AGAIN/],
  ] as const) {
    it(`maps ${what} to model-unavailable, with the URL, the reason and the variable to check`, async () => {
      const error = await failureOf(make({ baseUrl, timeoutMs: 20_000 }))
      assert.equal(error.code, 'model-unavailable')
      assert.match(error.message, reason)
      assert.ok(error.message.startsWith(`the model endpoint ${baseUrl} cannot be reached (`), error.message)
      assert.match(error.message, /check OPENAI_BASE_URL$/)
    })
  }

  it('maps silence before and inside the body to model-timeout', async () => {
    handle = () => undefined
    const silent = await failureOf(make({ timeoutMs: 150 }))
    assert.equal(silent.code, 'model-timeout')
    assert.match(silent.message, /did not answer within 150 ms: raise OPENAI_TIMEOUT_MS/)
    handle = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{')
    }
    assert.equal((await failureOf(make({ timeoutMs: 150 }))).code, 'model-timeout')
  })

  it('takes no base URL with a password, and does not show it', () => {
    const shown = { code: 'config-invalid', message: /must hold no user or password/ }
    assert.throws(() => make({ baseUrl: 'http://me:hidden-word@localhost/v1' }), shown)
  })

  describe('with an endpoint that echoes the key', () => {
    const echoes: readonly (readonly [string, (key: string, response: ServerResponse) => void])[] = [
      ...[400, 401, 403, 404, 422, 429, 500].map((status) => {
        const echo = (key: string, response: ServerResponse) => {
          const message = `Incorrect API key provided: ${key} (Authorization: Bearer ${key})`
          send(response, status, openAiError(message, key, key), { 'x-request-id': encodeURIComponent(key) })
        }
        return [`in a ${status}`, echo] as const
      }),
      ['in plain text', (key, r) => send(r, 500, `key=${key}`, { 'content-type': 'text/plain' })],
      ['in another form of body', (key, r) => send(r, 422, { detail: [{ input: key }] })],
      ['in broken JSON', (key, r) => send(r, 200, key)],
      [
        'in a cut-off answer',
        (key, r) => send(r, 200, completion({ finish_reason: 'length', message: { content: key } })),
      ],
      [
        'in a refusal',
        (key, r) => send(r, 200, completion({ finish_reason: 'stop', message: { refusal: `no ${key}` } })),
      ],
      [
        'in text',
        (key, r) =>
          send(r, 200, completion({ finish_reason: 'stop', message: { content: `no ${key}` } }, { model: key })),
      ],
      ['in an error inside a 200', (key, r) => send(r, 200, { error: { message: key } })],
    ]
    for (const apiKey of [KEY, ODD_KEY]) {
      for (const [name, echo] of echoes) {
        it(`shows nothing of ${apiKey} ${name}`, async () => {
          handle = (_, response) => echo(apiKey, response)
          const error = await failureOf(make({ apiKey }))
          const shown = shownOf(error)
          for (const form of [apiKey, encodeURIComponent(apiKey), JSON.stringify(apiKey).slice(1, -1)]) {
            assert.ok(!shown.includes(form), `${form} stands in ${shown}`)
          }
        })
      }
    }

    it('takes it out of a good answer too', async () => {
      const content = JSON.stringify({ reason: `the key is ${KEY}` })
      const message = { role: 'assistant', content }
      handle = (_, response) =>
        send(response, 200, completion({ finish_reason: 'stop', message }, { model: `m-${KEY}` }))
      const reply = await make().ask(question)
      assert.ok(!JSON.stringify([reply, ended, logged]).includes(KEY))
      assert.deepEqual(reply.answer, { reason: 'the key is [redacted]' })
    })
  })

  describe('with an endpoint that does not know a parameter', () => {
    const unsupported = (param: string | null, message: string) => ({
      error: { message, type: 'invalid_request_error', param, code: 'unsupported_parameter' },
    })
    const cases: readonly (readonly [string, object, (body: Record<string, unknown>) => boolean])[] = [
      [
        'prompt_cache_key',
        unsupported('prompt_cache_key', 'Unrecognized request argument supplied: prompt_cache_key'),
        (body) => !('prompt_cache_key' in body),
      ],
      [
        'reasoning_effort',
        unsupported(null, "Unsupported value: 'reasoning_effort' does not support 'none' with this model."),
        (body) => !('reasoning_effort' in body),
      ],
      [
        'max_completion_tokens',
        { message: 'Unknown field max_completion_tokens' },
        (body) => body.max_tokens === 100 && !('max_completion_tokens' in body),
      ],
      [
        'strict',
        unsupported('response_format.json_schema.strict', 'strict is not supported'),
        (body) =>
          JSON.stringify(body.response_format) ===
          '{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"}}}',
      ],
      [
        'response_format',
        unsupported(null, 'This response_format type is unavailable now'),
        (body) =>
          JSON.stringify(body.response_format) === '{"type":"json_object"}' &&
          JSON.stringify(body.messages).includes('JSON schema'),
      ],
    ]
    for (const [name, refusal, isWithout] of cases) {
      it(`drops ${name} once, says so once, and asks again at once`, async () => {
        handle = (body, response) => (isWithout(body) ? send(response, 200, good) : send(response, 400, refusal))
        const client = make()
        await Promise.all([client.ask(question), client.ask(question), client.ask(question)])
        await client.ask(question)
        assert.ok(isWithout(bodies.at(-1) ?? {}))
        assert.ok(bodies.length <= 7, `${bodies.length} requests for 4 answers`)
        assert.equal(logged.match(/does not take/g)?.length, 1)
        assert.equal(ended.length, bodies.length)
      })
    }

    it('ends where the endpoint is content with nothing', async () => {
      const names = 'prompt_cache_key reasoning_effort max_completion_tokens response_format strict max_tokens'
      handle = (_, response) => send(response, 400, unsupported(null, `not supported: ${names}`))
      const error = await failureOf(make())
      assert.equal(error.code, 'model-bad-request')
      assert.equal(bodies.length, 7)
    })

    it('keeps for each model what it does not take', async () => {
      const refusal = unsupported('prompt_cache_key', 'not supported')
      handle = (body, response) =>
        body.model === 'gpt-6-luna' && 'prompt_cache_key' in body
          ? send(response, 400, refusal)
          : send(response, 200, good)
      const client = make({ escalationModel: 'stronger' })
      await client.ask(question)
      await client.ask({ ...question, tier: 'escalation' })
      assert.ok('prompt_cache_key' in (bodies.at(-1) ?? {}))
    })
  })
})
