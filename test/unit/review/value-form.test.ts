/** Forms of labels in words: what people understand of a regular expression, and the expression itself where words would lose some of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patternInWords } from '../../../src/review/value-form.ts'

test('a simple form is said in words, and any other is left as it is written', () => {
  for (const [source, words] of [
    ['[A-Z]{3}|INTL', 'three capital letters or INTL'],
    ['[A-Z]{2}', 'two capital letters'],
    ['[A-Z]{1}', 'one capital letter'],
    ['\\d{4}', 'four digits'],
    ['[0-9]{2,4}', 'two to four digits'],
    ['[a-z]+', 'one or more small letters'],
    ['[A-Z]{2,}', 'two or more capital letters'],
    ['[A-Z]\\d{12}', 'one capital letter, then 12 digits'],
    ['[A-Z]{2}-\\d{3}', 'two capital letters, then "-", then three digits'],
    ['[A-Z0-9]{9}', 'nine capital letters or digits'],
  ] as const)
    assert.equal(patternInWords(source), words, source)
  for (const source of [
    '(?:a|b)c',
    '[A-Z]*',
    '[^a]',
    '\\w+',
    '.',
    '^A$',
    '[A-Z]{3}?',
    'a|',
    '',
    '\\p{L}',
    '[ABC]',
    'a{2}',
  ])
    assert.equal(patternInWords(source), undefined, source)
})
