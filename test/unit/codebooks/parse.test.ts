import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isValueOf } from '../../../src/codebooks/codebook.ts'
import { parseCodebook, readCodebookText } from '../../../src/codebooks/parse.ts'

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
    ['a wrong key', withLine(3, 'titel: Topics'), /^3 titel: is no key of the format; did you mean title\?$/],
    [
      'a key that is like none',
      withLine(21, '    colour: red'),
      /^21 fields\[1\]\.colour: is no key of the format; there are name, title, guidance, note, values, codes, number, pattern, /,
    ],
    [
      'a text of a record that there is not',
      withLine(9, '    - name: namme'),
      /^9 record\.texts\[0\]\.name: "namme" is not allowed here; did you mean name\?$/,
    ],
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
    [
      'a wrong type',
      withLine(14, '    max: many'),
      /^14 fields\[0\]\.max: "many" must be a whole number from 1 to 20$/,
    ],
    [
      'a number out of bounds',
      withLine(14, '    max: 99'),
      /^14 fields\[0\]\.max: 99 must be a whole number from 1 to 20$/,
    ],
    [
      'too few values',
      lines(PLAIN).slice(0, 17).join('\n'),
      /^15 fields\[0\]\.values: must have at least 2 entries; there is 1$/,
    ],
    ['a value without text', withLine(3, 'title:'), /^3 title: is empty; it must be a text$/],
    ['a number for a text', withLine(3, 'title: 5'), /^3 title: 5 must be a text: put it into quotes, "5"$/],
    [
      'a text for a list',
      withLine(8, '  texts: name').replace('    - name: name\n', ''),
      /^8 record\.texts: "name" must be a list/,
    ],
    ['neither yes nor no', withLine(13, '    multi: maybe'), /^13 fields\[0\]\.multi: "maybe" must be true or false$/],
    [
      'a list for a map',
      withLine(4, 'record: [article]').replace(/ {2}name: article[\s\S]*?- name: name\n/, ''),
      /^4 record: a list of 1 must be a map of the keys name, plural, /,
    ],
    [
      'a truth value as a label',
      withLine(16, '      - value: true'),
      /^16 fields\[0\]\.values\[0\]\.value: true must be a text or a number: put it into quotes, "true"$/,
    ],
    [
      'a condition on a name that no field can have',
      `${PLAIN}    applies_when: {The topic: money}\n`,
      /^27 fields\[1\]\.applies_when\.The topic: "The topic" must be 1 to 40 of a-z/,
    ],
    [
      'a text with a colon',
      withLine(3, 'title: News: topics'),
      /^3 : is no YAML: the text holds a colon, .* into quotes$/,
    ],
    [
      'a tab',
      withLine(5, '\tname: article'),
      /^5 : is no YAML: a tab stands where the line begins: indent with spaces$/,
    ],
    ['a text that begins with a tag', withLine(3, 'title: !Topics'), /^3 : is no YAML: a text begins with "!": put /],
    [
      'a text that begins with an alias',
      withLine(7, '  description: *Article'),
      /^7 : is no YAML: \*Article refers to nothing: put /,
    ],
    [
      'a second document',
      `${PLAIN}---\nname: b\n`,
      /^27 : is no YAML: a second document begins at "---": a file holds one/,
    ],
    ['no YAML', withLine(9, '   - name: [name'), /^\d+ : is no YAML/],
    ['a key that stands twice', withLine(3, 'name: again'), /^3 : the key name stands twice$/],
    [
      'a bad name',
      withLine(1, 'name: Topics of News'),
      /^1 name: "Topics of News" must be lower-case words joined by hyphens/,
    ],
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
    assert.deepEqual(problemsOf(text), ['11 fields[0]: the field topic depends on itself: topic → mood → topic'])
  })

  it('reports a field that waits for itself once', () => {
    const waits = problemsOf(`${PLAIN}    applies_when: {mood: good}\n`)
    assert.deepEqual(waits, ['27 fields[1].applies_when.mood: the field mood cannot depend on itself'])
    const follows = problemsOf(`${PLAIN}  - name: tone\n    title: Tone\n    derived: {from: tone, values: {a: [b]}}\n`)
    assert.deepEqual(follows, ['29 fields[2].derived.from: the field tone cannot follow from itself'])
  })

  it('reports the first fault of a text that is no YAML, and every alias on its own line', () => {
    assert.equal(problemsOf(withLine(20, '   - name: mood')).length, 1)
    const aliases = lines(withLine(3, 'title: *one')).with(6, '  description: *two').join('\n')
    assert.deepEqual(
      problemsOf(aliases).map((one) => one.replace(/: put .*/, '')),
      ['3 : is no YAML: *one refers to nothing', '7 : is no YAML: *two refers to nothing'],
    )
  })

  it('reports faults of the format and of the whole together', () => {
    const text = `${withLine(3, 'titel: Topics').replace('value: money', 'value: sport')}constraints:
  - {name: one, when: {moood: good}, forbid: {topic: sport}, message: no}
  - {name: two, when: {mood: god}, forbid: {topic: sprot}, message: no}
`
    assert.deepEqual(problemsOf(text), [
      '1 title: is missing',
      '3 titel: is no key of the format; did you mean title?',
      '18 fields[0].values[1].value: the value sport stands twice',
      '28 constraints[0].when.moood: there is no field moood; did you mean mood?',
      // The field topic has a fault, so that what refers to it is not judged.
      '29 constraints[1].when.mood: "god" is no value of mood; it must be one of good, bad',
    ])
    const unsound = problemsOf(`${withLine(21, '')}constraints:\n  - {name: one, when: {mood: fine}, message: no}\n`)
    assert.deepEqual(unsound, ['20 fields[1].title: is missing', '28 constraints[0]: needs either require or forbid'])
  })

  it('says of labels of examples what the field takes', () => {
    const faultOf = (labels: string) =>
      problemsOf(`${PLAIN}examples:\n  - {record: {name: x}, labels: {${labels}}}\n`).map((one) =>
        one.split(': ').slice(1).join(': '),
      )
    assert.deepEqual(faultOf('topic: [sport, money], mood: good'), [])
    assert.deepEqual(faultOf('topc: [sport]'), ['there is no field topc; did you mean topic?'])
    assert.deepEqual(faultOf('topic: [sport, monney]'), ['"monney" is no value of topic; did you mean money?'])
    assert.deepEqual(faultOf('topic: [sport, money, sport]'), ['topic takes at most 2 values, and 3 are given'])
    assert.deepEqual(faultOf('topic: [sport, sport]'), ['"sport" is given twice for topic'])
    assert.deepEqual(faultOf('topic: sport'), ['topic takes a list of values, not "sport" alone'])
    assert.deepEqual(faultOf('mood: [good]'), ['mood takes one value, not a list'])
    assert.deepEqual(faultOf('mood: Good'), ['"Good" is no value of mood; did you mean good?'])
    assert.deepEqual(faultOf('mood: null'), [
      'mood cannot be empty (null): it has neither nullable: true nor applies_when',
    ])
  })

  it('reads a file into which npm run has printed its own lines, and keeps the numbers of the others', () => {
    const npm = '\n> classify-service@0.1.0 codebook\n> exec node src/cli/classify.cjs codebook init\n\n'
    assert.deepEqual(problemsOf(`${npm}${PLAIN}`), [])
    assert.deepEqual(problemsOf(`\ufeff${npm.replaceAll('\n', '\r\n')}${PLAIN.replaceAll('\n', '\r\n')}`), [])
    assert.match(problemsOf(`${npm}${withLine(14, '    max: many')}`).join(), /^18 fields\[0\]\.max: /)
    assert.equal(problemsOf(PLAIN.replace('title: Topics of the news', '> one\ntitle: x')).length, 1)
  })

  for (const [what, text, expected] of [
    ['an empty file', '', /^1 : is empty: "npx classify codebook init" writes a codebook to start from$/],
    ['a file of comments', '# nothing\n\n', /^1 : is empty/],
    [
      'a catalogue in JSON lines',
      '{"indicator_id":"a"}\n{"indicator_id":"b"}\n',
      /^1 : holds lines of JSON, .* and no codebook/,
    ],
    ['a CSV file', 'indicator_id,name\na,"b: c"\n', /^1 : holds lines of a table, such as CSV, and no codebook/],
    ['a CSV file of another country', '"id";"name"\n1;a\n', /^1 : holds lines of a table/],
    ['a list', '- a\n- b\n', /^1 : holds a list, and no codebook/],
    ['a sentence', 'Hello there.\n', /^1 : holds a text without keys, and no codebook/],
  ] as const) {
    it(`says in one sentence what ${what} is`, () => {
      const problems = problemsOf(text)
      assert.equal(problems.length, 1)
      assert.match(problems[0] ?? '', expected)
    })
  }

  it('refuses conditions on fields and values that do not exist', () => {
    const text = `${PLAIN}constraints:
  - {name: one, when: {mood: fine}, require: {topic: money}, message: no}
  - {name: two, when: {moood: good}, forbid: {topic: money}, message: no}
  - {name: three, when: {mood: good}, message: no}
`
    assert.deepEqual(problemsOf(text), [
      '28 constraints[0].when.mood: "fine" is no value of mood; it must be one of good, bad',
      '29 constraints[1].when.moood: there is no field moood; did you mean mood?',
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

  it('are asked for by name', () => assert.deepEqual(readCodebookText(withList).files, ['list.csv']))

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

  it('may have semicolons or tabs between their cells', () => {
    const cells = [
      ['code', 'title', 'synonyms'],
      ['1', 'Food, all of it', 'meal; dish'],
    ]
    for (const separator of [';', '\t', ',']) {
      const text = cells.map((row) => row.map((cell) => `"${cell}"`).join(separator)).join('\r\n')
      const parsed = parseCodebook(withList, new Map([['list.csv', `\ufeff${text}\r\n`]]))
      const type = parsed.ok ? parsed.codebook.field.get('code')?.type : undefined
      assert.ok(type?.kind === 'codes', separator)
      assert.deepEqual(
        type.list.codes.map(({ code, title, synonyms }) => [code, title, synonyms]),
        [['1', 'Food, all of it', ['meal', 'dish']]],
      )
    }
  })

  it('say of an example with a code that has others below it which to give', () => {
    const labels = (code: string) =>
      problemsOf(`${withList}examples:\n  - {record: {name: x}, labels: {code: "${code}"}}\n`, { 'list.csv': good })
    assert.match(
      labels('1').join(),
      /"1" is no value of code; it must be a code without further codes below it, such as 11$/,
    )
    assert.match(labels('9').join(), /"9" is no value of code; it must be a code of the list, such as 11, 12$/)
  })

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
