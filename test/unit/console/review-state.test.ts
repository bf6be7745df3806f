/** What a page of review does with its cards: what a key means, what a decision says, what a sitting remembers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chosenIn, isWhole, pickBlind } from '../../../src/console/browser/label-state.ts'
import { choicesOf } from '../../../src/console/browser/review-card.ts'
import { actionOf } from '../../../src/console/browser/review-keys.ts'
import {
  afterAside,
  afterDecision,
  afterUndo,
  choose,
  doesApply,
  firstInDoubt,
  newSitting,
  openField,
  recordOf,
  runIdOf,
  withoutDecision,
} from '../../../src/console/browser/review-state.ts'
import type { Card, ReviewField } from '../../../src/console/browser/review-types.ts'

const field = (name: string, more: Partial<ReviewField> = {}): ReviewField => ({
  ...{ name, title: name, guidance: '', kind: 'values', nullable: false, most: 1, appliesWhen: {} },
  values: ['a', 'b', 'c'].map((value) => ({ value, definition: `meaning of ${value}` })),
  ...more,
})
const KIND = field('kind')
const TOPICS = field('topics', { most: 2 })
const DETAIL = field('detail', { appliesWhen: { kind: ['b'] }, nullable: true })
const FIELDS = [KIND, TOPICS, DETAIL]

const CARD: Card = {
  ...{ indicator_id: 'X.1', name: 'X', catalogue: 'made up', units: null, description: null, sample_values: [] },
  ...{ why: 'doubt', labels: { kind: 'a', topics: ['a'], detail: null }, titles: {}, candidates: {} },
  ...{
    confidence: 0.5,
    field_confidence: {},
    source: 'model',
    status: 'needs-review',
    issues: [],
    rules: {},
    model: null,
  },
  ...{ same_shape: 1, same_shape_ids: ['X.1'], shape_hash: 'a'.repeat(64), siblings: [] },
}

test('a choice is a correction, and the label that the card has already is none', () => {
  assert.deepEqual(choose(CARD, {}, KIND, 'b'), { kind: 'b' })
  assert.deepEqual(choose(CARD, { kind: 'b' }, KIND, 'a'), {})
  assert.deepEqual(choose(CARD, {}, TOPICS, 'b'), { topics: ['a', 'b'] })
  assert.deepEqual(choose(CARD, { topics: ['a', 'b'] }, TOPICS, 'b'), {})
  assert.deepEqual(choose(CARD, { topics: ['a', 'b'] }, TOPICS, 'c'), { topics: ['b', 'c'] })
  const numbered = { ...CARD, labels: { kind: 1000 } }
  assert.deepEqual(choose(numbered, {}, KIND, '1000'), {})
})

test('a field applies by the labels as they are corrected, and one that needs a label keeps the card', () => {
  assert.equal(doesApply(CARD, {}, DETAIL), false)
  assert.equal(doesApply(CARD, { kind: 'b' }, DETAIL), true)
  assert.equal(openField(CARD, {}, FIELDS), undefined)
  const open = { ...CARD, labels: { topics: ['a'] } }
  assert.equal(openField(open, {}, FIELDS), 0)
  assert.equal(openField(open, { kind: 'b' }, FIELDS), undefined)
})

test('a decision says what was seen, and one that comes again only what differs from what was stored', () => {
  const base = { indicator_id: 'X.1', catalogue: 'made up', shape_hash: CARD.shape_hash, note: '' }
  assert.deepEqual(recordOf(CARD, { kind: 'b' }, '', undefined), {
    ...base,
    corrections: { kind: 'b' },
    seen: { kind: 'a', topics: ['a'] },
  })
  assert.deepEqual(recordOf(CARD, { kind: 'c' }, '', { kind: 'b' }), { ...base, corrections: { kind: 'c' }, seen: {} })
  assert.deepEqual(recordOf(CARD, {}, '', { kind: 'b' }), { ...base, corrections: { kind: 'a' }, seen: {} })
  assert.deepEqual(recordOf(CARD, { kind: 'b' }, '', { kind: 'b' }), { ...base, corrections: {}, seen: {} })
})

test('a sitting counts decisions, takes one back, and forgets one that was refused', () => {
  const fresh = newSitting(Date.parse('2026-11-29T08:15:00Z'), () => '0a1b2c3d-1111-4111-8111-111111111111')
  assert.equal(fresh.run, 'review-20261129081500-0a1b2c3d')
  const one = afterDecision(fresh, { card: CARD, corrections: { kind: 'b' }, note: '', id: 'd1' })
  assert.deepEqual([one.decided, one.corrected, one.without], [1, 1, [CARD.shape_hash]])
  for (const back of [afterUndo(one), withoutDecision(one, 'd1')])
    assert.deepEqual([back.decided, back.corrected, back.without, back.done], [0, 0, [], []])
  assert.deepEqual(withoutDecision(one, 'another'), one)
  assert.deepEqual(afterUndo(fresh), fresh)
  assert.deepEqual(
    [afterAside(one, CARD, true).later, afterAside(fresh, CARD, false).without],
    [[CARD.shape_hash], [CARD.shape_hash]],
  )
  assert.match(
    runIdOf(Date.now(), () => crypto.randomUUID()),
    /^review-\d{14}-[0-9a-f]{8}$/,
  )
})

test('values have the digits as keys, a search narrows them, and codes come from the candidates or the search', () => {
  assert.deepEqual(
    choicesOf(KIND, '', [], []).map(({ key, value }) => [key, value]),
    [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'c'],
    ],
  )
  assert.deepEqual(
    choicesOf(KIND, 'meaning of b', [], []).map(({ value }) => value),
    ['b'],
  )
  assert.deepEqual(choicesOf(DETAIL, '', [], []).at(-1), { value: null, title: 'none', hint: 'no label', key: '0' })
  const codes = field('code', { kind: 'codes', values: [] })
  const likeliest = [{ code: '11', title: 'Farming', parents: ['Nature'] }]
  assert.deepEqual(
    choicesOf(codes, '', likeliest, []).map(({ value, hint }) => [value, hint]),
    [['11', 'Nature']],
  )
  assert.deepEqual(
    choicesOf(codes, 'mining', likeliest, [{ code: '21', title: 'Mining', parents: [] }]).map(({ value }) => value),
    ['21'],
  )
  assert.deepEqual(
    choicesOf(field('n', { kind: 'number', values: [] }), ' 12 ', [], []).map(({ value }) => value),
    ['12'],
  )
})

test('a reviewer begins with the field that is least sure', () => {
  assert.equal(firstInDoubt({ ...CARD, field_confidence: { kind: 0.9, topics: 0.4 } }, { fields: FIELDS }), 1)
  assert.equal(
    firstInDoubt(
      {
        ...CARD,
        field_confidence: { kind: 0.9, topics: 0.4 },
        issues: [{ code: 'rule-conflict', message: 'kind: the answer is a' }],
      },
      { fields: FIELDS },
    ),
    0,
  )
})

test('keys are commands, but in a text they are text', () => {
  const key = (name: string, more: object = {}) =>
    actionOf({ key: name, target: null, ...more } as unknown as KeyboardEvent)
  globalThis.HTMLElement ??= class {} as typeof HTMLElement
  assert.deepEqual(key('3'), { kind: 'choose', key: '3' })
  assert.deepEqual(
    ['Enter', 's', 'x', 'u', '?', 'Escape'].map((name) => key(name)?.kind),
    ['decide', 'skip', 'unsure', 'undo', 'help', 'leave'],
  )
  for (const name of ['a', 'F5', 'Tab', 'constructor', '__proto__']) assert.equal(key(name), undefined, name)
  assert.equal(key('s', { ctrlKey: true }), undefined)
  const typed = Object.assign(Object.create(HTMLElement.prototype), { tagName: 'INPUT', id: 'review-search' })
  assert.equal(key('s', { target: typed }), undefined)
  assert.equal(key('Enter', { target: typed })?.kind, 'first')
  const button = Object.assign(Object.create(HTMLElement.prototype), { tagName: 'BUTTON' })
  assert.equal(key('Enter', { target: button }), undefined)
})

test('blind labels: several labels toggle, none and cannot tell stand alone, and a row is whole with a label in each field that applies', () => {
  assert.deepEqual(pickBlind({}, TOPICS, 'a'), { topics: 'a' })
  assert.deepEqual(pickBlind({ topics: 'a' }, TOPICS, 'b'), { topics: 'a+b' })
  assert.deepEqual(pickBlind({ topics: 'a+b' }, TOPICS, 'a'), { topics: 'b' })
  assert.deepEqual(pickBlind({ topics: 'a' }, TOPICS, '?'), { topics: '?' })
  assert.deepEqual(pickBlind({ topics: '?' }, TOPICS, 'a'), { topics: 'a' })
  assert.deepEqual(pickBlind({}, DETAIL, null), { detail: 'none' })
  assert.deepEqual([undefined, '', 'none', '?', 'a+b'].map(chosenIn), [undefined, undefined, null, ['?'], ['a', 'b']])
  assert.equal(isWhole({ kind: 'a', topics: 'a' }, FIELDS), true)
  assert.equal(isWhole({ kind: 'b', topics: 'a' }, FIELDS), false)
  assert.equal(isWhole({ kind: 'b', topics: '?', detail: 'none' }, FIELDS), true)
})
