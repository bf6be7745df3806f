import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_ROUNDS, nextPack, packChunks } from '../../src/classification/chunks.ts'

const sizes = (count: number, pack: number) =>
  packChunks(Array.from({ length: count }), pack).map((chunk) => chunk.length)

test('chunks are even', () => {
  assert.deepEqual(sizes(23, 10), [8, 8, 7])
  assert.deepEqual(sizes(10, 10), [10])
  assert.deepEqual(sizes(11, 10), [6, 5])
  assert.deepEqual(sizes(3, 1), [1, 1, 1])
  assert.deepEqual(sizes(2, 0), [1, 1])
  assert.deepEqual(sizes(0, 10), [])
})

test('every item is in one chunk, in order, in the fewest and most even chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 25 }), (items, pack) => {
      const chunks = packChunks(items, pack)
      const lengths = chunks.map((chunk) => chunk.length)
      assert.deepEqual(chunks.flat(), items)
      assert.equal(chunks.length, Math.ceil(items.length / pack))
      assert.ok(items.length === 0 || Math.max(...lengths) - Math.min(...lengths) <= 1)
      assert.ok(lengths.every((length) => length >= 1 && length <= pack))
    }),
  )
})

test('each round asks in smaller company, the last alone', () => {
  const rounds = Array.from({ length: MAX_ROUNDS }, (_, round) => round)
  assert.deepEqual(
    rounds.map((round) => nextPack(10, round)),
    [10, 3, 1],
  )
  assert.deepEqual(
    rounds.map((round) => nextPack(2, round)),
    [2, 1, 1],
  )
  assert.equal(nextPack(25, 7), 1)
})
