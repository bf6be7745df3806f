/** Batches with more sample points than this release takes: new ones are refused before they are read, those under way go on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Request, TerminalError } from '@restatedev/restate-sdk'
import { batchRequestSchema } from '../../../src/classification/batch-request.ts'
import { boundedSchema, refuseTooLarge } from '../../../src/restate/bounded-serde.ts'

const POINTS = Array.from({ length: 5_000 }, (_, value) => ({ date: '2024', value }))
const bodyOf = (indicators: number) =>
  Buffer.from(
    JSON.stringify({
      indicators: Array.from({ length: indicators }, (_, index) => ({
        indicator_id: String(index),
        name: 'x',
        sample_values: POINTS,
      })),
    }),
  )

/** Whether a handler begins that is called with `body` and whose journal holds so many entries. */
async function begins(body: Uint8Array, entries: number | undefined, handler = 'batch', service = 'classify-api') {
  const attemptHeaders = new Map<string, string>()
  if (entries !== undefined) attemptHeaders.set('x-attempt-entries', String(entries)).set('x-attempt-retries', '0')
  const request: Partial<Request> = { target: { service, handler, toString: () => handler }, body, attemptHeaders }
  let hasBegun = false
  const { interceptor } = refuseTooLarge({ request: request as Request })
  await interceptor?.handler?.(async () => {
    hasBegun = true
  })
  return hasBegun
}

test('a new batch beyond the bound is refused with 400, and one within it begins', async () => {
  for (const entries of [1, undefined]) {
    for (const handler of ['batch', 'estimate']) {
      await assert.rejects(begins(bodyOf(21), entries, handler), (error) => {
        assert.ok(error instanceof TerminalError)
        assert.equal(error.code, 400)
        assert.match(error.message, /^input-invalid: \(at \/indicators\/20\/sample_values\) .* got 105000: send the/)
        return true
      })
      assert.equal(await begins(bodyOf(20), entries, handler), true)
    }
  }
})

test('one that an earlier release began goes on, and is read whole', async () => {
  const body = bodyOf(21)
  assert.equal(await begins(body, 2), true)
  const read = boundedSchema('batch', batchRequestSchema).deserialize(body)
  assert.equal(read.indicators.length, 21)
})

test('calls of other services and small bodies are let through', async () => {
  assert.equal(await begins(bodyOf(21), 1, 'chunk', 'classifier'), true)
  assert.equal(await begins(Buffer.from('{"indicators":['), 1), true)
})
