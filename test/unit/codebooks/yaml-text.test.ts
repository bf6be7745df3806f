/** YAML that would end the process or hold it for a minute: it is refused before anything is built of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readYaml } from '../../../src/codebooks/yaml-text.ts'

const MOST_CHARACTERS = 2_000_000
const filled = (part: string) => part.repeat(Math.floor(MOST_CHARACTERS / part.length))

test('a text that is nested without end or made of signs alone is refused with its line', () => {
  const texts: readonly [string, RegExp, number][] = [
    [filled('['), /nested too deep/, 1],
    [`name: x\n${filled('{')}`, /nested too deep/, 2],
    [filled('[{a: '), /nested too deep/, 1],
    [filled('- '), /nested too deep/, 1],
    [filled('? '), /nested too deep/, 1],
    [
      `name: x\nfields:\n${filled('- b\n')}`,
      /too large: a codebook has at most 150000 signs, words and line breaks/,
      30_001,
    ],
    [`[${filled('a,')}]`, /too large/, 1],
    [`[${filled('[],')}]`, /too large/, 1],
    [filled('a: 1\n'), /too large/, 21_429],
    [filled('&a '), /too large/, 1],
    [filled('!a '), /too large/, 1],
    [filled('#a\n'), /too large/, 75_001],
    [filled('"'), /too large/, 1],
    [filled('- *a\n'), /too large/, 37_500],
  ]
  for (const [text, message, line] of texts) {
    const { value, problems } = readYaml(text)
    assert.equal(value, undefined)
    assert.equal(problems.length, 1, text.slice(0, 20))
    assert.match(problems[0]?.message ?? '', message, text.slice(0, 20))
    assert.ok(Math.abs((problems[0]?.line ?? 0) - line) <= 1, `${text.slice(0, 20)}: ${problems[0]?.line}`)
  }
})

test('lists of lists and maps of maps as people write them are read', () => {
  const { value, problems } = readYaml('a: {b: [[1, [2]], {c: d}]}\ne:\n  - - - f: [g]\n')
  assert.deepEqual(problems, [])
  assert.deepEqual(value, { a: { b: [[1, [2]], { c: 'd' }] }, e: [[[{ f: ['g'] }]]] })
})

test('each key that stands twice in its map is named with its line, also among very many keys', () => {
  const keys = Array.from({ length: 15_000 }, (_, index) => `k${index}: 1`)
  const { value, problems } = readYaml([...keys, 'k7: 2', '"k 8": {b: 1, b: 2}', '"k 8": 3'].join('\n'))
  assert.deepEqual(problems, [
    { line: 15_001, message: 'the key k7 stands twice' },
    { line: 15_002, message: 'the key b stands twice' },
    { line: 15_003, message: 'the key k stands twice' },
  ])
  assert.equal(Object.keys(value as object).length, 15_001)
})
