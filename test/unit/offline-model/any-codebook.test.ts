/** Tests that the offline model serves any codebook: it learns fields, values and lists from the request alone. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildAnswerSchema } from '../../../src/classification/answer-schema.ts'
import { parseAnswers } from '../../../src/classification/answers.ts'
import { prepareScheme } from '../../../src/classification/scheme.ts'
import { parseCodebook } from '../../../src/codebooks/parse.ts'
import { type AnswerStrategy, createRulesAnswers, type Question } from '../../../src/offline-model/answer-strategy.ts'
import { createGoldAnswers, parseGoldTable } from '../../../src/offline-model/answers-gold.ts'
import { createNoisyAnswers } from '../../../src/offline-model/answers-noisy.ts'
import { readAnswerForm } from '../../../src/offline-model/label-forms.ts'
import { builtInScheme, offlineQuestion } from '../../helpers/codebooks/offline-question.ts'
import { findingOf } from '../../helpers/codebooks/readings.ts'

const topics = builtInScheme('release-topics')
const activities = builtInScheme('business-activities')

function mixedScheme() {
  const parsed = parseCodebook(
    `name: mixed
version: "1"
title: Fields of every kind
record: { name: thing, plural: things, description: A thing., texts: [{ name: name, limit: 100 }] }
fields:
  - { name: colour, title: Colour, values: [{ value: red, definition: red }, { value: blue, definition: blue }] }
  - { name: mood, title: Mood, nullable: true, values: [{ value: good, definition: good }, { value: bad, definition: bad }] }
  - { name: level, title: Level, values: [{ value: 10, definition: ten }, { value: 20, definition: twenty }] }
  - { name: age, title: Age, number: { min: 0, max: 9, whole: true, definition: years } }
  - { name: note, title: Note, text: { max_length: 20, definition: any words } }
`,
    new Map(),
  )
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return prepareScheme({ codebook: parsed.codebook, hash: 'h', code: null })
}
const mixed = mixedScheme()

function labelsOf(strategy: AnswerStrategy, question: Question) {
  const answers = strategy.answer(question)
  assert.ok(typeof answers !== 'string')
  return answers.elements.map(({ labels }) => Object.fromEntries(labels.map(({ field, value }) => [field, value])))
}

describe('readAnswerForm', () => {
  const formOf = (schema: object) => readAnswerForm(JSON.parse(JSON.stringify(schema)))

  it('learns values, null, numbers and lists of each field from the schema that the service builds', () => {
    const form = formOf(buildAnswerSchema(mixed.codebook))
    assert.deepEqual(form?.properties, ['key', 'reason', 'labels'])
    assert.deepEqual(Object.fromEntries(form?.labels ?? []), {
      colour: { values: ['red', 'blue'], isNumber: false, isWhole: false, isNullable: false, isMulti: false },
      mood: { values: ['good', 'bad'], isNumber: false, isWhole: false, isNullable: true, isMulti: false },
      level: { values: [10, 20], isNumber: true, isWhole: false, isNullable: false, isMulti: false },
      age: { values: null, isNumber: true, isWhole: true, isNullable: false, isMulti: false },
      note: { values: null, isNumber: false, isWhole: false, isNullable: false, isMulti: false },
    })
    assert.equal(formOf(buildAnswerSchema(topics.codebook))?.labels.get('topics')?.isMulti, true)
    assert.deepEqual([...(formOf(buildAnswerSchema(activities.codebook))?.labels.keys() ?? [])], ['industry'])
  })

  it('refuses a schema of another form', () => {
    const items = { properties: { key: {}, labels: { items: { anyOf: [] } }, verdict: {} } }
    assert.equal(formOf({ type: 'object' }), null)
    assert.equal(formOf({ properties: { answers: { items } } }), null)
  })
})

describe('gold answers', () => {
  const GOLD = [
    { indicator_id: 'a', name: 'A', labels: { colour: 'red', mood: 'good', level: 10, age: 1, note: 'n' } },
    { indicator_id: 'b', name: 'B', labels: { colour: 'red', level: 10, age: 1, note: 'n' } },
    { indicator_id: 'c', name: 'C', labels: { colour: 'red' } },
  ]
  const gold = (rows: readonly object[]) =>
    parseGoldTable(rows.map((row) => JSON.stringify(row)).join('\n'), 'gold.jsonl')
  const ask = (id: string, rows: readonly object[] = GOLD, reading = {}) => {
    const question = offlineQuestion([{ indicator_id: id, name: id.toUpperCase() }], { scheme: mixed, reading })
    const answers = createGoldAnswers(gold(rows)).answer(question)
    assert.ok(typeof answers !== 'string')
    return { model: answers.model, ...answers.elements[0] }
  }
  const moodOf = ({ labels = [] }: ReturnType<typeof ask>) => labels.find(({ field }) => field === 'mood')

  it('give null, which is no guess, for a nullable field that a line with all other labels leaves out', () => {
    const answer = ask('b')
    assert.equal(answer.model, 'offline-gold')
    assert.deepEqual(moodOf(answer), { field: 'mood', value: null, confidence: 95 })
    assert.equal(answer.reason, 'Taken from the gold file; no label in its line, so none applies: mood.')
    assert.equal(ask('a').reason, 'Taken from the gold file.')
  })

  it('stay guesses where the line leaves out more, where no line labels the field, and where the rules read something', () => {
    const unlabelled = GOLD.slice(1)
    const guessed = { mood: findingOf('bad', false) }
    for (const answer of [ask('c'), ask('b', unlabelled), ask('b', GOLD, guessed), ask('d')]) {
      assert.equal(answer.model, 'offline-rules')
      assert.match(String(answer.reason), /^Not in the gold file: .*mood/)
    }
    assert.equal(moodOf(ask('b', GOLD, guessed))?.value, 'bad')
  })
})

describe('rules answers', () => {
  it('take the guess, and otherwise a label that fits and is too unsure to stand', () => {
    const reading = { mood: findingOf('bad', false), age: findingOf(4, false) }
    const question = offlineQuestion([{ name: 'x' }], { scheme: mixed, reading })
    const answers = createRulesAnswers().answer(question)
    assert.ok(typeof answers !== 'string')
    assert.deepEqual(answers.elements[0], {
      key: 'k1',
      reason: 'Filled in by the offline model, nothing decides it: colour, level, note.',
      labels: [
        { field: 'colour', value: 'red', confidence: 50 },
        { field: 'mood', value: 'bad', confidence: 75 },
        { field: 'level', value: 10, confidence: 50 },
        { field: 'age', value: 4, confidence: 75 },
        { field: 'note', value: 'unknown', confidence: 50 },
      ],
    })
  })

  it('fill every field of the built-in codebooks with a label that the service accepts', () => {
    for (const scheme of [mixed, topics, activities, builtInScheme('economic-indicators')]) {
      const question = offlineQuestion([{ name: 'Bakery that sells bread' }], { scheme })
      const answers = createRulesAnswers().answer(question)
      assert.ok(typeof answers !== 'string')
      const asked = question.items.map(({ key, ask: fields }) => ({ key, fields }))
      const { decisions, unanswered } = parseAnswers(scheme.codebook, { answers: answers.elements }, asked)
      assert.deepEqual(unanswered, [], scheme.codebook.name)
      assert.deepEqual(Object.keys(decisions.get('k1')?.labels ?? {}), asked[0]?.fields)
    }
  })

  it('take the likeliest candidate of a code list, an empty list where several labels may stand, and null where allowed', () => {
    const question = offlineQuestion([{ name: 'Bakery that sells bread' }], { scheme: activities })
    const [first] = question.items[0]?.codes.industry ?? []
    const [labels] = labelsOf(createRulesAnswers(), question)
    assert.equal(labels?.industry, first?.split(' ')[0])
    assert.deepEqual(labelsOf(createRulesAnswers(), offlineQuestion([{}], { scheme: topics }))[0]?.topics, [])
    assert.equal(labelsOf(createRulesAnswers(), offlineQuestion([{}], { scheme: mixed }))[0]?.mood, null)
  })

  it('answer null where the request has neither schema nor candidates', () => {
    const question = { ...offlineQuestion([{}], { scheme: mixed }), forms: new Map() }
    assert.deepEqual(labelsOf(createRulesAnswers(), question)[0], {
      colour: null,
      mood: null,
      level: null,
      age: null,
      note: null,
    })
  })
})

describe('gold and noisy answers', () => {
  const line = (labels: object) => JSON.stringify({ indicator_id: 'A1', name: 'x', labels })
  const gold = (labels: object) => createGoldAnswers(parseGoldTable(line(labels), 'gold.jsonl'))

  it('come in any field names, lists included', () => {
    const question = offlineQuestion([{}], { scheme: topics })
    assert.deepEqual(labelsOf(gold({ topics: ['prices', 'work'], kind: 'figures' }), question), [
      { topics: ['prices', 'work'], kind: 'figures' },
    ])
  })

  it('are made wrong within the schema and the candidates', () => {
    const topic = offlineQuestion([{}], { scheme: topics })
    const [noisy] = labelsOf(createNoisyAnswers(gold({ topics: ['prices'], kind: 'figures' }), 1), topic)
    const values = topic.forms.get('topics')?.values ?? []
    const [other] = [noisy?.topics].flat()
    assert.ok(other !== undefined && other !== 'prices' && values.includes(String(other)))
    const business = offlineQuestion([{ name: 'Bakery' }], { scheme: activities })
    const candidates = (business.items[0]?.codes.industry ?? []).map((shown) => shown.split(' ')[0])
    const [wrong] = labelsOf(createNoisyAnswers(gold({ industry: candidates[0] }), 1), business)
    assert.ok(wrong?.industry !== candidates[0] && candidates.includes(String(wrong?.industry)))
    const things = offlineQuestion([{}], { scheme: mixed })
    const right = { colour: 'red', mood: null, level: 10, age: 4, note: 'n' }
    const [spoilt] = labelsOf(createNoisyAnswers(gold(right), 1), things)
    assert.deepEqual([spoilt?.colour, spoilt?.level, spoilt?.age, spoilt?.note], ['blue', 20, 5, 'n'])
    assert.ok(spoilt?.mood === 'good' || spoilt?.mood === 'bad')
  })
})
