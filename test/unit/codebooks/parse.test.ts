import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isValueOf } from '../../../src/codebooks/codebook.ts'
import { codeListFiles, parseCodebook } from '../../../src/codebooks/parse.ts'

const PLAIN = `name: topics
version: 1
title: Topics of the news
record:
  name: article
  plural: articles
  description: One article of a newspaper.
  texts:
    - name: name
fields:
  - name: topic
    title: Topic
    multi: true
    max: 2
    values:
      - value: sport
        definition: Games and those who play them.
      - value: money
        definition: Prices, pay and markets.
  - name: mood
    title: Mood
    values:
      - value: good
        definition: The news is good.
      - value: bad
        definition: The news is bad.
`

const lines = (text: string) => text.split('\n')

/** The plain codebook with its line `number` (from 1) replaced by `by`. */
function withLine(number: number, by: string): string {
  return lines(PLAIN)
    .map((line, index) => (index + 1 === number ? by : line))
    .join('\n')
}

function problemsOf(text: string, lists: Record<string, string> = {}) {
  const parsed = parseCodebook(text, new Map(Object.entries(lists)))
  return parsed.ok
    ? []
    : parsed.problems.map(({ file, line, key, message }) => `${file ?? ''}${line} ${key}: ${message}`)
}

describe('parseCodebook', () => {
  it('reads a plain codebook', () => {
    const parsed = parseCodebook(PLAIN, new Map())
    assert.ok(parsed.ok)
    assert.equal(parsed.codebook.version, '1')
    assert.deepEqual(
      parsed.codebook.fields.map(({ name, multi, asked }) => [name, multi, asked]),
      [
        ['topic', 2, true],
        ['mood', null, true],
      ],
    )
  })

  const faults: readonly [string, string, RegExp][] = [
    ['a wrong key', withLine(3, 'titel: Topics'), /^3 titel: is no key of the format$/],
    ['a missing key', withLine(3, '#'), /^1 title: is missing$/],
    [
      'a doubled value',
      withLine(18, '      - value: sport'),
      /^18 fields\[0\]\.values\[1\]\.value: the value sport stands twice$/,
    ],
    ['a missing definition', withLine(19, ''), /^18 fields\[0\]\.values\[1\]\.definition: is missing$/],
    ['a doubled field', withLine(20, '  - name: topic'), /^20 fields\[1\]\.name: the field topic stands twice$/],
    [
      'a column of every result as a field',
      withLine(20, '  - name: status'),
      /^20 fields\[1\]\.name: status is a column of every result/,
    ],
    [
      'the hash of every result as a field',
      withLine(20, '  - name: codebook_hash'),
      /^20 fields\[1\]\.name: codebook_hash is a column of every result/,
    ],
    [
      'a name that every object of JavaScript has',
      withLine(20, '  - name: constructor'),
      /^20 fields\[1\]\.name: constructor is a reserved word: give the field another name$/,
    ],
    [
      'a field without a kind',
      lines(PLAIN).slice(0, 21).join('\n'),
      /^20 fields\[1\]: the field mood needs exactly one of/,
    ],
    ['a field of several labels without a bound', withLine(14, ''), /^13 fields\[0\]\.multi: needs a max/],
    ['a wrong type', withLine(14, '    max: many'), /^14 fields\[0\]\.max: invalid input: expected number/],
    ['no YAML', withLine(9, '   - name: [name'), /^\d+ : is no YAML/],
    ['a key that stands twice', withLine(3, 'name: again'), /^3 : is no YAML: Map keys must be unique/],
    ['a bad name', withLine(1, 'name: Topics of News'), /^1 name: must be lower-case words joined by hyphens/],
  ]
  for (const [what, text, expected] of faults) {
    it(`names line and key of ${what}`, () => {
      const problems = problemsOf(text)
      assert.ok(
        problems.some((problem) => expected.test(problem)),
        problems.join('\n'),
      )
    })
  }

  it('refuses 5,000 values in the codebook itself and says where they belong', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => `      - {value: v${index}, definition: Number ${index}.}`)
    const problems = problemsOf([...lines(PLAIN).slice(0, 15), ...many].join('\n'))
    assert.match(problems.join('\n'), /^1[56] fields\[0\]\.values: must be at most 400; put a longer list into a file/)
  })

  it('finds fields that wait for each other', () => {
    const text = `${PLAIN}    applies_when: {topic: money}\n`.replace(
      '    multi: true\n    max: 2\n',
      '    applies_when: {mood: good}\n',
    )
    assert.match(problemsOf(text).join('\n'), /^11 fields\[0\]: the field topic depends on itself/)
  })

  it('refuses conditions on fields and values that do not exist', () => {
    const text = `${PLAIN}constraints:
  - {name: one, when: {mood: fine}, require: {topic: money}, message: no}
  - {name: two, when: {moood: good}, forbid: {topic: money}, message: no}
  - {name: three, when: {mood: good}, message: no}
`
    assert.deepEqual(problemsOf(text), [
      '28 constraints[0].when.mood: "fine" is no value of mood',
      '29 constraints[1].when.moood: there is no field moood',
      '30 constraints[2]: needs either require or forbid',
    ])
  })

  it('refuses what follows from a value that is not there, twice or not at all', () => {
    const derived = (values: string) =>
      `${PLAIN}  - name: tone\n    title: Tone\n    derived: {from: mood, values: ${values}}\n`
    assert.deepEqual(problemsOf(derived('{up: [good], down: [bad]}')), [])
    assert.match(problemsOf(derived('{up: [good]}')).join(), /does not say what follows from bad/)
    assert.match(problemsOf(derived('{up: [good], down: [bad, good]}')).join(), /"good" decides tone twice/)
    assert.match(problemsOf(derived('{up: [good, fine], down: [bad]}')).join(), /"fine" is no value of mood/)
  })

  it('refuses a text that grows by its aliases', () => {
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefghi'].map((key, at) => `${key}: &${key} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[at]}`).join(', ')}]`).join('\n')}\n`
    assert.match(problemsOf(bomb).join(), /is no YAML/)
  })

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(PLAIN.length), fc.nat(40), (text, at, cut) => {
        parseCodebook(PLAIN.slice(0, at) + text + PLAIN.slice(at + cut), new Map())
      }),
      { numRuns: 300 },
    )
  })
})

describe('code lists', () => {
  const withList = PLAIN.replace(
    / {2}- name: mood[\s\S]*$/,
    '  - name: code\n    title: Code\n    codes: {file: list.csv, shortlist: 5}\n',
  )
  const good =
    'code,title,parent,definition,synonyms\n1,Food,,All food.,\n11,Bread,1,"Bread, all of it.",loaf; roll\n12,Meat,1,,\n'

  it('are asked for by name', () => assert.deepEqual(codeListFiles(withList), ['list.csv']))

  it('bring their codes with parents, definitions and synonyms', () => {
    const parsed = parseCodebook(withList, new Map([['list.csv', good]]))
    assert.ok(parsed.ok)
    const type = parsed.codebook.field.get('code')?.type
    assert.ok(type?.kind === 'codes')
    assert.deepEqual([...type.list.leaves], ['11', '12'])
    assert.deepEqual(type.list.byCode.get('11')?.synonyms, ['loaf', 'roll'])
  })

  const faults: readonly [string, string, string][] = [
    [
      'a missing column',
      'code,name\n1,Food\n',
      'list.csv1 : the column "name" is unknown; there are code, title, parent, definition, synonyms',
    ],
    [
      'a code with white space',
      `${good}12 b,Meat,1,,\n`,
      'list.csv5 : the code "12 b" must be at most 60 characters without white space',
    ],
    ['a doubled code', `${good}12,Meat again,1,,\n`, 'list.csv5 : the code 12 stands on line 4 already'],
    ['a parent that is no code', `${good}13,Fish,9,,\n`, 'list.csv5 : the parent 9 of 13 is no code of the list'],
    [
      'a circle of parents',
      'code,title,parent\na,A,c\nb,B,a\nc,C,b\n',
      'list.csv2 : the parents of a make a circle: a → c → b → a',
    ],
    ['a code without a title', `${good}13,,1,,\n`, 'list.csv5 : the code 13 has no title'],
  ]
  for (const [what, list, expected] of faults) {
    it(`name the line of ${what}`, () =>
      assert.ok(
        problemsOf(withList, { 'list.csv': list }).includes(expected),
        problemsOf(withList, { 'list.csv': list }).join('\n'),
      ))
  }

  it('are missed where they are not there', () => {
    assert.deepEqual(problemsOf(withList), ['22 fields[1].codes.file: the code list list.csv is not there'])
  })
})

describe('values', () => {
  const parsed = parseCodebook(PLAIN, new Map())
  assert.ok(parsed.ok)
  const topic = parsed.codebook.field.get('topic')
  const mood = parsed.codebook.field.get('mood')
  assert.ok(topic !== undefined && mood !== undefined)

  it('tell what a field can have', () => {
    assert.ok(
      isValueOf(mood, 'good') && !isValueOf(mood, 'fine') && !isValueOf(mood, null) && !isValueOf(mood, ['good']),
    )
    assert.ok(isValueOf(topic, ['sport', 'money']) && isValueOf(topic, []) && !isValueOf(topic, ['sport', 'sport']))
    assert.ok(!isValueOf(topic, 'sport') && !isValueOf(topic, ['sport', 'money', 'sport']))
  })
})
