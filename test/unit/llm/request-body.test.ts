/** The body of a request holds what its parameters hold, whatever was encoded before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBodyEncoder } from '../../../src/llm/http/request-body.ts'

const schema = { type: 'object', properties: { answer: { enum: ['a "quoted" one', 'é', '統'] } } }

function params(system: string, user: string, format: object | undefined) {
  return {
    model: 'any',
    messages: [
      { role: 'system' as const, content: system },
      { role: 'user' as const, content: user },
    ],
    ...(format === undefined ? {} : { response_format: format as never }),
    max_completion_tokens: 100,
  }
}

test('the bytes are the parameters as JSON in UTF-8, with and without a schema', () => {
  const encode = createBodyEncoder()
  const formats = [
    { type: 'json_schema', json_schema: { name: 'answers', schema, strict: true } },
    { type: 'json_schema', json_schema: { name: 'other', schema } },
    { type: 'json_object' },
    undefined,
  ]
  for (const format of [...formats, ...formats]) {
    for (const user of ['plain', 'line\nbreak, "quotes", \\ and \u2028', '\ud800 half a pair']) {
      const given = params('instructions – with “signs”', user, format)
      assert.deepEqual(JSON.parse(Buffer.from(encode(given)).toString()), JSON.parse(JSON.stringify(given)))
    }
  }
})

test('what was encoded before does not stand in for other instructions or another schema', () => {
  const encode = createBodyEncoder()
  for (let round = 0; round < 60; round += 1) {
    const own = { type: 'object', title: `schema ${round}` }
    const format = { type: 'json_schema', json_schema: { name: 'answers', schema: own, strict: true } }
    const given = params(`instructions ${round % 40}`, 'user', format)
    assert.deepEqual(JSON.parse(Buffer.from(encode(given)).toString()), given)
  }
})
