/** What a page of review does with its cards: what a key means, what a decision says, what a sitting remembers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validate } from '../../../src/classification/validate.ts'
import { type ChoiceSources, choicesOf, firstOf, typedFault } from '../../../src/console/browser/choices.ts'
import {
  blindLabelOf,
  chosenIn,
  givenBlind,
  missingIn,
  pickBlind,
  progressText,
} from '../../../src/console/browser/label-state.ts'
import { actionOf } from '../../../src/console/browser/review-keys.ts'
import { reasonOf } from '../../../src/console/browser/review-notices.ts'
import {
  afterAside,
  afterDecision,
  afterRefusal,
  afterUndo,
  choose,
  currentLabel,
  doesApply,
  firstInDoubt,
  givenIn,
  leftAfter,
  newSitting,
  openField,
  recordOf,
  runIdOf,
  withoutDecision,
} from '../../../src/console/browser/review-state.ts'
import type { Card, ReviewField } from '../../../src/console/browser/review-types.ts'
import { brokenRules, sentenceOf } from '../../../src/console/browser/together.ts'
import { inTitles } from '../../../src/console/page/format.ts'
import { togetherOf, toReviewField } from '../../../src/console/views/review.ts'
import { economic } from '../classification/schemes.ts'

const field = (name: string, more: Partial<ReviewField> = {}): ReviewField => ({
  ...{ name, title: name, guidance: '', kind: 'values', nullable: false, most: 1, appliesWhen: {} },
  ...{ form: null, known: [] },
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
  ...{ same_shape: 1, same_shape_ids: ['X.1'], shape_hash: 'a'.repeat(64), siblings: [], texts: [] },
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

const sources = (likeliest: ChoiceSources['likeliest'] = [], found: ChoiceSources['found'] = []) => ({
  likeliest,
  found,
})

test('values have the digits as keys, a search narrows them, and codes come from the candidates or the search', () => {
  assert.deepEqual(
    choicesOf(KIND, '', sources()).map(({ key, value }) => [key, value]),
    [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'c'],
    ],
  )
  assert.deepEqual(
    choicesOf(KIND, 'meaning of b', sources()).map(({ value }) => value),
    ['b'],
  )
  assert.deepEqual(choicesOf(DETAIL, '', sources()).at(-1), { value: null, title: 'none', hint: 'no label', key: '0' })
  const codes = field('code', { kind: 'codes', values: [] })
  const likeliest = [{ code: '11', title: 'Farming', parents: ['Nature'] }]
  assert.deepEqual(
    choicesOf(codes, '', sources(likeliest)).map(({ value, hint }) => [value, hint]),
    [['11', 'Nature']],
  )
  assert.deepEqual(
    choicesOf(codes, 'mining', sources(likeliest, [{ code: '21', title: 'Mining', parents: [] }])).map(
      ({ value }) => value,
    ),
    ['21'],
  )
  assert.deepEqual(
    choicesOf(
      field('n', { kind: 'number', values: [], form: { kind: 'number', min: 1, max: 12, whole: true, words: '' } }),
      ' 12 ',
      sources(),
    ).map(({ value }) => value),
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
  const typed = Object.assign(Object.create(HTMLElement.prototype), {
    tagName: 'INPUT',
    id: 'review-search',
    value: 'usd',
  })
  assert.equal(key('s', { target: typed }), undefined)
  assert.deepEqual(key('Enter', { target: typed }), { kind: 'first', text: 'usd' })
  const empty = Object.assign(Object.create(HTMLElement.prototype), {
    tagName: 'INPUT',
    id: 'review-search',
    value: ' ',
  })
  assert.deepEqual(key('Enter', { target: empty }), { kind: 'leave' })
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
  const missing = (labels: Record<string, string>) => missingIn(labels, FIELDS).map(({ name }) => name)
  assert.deepEqual(missing({}), ['kind', 'topics'])
  assert.deepEqual(missing({ kind: 'a', topics: 'a' }), [])
  assert.deepEqual(missing({ kind: 'b', topics: 'a' }), ['detail'])
  assert.deepEqual(missing({ kind: 'b', topics: '?', detail: 'none' }), [])
})

const shipped = (name: string) => {
  const found = economic.codebook.field.get(name) ?? assert.fail(`there is no field ${name}`)
  return toReviewField(found, economic.codebook)
}
const valuesFor = (of: ReviewField, search: string, given: readonly string[] = []) =>
  choicesOf(of, search, { ...sources(), given }).map(({ value }) => value)

test('a search finds the exact name first, then beginnings and words of names, and descriptions last', () => {
  assert.equal(valuesFor(shipped('type'), 'flow')[0], 'flow')
  assert.equal(valuesFor(shipped('type'), 'Interest RATE')[0], 'interest-rate')
  assert.equal(valuesFor(shipped('type'), 'rate')[0], 'growth-rate')
  assert.ok(valuesFor(shipped('type'), 'vix').includes('volatility'))
  const made = field('made', {
    values: ['overflow', 'cash flow', 'flowing', 'flow', 'other'].map((value) => ({
      value,
      definition: value === 'other' ? 'no flow' : '',
    })),
  })
  assert.deepEqual(valuesFor(made, ' FLOW '), ['flow', 'flowing', 'cash flow', 'overflow', 'other'])
  assert.deepEqual(valuesFor(made, ''), ['overflow', 'cash flow', 'flowing', 'flow', 'other'])
})

test('Enter takes the first of what was found, and never that there is no label unless that was typed', () => {
  const first = (of: ReviewField, search: string) => firstOf(choicesOf(of, search, sources()), search)?.value
  assert.equal(first(DETAIL, 'meaning of b'), 'b')
  assert.equal(first(DETAIL, 'nothing is so called'), undefined)
  assert.equal(first(DETAIL, ''), undefined)
  assert.equal(first(DETAIL, 'none'), null)
  assert.equal(first(shipped('unit_currency'), 'Taler!!'), undefined)
  assert.equal(first(shipped('unit_currency'), 'chf'), 'CHF')
  assert.equal(first(shipped('unit_currency'), 'none'), null)
  assert.equal(first(shipped('unit_per'), 'short ton'), 'short ton')
})

test('a field without a list offers labels of the examples and those given before, with digits, in their spelling', () => {
  const per = shipped('unit_per')
  assert.ok(valuesFor(per, '').includes('litre'))
  assert.deepEqual(
    choicesOf(per, '', { ...sources(), given: ['MMBtu'] })
      .slice(0, 1)
      .map(({ key, value }) => [key, value]),
    [['1', 'MMBtu']],
  )
  assert.equal(choicesOf(per, '', sources()).at(-1)?.key, '0')
  assert.equal(valuesFor(per, 'mmbtu', ['MMBtu'])[0], 'MMBtu')
  assert.equal(valuesFor(per, 'mmbtu')[0], 'mmbtu')
  assert.deepEqual(valuesFor(shipped('unit_currency'), 'us').slice(0, 1), ['USD'])
  const typed = { card: CARD, note: '', id: '1', corrections: { unit_per: 'MMBtu' } }
  assert.deepEqual(givenIn([typed, { ...typed, corrections: { unit_per: null } }], per), ['MMBtu'])
  assert.deepEqual(givenIn([typed], KIND), [])
  const row = { id: '1', note: '', record: { id: 'X', texts: [], samples: [] }, labels: { unit_per: 'MMBtu' } }
  assert.deepEqual(givenBlind([row, { ...row, labels: { unit_per: '?' } }], per), ['MMBtu'])
})

test('what is typed is checked by the form of the codebook, and the fault is in words', () => {
  const currency = shipped('unit_currency')
  assert.equal(
    typedFault(currency, 'Taler!!'),
    '“Taler!!” is no label of Unit currency: it must be three capital letters or INTL, such as USD, or none.',
  )
  for (const fine of ['', ' usd ', 'INTL', 'none', '-']) assert.equal(typedFault(currency, fine), '', fine)
  assert.match(typedFault(shipped('unit_per'), 'x'.repeat(61)), /a text of 1 to 60 characters/)
  const number = field('n', { kind: 'number', form: { kind: 'number', min: 1, max: 12, whole: true, words: 'w' } })
  for (const bad of ['0', '13', '1.5', 'x', '1e999']) assert.notEqual(typedFault(number, bad), '', bad)
  for (const fine of ['1', '12', ' 3 ', '1e1']) assert.equal(typedFault(number, fine), '', fine)
  assert.equal(typedFault(KIND, 'no value at all'), '')
})

test('labels that do not go together are told before they are saved, as the service would', () => {
  const rules = togetherOf(economic.codebook)
  const labels = { type: 'count', unit_kind: 'currency', temporal_aggregation: 'point-in-time' }
  const labelOf = (name: string) => (Object.hasOwn(labels, name) ? labels[name as keyof typeof labels] : undefined)
  const [worst] = brokenRules(rules, labelOf)
  assert.ok(worst !== undefined)
  assert.deepEqual([worst.name, worst.blocks], ['count-in-currency', true])
  assert.equal(sentenceOf(worst, labelOf), 'things are counted, but the units are money')
  // Every combination of the labels that rules speak of is judged as the service judges it.
  const asked = economic.codebook.constraints.filter(({ name }) => rules.some((rule) => rule.name === name))
  const valuesOf = (name: string) => shipped(name).values.map(({ value }) => value)
  for (const type of valuesOf('type'))
    for (const kind of valuesOf('unit_kind'))
      for (const time of valuesOf('temporal_aggregation')) {
        const all: Record<string, string> = { type, unit_kind: kind, temporal_aggregation: time }
        const own = brokenRules(rules, (name) => all[name] ?? null)
        const theirs = validate({ ...economic.codebook, constraints: asked }, all)
        assert.deepEqual(
          own.map(({ name }) => name).sort(),
          theirs.map(({ code }) => code).sort(),
          `${type} ${kind} ${time}`,
        )
        for (const rule of own)
          assert.ok(
            theirs.some(
              ({ code, message }) =>
                code === rule.name &&
                message.replace(/-/g, ' ') === sentenceOf(rule, (name) => all[name]).replace(/-/g, ' '),
            ),
          )
      }
  // What nobody can tell, or has not told yet, breaks nothing; a field that does not apply has no label.
  assert.equal(blindLabelOf({ kind: '?' }, FIELDS, 'kind'), undefined)
  assert.equal(blindLabelOf({}, FIELDS, 'kind'), undefined)
  assert.equal(blindLabelOf({ kind: 'a' }, FIELDS, 'detail'), null)
  assert.deepEqual(
    brokenRules(rules, (name) => (name === 'type' ? 'count' : undefined)),
    [],
  )
  assert.equal(currentLabel({ ...CARD, labels: { kind: 'a', detail: 'c' } }, {}, FIELDS, 'detail'), null)
})

test('a refusal stays with the name of its record and what was decided, until the card is settled', () => {
  const fresh = newSitting(0, () => '0a1b2c3d-1111-4111-8111-111111111111')
  const done = { card: { ...CARD, name: 'Taler rate' }, corrections: { kind: 'b' }, note: '', id: 'one' }
  const decided = afterDecision(fresh, done)
  const message =
    'Nothing was stored:\n  "X.1", Unit currency: "Taler!!" is wrong: it must be three capital letters or INTL'
  const refused = afterRefusal(decided, { id: 'one', message, about: 'X' })
  assert.deepEqual([refused.decided, refused.without], [0, []])
  assert.deepEqual(
    refused.refused.map(({ name, done: known }) => [name, known?.corrections]),
    [['Taler rate', { kind: 'b' }]],
  )
  assert.equal(reasonOf(message), '"X.1", Unit currency: "Taler!!" is wrong: it must be three capital letters or INTL')
  const other = { ...done, id: 'two', card: { ...CARD, shape_hash: 'b'.repeat(64) } }
  assert.equal(afterDecision(refused, other).refused.length, 1, 'another card settles nothing of it')
  assert.deepEqual(afterDecision(refused, { ...done, id: 'three' }).refused, [])
  // A refusal of a page that was left has only the name that was sent along.
  assert.deepEqual(
    afterRefusal(fresh, { id: 'gone', message: 'm', about: 'X' }).refused.map(({ name, done: known }) => [name, known]),
    [['X', null]],
  )
})

test('sentences of the service name fields by their titles, and leave ordinary words alone', () => {
  const fields = ['type', 'unit_per', 'frequency'].map((name) => ({
    name,
    title: name.toUpperCase().replace('_', ' '),
  }))
  for (const [sentence, shown] of [
    ['unit_per: the answer is day', 'UNIT PER: the answer is day'],
    ['only a guess: type, unit_per, frequency', 'only a guess: TYPE, UNIT PER, FREQUENCY'],
    ['confidence too low: type has 0.5 and needs 0.8', 'confidence too low: TYPE has 0.5 and needs 0.8'],
    ['no rule reads type, frequency', 'no rule reads TYPE, FREQUENCY'],
    ['a yes/no flag is of type other, not_known', 'a yes/no flag is of type other, not_known'],
  ] as const)
    assert.equal(inTitles(sentence, fields), shown)
})

test('what is left counts at once, and so do labelled rows of about how many', () => {
  const left = { shapes: 2, indicators: 7, answered: 1 }
  const card = { ...CARD, same_shape: 5 }
  assert.deepEqual(leftAfter(left, [card], -1), { shapes: 1, indicators: 2, answered: 1 })
  assert.deepEqual(leftAfter(leftAfter(left, [card], -1), [card], 1), left)
  assert.deepEqual(leftAfter({ ...left, shapes: 0, indicators: 0 }, [card], -1), {
    shapes: 0,
    indicators: 0,
    answered: 1,
  })
  assert.equal(
    progressText({ labelled: 2, about: 52 }, { since: 3, here: 4 }),
    '5 of about 52 labelled, 4 of them here',
  )
  assert.equal(progressText({ labelled: 60, about: 52 }, { since: 0, here: 0 }), '60 of about 60 labelled')
  assert.equal(progressText(null, { since: 0, here: 1 }), '1 labelled here')
})
