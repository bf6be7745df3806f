/** The client against endpoints that fail under status 200, do not take our requests, or stand behind a network of their own. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { pino } from 'pino'
import { withoutVariables } from '../../../src/config/environment.ts'
import { isServiceError } from '../../../src/errors.ts'
import { paidUsageOf } from '../../../src/llm/errors.ts'
import { createOpenAiClient, type OpenAiClientOptions } from '../../../src/llm/openai/client.ts'
import { DEFAULT_PRICES } from '../../../src/llm/pricing.ts'
import type { ModelRequest } from '../../../src/llm/types.ts'
import { askFor } from '../../contract/model-client.contract.ts'
import { type QuirkyEndpoint, startQuirkyEndpoint } from '../../helpers/quirky-endpoint/endpoint.ts'
import { QUIRKS, type QuirkName } from '../../helpers/quirky-endpoint/quirks.ts'
import { message, type Quirk } from '../../helpers/quirky-endpoint/types.ts'

const KEY = 'sk-test-123'
const PAST = 'Fri, 20 Nov 2020 10:00:07 GMT'

let endpoint: QuirkyEndpoint
let logged = ''
const log = pino({ level: 'trace' }, { write: (line: string) => (logged += line) })

before(async () => {
  endpoint = await startQuirkyEndpoint()
})
after(() => endpoint.close())
beforeEach(() => {
  logged = ''
})

function make(options: Partial<OpenAiClientOptions> = {}) {
  const base = { apiKey: KEY, baseUrl: endpoint.url, model: 'small', timeoutMs: 10_000, prices: DEFAULT_PRICES, log }
  return createOpenAiClient({ ...base, ...options })
}

/** A question of `count` records with the bound that the client wants for it. */
function questionFor(client: ReturnType<typeof make>, count: number): ModelRequest {
  const { asked: _, ...question } = askFor(count)
  const answerTokens = question.maxCompletionTokens
  return { ...question, answerTokens, maxCompletionTokens: client.answerBound('primary', answerTokens) }
}

async function failureOf(client: ReturnType<typeof make>, count = 2) {
  const error: unknown = await client.ask(questionFor(client, count)).then(
    (reply) => assert.fail(`it answered ${JSON.stringify(reply).slice(0, 200)}`),
    (reason: unknown) => reason,
  )
  assert.ok(isServiceError(error), inspect(error))
  return error
}

describe('an error inside a 200', () => {
  const cases: readonly (readonly [QuirkName, string, RegExp])[] = [
    ['choice-error', 'model-unavailable', /upstream overloaded, code 1305.*inside an answer with 200/],
    ['choice-error-partial', 'model-unavailable', /Provider returned error: upstream overloaded/],
    ['choice-finish-error', 'model-unavailable', /finish reason "error"/],
    ['top-error', 'model-unavailable', /\(502\): Provider returned error: upstream overloaded/],
    ['top-error-text', 'model-unavailable', /CUDA out of memory/],
    ['top-error-429', 'model-rate-limited', /\(429\).*temporarily rate-limited upstream/],
    ['top-error-401', 'model-auth', /401/],
    ['top-error-quota', 'model-quota', /You exceeded your current quota/],
    ['top-error-with-empty-choices', 'model-unavailable', /\(503\): no healthy upstream/],
    ['object-error', 'model-unavailable', /\(500\): the engine is dead/],
    ['stream-error', 'model-rate-limited', /\(429\): Slow down/],
    ['code-of-its-own', 'model-rate-limited', /\(429\): Rate limit reached for requests/],
    ['code-unknown', 'model-unavailable', /\(502\): The service may be temporarily overloaded/],
    ['code-and-msg', 'model-rate-limited', /\(429\): Too many requests/],
    ['code-as-text', 'model-rate-limited', /\(429\): Slow down/],
    ['base-resp', 'model-quota', /insufficient balance/],
    ['errors-list', 'model-unavailable', /No route for that URI/],
    ['detail-alone', 'model-unavailable', /Model is overloaded/],
    ['message-alone', 'model-unavailable', /\(500\): Internal Server Error/],
    ['no-choices', 'model-unavailable', /without a message/],
    ['content-null', 'model-unavailable', /without any text/],
    ['content-empty', 'model-unavailable', /without any text/],
    ['html-page', 'model-unavailable', /a page of HTML .*Just a moment.*OPENAI_BASE_URL/],
    ['html-page-as-json', 'model-unavailable', /broken JSON|a page of HTML/],
  ]
  for (const [name, code, message] of cases) {
    it(`${name} is a failure of the kind ${code} with its text, after one request`, async () => {
      endpoint.behave(name)
      const error = await failureOf(make())
      assert.equal(error.code, code)
      assert.match(error.message, message)
      assert.equal(endpoint.asked.length, 1)
    })
  }

  it('is billed where the endpoint names a usage', async () => {
    endpoint.behave('content-null')
    const paid = paidUsageOf(await failureOf(make()))
    assert.equal(paid?.usage.input, endpoint.billed.input)
  })
})

describe('a wait that an endpoint names', () => {
  const spent = { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '45s' }
  const words = 'Bad luck. Please try again in 20s.'
  const cases: readonly (readonly [string, number, Record<string, string>, string, string, number | undefined])[] = [
    ['a 503 with Retry-After', 503, { 'retry-after': '7' }, 'no', 'model-unavailable', 7_000],
    ['a 503 with words', 503, {}, words, 'model-unavailable', 20_000],
    ['a 503 while it loads', 503, {}, 'Loading model', 'model-unavailable', 5_000],
    ['a 503 with the resets of an account', 503, spent, 'no', 'model-unavailable', undefined],
    ['a 503 with a date in the past', 503, { 'retry-after': PAST }, 'no', 'model-unavailable', undefined],
    ['a 429 with the resets of an account', 429, spent, 'no', 'model-rate-limited', 45_000],
    ['a 429 with a date in the past', 429, { ...spent, 'retry-after': PAST }, 'no', 'model-rate-limited', 45_000],
    ['a 500 with Retry-After', 500, { 'retry-after': '7' }, words, 'model-unavailable', undefined],
    ['a 502 with words', 502, spent, words, 'model-unavailable', undefined],
    ['a 504, which may be billed, with Retry-After', 504, { 'retry-after': '7' }, 'no', 'model-unavailable', undefined],
    ['a 408 with the resets of an account', 408, spent, 'no', 'model-unavailable', undefined],
    ['a 529 with Retry-After', 529, { 'retry-after': '7' }, 'Overloaded', 'model-unavailable', undefined],
    ['a day of a 500', 500, { 'retry-after': '86400' }, 'no', 'model-unavailable', undefined],
    ['a day of a 503', 503, { 'retry-after': '86400' }, 'no', 'model-paused', undefined],
    ['a redirect with Retry-After', 302, { 'retry-after': '7', location: '/x' }, 'no', 'model-unavailable', undefined],
    ['a proxy that forbids', 403, { 'retry-after': '7' }, '', 'model-unavailable', undefined],
  ]
  for (const [name, status, headers, said, code, waitMs] of cases) {
    it(`${name} is ${waitMs === undefined ? 'no wait without end' : `a wait of ${waitMs} ms`}`, async () => {
      endpoint.behave(() => ({ status, headers, body: said === '' ? '' : { error: { message: said } } }))
      const error = await failureOf(make())
      assert.deepEqual([error.code, error.retryAfterMs], [code, waitMs])
    })
  }

  it('under an error inside a 200 counts by the status that the error names', async () => {
    const inside = (code: number) => () => ({
      headers: { ...spent, 'retry-after': '7' },
      body: { error: { code, message: 'no' } },
      isBilled: false,
    })
    endpoint.behave(inside(503))
    assert.equal((await failureOf(make())).retryAfterMs, 7_000)
    endpoint.behave(inside(500))
    assert.equal((await failureOf(make())).retryAfterMs, undefined)
  })
})

describe('an endpoint that does not take the form of our requests', () => {
  const cases: readonly (readonly [QuirkName, number, RegExp])[] = [
    ['literal-error', 2, /json_object/],
    ['additional-properties', 2, /additionalProperties/],
    ['grammar-features', 3, /json-object/],
    ['thinking-budget', 2, /reasoning_effort/],
    ['nameless-refusal', 3, /json-object/],
    ['plain-only', 4, /text without optional parameters/],
    ['invalid-schema', 2, /form schema/],
  ]
  for (const [name, requests, said] of cases) {
    it(`${name} is answered after ${requests} requests, and its form is kept and logged once`, async () => {
      endpoint.behave(name)
      const client = make()
      const refused: string[] = []
      const ask = () => client.ask({ ...questionFor(client, 2), formRefused: ({ code }) => refused.push(code) })
      const { answer } = await ask()
      assert.deepEqual(
        refused,
        Array.from({ length: requests - 1 }, () => 'model-bad-request'),
      )
      assert.deepEqual((answer as { answers: unknown[] }).answers.length, 2)
      assert.equal(endpoint.asked.length, requests)
      await Promise.all([ask(), ask(), ask()])
      assert.equal(endpoint.asked.length, requests + 3)
      const lines = logged.split('\n').filter((line) => line.includes('for the life of this process'))
      assert.equal(lines.length, 1, logged)
      assert.match(lines[0] ?? '', said)
    })
  }

  it('is not tried in other forms once it has answered', async () => {
    endpoint.behave('clean')
    const client = make()
    await client.ask(questionFor(client, 2))
    endpoint.behave(() => ({ status: 400, body: { error: { message: 'this one I do not like' } } }))
    assert.equal((await failureOf(client)).code, 'model-bad-request')
    assert.equal(endpoint.asked.length, 1)
  })

  const noAnswers: readonly (readonly [string, Quirk])[] = [
    ['a page of HTML', QUIRKS['html-page']],
    ['an empty object', () => ({ body: {}, isBilled: false })],
    ['a list of models', () => ({ body: { object: 'list', data: [] }, isBilled: false })],
    ['no choices', QUIRKS['no-choices']],
    ['usage alone', () => ({ body: { usage: { prompt_tokens: 1, completion_tokens: 0 } } })],
    ['a choice without a message', (seen) => ({ body: seen.completion({}, { message: undefined }) })],
    ['a message without text', QUIRKS['content-empty']],
  ]
  for (const [name, quirk] of noAnswers) {
    it(`learns nothing of ${name} under a 200, in whatever form it was asked`, async () => {
      // Whatever stands before the endpoint has refused the first form and takes the second, and the endpoint is back then.
      endpoint.behave([() => ({ status: 400, body: 'Bad Request' }), quirk])
      const client = make()
      await failureOf(client)
      assert.equal(endpoint.asked.length, 2)
      assert.ok(!logged.includes('for the life of this process'), logged)
      endpoint.behave('nameless-refusal')
      await client.ask(questionFor(client, 2))
      assert.equal(endpoint.asked.length, 3, 'all forms are tried from the first one')
    })
  }

  it('learns the form of an answer that was cut off', async () => {
    endpoint.behave([() => ({ status: 400, body: 'Bad Request' }), 'cut-off'])
    const client = make()
    assert.equal((await failureOf(client)).code, 'model-cut-off')
    assert.match(logged, /in the form schema, which is kept/)
  })

  it('is tried in all forms for two requests at most where none of them helps', async () => {
    endpoint.behave(() => ({ status: 422, body: { error: { message: 'no' } } }))
    const client = make()
    for (const requests of [4, 8, 9, 10]) {
      assert.match((await failureOf(client)).message, /\(422\): no$/)
      assert.equal(endpoint.asked.length, requests)
    }
    endpoint.behave('clean')
    await client.ask(questionFor(client, 2))
    const sent = JSON.stringify(endpoint.asked[0]?.body.response_format)
    assert.match(sent, /"strict":true/, 'no form was learned')
  })

  it('learns one form where several requests are in flight at once', async () => {
    endpoint.behave('plain-only')
    const client = make()
    await Promise.all(Array.from({ length: 5 }, () => client.ask(questionFor(client, 1))))
    await client.ask(questionFor(client, 1))
    assert.ok(endpoint.asked.length <= 21)
    assert.equal(logged.match(/for the life of this process/g)?.length, 1)
  })

  it('says that the context is too short, and asks for smaller requests in no other form', async () => {
    endpoint.behave('context-of-five')
    const error = await failureOf(make(), 6)
    assert.equal(error.code, 'model-too-long')
    assert.match(
      error.message,
      /longer than the context of model "small".*smaller requests.*maximum context length is 4096/,
    )
    assert.equal(endpoint.asked.length, 1)
  })
})

describe('an endpoint that refuses a question for its words', () => {
  const azure =
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry."
  const inner = { innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: {} } }
  const cases: readonly (readonly [string, number, object])[] = [
    ['Azure', 400, { message: azure, code: 'content_filter', param: 'prompt', status: 400, ...inner }],
    ['Azure without a code', 400, { message: 'Bad prompt', ...inner }],
    ['Azure by its words alone', 400, { message: azure }],
    ['Alibaba', 400, { code: 'data_inspection_failed', message: 'Input data may contain inappropriate content.' }],
    ['OpenRouter', 403, { code: 403, message: 'Your chosen model requires moderation and your input was flagged' }],
    ['OpenAI', 400, { message: 'Your request was rejected as a result of our safety system.' }],
  ]
  for (const [name, status, error] of cases) {
    it(`is asked once, and the question is refused for its words (${name})`, async () => {
      endpoint.behave(() => ({ status, body: { error } }))
      assert.equal((await failureOf(make())).code, 'model-refused')
      assert.equal(endpoint.asked.length, 1)
    })
  }

  it('may say so under a 200: as a part of the content, or as the end of the answer', async () => {
    endpoint.behave((seen) => message(seen, { content: [{ type: 'refusal', refusal: 'I cannot.' }] }))
    assert.match((await failureOf(make())).message, /refused: I cannot\./)
    for (const word of ['SAFETY', 'PROHIBITED_CONTENT', 'content-filter', 'sensitive']) {
      endpoint.behave((seen) => message(seen, { content: '' }, { finish_reason: word }))
      assert.equal((await failureOf(make())).code, 'model-refused', word)
    }
  })
})

describe('an answer that is cut off', () => {
  for (const word of ['MAX_TOKENS', 'max_tokens', 'max_output_tokens', 'Length']) {
    it(`may end with the words of another API (${word})`, async () => {
      endpoint.behave((seen) => message(seen, { content: seen.text.slice(0, 40) }, { finish_reason: word }))
      assert.equal((await failureOf(make())).code, 'model-cut-off')
    })
  }

  it('says that the bound was too small, and which variable raises it', async () => {
    endpoint.behave('cut-off')
    const client = make()
    const error = await failureOf(client)
    assert.equal(error.code, 'model-cut-off')
    assert.match(error.message, /too small.*OPENAI_MAX_ANSWER_TOKENS/)
    assert.equal(client.answerBound('primary', 500), 500)
  })

  for (const name of ['reasoning-eats-bound', 'reasoning-shown'] as const) {
    it(`has its bound raised once where reasoning ate it (${name})`, async () => {
      endpoint.behave(name)
      const client = make({ escalationModel: 'large' })
      const before = questionFor(client, 2)
      const error = await failureOf(client)
      assert.equal('mayRepeat' in error && error.mayRepeat, true)
      const after = questionFor(client, 2)
      assert.ok(after.maxCompletionTokens >= before.maxCompletionTokens + 3_000)
      assert.equal(client.answerBound('escalation', 500), 500, 'each model for itself')
      await client.ask(after)
      assert.equal(logged.match(/ate the bound/g)?.length, 1)
    })
  }

  it('is not raised a second time', async () => {
    const usage = { prompt_tokens: 9, completion_tokens: 9, completion_tokens_details: { reasoning_tokens: 900_000 } }
    endpoint.behave((seen) => ({
      body: seen.completion({ role: 'assistant', content: '' }, { finish_reason: 'length' }, { usage }),
    }))
    const client = make()
    assert.equal((await failureOf(client)).code, 'model-cut-off')
    const raised = client.answerBound('primary', 500)
    const error = await failureOf(client)
    assert.equal('mayRepeat' in error && error.mayRepeat, false)
    assert.equal(client.answerBound('primary', 500), raised)
    assert.ok(raised <= 500 + 65_536)
  })

  it('has the configured bound from the first request on', async () => {
    endpoint.behave('clean')
    const client = make({ maxAnswerTokens: 20_000 })
    await client.ask(questionFor(client, 1))
    assert.equal(endpoint.asked[0]?.maxTokens, 20_000)
    assert.equal(client.answerBound('primary', 30_000), 30_000)
  })
})

describe('a body', () => {
  const cases: readonly (readonly [QuirkName, RegExp])[] = [
    ['gzip-bomb', /longer than 4194304 bytes/],
    ['gzip-bomb-unsaid', /longer than 4194304 bytes/],
    ['gzip-bomb-refused', /longer than 4194304 bytes/],
    ['endless-body', /longer than 4194304 bytes/],
    ['deep-body', /nested deeper than 200 levels/],
  ]
  for (const [name, message] of cases) {
    it(`that is hostile (${name}) is given up`, async () => {
      endpoint.behave(name)
      const error = await failureOf(make())
      assert.equal(error.code, 'model-unavailable')
      assert.match(error.message, message)
    })
  }

  it('that says it is too long is not read', async () => {
    endpoint.behave(() => ({
      raw: (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000000' })
        response.flushHeaders()
      },
    }))
    assert.match((await failureOf(make())).message, /longer than 4194304 bytes/)
  })

  it('that never ends is given up after the time for a request', async () => {
    endpoint.behave('body-without-end')
    assert.equal((await failureOf(make({ timeoutMs: 300 }))).code, 'model-timeout')
  })

  it('may stream, or hide, as deep a body as it likes', async () => {
    const deep = `{"a":${'['.repeat(1_500_000)}${']'.repeat(1_500_000)}}`
    const bodies = [`data: ${deep}\n\n`, JSON.stringify(deep), `: ok\n\n${deep}`, `{}\n${deep}`]
    for (const body of bodies) {
      endpoint.behave(() => ({ body }))
      assert.equal((await failureOf(make())).code, 'model-unavailable')
    }
    endpoint.behave((seen) => message(seen, { content: deep }))
    assert.equal((await failureOf(make())).code, 'model-bad-answer')
  })

  it('may be compressed', async () => {
    endpoint.behave('gzip')
    const client = make()
    assert.equal((await client.ask(questionFor(client, 1))).model, 'small')
  })
})

describe('what lies before an endpoint', () => {
  it('may redirect: the prompt is not sent there, and the message names the place without its query', async () => {
    endpoint.behave('permanent-redirect')
    const moved = await failureOf(make())
    assert.equal(moved.code, 'model-not-found')
    assert.match(
      moved.message,
      /redirects \(308\): to https:\/\/elsewhere\.example\/v1\/chat\/completions; it is not followed/,
    )
    assert.ok(!moved.message.includes('hidden'))
    endpoint.behave('passing-redirect')
    const passing = await failureOf(make())
    assert.equal(passing.code, 'model-unavailable')
    assert.match(passing.message, /redirects \(302\): to http:\/\/127\.0\.0\.1:\d+\/login/)
    assert.equal(endpoint.asked.length, 1)
  })

  it('may refuse by a page: that says nothing of the key', async () => {
    endpoint.behave('proxy-403')
    const error = await failureOf(make())
    assert.equal(error.code, 'model-unavailable')
    assert.match(error.message, /proxy or firewall.*\(403\)/)
  })

  it('may refuse the key under 400', async () => {
    endpoint.behave('gemini-bad-key')
    const error = await failureOf(make())
    assert.equal(error.code, 'model-auth')
    assert.match(error.message, /refused the API key \(400\): check OPENAI_API_KEY: API key not valid/)
    assert.equal(endpoint.asked.length, 1)
  })
})

describe('the headers of a request', () => {
  const sentBy = async (options: Partial<OpenAiClientOptions>) => {
    endpoint.behave('clean')
    const client = make(options)
    await client.ask(questionFor(client, 1))
    const [seen] = endpoint.asked
    assert.ok(seen)
    return seen
  }

  it('carry the key, the organization and the project, and those of OPENAI_HEADERS', async () => {
    const { headers } = await sentBy({ organization: 'org-a', project: 'proj_b', headers: { 'X-Team': 'statistics' } })
    assert.equal(headers.authorization, `Bearer ${KEY}`)
    assert.equal(headers['openai-organization'], 'org-a')
    assert.equal(headers['openai-project'], 'proj_b')
    assert.equal(headers['x-team'], 'statistics')
    assert.equal(headers['content-type'], 'application/json')
  })

  it('may replace the key by one of a gateway, and hold none where none is set', async () => {
    const { headers } = await sentBy({ headers: { Authorization: 'Basic Z2F0ZXdheQ==' } })
    assert.equal(headers.authorization, 'Basic Z2F0ZXdheQ==')
    assert.equal((await sentBy({ apiKey: undefined })).headers.authorization, undefined)
  })

  it('hold the key as Azure takes it, with the version of its API in the address', async () => {
    const baseUrl = endpoint.url.replace('/v1', '/openai/deployments/small')
    for (const options of [{ baseUrl, apiVersion: '2024-10-21' }, { baseUrl: `${baseUrl}?api-version=2024-10-21` }]) {
      const { headers, path } = await sentBy(options)
      assert.equal(path, '/openai/deployments/small/chat/completions?api-version=2024-10-21')
      assert.equal(headers['api-key'], KEY)
      assert.equal(headers.authorization, undefined)
    }
    assert.throws(() => make({ baseUrl: 'https://x.openai.azure.com/openai/deployments/small' }), /OPENAI_API_VERSION/)
  })

  it('are the same whatever variables the OpenAI package would read', async () => {
    const plain = await sentBy({})
    const variables = {
      OPENAI_CUSTOM_HEADERS: 'Authorization: Bearer stolen\nX-Custom: 1\nHost: elsewhere',
      OPENAI_ORG_ID: 'org-env',
      OPENAI_PROJECT_ID: 'proj-env',
      OPENAI_ADMIN_KEY: 'admin-env',
      OPENAI_API_KEY: 'key-env',
      OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
      OPENAI_WEBHOOK_SECRET: 'hook-env',
      OPENAI_LOG: 'debug',
    }
    Object.assign(process.env, variables)
    try {
      assert.deepEqual((await sentBy({})).headers, plain.headers)
      process.env.OPENAI_CUSTOM_HEADERS = 'no header name: \u0000'
      const client = withoutVariables(/^OPENAI_/, () => make())
      assert.equal(process.env.OPENAI_ORG_ID, 'org-env')
      await client.ask(questionFor(client, 1))
    } finally {
      for (const name of Object.keys(variables)) delete process.env[name]
    }
  })

  it('stand in no message and no log, where the endpoint repeats them', async () => {
    const headers = { 'X-Secret': 'hidden-word-1', 'X-Team': 'hidden-word-2' }
    endpoint.behave(() => ({ status: 400, body: { error: { message: 'got hidden-word-1 and hidden-word-2' } } }))
    const error = await failureOf(make({ headers }))
    assert.ok(!`${inspect(error)}${logged}`.includes('hidden-word'), inspect(error))
    endpoint.behave((seen) => ({
      body: seen.completion({ content: seen.text.replaceAll('quirky', 'hidden-word-1 hidden-word-2') }),
    }))
    const client = make({ headers })
    const { answer } = await client.ask(questionFor(client, 1))
    assert.ok(!JSON.stringify(answer).includes('hidden-word-1'))
    assert.ok(JSON.stringify(answer).includes('hidden-word-2'), 'a plain value may be a word of a right answer')
  })
})

describe('the id of a request', () => {
  it('stands in the reply and in failures', async () => {
    endpoint.behave('request-id')
    const client = make()
    assert.equal((await client.ask(questionFor(client, 1))).requestId, 'req_0')
    endpoint.behave('request-id-refused')
    const error = await failureOf(client)
    assert.equal(error.requestId, 'req_0')
    assert.match(error.message, /\(request id req_0\)$/)
  })

  it('is left out where it is none', async () => {
    for (const id of ['', 'a b', 'x'.repeat(200)]) {
      endpoint.behave((seen) => ({ body: seen.completion({ content: seen.text }), headers: { 'x-request-id': id } }))
      const client = make()
      assert.equal((await client.ask(questionFor(client, 1))).requestId, undefined)
    }
  })
})
