/** Tests of how indicators are packed into chunks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  DEFAULT_PACK,
  MAX_CHUNK_TOKENS,
  MAX_ROUNDS,
  packChunks,
  packRuleOf,
  packRuleOfRound,
} from '../../../src/classification/chunks.ts'

const sizes = (count: number, pack: number | undefined) =>
  packChunks(Array.from({ length: count }), packRuleOf(pack)).map((chunk) => chunk.length)

test('chunks are even, and a pack that was given is never exceeded', () => {
  assert.deepEqual(sizes(23, 10), [8, 8, 7])
  assert.deepEqual(sizes(10, 10), [10])
  assert.deepEqual(sizes(11, 10), [6, 5])
  assert.deepEqual(sizes(3, 1), [1, 1, 1])
  assert.deepEqual(sizes(2, 0), [1, 1])
  assert.deepEqual(sizes(0, 10), [])
})

test('without a given pack a small remainder costs no request of its own', () => {
  assert.deepEqual(sizes(13, undefined), [13])
  assert.deepEqual(sizes(15, undefined), [15])
  assert.deepEqual(sizes(16, undefined), [8, 8])
  assert.deepEqual(sizes(23, undefined), [12, 11])
  assert.deepEqual(sizes(29, undefined), [15, 14])
  assert.deepEqual(
    sizes(100, undefined),
    Array.from({ length: 10 }, () => 10),
  )
  assert.deepEqual(sizes(0, undefined), [])
})

const rules = fc.oneof(
  fc.integer({ min: 1, max: 25 }).map((pack) => packRuleOf(pack)),
  fc.constant(packRuleOf(undefined)),
)

test('every item is in one chunk, in order; whole packs are filled, and chunks are even', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 200 }), rules, (items, rule) => {
      const chunks = packChunks(items, rule)
      const lengths = chunks.map((chunk) => chunk.length)
      assert.deepEqual(chunks.flat(), items)
      assert.ok(chunks.length <= Math.ceil(items.length / rule.pack))
      assert.ok(items.length === 0 || Math.max(...lengths) - Math.min(...lengths) <= 1)
      assert.ok(lengths.every((length) => length >= 1 && length <= rule.most))
    }),
  )
})

test('long items fill a chunk sooner, and only one item alone exceeds the limit of tokens', () => {
  const tokens = fc.array(fc.integer({ min: 0, max: 2 * MAX_CHUNK_TOKENS }), { maxLength: 100 })
  fc.assert(
    fc.property(tokens, rules, (items, rule) => {
      const chunks = packChunks(items, rule, (item) => item)
      assert.deepEqual(chunks.flat(), items)
      for (const chunk of chunks) {
        const sum = chunk.reduce((total, item) => total + item, 0)
        assert.ok(chunk.length >= 1 && chunk.length <= rule.most)
        assert.ok(chunk.length === 1 || sum <= MAX_CHUNK_TOKENS, `${chunk.length} items of ${sum} tokens`)
      }
    }),
  )
  assert.deepEqual(
    packChunks([2_600, 2_600, 100, 100], packRuleOf(undefined), (item) => item),
    [[2_600], [2_600, 100, 100]],
  )
})

test('each round asks in smaller chunks, the last one indicator by itself', () => {
  const rounds = (pack: number | undefined) =>
    Array.from({ length: MAX_ROUNDS }, (_, round) => packRuleOfRound(packRuleOf(pack), round))
  assert.deepEqual(
    rounds(10).map(({ most }) => most),
    [10, 3, 1],
  )
  assert.deepEqual(
    rounds(2).map(({ most }) => most),
    [2, 1, 1],
  )
  assert.deepEqual(rounds(undefined), [
    { pack: DEFAULT_PACK, most: 15 },
    { pack: 3, most: 3 },
    { pack: 1, most: 1 },
  ])
  assert.deepEqual(packRuleOfRound(packRuleOf(25), 7), { pack: 1, most: 1 })
})
