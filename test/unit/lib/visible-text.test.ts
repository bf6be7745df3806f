/** Tests of foreign text as it is shown: what a terminal obeys or nobody sees is escaped, and words of all languages stay. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { pino } from 'pino'
import {
  joinLines,
  LOG_HOOKS,
  readVisibleText,
  toVisibleJson,
  visibleLines,
  visibleText,
} from '../../../src/lib/visible-text.ts'
import { anyText } from '../../helpers/any-text.ts'

/** Each text with the form in which it is shown. */
const SHOWN: readonly (readonly [string, string])[] = [
  ['a\nb\r\tc', 'a\\nb\\r\\tc'],
  ['\u001b[31mred\u009b2J\u007f\u0000', '\\u{1b}[31mred\\u{9b}2J\\u{7f}\\u{0}'],
  [
    '\u202eslaf\u202c \u2066x\u2069 \u061c\u200e\u200f',
    '\\u{202e}slaf\\u{202c} \\u{2066}x\\u{2069} \\u{61c}\\u{200e}\\u{200f}',
  ],
  ['a\u2028b\u2029c\u0085d', 'a\\u{2028}b\\u{2029}c\\u{85}d'],
  ['\ufeffG\u200bD\u2060P\u00ad\u180e\u3164', '\\u{feff}G\\u{200b}D\\u{2060}P\\u{ad}\\u{180e}\\u{3164}'],
  ['GDP\u{e0001}\u{e0041}\u{e007f}', 'GDP\\u{e0001}\\u{e0041}\\u{e007f}'],
  ['GDP\ufe0f\u{e0101}', 'GDP\\u{fe0f}\\u{e0101}'],
  ['\ud800x\udc00', '\\u{d800}x\\u{dc00}'],
  // A joiner between letters that it does not change hides in a name, and so does a second one.
  ['G\u200dD\u200cP', 'G\\u{200d}D\\u{200c}P'],
  ['می\u200c\u200cخ', 'می\u200c\\u{200c}خ'],
]

/** Texts that are shown as they are. */
const LEGITIMATE = [
  'Außenhandel, Überschuß €',
  'cafe\u0301 naïve',
  'می\u200cخواهم (درصد)',
  'سال ۱۴۰۳ ه\u200d.ش.',
  'क्\u200dष और र्\u200dय',
  'ශ්\u200dරී ලංකා',
  'ന്\u200d',
  '国内総生産（名目）',
  '葛\u{e0100}飾区',
  '👨\u200d👩\u200d👧 🏃🏽\u200d♀\ufe0f ❤\ufe0f\u200d🔥 1\ufe0f\u20e3 🇩🇪',
  'עברית',
  'ภาษาไทย',
]

describe('foreign text', () => {
  for (const [text, shown] of SHOWN) {
    it(`${JSON.stringify(shown)} is what is shown`, () => {
      assert.equal(visibleText(text), shown)
      assert.equal(readVisibleText(shown), text)
      assert.equal(visibleText(shown), shown, 'what is shown is shown as it is')
    })
  }

  for (const text of LEGITIMATE) {
    it(`${text} stays as it is`, () => assert.equal(visibleText(text), text))
  }

  it('is one line without anything that a terminal obeys, whatever it is, and JSON gives the same values', () => {
    const text = fc.string({
      unit: fc.oneof(
        anyText({ maxLength: 1 }),
        fc.constantFrom('\n', '\u202e', '\u200d', '\ufe0f', '\u001b', 'ا', '👍'),
      ),
    })
    const property = fc.property(text, (one) => {
      const shown = visibleText(one)
      assert.doesNotMatch(
        shown,
        /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}\u200b\u2060-\u2064\ufeff\u{e0000}-\u{e007f}]/u,
      )
      if (!one.includes('\\')) assert.equal(readVisibleText(shown), one)
      const json = toVisibleJson({ one, [one]: [one] })
      assert.equal(visibleText(json), json)
      assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify({ one, [one]: [one] })))
    })
    fc.assert(property, { numRuns: 2_000, seed: 20_261_122 })
  })

  it('keeps the lines of a text that is put together, and joins lines of which each is one', () => {
    assert.equal(visibleLines('a\tb\n\u202ec'), 'a\tb\n\\u{202e}c')
    assert.equal(joinLines(['a\nb', 'c']), 'a\\nb\nc')
  })
})

describe('a log', () => {
  it('has one line of safe JSON for each entry, with the very same values', () => {
    const lines: string[] = []
    const log = pino({ hooks: LOG_HOOKS, base: null }, { write: (line) => lines.push(line) })
    const name = 'x\u202e\u009b\u2028\u200b\n{"level":50}'
    log.warn({ name, err: new Error(name) }, name)
    assert.equal(lines.length, 1)
    const [line = ''] = lines
    assert.equal(visibleText(line), `${line.slice(0, -1)}\\n`)
    const { name: read, msg, err } = JSON.parse(line)
    assert.deepEqual([read, msg, err.message], [name, name, name])
  })
})
