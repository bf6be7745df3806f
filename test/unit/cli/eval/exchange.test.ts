/** Tests of what stands between an evaluation and its model: the relay, the files of requests and answers, and the demo's answers. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { openExchange } from '../../../../src/cli/eval/exchange.ts'
import { createExchangeFile, readAskedModels } from '../../../../src/cli/eval/exchange-file.ts'
import { startRelay } from '../../../../src/cli/eval/relay.ts'
import { withRecordedAnswers } from '../../../../src/cli/start/demo.ts'
import { type Config, readConfig } from '../../../../src/config/config.ts'
import { createRecordingReader } from '../../../../src/offline-model/recorded-file.ts'
import { offlineQuestion, promptOf } from '../../../helpers/codebooks/offline-question.ts'
import { waitUntil } from '../../../helpers/wait.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-exchange-'))
})
after(() => rm(directory, { recursive: true, force: true }))

interface Upstream {
  readonly url: string
  readonly seen: { readonly path: string; readonly headers: IncomingMessage['headers']; readonly body: string }[]
  close(): Promise<void>
}

/** An endpoint that gives every request the same response. */
async function startUpstream(status: number, body: string, headers: Record<string, string> = {}): Promise<Upstream> {
  const seen: Upstream['seen'] = []
  const server = createServer(async (request, response) => {
    seen.push({ path: request.url ?? '', headers: request.headers, body: await readText(request) })
    if (status === 0) return
    response.writeHead(status, headers)
    response.end(headers['content-encoding'] === 'gzip' ? gzipSync(body) : body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v2`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const SECRET = 'sk-very-secret'
const ANSWER = { answers: [{ key: 'k1', reason: 'r', labels: [{ field: 'type', value: 'flow', confidence: 90 }] }] }
const completionOf = (content: string | null) =>
  JSON.stringify({ model: 'gpt-9', choices: [{ message: { role: 'assistant', content } }] })
const question = (name = 'Exports') => ({
  model: 'small',
  messages: [{ role: 'user', content: promptOf([{ name }]) }],
  response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
  max_completion_tokens: 100,
  prompt_cache_key: 'cache',
})
const ask = (url: string, body: object, signal?: AbortSignal) =>
  fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json', 'x-stainless-lang': 'js' },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  })

/** A configuration whose offline model listens at this address, and whose real endpoint must not be asked. */
function withOfflinePort(url: string): Config {
  const port = { OFFLINE_MODEL_PORT: '1' }
  const given = readConfig({ ...port, OPENAI_API_KEY: SECRET, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })
  return { ...given, offlineModel: { ...given.offlineModel, port: Number(new URL(url).port) } }
}

describe('the relay', () => {
  it('passes request and response on, headers and key included, and shows both', async () => {
    const limits = { 'x-ratelimit-limit-requests': '5', 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const upstream = await startUpstream(200, completionOf('{}'), limits)
    const shown: unknown[] = []
    const onAnswer = async (...exchange: unknown[]) => void shown.push(exchange)
    const relay = await startRelay({ target: upstream.url, onAnswer, onRefusal: () => assert.fail('refused') })
    try {
      const response = await ask(relay.url, question())
      assert.equal(response.status, 200)
      assert.equal(response.headers.get('x-ratelimit-limit-requests'), '5')
      assert.equal(await response.text(), completionOf('{}'))
      const [got] = upstream.seen
      assert.equal(got?.path, '/api/v2/chat/completions')
      assert.deepEqual([got?.headers.authorization, got?.headers['x-stainless-lang']], [`Bearer ${SECRET}`, 'js'])
      assert.deepEqual(JSON.parse(got?.body ?? ''), question())
      assert.deepEqual(shown, [[question(), JSON.parse(completionOf('{}'))]])
    } finally {
      await relay.close()
      await upstream.close()
    }
  })

  it('shows no answer where the endpoint failed, and the message where it refused the request', async () => {
    const refusals: string[] = []
    for (const status of [400, 429, 500]) {
      const upstream = await startUpstream(status, '{"error":{"message":"no, thanks"}}', { 'retry-after-ms': '7' })
      const onAnswer = async () => assert.fail('no answer came')
      const relay = await startRelay({ target: upstream.url, onAnswer, onRefusal: (said) => refusals.push(said) })
      try {
        const response = await ask(relay.url, question())
        assert.deepEqual([response.status, response.headers.get('retry-after-ms')], [status, '7'])
        assert.match(await response.text(), /no, thanks/)
      } finally {
        await relay.close()
        await upstream.close()
      }
    }
    assert.deepEqual(refusals, ['no, thanks'])
  })

  it('answers 502 where the endpoint is away, and gives up a request whose client is gone', async () => {
    const upstream = await startUpstream(0, '')
    const onAnswer = async () => assert.fail('no answer came')
    const relay = await startRelay({ target: upstream.url, onAnswer, onRefusal: () => undefined })
    const client = new AbortController()
    const asked = ask(relay.url, question(), client.signal)
    await waitUntil('the endpoint has the request', () => upstream.seen.length === 1, { pollMs: 1 })
    client.abort()
    await assert.rejects(asked)
    await upstream.close()
    const response = await ask(relay.url, question())
    assert.equal(response.status, 502)
    assert.match(await response.text(), /ECONNREFUSED/)
    await relay.close()
  })
})

describe('a recording', () => {
  const config = (baseUrl: string) => readConfig({ OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: SECRET })

  it('keeps each request and answer as a line without any header, which the offline model repeats', async () => {
    const file = join(directory, 'recorded.jsonl')
    const upstream = await startUpstream(200, completionOf(JSON.stringify(ANSWER)))
    const exchange = await openExchange({ kind: 'record', file }, config(upstream.url))
    const url = exchange.replicaEnv.OPENAI_BASE_URL ?? ''
    assert.deepEqual(Object.keys(exchange.replicaEnv), ['OPENAI_BASE_URL'])
    await Promise.all(
      ['Exports', 'Imports', 'Tariffs'].map(async (name) => await (await ask(url, question(name))).text()),
    )
    assert.equal(exchange.count(), 3)
    await exchange.close()
    await upstream.close()
    const content = await readFile(file, 'utf8')
    assert.ok(!content.includes(SECRET))
    const lines = content
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.equal(lines.length, 3)
    for (const line of lines) {
      assert.deepEqual(Object.keys(line), ['request', 'answer', 'model', 'recorded_at'])
      assert.deepEqual(Object.keys(line.request), ['model', 'messages', 'response_format'])
      assert.deepEqual([line.answer, line.model], [ANSWER, 'gpt-9'])
      assert.ok(Date.parse(line.recorded_at) <= Date.now())
    }
    const reader = createRecordingReader(file)
    for (const [index, line] of content.split('\n').entries()) reader.add(line, index + 1)
    const { items } = offlineQuestion([{ name: 'Imports' }])
    assert.equal(reader.find(items[0] ?? assert.fail(), 'type', 'small')?.value, 'flow')
    assert.deepEqual(await readAskedModels(file), ['small'])
  })

  it('keeps text that is no JSON as text, and a refusal as null', async () => {
    const file = join(directory, 'odd.jsonl')
    for (const [index, content] of (['Sorry!', null] as const).entries()) {
      const upstream = await startUpstream(200, completionOf(content))
      const exchange = await openExchange({ kind: 'record', file: `${file}${index}` }, config(upstream.url))
      await ask(exchange.replicaEnv.OPENAI_BASE_URL ?? '', question())
      await exchange.close()
      await upstream.close()
      assert.equal(JSON.parse(await readFile(`${file}${index}`, 'utf8')).answer, content)
    }
  })

  it('never overwrites a file, and names a folder that is missing', async () => {
    const file = join(directory, 'there.jsonl')
    await writeFile(file, 'paid answers')
    const open = (path: string) => openExchange({ kind: 'record', file: path }, config('http://127.0.0.1:9'))
    await assert.rejects(open(file), { code: 'input-invalid', message: /there\.jsonl exists already: name a new file/ })
    assert.equal(await readFile(file, 'utf8'), 'paid answers')
    await assert.rejects(open(join(directory, 'none', 'x')), {
      code: 'input-invalid',
      message: /^--record \S+none\/x cannot be written: the folder \S+none does not exist: make it/,
    })
  })

  it('keeps answers that a full disk takes no more in another folder, and says where', async () => {
    const rescueIn = await mkdtemp(join(directory, 'rescue-'))
    const file = await createExchangeFile('/dev/full', { option: '--record', rescueIn })
    const full =
      /^--record \/dev\/full cannot be written: there is no room left in \/dev.*\(ENOSPC\); answers .* are in (\S+):/
    for (const answer of ['first', 'sec\u202eond']) await assert.rejects(file.append({ answer }), { message: full })
    assert.equal(file.count(), 0)
    await file.close()
    const [name = '', ...others] = await readdir(rescueIn)
    assert.deepEqual(others, [])
    assert.equal((await stat(join(rescueIn, name))).mode & 0o777, 0o600)
    const kept = (await readFile(join(rescueIn, name), 'utf8')).trimEnd().split('\n')
    assert.deepEqual(
      kept.map((line) => JSON.parse(line)),
      [{ answer: 'first' }, { answer: 'sec\u202eond' }],
    )
  })

  it('passes on an answer that cannot be kept, and asks the endpoint for no other', async () => {
    const upstream = await startUpstream(200, completionOf('{}'))
    const file = join(directory, 'full.jsonl')
    await symlink('/dev/full', file)
    const exchange = await openExchange({ kind: 'capture', file }, withOfflinePort(upstream.url))
    const url = exchange.replicaEnv.OPENAI_BASE_URL ?? ''
    assert.equal((await ask(url, question())).status, 200)
    assert.match(exchange.failed.reason.message, /^--capture \S+full\.jsonl cannot be written: there is no room left/)
    assert.equal((await ask(url, question('Imports'))).status, 502)
    assert.equal(upstream.seen.length, 1)
    await exchange.close()
    await upstream.close()
  })

  it('is readable by its owner alone', async () => {
    const file = join(directory, 'private.jsonl')
    await (await createExchangeFile(file, { option: '--record' })).close()
    assert.equal((await stat(file)).mode & 0o777, 0o600)
  })
})

describe('a capture', () => {
  it('keeps each request once and asks no provider, whatever key is set', async () => {
    const file = join(directory, 'captured.jsonl')
    const offline = await startUpstream(200, completionOf(JSON.stringify(ANSWER)))
    const given = withOfflinePort(offline.url)
    const { config, replicaEnv, count, close } = await openExchange({ kind: 'capture', file }, given)
    assert.deepEqual([config.openai.apiKey, config.openai.baseUrl], [undefined, undefined])
    assert.deepEqual(config.offlineModel.answers, { from: 'rules', file: null, noise: 0 })
    assert.deepEqual([replicaEnv.OPENAI_API_KEY, replicaEnv.OPENAI_ESCALATION_MODEL], [null, null])
    // The captured requests name the model that would have been asked.
    assert.equal(replicaEnv.OPENAI_MODEL, given.openai.model)
    for (const name of ['Exports', 'Imports', 'Exports']) await ask(replicaEnv.OPENAI_BASE_URL ?? '', question(name))
    assert.equal(count(), 2)
    await close()
    await offline.close()
    const lines = (await readFile(file, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      lines.map((line) => Object.keys(line)),
      [
        ['request', 'recorded_at'],
        ['request', 'recorded_at'],
      ],
    )
  })
})

describe('a replay', () => {
  it('asks the recorded models of the offline model, and ends at a question without an answer', async () => {
    const file = join(directory, 'replay.jsonl')
    const lineOf = (model: string) => JSON.stringify({ request: { ...question(), model }, answer: ANSWER })
    await writeFile(file, [lineOf('small'), lineOf('large'), lineOf('small')].join('\n'))
    const offline = await startUpstream(400, '{"error":{"message":"no recorded answer for A \\"Exports\\" (type)"}}')
    const given = readConfig({ OPENAI_API_KEY: SECRET })
    const withPort = { ...given, offlineModel: { ...given.offlineModel, port: Number(new URL(offline.url).port) } }
    const { config, replicaEnv, failed, close } = await openExchange({ kind: 'replay', file }, withPort)
    assert.equal(config.openai.apiKey, undefined)
    assert.deepEqual(config.offlineModel.answers, { from: 'recorded', file, noise: 0 })
    const { OPENAI_BASE_URL: url, ...models } = replicaEnv
    const withoutKey = { OPENAI_API_KEY: null, SECRETS_DIR: null }
    assert.deepEqual(models, { ...withoutKey, OPENAI_MODEL: 'small', OPENAI_ESCALATION_MODEL: 'large' })
    assert.equal(failed.aborted, false)
    await ask(url ?? '', question())
    assert.equal(failed.aborted, true)
    assert.equal(failed.reason.code, 'input-invalid')
    assert.match(
      failed.reason.message,
      /--replay .*replay\.jsonl: no recorded answer for A "Exports" \(type\): record it again/,
    )
    await close()
    await offline.close()
  })

  it('refuses a file that is missing or holds no request', async () => {
    const open = (file: string) => openExchange({ kind: 'replay', file }, readConfig({}))
    await assert.rejects(open(join(directory, 'none.jsonl')), {
      code: 'input-invalid',
      message: /: there is no such file; .*\(ENOENT\)/,
    })
    const file = join(directory, 'other.jsonl')
    await writeFile(file, '{"indicator_id":"a"}\nnot JSON\n')
    await assert.rejects(open(file), { code: 'input-invalid', message: /holds no line with a "request"/ })
    await writeFile(file, JSON.stringify({ request: question() }))
    await assert.rejects(open(file), {
      code: 'input-invalid',
      message: /holds 1 requests and no line with an "answer"/,
    })
  })
})

describe('the answers of the demo', () => {
  it('are the recorded ones, unless the environment names a model or other answers', async () => {
    const file = join(directory, 'sample.jsonl')
    await writeFile(file, '')
    const { offlineModel } = await withRecordedAnswers(readConfig({}), file)
    assert.deepEqual(offlineModel.answers, { from: 'recorded', file, noise: 0 })
    for (const env of [
      { OPENAI_API_KEY: SECRET },
      { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' },
      { OFFLINE_MODEL_ANSWERS: 'rules' },
    ]) {
      const config = readConfig(env)
      assert.equal(await withRecordedAnswers(config, file), config)
    }
  })

  it('end the demo with a sentence where their file is missing', async () => {
    await assert.rejects(withRecordedAnswers(readConfig({}), join(directory, 'none.jsonl')), {
      code: 'embedded-failed',
      message:
        /The recorded answers to the sample are missing: ENOENT.*Install this project again, or set OPENAI_API_KEY/,
    })
  })
})
