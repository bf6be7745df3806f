/** Values of the journal: large ones are packed, small ones and those of earlier releases are JSON, and all come back as they were. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { packedJson } from '../../../src/restate/packed-serde.ts'

const serde = packedJson<unknown>()

test('any value comes back as JSON keeps it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 300 }), (value, times) => {
      const many = Array.from({ length: times }, () => value)
      assert.deepEqual(serde.deserialize(serde.serialize(many)), JSON.parse(JSON.stringify(many)))
    }),
  )
})

test('a plan takes a fraction of its bytes, and a wait stays readable', () => {
  const plan = Array.from({ length: 100 }, (_, id) => ({ id, reading: { unit: { value: 'percentage', sure: true } } }))
  assert.ok(serde.serialize(plan).length * 5 < JSON.stringify(plan).length)
  assert.equal(Buffer.from(serde.serialize({ waitMs: 250 })).toString(), '{"waitMs":250}')
})

test('plain JSON of an earlier release is read, whatever its length', () => {
  const plan = { ways: Array.from({ length: 1_000 }, (_, id) => id) }
  assert.deepEqual(serde.deserialize(Buffer.from(JSON.stringify(plan))), plan)
})

test('bytes that are neither are an error, and no value', () => {
  for (const bytes of [
    Buffer.from([0x1f, 0x8b, 1, 2, 3]),
    Buffer.from('{"ways":'),
    serde.serialize('x'.repeat(9_999)).subarray(0, 20),
  ]) {
    assert.throws(() => serde.deserialize(bytes))
  }
})
