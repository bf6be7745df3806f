/** The spelling in which texts are compared: one form for what means the same, and no text that grows without bound. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalText, compatible } from '../../../src/codebooks/canonical-text.ts'
import { anyText } from '../../helpers/any-text.ts'

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
        unit: fc.oneof(fc.constant('\ufdfa'), fc.constant('㌀'), anyText({ maxLength: 2 })),
      }),
      (text) => {
        const canonical = canonicalText(text) ?? ''
        assert.ok(canonical.length <= 4 * text.length + 200)
      },
    ),
  )
})

test('whether a long text grows too much is decided by the whole of it, however its parts are cut', () => {
  // Letters that join with what follows, across the ends of parts as well, beside signs that stand for sentences.
  const unit = fc.constantFrom(
    '\ufdfa',
    '㌀',
    'a',
    'e\u0301',
    '\u0301',
    '\u03b1\u0313\u0300\u0345',
    '\u1100',
    '\u1161',
    '\u11a8',
    '\u{1d400}',
  )
  const pieces = fc.array(fc.record({ unit, times: fc.integer({ min: 1, max: 900 }) }), { maxLength: 8 })
  fc.assert(
    fc.property(pieces, (given) => {
      const text = given.map(({ unit: one, times }) => one.repeat(times)).join('')
      const whole = text.normalize('NFKC')
      const expected = whole.length <= 4 * text.length + 64 ? whole : text.normalize('NFC')
      assert.equal(compatible(text), expected)
    }),
  )
})
