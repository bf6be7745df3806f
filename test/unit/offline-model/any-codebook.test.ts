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
import { builtInScheme, offlineQuestion } from '../../helpers/offline-question.ts'
import { findingOf } from '../../helpers/readings.ts'

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
      colour: { values: ['red', 'blue'], isNumber: false, isNullable: false, isMulti: false },
      mood: { values: ['good', 'bad'], isNumber: false, isNullable: true, isMulti: false },
      level: { values: [10, 20], isNumber: true, isNullable: false, isMulti: false },
      age: { values: null, isNumber: true, isNullable: false, isMulti: false },
      note: { values: null, isNumber: false, isNullable: false, isMulti: false },
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

describe('rules answers', () => {
  it('take the guess, and otherwise a label that fits and is too unsure to stand', () => {
    const reading = { mood: findingOf('bad', false), age: findingOf(4, false) }
    const question = offlineQuestion([{ name: 'x' }], { scheme: mixed, reading })
    const answers = createRulesAnswers().answer(question)
    assert.ok(typeof answers !== 'string')
    assert.deepEqual(answers.elements[0], {
      key: 'k1',
      reason: 'No rule reads colour, level, note.',
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
