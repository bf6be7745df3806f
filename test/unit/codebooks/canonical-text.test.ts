/** The spelling in which texts are compared: one form for what means the same, and no text that grows without bound. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalText } from '../../../src/codebooks/canonical-text.ts'

test('spellings of one text have one form', () => {
  assert.equal(canonicalText(' ＧＤＰ\u00a0 “real” – ﬁnal '), 'gdp "real" - final')
  assert.equal(canonicalText(undefined), null)
  assert.equal(canonicalText('\ufdfa')?.length, 18, 'one ligature is written out')
})

test('a text of ligatures that stand for sentences grows at most fourfold, and two of them stay apart', () => {
  const [first, second] = ['a', 'b'].map((end) => canonicalText(`${'\ufdfa'.repeat(2_000)}${end}`) ?? '')
  assert.ok(first !== undefined && first.length <= 8_100)
  assert.notEqual(first, second)
})

test('no text grows without bound', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.oneof(fc.constant('\ufdfa'), fc.constant('㌀'), fc.string({ unit: 'binary', maxLength: 2 })),
      }),
      (text) => {
        const canonical = canonicalText(text) ?? ''
        assert.ok(canonical.length <= 4 * text.length + 200)
      },
    ),
  )
})
