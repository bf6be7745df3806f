/** JSON that comes as a text: bounded as its bytes are, and without a buffer for each. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundText, passingBytes, textOf } from '../../../src/lib/json/bounded-text.ts'
import type { JsonShape } from '../../../src/lib/json/json-shape.ts'

const ANY: JsonShape = { kind: 'any', maxBytes: 8_000_000, maxValues: 100_000, beyond: 'refuse' }
const NAMED: JsonShape = { kind: 'fields', fields: new Map([['name', ANY]]) }

test('a text of which nothing is left out stays the same, whatever its characters and its length', () => {
  for (const text of ['[1, "é€😀"]', '{"a":null}', `["${'€'.repeat(2_000_000)}"]`]) {
    assert.deepEqual(boundText(text, ANY), { kind: 'kept', text })
  }
  assert.deepEqual(boundText(`{"name":"${'é'.repeat(20_000)}","other":[1,2]}`, NAMED), {
    kind: 'kept',
    text: `{"name":"${'é'.repeat(20_000)}","other":null}`,
  })
  assert.equal(boundText('[1,', ANY).kind, 'no-json')
  assert.equal(boundText(JSON.stringify('x'.repeat(9_000_000)), ANY).kind, 'refused')
})

test('the bytes of a text stand in memory that the next text uses again', () => {
  const first = passingBytes('one')
  assert.equal(textOf(first), 'one')
  assert.equal(textOf(passingBytes('two')), 'two')
  const before = process.memoryUsage().arrayBuffers
  for (let row = 0; row < 5_000; row += 1) boundText(`[${row},"${'x'.repeat(1_000)}"]`, ANY)
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000)
})
