/** Tests of which fields are asked, which apply, and which follow from others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  appliesTo,
  askableFields,
  completeLabels,
  decisiveLabels,
  isDecisive,
  isRuledOut,
  isSameLabel,
  openFields,
} from '../../../src/classification/fields.ts'
import type { LabelValue, Mode } from '../../../src/classification/types.ts'
import { meets } from '../../../src/codebooks/codebook.ts'
import { findingOf, indicatorOf, readingOf, trusting } from '../../helpers/codebooks/readings.ts'
import { ASKED, economic, RIGHT, schemeOfText, shop, shopReading } from './schemes.ts'

const MODES: readonly Mode[] = ['rules', 'hybrid', 'model']
const ALL_OF_ECONOMIC = [
  'type',
  'temporal_aggregation',
  'orientation',
  'unit_kind',
  'unit_scale',
  'unit_currency',
  'unit_per',
  'frequency',
]

test('derived fields and fields that only readers know are never asked', () => {
  const names = ({ codebook }: typeof shop) => askableFields(codebook).map(({ name }) => name)
  assert.deepEqual(names(shop), ASKED)
  assert.deepEqual(names(economic), ALL_OF_ECONOMIC)
})

test('a sure finding is decisive unless the evidence of the catalogue is against it, and an unsure one never is', () => {
  const decisive = (sure: boolean, trusted?: boolean) =>
    isDecisive({ ...findingOf('x', sure), ...(trusted === undefined ? {} : { trusted }) })
  assert.deepEqual([decisive(true), decisive(true, true), decisive(true, false)], [true, true, false])
  assert.deepEqual([decisive(false), decisive(false, true), decisive(false, false)], [false, false, false])
  assert.equal(isDecisive(undefined), false)
})

test('hybrid: a sure finding that the catalogue does not trust leaves its field open, and rules out no other field', () => {
  const distrusted = trusting(shopReading(true), false)
  assert.deepEqual(openFields(shop, distrusted, 'hybrid'), ASKED)
  assert.deepEqual(openFields(shop, trusting(shopReading(true)), 'hybrid'), [])
  const { pack = assert.fail() } = shopReading(true)
  assert.deepEqual(
    openFields(shop, { ...distrusted, pack: { ...pack, trusted: true } }, 'hybrid').includes('pack'),
    false,
  )
  const garden = { uses: findingOf(['garden'], true) }
  assert.equal(openFields(shop, trusting(garden), 'hybrid').includes('weight'), false)
  assert.equal(openFields(shop, trusting(garden, false), 'hybrid').includes('weight'), true)
  assert.deepEqual(openFields(shop, distrusted, 'rules'), [])
})

test('a mode opens all fields, those without a sure finding, or none', () => {
  const reading = { shade: findingOf('pale', true), pack: findingOf(1, false), shelf: findingOf('top', true) }
  const open = (mode: Mode) => openFields(shop, reading, mode)
  assert.deepEqual(open('rules'), [])
  assert.deepEqual(open('hybrid'), ['uses', 'pack', 'origin', 'weight', 'maker', 'product'])
  assert.deepEqual(open('model'), ASKED)
})

test('nothing is open in hybrid mode where every finding is sure, and everything where none is', () => {
  for (const [scheme, sure, unsure] of [
    [shop, shopReading(true), shopReading(false)],
    [
      economic,
      readingOf(),
      Object.fromEntries(ALL_OF_ECONOMIC.map((name) => [name, findingOf(readingOf()[name]?.value ?? null, false)])),
    ],
  ] as const) {
    const all = askableFields(scheme.codebook).map(({ name }) => name)
    assert.deepEqual(openFields(scheme, sure, 'hybrid'), [])
    assert.deepEqual(openFields(scheme, unsure, 'hybrid'), all)
    assert.deepEqual(openFields(scheme, {}, 'hybrid'), all)
    assert.deepEqual(openFields(scheme, sure, 'model'), all)
  }
})

test('the readers of economic indicators open single fields: a unit that nobody knows, an orientation in doubt', () => {
  const open = (parts: object) => {
    const record = indicatorOf({ periodicity: 'Monthly', ...parts })
    return openFields(economic, economic.code?.read(record) ?? {}, 'hybrid')
  }
  assert.deepEqual(open({}), [])
  assert.ok(open({ name: 'Zorbic attainment of the plain', units: 'zorbs' }).includes('type'))
  assert.ok(!open({ name: 'Zorbic attainment of the plain' }).includes('frequency'))
})

test('fields that are decided already are not asked again, in any mode', () => {
  assert.deepEqual(openFields(shop, {}, 'hybrid', { shade: 'dark', product: '12' }), [
    'uses',
    'pack',
    'origin',
    'weight',
    'maker',
  ])
  assert.deepEqual(openFields(shop, shopReading(true), 'model', { origin: null }), [
    'shade',
    'uses',
    'pack',
    'weight',
    'maker',
    'product',
  ])
  assert.deepEqual(openFields(shop, {}, 'model', RIGHT), [])
})

test('a field is not asked where known labels rule it out, and is asked while they may still allow it', () => {
  const asksWeight = (reading: object, mode: Mode, decided = {}) =>
    openFields(shop, { ...reading }, mode, decided).includes('weight')
  assert.equal(asksWeight({ uses: findingOf(['garden'], true) }, 'hybrid'), false)
  assert.equal(asksWeight({ uses: findingOf(['garden', 'kitchen'], true) }, 'hybrid'), true)
  assert.equal(asksWeight({ uses: findingOf(['garden'], false) }, 'hybrid'), true)
  assert.equal(asksWeight({ uses: findingOf(['garden'], true) }, 'model'), true)
  assert.equal(asksWeight({}, 'model', { uses: ['office'] }), false)
  assert.equal(asksWeight({}, 'model', { uses: ['kitchen'] }), true)
  assert.equal(isRuledOut({}, { uses: 'kitchen' }), false)
  assert.equal(isRuledOut({ uses: [] }, { uses: 'kitchen' }), true)
})

test('labels follow from others and are null where they do not apply or nothing decided them', () => {
  const complete = completeLabels(shop.codebook, { shade: 'dark', uses: ['garden'], weight: 3, shelf: 'low' })
  assert.deepEqual(complete, {
    ...{ shade: 'dark', tone: 'dim', uses: ['garden'], pack: null, origin: null, weight: null, maker: null },
    ...{ product: null, shelf: 'low' },
  })
  assert.equal(completeLabels(shop.codebook, { uses: ['kitchen'], weight: 3 }).weight, 3)
  assert.equal(completeLabels(shop.codebook, { tone: 'bright', shade: 'dark' }).tone, 'dim')
  assert.equal(completeLabels(shop.codebook, { tone: 'bright' }).tone, null)
  assert.deepEqual(Object.keys(completeLabels(shop.codebook, {})), [...shop.codebook.field.keys()])
})

test('every value of a source leads to the derived value that the codebook names', () => {
  for (const { name, type } of economic.codebook.fields) {
    if (type.kind !== 'derived') continue
    for (const [from, to] of type.valueOf) {
      assert.equal(completeLabels(economic.codebook, { [type.from]: from })[name], to)
    }
  }
  const { family, time_basis } = completeLabels(economic.codebook, {
    type: 'flow',
    temporal_aggregation: 'period-total',
  })
  assert.deepEqual([family, time_basis], ['physical-fundamental', 'per-period'])
})

const CHAIN = schemeOfText(`name: chain
version: 1
title: Conditions on fields further down, on derived fields, and on fields with conditions
record: {name: r, plural: rs, description: A record., texts: [{name: name}]}
fields:
  - {name: last, title: Last, applies_when: {middle: 5}, text: {max_length: 9, definition: Text.}}
  - {name: middle, title: Middle, applies_when: {group: warm}, number: {min: 0, max: 9, definition: Number.}}
  - {name: group, title: Group, derived: {from: shade, values: {warm: [red, pink], cold: [blue]}}}
  - name: shade
    title: Shade
    values: [{value: red, definition: R}, {value: pink, definition: P}, {value: blue, definition: B}]
`)

test('conditions hold whatever the order of the fields', () => {
  const complete = (labels: Record<string, LabelValue>) => completeLabels(CHAIN.codebook, labels)
  assert.deepEqual(complete({ shade: 'red', middle: 5, last: 'x' }), {
    last: 'x',
    middle: 5,
    group: 'warm',
    shade: 'red',
  })
  assert.deepEqual(complete({ shade: 'blue', middle: 5, last: 'x' }), {
    ...{ last: null, middle: null, group: 'cold', shade: 'blue' },
  })
  assert.deepEqual(complete({ shade: 'red', middle: 4, last: 'x' }).last, null)
})

test('completing labels again changes nothing, and no label stands where its field does not apply', () => {
  const label = fc.option(
    fc.constantFrom<LabelValue>('pale', 'dark', 1, 12, 'CL', 2.5, ['garden'], ['kitchen', 'office']),
  )
  const some = fc.dictionary(fc.constantFrom(...ASKED, 'shelf', 'tone'), label, { noNullPrototype: true })
  fc.assert(
    fc.property(some, (labels) => {
      const complete = completeLabels(shop.codebook, labels)
      assert.deepEqual(completeLabels(shop.codebook, complete), complete)
      for (const field of shop.codebook.fields) {
        const applies = field.appliesWhen === null || meets(complete, field.appliesWhen)
        assert.equal(appliesTo(field, complete), applies)
        if (!applies) assert.equal(complete[field.name], null)
      }
    }),
  )
})

test('an open field is askable, not decided, and open in mode model too', () => {
  const anyReading = fc.dictionary(
    fc.constantFrom(...ASKED, 'shelf'),
    fc
      .record({ sure: fc.boolean(), trusted: fc.option(fc.boolean(), { nil: undefined }) })
      .map(({ sure, trusted }) => ({
        ...findingOf('x', sure),
        ...(trusted === undefined ? {} : { trusted }),
      })),
    { noNullPrototype: true },
  )
  const anyDecided = fc.dictionary(fc.constantFrom(...ASKED), fc.constant('x'), { noNullPrototype: true })
  fc.assert(
    fc.property(anyReading, anyDecided, fc.constantFrom(...MODES), (reading, decided, mode) => {
      const open = openFields(shop, reading, mode, decided)
      const most = openFields(shop, reading, 'model', decided)
      for (const name of open) {
        assert.ok(ASKED.some((asked) => asked === name) && !(name in decided) && most.includes(name))
        if (mode === 'hybrid') assert.equal(reading[name]?.sure === true && reading[name]?.trusted !== false, false)
      }
    }),
  )
})

test('labels are the same whatever the order of a list, and only then', () => {
  assert.ok(isSameLabel(['a', 'b'], ['b', 'a']) && isSameLabel(null, null) && isSameLabel(1, 1))
  for (const [a, b] of [
    [['a'], ['a', 'b']],
    [['a'], 'a'],
    [[], null],
    [1, '1'],
    [null, undefined],
  ] as const) {
    assert.equal(isSameLabel(a, b), false)
  }
})

test('only decisive findings give labels', () => {
  const reading = {
    ...{ a: findingOf('x', true), b: findingOf('y', false), c: findingOf(null, true) },
    ...{ d: { ...findingOf('z', true), trusted: true }, e: { ...findingOf('z', true), trusted: false } },
  }
  assert.deepEqual(decisiveLabels(reading), { a: 'x', c: null, d: 'z' })
})
