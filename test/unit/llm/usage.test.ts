/** The tokens of an answer: those that the endpoint names, where they can be true, and else those of its texts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ChatCompletion } from 'openai/resources/chat/completions'
import { ServiceError } from '../../../src/errors.ts'
import { paidUsageOf } from '../../../src/llm/errors.ts'
import {
  type BilledRequest,
  mayBeBilled,
  readUsage,
  usageWithoutAnswer,
  withEstimatedBill,
} from '../../../src/llm/openai/usage.ts'

const request: BilledRequest = {
  system: 'You label economic indicators. '.repeat(100),
  user: 'k1 Output of steel, tonnes',
  schema: { type: 'object' },
  maxCompletionTokens: 200,
}
const TEXT = '{"answers":[{"key":"k1","reason":"tonnes of steel","labels":[{"field":"type","value":"volume"}]}]}'

function completion(usage: unknown, message: object = { role: 'assistant', content: TEXT }, finish = 'stop') {
  return { usage, choices: [{ index: 0, message, finish_reason: finish }] } as unknown as ChatCompletion
}
const read = (usage: unknown, message?: object, finish?: string) =>
  readUsage(completion(usage, message, finish), request)
const ESTIMATE = read(undefined).usage

test('takes whole numbers that the request allows', () => {
  const usage = { prompt_tokens: 700, completion_tokens: 40, prompt_tokens_details: { cached_tokens: 512 } }
  assert.deepEqual(read(usage), {
    usage: { input: 700, cachedInput: 512, cacheWriteInput: 0, output: 40 },
    isEstimated: false,
  })
})

test('counts by the texts where the endpoint names nothing, or what cannot be', () => {
  assert.ok(ESTIMATE.input > 500 && ESTIMATE.input < 1_200, String(ESTIMATE.input))
  assert.ok(ESTIMATE.output > 20 && ESTIMATE.output < 60, String(ESTIMATE.output))
  const odd = [null, 'many', [], { prompt_tokens: '700' }, { prompt_tokens: 0, completion_tokens: 0 }]
  for (const usage of odd) assert.deepEqual(read(usage), { usage: ESTIMATE, isEstimated: true }, JSON.stringify(usage))
})

test('whatever an endpoint names, tokens are whole and lie within what the request allows', () => {
  const odd = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.maxSafeNat(),
    fc.constantFrom(null, 'x', 1e308, 9e18, -1, Number.NaN),
    fc.anything(),
  )
  const usage = fc.record({
    prompt_tokens: odd,
    completion_tokens: odd,
    prompt_tokens_details: fc.oneof(odd, fc.record({ cached_tokens: odd, cache_write_tokens: odd })),
  })
  fc.assert(
    fc.property(fc.oneof(usage, fc.anything()), (given) => {
      const { usage: counted, isEstimated } = read(given)
      const { input, cachedInput, cacheWriteInput, output } = counted
      for (const tokens of Object.values(counted))
        assert.ok(Number.isSafeInteger(tokens) && tokens >= 0, String(tokens))
      assert.ok(input > 0 && input < 20_000 && output > 0 && output <= 216)
      assert.ok(cachedInput + cacheWriteInput <= input)
      const { prompt_tokens: said, completion_tokens: saidOutput } = (given ?? {}) as Record<string, unknown>
      if (!isEstimated) assert.deepEqual([input, output], [said, saidOutput])
    }),
    { numRuns: 500, seed: 20_261_128 },
  )
})

test('the text of an answer counts wherever it stands, and an answer that was cut off as long as it could be', () => {
  const bare = { role: 'assistant', content: '' }
  const inReasoning = read(null, { ...bare, reasoning_content: TEXT })
  const call = { id: 'call_1', type: 'function', function: { name: '', arguments: TEXT } }
  const inTool = read(null, { ...bare, tool_calls: [call] })
  assert.deepEqual([inReasoning.usage, inTool.usage], [ESTIMATE, ESTIMATE])
  assert.equal(read(null, { ...bare, content: 'a' }, 'length').usage.output, request.maxCompletionTokens)
  assert.equal(read({ prompt_tokens: 700, completion_tokens: 0 }, bare).isEstimated, false)
})

test('a request is billed that timed out, was given up or broke off, and none that was refused or reached nobody', () => {
  const failed = (code: ConstructorParameters<typeof ServiceError>[0], status?: number, isUnreachable = false) =>
    mayBeBilled(new ServiceError(code, 'x'), { status, isUnreachable })
  assert.deepEqual(
    [failed('model-timeout'), failed('interrupted'), failed('model-unavailable'), failed('model-unavailable', 504)],
    [true, true, true, true],
  )
  assert.deepEqual(
    [
      failed('model-unavailable', undefined, true),
      failed('model-unavailable', 503),
      failed('model-rate-limited', 429),
      failed('model-auth', 401),
      failed('model-bad-request', 400),
    ],
    [false, false, false, false, false],
  )
})

test('a failure with an estimated bill keeps its code and its words, and is not waited for as often as it is told', () => {
  const failure = new ServiceError('model-timeout', 'no answer within 60 s', { retryAfterMs: 5 })
  const usage = usageWithoutAnswer(request)
  const billed = withEstimatedBill(failure, { usage, costUsd: 0.5, model: 'm', latencyMs: 1 })
  assert.deepEqual([billed.code, billed.message], ['model-timeout', 'no answer within 60 s'])
  assert.equal(billed.retryAfterMs, undefined)
  assert.deepEqual(paidUsageOf(billed), { usage, costUsd: 0.5, model: 'm', latencyMs: 1, isEstimated: true })
  assert.equal(usage.output, request.maxCompletionTokens)
  const refused = new ServiceError('model-auth', 'x')
  assert.equal(withEstimatedBill(refused, { usage, costUsd: 0.5, model: 'm', latencyMs: 1 }), refused)
})
