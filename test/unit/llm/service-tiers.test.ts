/** The client and service tiers, against real HTTP: what is sent, what is billed, and what a refusal for want of capacity is. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { isServiceError } from '../../../src/errors.ts'
import { billedTier, tierNamed, tiersOfBill } from '../../../src/lib/service-tiers.ts'
import { createOpenAiClient, type OpenAiClientOptions } from '../../../src/llm/openai/client.ts'
import type { ModelRequest } from '../../../src/llm/types.ts'
import { type Behaviour, type QuirkyEndpoint, startQuirkyEndpoint } from '../../helpers/quirky-endpoint/endpoint.ts'
import { message } from '../../helpers/quirky-endpoint/types.ts'

const question: ModelRequest = {
  tier: 'primary',
  system: 'system',
  user: 'user',
  schema: { type: 'object' },
  schemaName: 'answer',
  maxCompletionTokens: 100,
  cacheKey: 'cache',
}
const flex = { ...question, serviceTier: 'flex' } as const

let endpoint: QuirkyEndpoint
before(async () => {
  endpoint = await startQuirkyEndpoint()
})
after(() => endpoint.close())

function clientOf(behaviour: Behaviour, options: Partial<OpenAiClientOptions> = {}) {
  endpoint.behave(behaviour)
  return createOpenAiClient({
    apiKey: undefined,
    baseUrl: endpoint.url,
    model: 'm',
    timeoutMs: 5_000,
    prices: { m: { input: 2, output: 0, tiers: { flex: { input: 1, output: 0 }, priority: { input: 4, output: 0 } } } },
    log: pino({ level: 'silent' }),
    ...options,
  })
}

const sentTiers = () => endpoint.asked.map(({ body }) => body.service_tier)

test('the tier of the request goes to the endpoint, else the configured one, else none', async () => {
  await clientOf('tiers-named').ask(question)
  const client = clientOf('tiers-named', { serviceTier: 'standard' })
  assert.equal(client.serviceTier, 'standard')
  for (const serviceTier of [undefined, 'flex', 'priority'] as const) await client.ask({ ...question, serviceTier })
  assert.deepEqual(sentTiers(), ['default', 'flex', 'priority'])
  endpoint.behave('tiers-named')
  await clientOf('tiers-named').ask(question)
  assert.deepEqual(sentTiers(), [undefined])
})

test('the tier that the answer names is billed; flex counts only where it is named', async () => {
  const perToken = async (name: Behaviour, asked: ModelRequest) => {
    const { costUsd, usage, serviceTier } = await clientOf(name).ask(asked)
    return [serviceTier, Math.round((costUsd * 1e6) / usage.input)]
  }
  assert.deepEqual(await perToken('tiers-named', flex), ['flex', 1])
  assert.deepEqual(await perToken('flex-served-standard', flex), ['standard', 2])
  assert.deepEqual(await perToken('tier-not-named', flex), ['standard', 2])
  assert.deepEqual(await perToken('tier-named-oddly', flex), ['standard', 2])
  assert.deepEqual(await perToken('tier-not-known', flex), ['standard', 2])
  assert.deepEqual(await perToken('tier-not-named', { ...question, serviceTier: 'priority' }), ['priority', 4])
  assert.deepEqual(await perToken('tier-not-named', question), [undefined, 2])
})

test('a tier that is refused as a parameter is left out once and for all; other tiers are still sent', async () => {
  const client = clientOf('flex-not-for-model')
  await client.ask(flex)
  await client.ask(flex)
  await client.ask({ ...question, serviceTier: 'priority' })
  assert.deepEqual(sentTiers(), ['flex', undefined, undefined, 'priority'])
})

test('a flex request without capacity is no refusal for rate and is not billed; the same words in another tier are', async () => {
  const codeOf = async (name: Behaviour, asked: ModelRequest) => {
    const error: unknown = await clientOf(name)
      .ask(asked)
      .then(
        () => undefined,
        (reason: unknown) => reason,
      )
    return isServiceError(error) ? error.code : error
  }
  assert.equal(await codeOf('flex-never-free', flex), 'model-no-capacity')
  assert.equal(await codeOf('flex-groq-498', flex), 'model-no-capacity')
  assert.equal(await codeOf('wait-gemini-body', flex), 'model-rate-limited')
  assert.equal(await codeOf('insufficient-quota', flex), 'model-quota')
  const always: Behaviour = () => ({ status: 429, body: { error: { message: 'Resource unavailable' } } })
  assert.equal(await codeOf(always, question), 'model-rate-limited')
})

test('flex has a time-out of its own, which its message names', async () => {
  const slow: Behaviour = async (seen) => {
    await new Promise((resolve) => setTimeout(resolve, 400))
    return message(seen, { content: seen.text }, {}, { service_tier: 'flex' })
  }
  const client = clientOf(slow, { timeoutMs: 100, flexTimeoutMs: 60_000 })
  await assert.rejects(client.ask(question), /within 100 ms: raise OPENAI_TIMEOUT_MS/)
  assert.equal((await client.ask(flex)).serviceTier, 'flex')
  const hasty = clientOf(slow, { timeoutMs: 100, flexTimeoutMs: 150 })
  await assert.rejects(hasty.ask(flex), /within 150 ms: raise OPENAI_FLEX_TIMEOUT_MS/)
})

test('a request may take longer than the limits that fetch has by itself', async () => {
  const name = Symbol.for('undici.globalDispatcher.1')
  const holder = globalThis as unknown as Record<symbol, { dispatch(options: object, handler: object): boolean }>
  await clientOf('tiers-named').ask(flex)
  const real = holder[name]
  assert.ok(real)
  const seen: object[] = []
  holder[name] = {
    dispatch(options, handler) {
      seen.push(options)
      return real.dispatch(options, handler)
    },
  }
  try {
    await clientOf('tiers-named').ask(flex)
  } finally {
    holder[name] = real
  }
  assert.equal(seen.length, 1)
  const { headersTimeout, bodyTimeout } = seen[0] as { readonly headersTimeout?: number; readonly bodyTimeout?: number }
  assert.deepEqual([headersTimeout, bodyTimeout], [0, 0])
})

test('the words of endpoints for tiers', () => {
  const words = ['flex', 'default', 'scale', 'on_demand', 'priority', 'auto', '', null, 7, 'constructor']
  const tiers = ['flex', 'standard', 'standard', 'standard', 'priority']
  assert.deepEqual(words.map(tierNamed), [...tiers, undefined, undefined, undefined, undefined, undefined])
  assert.equal(billedTier(undefined, false, 'priority'), 'priority')
  assert.equal(billedTier('priority', false, undefined), 'standard')
  for (const asked of [undefined, 'flex', 'standard', 'priority'] as const) {
    for (const isSent of [true, false]) {
      const billed = billedTier(asked, isSent, undefined) ?? 'standard'
      assert.ok(tiersOfBill(asked).includes(billed), 'what is reserved covers what is billed')
    }
  }
})
