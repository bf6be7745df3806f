/** Files of labelled records: each fault is named with line, key and value. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { checkLabelledRecords, formatFaults } from '../../../src/catalogue/labelled-records.ts'
import { parseCodebook } from '../../../src/codebooks/parse.ts'

const parsed = parseCodebook(
  `name: news
version: 1
title: News
record:
  name: article
  plural: articles
  description: One article.
  texts:
    - name: name
fields:
  - name: topic
    title: Topic
    multi: true
    max: 2
    values:
      - {value: sport, definition: Games.}
      - {value: money, definition: Prices.}
      - {value: work, definition: Jobs.}
  - name: mood
    title: Mood
    values:
      - {value: good, definition: Good news.}
      - {value: bad, definition: Bad news.}
  - name: tone
    title: Tone
    derived: {from: mood, values: {up: [good], down: [bad]}}
  - name: place
    title: Place
    applies_when: {topic: work}
    text: {max_length: 20, definition: Where the work is.}
constraints:
  - {name: no-bad-sport, when: {topic: sport}, require: {mood: good}, message: sport is good news}
examples:
  - record: {name: Bread costs “more”}
    labels: {topic: [money]}
`,
  new Map(),
)
assert.ok(parsed.ok)
const { codebook } = parsed

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-labelled-records-'))
})
after(() => rm(directory, { recursive: true, force: true }))

async function check(content: string | Buffer) {
  const path = join(directory, 'gold.jsonl')
  await writeFile(path, content)
  const { records, faults, warnings } = await checkLabelledRecords(path, codebook)
  const write = (list: typeof faults) => list.map(({ line, key, message }) => `${line} ${key}: ${message}`)
  return { records, faults: write(faults), warnings: write(warnings) }
}

let count = 0
const row = (labels: object, more: object = {}) => {
  count += 1
  return JSON.stringify({ indicator_id: `a${count}`, name: `Article ${count}`, labels, ...more })
}

test('records with labels that the fields can have are read; fields may be left out', async () => {
  const rows = [
    row({ topic: ['sport'] }),
    '',
    row({ topic: ['work', 'money'], mood: 'bad', tone: 'down', place: 'home' }),
  ]
  const { records, faults, warnings } = await check(`\ufeff${rows.join('\r\n')}\r\n`)
  assert.deepEqual([records.length, faults, warnings], [2, [], []])
  assert.deepEqual(records[0]?.labels, { topic: ['sport'] })
})

test('a label that the field cannot have is shown with what it can have', async () => {
  for (const [labels, fault] of [
    [{ mood: 'fine' }, '1 labels.mood: "fine" is no value of mood; it must be one of good, bad'],
    [{ topic: ['sprot'] }, '1 labels.topic: "sprot" is no value of topic; did you mean sport?'],
    [{ topic: ['sport', 'money', 'work'] }, '1 labels.topic: topic takes at most 2 values, and 3 are given'],
    [{ topics: ['sport'] }, '1 labels.topics: news has no field "topics"; did you mean topic?'],
    [{ mood: 'good', tone: 'down' }, '1 labels.tone: "down" does not follow from mood "good", of which up follows'],
    [
      { topic: ['money'], place: 'home' },
      '1 labels.place: "home" stands where the field does not apply, which needs topic: work: give null',
    ],
  ] as const) {
    assert.deepEqual((await check(row(labels))).faults, [fault])
  }
  assert.deepEqual((await check(row({ topic: ['money'], place: null }))).faults, [])
  assert.deepEqual((await check(row({ place: 'home' }))).faults, [], 'nobody labelled the topic')
})

test('a broken constraint is a warning, where every field of it has a label', async () => {
  const { faults, warnings } = await check(row({ topic: ['sport'], mood: 'bad' }))
  assert.deepEqual([faults, warnings], [[], ['1 labels: the constraint no-bad-sport is broken: sport is good news']])
  assert.deepEqual((await check(row({ topic: ['sport'] }))).warnings, [])
})

test('ids that stand twice, examples of the codebook and lines of another form are refused', async () => {
  const doubled = [row({}, { indicator_id: 'x' }), row({}), row({}, { indicator_id: ' x' })].join('\n')
  assert.deepEqual((await check(doubled)).faults, ['3 indicator_id: "x" stands on line 1 already'])
  const [example] = (await check(row({}, { name: 'BREAD costs "more"' }))).faults
  assert.match(example ?? '', /^1 name: "BREAD costs "more"" is an example of the codebook, .*: take it out of one$/)
  const { faults } = await check(
    ['{"indicator_id":"a","name":"b"}', '[1]', '{"name":"b","labels":{}}', '{"a'].join('\n'),
  )
  assert.deepEqual(faults, [
    '1 labels: is missing',
    '2 : must be one JSON object, got a list of 1',
    '3 indicator_id: is missing',
    '4 : must be one JSON object, got "{"a"',
  ])
})

test('an empty file, a CSV file and one that is not UTF-8 are each told in one sentence', async () => {
  assert.deepEqual((await check('\n')).faults, ['1 : the file is empty: each line holds one labelled record'])
  for (const csv of ['indicator_id,name,topic\na,b,c\n', '"indicator_id";"name"\n"a";"b"\n']) {
    const { faults } = await check(csv)
    assert.equal(faults.length, 1)
    assert.match(
      faults[0] ?? '',
      /^1 : holds no lines of JSON, as a CSV file does not: write each record as one line such as \{/,
    )
  }
  const latin = await check(Buffer.from(`${row({})}\n${row({}, { name: 'Caf\xe9' })}\n`, 'latin1'))
  assert.deepEqual(latin.faults, ['2 : is not UTF-8: save the file as UTF-8'])
})

test('the message of a refusal names the file and as many faults as a person reads', async () => {
  const path = join(directory, 'many.jsonl')
  await writeFile(path, Array.from({ length: 30 }, () => row({ mood: 'fine' })).join('\n'))
  const message = formatFaults(path, (await checkLabelledRecords(path, codebook)).faults).join('\n')
  assert.match(message, /many\.jsonl has 30 faults:\n {2}\S+many\.jsonl:1: labels\.mood: "fine" is no value/)
  assert.match(message, /\n {2}and 10 more$/)
  await assert.rejects(checkLabelledRecords(join(directory, 'none'), codebook), {
    message: /none: there is no such file; check the name and the folder/,
  })
})
