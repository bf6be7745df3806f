/**
 * A copy of economic-indicators in which every field and value has another name goes the whole way of the engine, without
 * code: prompt, a perfect model's answer, parsing, merge and result. It proves that no name is special to the engine.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildAnswerSchema } from '../../../src/classification/answer-schema.ts'
import { parseAnswers } from '../../../src/classification/answers.ts'
import { askableFields, completeLabels } from '../../../src/classification/fields.ts'
import { answerKeys, buildSystemPrompt } from '../../../src/classification/prompt.ts'
import { promptItemOf, questionOf } from '../../../src/classification/question.ts'
import { buildClassification } from '../../../src/classification/result.ts'
import { labelsOfBody, toResultBody } from '../../../src/classification/result-body.ts'
import type { Indicator, Labels, LabelValue, Mode } from '../../../src/classification/types.ts'
import { buildUserPrompt, parseUserPrompt } from '../../../src/classification/user-prompt.ts'
import { isBlocked, validate } from '../../../src/classification/validate.ts'
import type { Codebook, Field } from '../../../src/codebooks/codebook.ts'
import { renameCodebook } from '../../helpers/codebooks/renamed-codebook.ts'
import { economic, schemeOfText, textOfBuiltIn } from './schemes.ts'

const renamed = renameCodebook(textOfBuiltIn('economic-indicators'), 'renamed-copy')
const copy = schemeOfText(renamed.text)

/** Labels in the words of the copy. */
const inCopy = (labels: Labels): Labels =>
  Object.fromEntries(
    Object.entries(labels).map(([name, label]) => [renamed.fieldOf(name), renamed.labelOf(name, label) as LabelValue]),
  )

function choicesOf({ type }: Field): readonly LabelValue[] {
  if (type.kind === 'values') return type.values.map(({ value }) => value)
  return type.kind === 'pattern' ? ['USD', 'LCU', null] : ['barrel', '1000 people', null]
}

/** Sets of labels of economic indicators, mixed evenly and the same in each run, that break no constraint that blocks. */
function labelSets(codebook: Codebook): readonly Labels[] {
  const fields = askableFields(codebook)
  const sets: Labels[] = []
  for (let step = 0; step < 2_000; step += 1) {
    const labels = Object.fromEntries(
      fields.map((field, index) => {
        const choices = choicesOf(field)
        return [field.name, choices[mix(step, index) % choices.length] ?? null] as const
      }),
    )
    if (!isBlocked(codebook, validate(codebook, completeLabels(codebook, labels)))) sets.push(labels)
  }
  return sets
}

/** A whole number that looks random and depends on its arguments alone. */
function mix(a: number, b: number): number {
  const mixed = Math.imul(a * 31 + b + 1, 0x9e3779b1)
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> 8
}

const sets = labelSets(economic.codebook).slice(0, 500)
const records = sets.map((_, index): Indicator => {
  const samples = [{ date: '2024-01-01', value: index }]
  return { indicator_id: `R${index}`, name: `Series ${index}`, units: 'things', sample_values: samples }
})

/** Answers a request as a model would that knows every right label, and nothing but what the request says. */
function answerPerfectly(user: string, right: ReadonlyMap<string, Labels>): unknown {
  const answers = parseUserPrompt(user).map(({ key, id, ask }) => {
    const labels = ask.map((field) => ({ field, value: right.get(id)?.[field] ?? null, confidence: 97 }))
    return { key, reason: 'known', labels }
  })
  return JSON.parse(JSON.stringify({ answers })) as unknown
}

function classifyAll(scheme: typeof copy, right: readonly Labels[], mode: Mode) {
  const keys = answerKeys(records.length)
  const byId = new Map(records.map(({ indicator_id }, index) => [indicator_id, right[index] ?? {}]))
  const items = records.map((record, index) => {
    const question = questionOf(scheme, record, {}, { mode })
    assert.ok(question !== null)
    return promptItemOf(keys[index] ?? '', question, mode)
  })
  const answer = answerPerfectly(buildUserPrompt(scheme.codebook, items), byId)
  const { decisions, unanswered, unknown } = parseAnswers(scheme.codebook, answer, items)
  assert.deepEqual([unanswered, unknown], [[], []])
  return records.map((indicator, index) => {
    const decision = decisions.get(keys[index] ?? '')
    assert.ok(decision !== undefined)
    return buildClassification({
      ...{ scheme, indicator, catalogue: 'c', mode, reading: {}, unanswered: {}, promptVersion: 'p2', runId: 'r' },
      decisions: [{ decision, source: 'model', model: 'perfect', isGuess: false }],
      classifiedAt: '2026-11-28T00:00:00.000Z',
    })
  })
}

test('the label sets hold every value of every field that a model is asked for', () => {
  assert.ok(sets.length >= 200, String(sets.length))
  for (const field of askableFields(economic.codebook)) {
    const used = new Set(sets.map((labels) => labels[field.name]))
    assert.deepEqual(
      choicesOf(field).filter((value) => !used.has(value)),
      [],
      field.name,
    )
  }
})

test('the copy passes every check, has no code, and shares no name of a field and no text among values with the original', () => {
  assert.equal(copy.code, null)
  const words = ({ fields }: Codebook) =>
    fields.flatMap(({ name, type }) => {
      if (type.kind === 'derived') return [name, ...type.valueOf.values()]
      return type.kind === 'values' ? [name, ...type.values.map(({ value }) => String(value))] : [name]
    })
  const own = new Set(words(copy.codebook).filter((word) => !/^\d+$/.test(word)))
  assert.deepEqual(
    words(economic.codebook).filter((word) => own.has(word)),
    [],
  )
  assert.equal(copy.codebook.fields.length, economic.codebook.fields.length)
  assert.equal(copy.codebook.constraints.length, economic.codebook.constraints.length)
})

test('prompt and answer schema of the copy hold its own names, and no field of the original', () => {
  const prompt = buildSystemPrompt(copy.codebook)
  const schema = JSON.stringify(buildAnswerSchema(copy.codebook))
  for (const { name } of askableFields(copy.codebook)) {
    assert.ok(prompt.includes(`: ${name}`) && schema.includes(`"enum":["${name}"]`), name)
  }
  for (const { name, type } of economic.codebook.fields) {
    assert.ok(!schema.includes(`"${name}"`) || name === 'type', name)
    if (type.kind !== 'values') continue
    for (const { value } of type.values) assert.ok(!prompt.includes(`\n- ${value}: `) || typeof value === 'number')
  }
})

for (const mode of ['hybrid', 'model'] as const) {
  test(`mode ${mode}: every label of the copy is right, every result is accepted, and equals that of the original`, () => {
    const results = classifyAll(copy, sets.map(inCopy), mode)
    const originals = classifyAll({ ...economic, code: null }, sets, mode)
    for (const [index, result] of results.entries()) {
      const original = originals[index]
      assert.ok(original !== undefined)
      assert.deepEqual(result.labels, inCopy(completeLabels(economic.codebook, sets[index] ?? {})))
      assert.deepEqual(result.labels, inCopy(original.labels))
      assert.deepEqual([result.status, result.source, result.confidence], ['accepted', 'model', 0.97])
      assert.deepEqual(
        result.issues.map(({ code }) => code),
        original.issues.map(({ code }) => code),
      )
      const body = toResultBody(result, copy)
      assert.deepEqual(labelsOfBody(body, copy), result.labels)
      assert.ok(!('unit' in body))
    }
  })
}

test('constraints of the copy find what those of the original find, and name its values in their messages', () => {
  const broken = { type: 'growth-rate', temporal_aggregation: 'period-average' }
  const [original] = validate(economic.codebook, broken)
  const [own] = validate(copy.codebook, inCopy(broken))
  assert.equal(own?.code, original?.code)
  assert.equal(
    own?.message,
    original?.message.replace('period-average', String(renamed.labelOf('temporal_aggregation', 'period-average'))),
  )
})
