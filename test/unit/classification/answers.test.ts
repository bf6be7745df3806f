/** Tests of how the answers of a model, which may be any JSON, become labels for each key and field asked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AskedKey, parseAnswers } from '../../../src/classification/answers.ts'
import { askableFields } from '../../../src/classification/fields.ts'
import { NONE_OF_THESE } from '../../../src/classification/prompt.ts'
import { isValueOf } from '../../../src/codebooks/codebook.ts'
import { anyText } from '../../helpers/any-text.ts'
import { ASKED, economic, element, RIGHT, schemeOfText, shop } from './schemes.ts'

const { codebook } = shop

const read = (answers: unknown, asked: readonly AskedKey[] = [{ key: 'k1', fields: ASKED }]) =>
  parseAnswers(codebook, { answers }, asked)

/** What is wrong, as fields and code, for all keys. */
const open = ({ unanswered }: ReturnType<typeof read>) =>
  unanswered.map(({ key, fields, code }) => [key, fields.join(' '), code])

test('a good answer becomes a decision with a label of every kind and confidences of 0 to 1', () => {
  const parsed = read([element('k1', RIGHT, 95)])
  assert.deepEqual(parsed.decisions.get('k1'), {
    labels: RIGHT,
    confidence: Object.fromEntries(ASKED.map((name) => [name, 0.95])),
    reason: 'it says so',
  })
  assert.deepEqual([parsed.unanswered, parsed.unknown], [[], []])
})

test('missing, unknown and invalid answers do not touch the good ones', () => {
  const good = { shade: 'pale', pack: 12 }
  const fields = ['shade', 'pack']
  const parsed = read(
    [
      null,
      'k1',
      element('k9', good),
      { ...element('k1', good), key: 5 },
      element('k2', { ...good, shade: 'pink' }),
      element('k1', good),
    ],
    ['k1', 'k2', 'k3'].map((key) => ({ key, fields })),
  )
  assert.deepEqual(parsed.decisions.get('k1')?.labels, good)
  assert.deepEqual(parsed.decisions.get('k2')?.labels, { pack: 12 })
  assert.equal(parsed.decisions.has('k3'), false)
  assert.deepEqual(open(parsed), [
    ['k2', 'shade', 'invalid-answer'],
    ['k3', 'shade pack', 'no-answer'],
  ])
  assert.deepEqual(parsed.unknown, ['', '', 'k9', ''])
  assert.match(parsed.unanswered[0]?.message ?? '', /^shade: /)
})

test('one bad label leaves the others of its element valid, and each message names its field', () => {
  const parsed = read([
    element('k1', { ...RIGHT, shade: 'pink', pack: 2, origin: 'Chile', product: '1', maker: 'x'.repeat(21) }),
  ])
  assert.deepEqual(parsed.decisions.get('k1')?.labels, { uses: ['kitchen'], weight: 2.5 })
  assert.deepEqual(
    parsed.unanswered.map(({ fields, code, message }) => [fields, code, message.split(':')[0]]),
    ['shade', 'pack', 'origin', 'maker', 'product'].map((name) => [[name], 'invalid-answer', name]),
  )
})

const REFUSED: readonly (readonly [field: string, value: unknown])[] = [
  ['shade', null],
  ['shade', ['pale']],
  ['shade', 'Pale one'],
  ['shade', 'null'],
  ['shade', NONE_OF_THESE],
  ['uses', 'kitchen'],
  ['uses', ['kitchen', 'garden', 'office']],
  ['uses', ['kitchen', 'bath']],
  ['uses', null],
  ['pack', '12 of them'],
  ['pack', ''],
  ['pack', 3],
  ['origin', ''],
  ['origin', 'cl'],
  ['weight', '2,5'],
  ['weight', '1e1'],
  ['weight', '101'],
  ['weight', -0.1],
  ['weight', 101],
  ['maker', ''],
  ['maker', ' \u0000 '],
  ['maker', 7],
  ['product', 12],
  ['product', '12 Knives and forks'],
  ['product', '2'],
]

for (const [field, value] of REFUSED) {
  test(`${JSON.stringify(value)} is no label of ${field}`, () => {
    const parsed = read([element('k1', { [field]: value })], [{ key: 'k1', fields: [field] }])
    assert.equal(parsed.decisions.size, 0)
    assert.deepEqual(open(parsed), [['k1', field, 'invalid-answer']])
  })
}

test('repeated values of a list count once, and an empty list and null are answers where they are allowed', () => {
  const labelsOf = (labels: Record<string, unknown>) =>
    read([element('k1', labels)], [{ key: 'k1', fields: Object.keys(labels) }]).decisions.get('k1')?.labels
  assert.deepEqual(labelsOf({ uses: ['garden', 'garden', 'garden'] }), { uses: ['garden'] })
  assert.deepEqual(labelsOf({ uses: [] }), { uses: [] })
  assert.deepEqual(labelsOf({ origin: null, weight: null, maker: null }), { origin: null, weight: null, maker: null })
})

test('a key that is answered twice has a label only where the answers agree', () => {
  const asked = [{ key: 'k1', fields: ['shade', 'uses'] }]
  const first = element('k1', { shade: 'pale', uses: ['garden', 'office'] })
  const agreeing = { ...element('k1', { shade: 'pale', uses: ['office', 'garden'] }), reason: 'in other words' }
  assert.deepEqual(open(read([first, agreeing], asked)), [])
  for (const [value, confidence] of [
    ['dark', 90],
    ['pale', 50],
    ['nonsense', 90],
  ]) {
    const other = { key: 'k1', labels: [{ field: 'shade', value, confidence }] }
    const parsed = read([first, other], asked)
    assert.deepEqual(parsed.decisions.get('k1')?.labels, { uses: ['garden', 'office'] })
    assert.deepEqual(open(parsed), [['k1', 'shade', 'doubled-answer']])
  }
})

test('a field that is labelled twice in one element has a label only where the two agree', () => {
  const labels = [
    { field: 'shade', value: 'pale', confidence: 90 },
    { field: 'shade', value: 'dark', confidence: 90 },
    { field: 'pack', value: 1, confidence: 90 },
    { field: 'pack', value: 1, confidence: 90 },
  ]
  const parsed = read([{ key: 'k1', reason: '', labels }], [{ key: 'k1', fields: ['shade', 'pack'] }])
  assert.deepEqual(parsed.decisions.get('k1')?.labels, { pack: 1 })
  assert.deepEqual(open(parsed), [['k1', 'shade', 'doubled-answer']])
})

test('a field that other labels rule out may be left out, and one that may apply may not', () => {
  const fields = ['uses', 'weight']
  const out = read([element('k1', { uses: ['office'] }, 80)], [{ key: 'k1', fields }])
  assert.deepEqual(out.decisions.get('k1')?.labels, { uses: ['office'], weight: null })
  assert.deepEqual(out.decisions.get('k1')?.confidence, { uses: 0.8, weight: 0.8 })
  assert.deepEqual(open(out), [])
  assert.deepEqual(open(read([element('k1', { uses: ['kitchen'] })], [{ key: 'k1', fields }])), [
    ['k1', 'weight', 'no-answer'],
  ])
  const known = [{ key: 'k1', fields: ['pack', 'weight'], known: { uses: ['garden'] } }]
  assert.deepEqual(read([element('k1', { pack: 1 })], known).decisions.get('k1')?.labels, { pack: 1, weight: null })
})

test('labels of fields that were not asked, or that do not exist, decide nothing', () => {
  const parsed = read(
    [element('k1', { ...RIGHT, shelf: 'top', tone: 'dim', taste: 'sweet' })],
    [{ key: 'k1', fields: ['shade', 'taste'] }],
  )
  assert.deepEqual(parsed.decisions.get('k1')?.labels, { shade: 'pale' })
  assert.deepEqual(open(parsed), [['k1', 'taste', 'invalid-answer']])
})

test('"none of these" is told from a wrong code, also in a list of codes', () => {
  const asked = [{ key: 'k1', fields: ['product'] }]
  assert.deepEqual(open(read([element('k1', { product: NONE_OF_THESE })], asked)), [['k1', 'product', 'none-of-these']])
  const several = schemeOfText(
    `name: many
version: 1
title: Many codes
record: {name: r, plural: rs, description: A record., texts: [{name: name}]}
fields: [{name: products, title: Products, multi: true, max: 2, codes: {file: p.csv, shortlist: 5}}]`,
    new Map([['p.csv', 'code,title\n1,One\n2,Two\n']]),
  )
  const codesOf = (value: unknown) =>
    parseAnswers(several.codebook, { answers: [element('k1', { products: value })] }, [
      { key: 'k1', fields: ['products'] },
    ])
  assert.deepEqual(open(codesOf([NONE_OF_THESE])), [['k1', 'products', 'none-of-these']])
  assert.deepEqual(open(codesOf(['1', NONE_OF_THESE])), [['k1', 'products', 'invalid-answer']])
  assert.deepEqual(codesOf(['2', '1']).decisions.get('k1')?.labels, { products: ['2', '1'] })
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
  ['90', 0.9],
  [' 90 % ', 0.9],
  ['87.5', 0.875],
  ['high', 0.9],
  ['Very High', 0.95],
  ['medium', 0.5],
  ['low', 0.2],
  ['0.9', null],
  ['sure', null],
  ['', null],
  ['constructor', null],
  [true, null],
  [[90], null],
  [null, null],
  [undefined, null],
]

for (const [given, expected] of CONFIDENCES) {
  test(`a confidence of ${JSON.stringify(given)} (${typeof given}) is ${expected === null ? 'invalid' : expected}`, () => {
    const labels = [
      { field: 'shade', value: 'pale', confidence: given },
      { field: 'pack', value: 1, confidence: 70 },
    ]
    const parsed = read([{ key: 'k1', reason: '', labels }], [{ key: 'k1', fields: ['shade', 'pack'] }])
    assert.equal(parsed.decisions.get('k1')?.confidence.shade ?? null, expected)
    assert.equal(parsed.decisions.get('k1')?.confidence.pack, 0.7)
    assert.deepEqual(open(parsed), expected === null ? [['k1', 'shade', 'invalid-answer']] : [])
  })
}

test('a value that is only written in another way is read as what it means', () => {
  const written: readonly (readonly [field: string, value: unknown, means: unknown])[] = [
    ['shade', 'Pale', 'pale'],
    ['shade', ' PALE\n', 'pale'],
    ['uses', ['Kitchen', 'kitchen', 'OFFICE '], ['kitchen', 'office']],
    ['pack', '12', 12],
    ['pack', ' 1 ', 1],
    ['weight', '2.5', 2.5],
    ['weight', 'null', null],
    ['weight', 'NULL', null],
    ['product', ' 12 ', '12'],
  ]
  for (const [field, value, means] of written) {
    const asked = [{ key: 'k1', fields: [field] }]
    assert.deepEqual(read([element('k1', { [field]: value })], asked).decisions.get('k1')?.labels, { [field]: means })
  }
  assert.deepEqual(
    open(read([element('k1', { product: 'None of these' })], [{ key: 'k1', fields: ['product'] }])).map(
      ([, , code]) => code,
    ),
    ['none-of-these'],
  )
})

test('words of a value may be joined by spaces, hyphens or underscores, and those of a field as well', () => {
  const { codebook } = economic
  const asked = [{ key: 'k1', fields: ['temporal_aggregation'] }]
  for (const value of ['point-in-time', 'Point in Time', 'POINT_IN_TIME']) {
    for (const field of ['temporal_aggregation', 'Temporal Aggregation', 'temporal-aggregation']) {
      const answers = [{ key: ' K1', reason: '', labels: [{ field, value, confidence: 90 }] }]
      const { decisions } = parseAnswers(codebook, { answers }, asked)
      assert.deepEqual(decisions.get('k1')?.labels, { temporal_aggregation: 'point-in-time' })
    }
  }
})

test('a code in other case is read only where one code alone can be meant', () => {
  const scheme = schemeOfText(
    `name: cased
version: 1
title: Codes with case
record: {name: r, plural: rs, description: A record., texts: [{name: name}]}
fields: [{name: product, title: Product, codes: {file: p.csv, shortlist: 5}}]`,
    new Map([['p.csv', 'code,title\nAb,One\nab,Two\nX-1,Three\n']]),
  )
  const labelOf = (value: unknown) =>
    parseAnswers(scheme.codebook, { answers: [element('k1', { product: value })] }, [
      { key: 'k1', fields: ['product'] },
    ]).decisions.get('k1')?.labels.product
  assert.deepEqual(['Ab', 'ab', 'AB', 'x-1', 'X 1'].map(labelOf), ['Ab', 'ab', undefined, 'X-1', 'X-1'])
})

test('confidences of an answer count from 0 to 1 where none is greater and one lies between', () => {
  const confidencesOf = (...given: readonly unknown[]) => {
    const labels = given.map((confidence, index) => ({
      field: ASKED[index],
      value: Object.values(RIGHT)[index],
      confidence,
    }))
    const { decisions } = read(
      [{ key: 'k1', reason: '', labels }],
      [{ key: 'k1', fields: ASKED.slice(0, given.length) }],
    )
    return Object.values(decisions.get('k1')?.confidence ?? {})
  }
  assert.deepEqual(confidencesOf(0.95, '0.57', 1), [0.95, 0.57, 1])
  assert.deepEqual(confidencesOf(1, 0), [0.01, 0])
  assert.deepEqual(confidencesOf(0.95, 'high'), [0.9])
  assert.deepEqual(confidencesOf(0.95, 2), [0.02])
  assert.deepEqual(confidencesOf(0.95, 0.005, '0,004'), [0.95, 0.005, 0.004], 'fractions under 1 %')
  assert.deepEqual(confidencesOf('95%', '0.5 %', '95,5 percent'), [0.95, 0.005, 0.955], 'texts that say percent')
  assert.deepEqual(confidencesOf('0.9%', '0.8%'), [0.009, 0.008], 'a sign says more than the numbers do')
  assert.deepEqual(confidencesOf('0.9%', 0.8), [0.009], 'an answer in percent leaves a bare fraction unclear')
  assert.deepEqual(confidencesOf('95/100', '90 per cent', '80\uff05'), [0.95, 0.9, 0.8])
})

test('labels may stand in an object under the names of their fields', () => {
  const labels = { shade: { value: 'pale', confidence: 90 }, pack: { value: 1, confidence: 80 }, uses: 'kitchen' }
  const parsed = read([{ key: 'k1', reason: '', labels }], [{ key: 'k1', fields: ['shade', 'pack', 'uses'] }])
  assert.deepEqual(parsed.decisions.get('k1')?.labels, { shade: 'pale', pack: 1 })
  assert.deepEqual(open(parsed), [['k1', 'uses', 'no-answer']])
})

test('a reason is cleaned, made one line and cut to 300 characters', () => {
  const reasonOf = (reason: unknown) => read([{ ...element('k1', RIGHT), reason }]).decisions.get('k1')?.reason ?? ''
  assert.equal(reasonOf(' a\u0000b\u202ec '), 'a b c')
  assert.equal(reasonOf('a\nb\t\r\nc'), 'a b c')
  assert.equal(reasonOf('x'.repeat(301)), `${'x'.repeat(299)}…`)
  assert.ok(reasonOf('😀'.repeat(1_000)).isWellFormed())
  assert.equal(reasonOf({ deep: 'object' }), '')
})

test('a label that the model words itself is safe to store and to print, because PostgreSQL refuses NUL', () => {
  const makerOf = (maker: string) => read([element('k1', { maker })]).decisions.get('k1')?.labels.maker
  assert.equal(makerOf(' Smith\u0000\n& Sons\u202e '), 'Smith & Sons')
  assert.equal(makerOf('\ud800Smith'), 'Smith')
})

test('an unknown key is shown clean and short', () => {
  const { unknown } = read([element('a\u0000b', {}), element('x'.repeat(5_000), {})])
  assert.deepEqual([unknown[0], unknown[1]?.length], ['a b', 40])
})

const anyJson = fc.jsonValue({ maxDepth: 4 })

/** Elements that are partly right, by the fields of a codebook. */
function elementsOf({ codebook: { fields } }: typeof shop) {
  const right = fields.flatMap(({ type }) => (type.kind === 'values' ? type.values.map(({ value }) => value) : []))
  const value = fc.oneof(fc.constantFrom<unknown>(...right, '12', 'CL', 2.5, null), fc.subarray(right), anyJson)
  const field = fc.oneof(fc.constantFrom(...fields.map(({ name }) => name), '__proto__', 'constructor'), anyJson)
  const label = fc.record({ field, value, confidence: fc.oneof(fc.nat(120), anyJson) })
  return fc.record({
    key: fc.oneof(fc.constantFrom('k1', 'k2', 'k3', 'k99', '__proto__', ''), anyJson),
    reason: fc.oneof(anyText(), anyJson),
    labels: fc.oneof(fc.array(fc.oneof(label, anyJson)), anyJson),
  })
}

for (const scheme of [shop, economic]) {
  test(`${scheme.codebook.name}: no JSON makes it throw, and each field asked ends in exactly one place`, () => {
    const fields = askableFields(scheme.codebook).map(({ name }) => name)
    const asked = ['k1', 'k2', 'k3', '__proto__'].map((key, index) => ({ key, fields: fields.slice(index) }))
    const answer = fc.oneof(
      anyJson,
      fc.record({ answers: fc.array(fc.oneof(elementsOf(scheme), anyJson)) }),
      fc.constant(undefined),
    )
    fc.assert(
      fc.property(answer, (given) => {
        const { decisions, unanswered } = parseAnswers(scheme.codebook, given, asked)
        const placed = [
          ...[...decisions].flatMap(([key, { labels }]) => Object.keys(labels).map((name) => `${key} ${name}`)),
          ...unanswered.flatMap(({ key, fields: left }) => left.map((name) => `${key} ${name}`)),
        ]
        const wanted = asked.flatMap(({ key, fields: all }) => all.map((name) => `${key} ${name}`))
        assert.deepEqual(placed.sort(), wanted.sort())
        for (const { labels, confidence, reason } of decisions.values()) {
          assert.deepEqual(Object.keys(confidence), Object.keys(labels))
          assert.ok(Object.values(confidence).every((value) => value >= 0 && value <= 1))
          assert.ok(reason.length <= 300 && reason.isWellFormed())
          for (const [name, label] of Object.entries(labels)) {
            const known = scheme.codebook.field.get(name)
            assert.ok(known !== undefined && isValueOf(known, label), `${name}: ${JSON.stringify(label)}`)
          }
        }
      }),
      { numRuns: 300 },
    )
  })
}

test('a bad element beside a good one changes nothing of the good one', () => {
  const asked = ['k1', 'k2'].map((key) => ({ key, fields: ASKED }))
  const good = element('k1', RIGHT)
  const alone = read([good], asked).decisions.get('k1')
  fc.assert(
    fc.property(elementsOf(shop), fc.boolean(), (bad, isFirst) => {
      const other = bad.key === 'k1' ? { ...bad, key: 'k2' } : bad
      const { decisions } = read(isFirst ? [other, good] : [good, other], asked)
      assert.deepEqual(decisions.get('k1'), alone)
    }),
    { numRuns: 300 },
  )
})
