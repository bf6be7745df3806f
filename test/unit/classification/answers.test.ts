/** Tests of how the answers of a model are parsed, and of the answer schema. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ANSWER_SCHEMA } from '../../../src/classification/answer-schema.ts'
import { parseAnswers } from '../../../src/classification/answers.ts'
import { AGGREGATIONS, ORIENTATIONS, TYPES } from '../../../src/classification/codebook.ts'

const GOOD = {
  reason: 'money over a period',
  type: 'flow',
  temporal_aggregation: 'period-total',
  orientation: 'higher-is-positive',
  confidence: { type: 95, temporal_aggregation: 90, orientation: 0 },
}
const NO_PROBLEMS = { missing: [], doubled: [], unknown: [], invalid: [] }

test('a good answer becomes a decision with confidences of 0 to 1', () => {
  const { decisions, problems } = parseAnswers({ answers: [{ key: 'k1', ...GOOD }] }, ['k1'])
  assert.deepEqual(decisions.get('k1'), {
    ...GOOD,
    confidence: { type: 0.95, temporal_aggregation: 0.9, orientation: 0 },
  })
  assert.deepEqual(problems, NO_PROBLEMS)
})

test('missing, unknown and invalid answers do not touch the good ones', () => {
  const answers = [
    null,
    { key: 'k9', ...GOOD },
    { key: 5, ...GOOD },
    { key: 'k2', ...GOOD, type: 'money' },
    { key: 'k1', ...GOOD },
  ]
  const { decisions, problems } = parseAnswers({ answers }, ['k1', 'k2', 'k3'])
  assert.deepEqual([...decisions.keys()], ['k1'])
  assert.deepEqual(problems.missing, ['k3'])
  assert.deepEqual(problems.unknown, ['', 'k9', ''])
  assert.deepEqual(
    problems.invalid.map(({ key }) => key),
    ['k2'],
  )
  assert.match(problems.invalid[0]?.message ?? '', /^type: /)
})

test('a key that is answered twice has a decision only where the answers agree', () => {
  const agreeing = [
    { key: 'k1', ...GOOD },
    { key: 'k1', ...GOOD, reason: 'in other words' },
  ]
  assert.deepEqual(parseAnswers({ answers: agreeing }, ['k1']).problems, NO_PROBLEMS)
  for (const other of [
    { orientation: 'neutral' },
    { confidence: { ...GOOD.confidence, type: 50 } },
    { type: 'nonsense' },
  ]) {
    const answers = [
      { key: 'k1', ...GOOD },
      { key: 'k1', ...GOOD, ...other },
    ]
    const { decisions, problems } = parseAnswers({ answers }, ['k1'])
    assert.equal(decisions.size, 0)
    assert.deepEqual(problems, { ...NO_PROBLEMS, doubled: ['k1'] })
  }
})

const CONFIDENCES: readonly (readonly [unknown, number | null])[] = [
  [0, 0],
  [1, 0.01],
  [60, 0.6],
  [87.5, 0.875],
  [100, 1],
  [150, 1],
  [-5, 0],
  [0.9, null],
  [Number.NaN, null],
  [Number.POSITIVE_INFINITY, null],
  ['90', null],
  [null, null],
  [undefined, null],
]

for (const [given, read] of CONFIDENCES) {
  test(`a confidence of ${JSON.stringify(given)} (${typeof given}) is ${read === null ? 'invalid' : read}`, () => {
    const answers = [{ key: 'k1', ...GOOD, confidence: { ...GOOD.confidence, type: given } }]
    const { decisions, problems } = parseAnswers({ answers }, ['k1'])
    assert.equal(decisions.get('k1')?.confidence.type ?? null, read)
    assert.equal(problems.invalid.length, read === null ? 1 : 0)
  })
}

test('a reason is cleaned and cut to 300 characters', () => {
  const reasonOf = (reason: string) =>
    parseAnswers({ answers: [{ key: 'k1', ...GOOD, reason }] }, ['k1']).decisions.get('k1')?.reason ?? ''
  assert.equal(reasonOf(' a\u0000b\u202ec '), 'a b c')
  assert.equal(reasonOf('x'.repeat(301)), `${'x'.repeat(299)}…`)
  assert.ok(reasonOf('😀'.repeat(1_000)).isWellFormed())
})

const anyJson = fc.jsonValue({ maxDepth: 3 })
const key = fc.constantFrom('k1', 'k2', 'k3', 'k99', '__proto__', '')
const element = fc.record({
  key: fc.oneof(key, anyJson),
  reason: fc.oneof(fc.string({ unit: 'binary' }), anyJson),
  type: fc.oneof(fc.constantFrom(...TYPES), anyJson),
  temporal_aggregation: fc.constantFrom(...AGGREGATIONS, 'x'),
  orientation: fc.constantFrom(...ORIENTATIONS),
  confidence: fc.oneof(
    fc.record({ type: fc.nat(120), temporal_aggregation: fc.nat(100), orientation: fc.nat(100) }),
    anyJson,
  ),
})

test('no JSON makes it throw, and every key ends in exactly one list', () => {
  const keys = ['k1', 'k2', 'k3', '__proto__']
  const answer = fc.oneof(anyJson, fc.record({ answers: fc.array(fc.oneof(element, anyJson)) }), fc.constant(undefined))
  fc.assert(
    fc.property(answer, (given) => {
      const { decisions, problems } = parseAnswers(given, keys)
      const placed = [
        ...decisions.keys(),
        ...problems.missing,
        ...problems.doubled,
        ...problems.invalid.map((i) => i.key),
      ]
      assert.deepEqual(placed.sort(), [...keys].sort())
      for (const { confidence, reason, type } of decisions.values()) {
        assert.ok(Object.values(confidence).every((value) => value >= 0 && value <= 1))
        assert.ok(reason.length <= 300 && reason.isWellFormed())
        assert.ok(TYPES.includes(type))
      }
    }),
  )
})

test('the schema is strict in the sense of OpenAI, and thinks before it labels', () => {
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('properties' in node && 'type' in node && node.type === 'object') {
      assert.ok('required' in node && 'additionalProperties' in node)
      assert.deepEqual(node.required, Object.keys(node.properties as object))
      assert.equal(node.additionalProperties, false)
    }
    for (const name of ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'pattern', 'format']) {
      assert.ok(!(name in node), `${name} may be refused`)
    }
    for (const child of Object.values(node)) visit(child)
  }
  visit(ANSWER_SCHEMA)
  const item = ANSWER_SCHEMA.properties.answers.items
  assert.deepEqual(item.properties.type.enum, TYPES)
  assert.deepEqual(item.required.slice(0, 3), ['key', 'reason', 'type'])
})
