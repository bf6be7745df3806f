/** Tests of the schemas and of the normalisation of incoming indicators and batches. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { batchRequestSchema, readPlainBatch } from '../../../src/classification/batch-request.ts'
import {
  isPlainIndicator,
  normaliseIndicator,
  OPTIONAL_TEXT_FIELDS,
  parseIndicator,
  rawIndicatorSchema,
} from '../../../src/classification/indicator.ts'
import { anyText } from '../../helpers/any-text.ts'

const RAW = { indicator_id: 'A1', name: 'Exports' }

function accepted(raw: unknown) {
  const parsed = parseIndicator(raw)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed
}

function problems(raw: unknown): string[] {
  const parsed = parseIndicator(raw)
  assert.ok(!parsed.ok, 'was accepted')
  return parsed.problems.map(({ path, message }) => `${path}: ${message}`)
}

test('a letter keeps thirty marks, since its normalisation takes time with the square of their number', () => {
  const heap = `e${'\u0315\u0300\u05ae\u0316'.repeat(240)}`
  const { indicator } = accepted({
    ...RAW,
    name: `Caf${heap}`,
    description: `${'\u{1d165}'.repeat(31)} re\u0301sume\u0301`,
  })
  assert.deepEqual([indicator.name.length, indicator.name.slice(0, 5)], [34, 'Cafe\u0315'])
  assert.equal(indicator.description, `${'\u{1d165}'.repeat(30)} re\u0301sume\u0301`)
  assert.deepEqual(accepted(indicator).indicator, indicator)
})

test('null and "" mean absent, texts are trimmed, unknown fields are left out and named', () => {
  const { indicator, warnings } = accepted({
    indicator_id: ' A1 ',
    name: '\tExports\n',
    units: ' USD Million ',
    description: null,
    country: '',
    topic: '  ',
    scale: 1000,
    sample_values: null,
    labels: { type: 'flow' },
    Name: 'x',
  })
  assert.deepEqual(indicator, {
    indicator_id: 'A1',
    name: 'Exports',
    units: 'USD Million',
    scale: '1000',
    sample_values: [],
  })
  assert.deepEqual(warnings, { unknownFields: ['labels', 'Name'], droppedPoints: 0 })
})

test('control characters, bidi overrides and lone surrogates become spaces; tab, newline and emoji stay', () => {
  const { indicator } = accepted({
    indicator_id: 'A\u00001',
    name: 'a\u0007b\u001bc\u202ed\u2066e\ud800f\u009bg',
    description: 'one\ttwo\nthree 😀',
  })
  assert.equal(indicator.indicator_id, 'A 1')
  assert.equal(indicator.name, 'a b c d e f g')
  assert.equal(indicator.description, 'one\ttwo\nthree 😀')
})

test('dirty points are dropped and counted, the others sorted by date', () => {
  const { indicator, warnings } = accepted({
    ...RAW,
    sample_values: [
      { date: '2024-02', value: '1234.5' },
      { date: 2023, value: -0 },
      { date: '2024-01', value: ' -1e3 ' },
      { date: '2024-01-01', value: 7 },
      { date: 'last10YearsAvg', value: 5 },
      { date: null, value: 5 },
      { date: '2024', value: null },
      { date: '2024', value: Number.NaN },
      { date: '2024', value: 'n/a' },
      { date: '2024', value: '1,234' },
      { date: '2024', value: '1e999' },
      { date: '2024', value: '' },
      { date: '2024', value: true },
      { date: '2024' },
      [],
      null,
      7,
    ],
  })
  assert.deepEqual(indicator.sample_values, [
    { date: '2023-01-01', value: 0 },
    { date: '2024-01-01', value: 7 },
    { date: '2024-02-01', value: 1234.5 },
  ])
  assert.equal(warnings.droppedPoints, 14)
})

const REFUSED: readonly (readonly [string, unknown, RegExp])[] = [
  ['null', null, /^: .*expected object/],
  ['an array', [], /^: .*expected object/],
  ['no id', { name: 'x' }, /^indicator_id: is missing/],
  ['no name', { indicator_id: 'x' }, /^name: is missing/],
  ['a null name', { ...RAW, name: null }, /^name: .*expected string, received null/],
  ['a blank name', { ...RAW, name: ' \u0000\n' }, /^name: must not be empty/],
  ['a number for a name', { ...RAW, name: 5 }, /^name: .*expected string, received number/],
  ['a long id', { ...RAW, indicator_id: 'x'.repeat(257) }, /^indicator_id: must be at most 256 characters, got 257$/],
  ['a long name', { ...RAW, name: 'x'.repeat(1001) }, /^name: must be at most 1000 characters, got 1001$/],
  [
    'a description of 2 MB',
    { ...RAW, description: 'x'.repeat(2_000_000) },
    /^description: must be at most 10000 characters, got 2000000$/,
  ],
  ['long units', { ...RAW, units: 'x'.repeat(1001) }, /^units: must be at most 1000 characters, got 1001$/],
  ['units of a wrong type', { ...RAW, units: [] }, /^units: .*expected string, received array/],
  ['a scale of a wrong type', { ...RAW, scale: true }, /^scale: must be a string or a number$/],
  ['a long scale', { ...RAW, scale: 'x'.repeat(1001) }, /^scale: must be at most 1000 characters, got 1001$/],
  ['a number for samples', { ...RAW, sample_values: 5 }, /^sample_values: .*expected array, received number/],
  [
    'a text that is no JSON for samples',
    { ...RAW, sample_values: '2024: 5' },
    /^sample_values: must hold a JSON array such as \[\{"date":"2024","value":1\}\], got "2024: 5"$/,
  ],
  ['an object as JSON for samples', { ...RAW, sample_values: '{"2024": 5}' }, /^sample_values: must hold a JSON array/],
  ['a text in a text for samples', { ...RAW, sample_values: '"[]"' }, /^sample_values: must hold a JSON array/],
  [
    'deep JSON for samples',
    { ...RAW, sample_values: `${'['.repeat(100_000)}` },
    /^sample_values: must hold a JSON array/,
  ],
  [
    'too many samples in a text',
    { ...RAW, sample_values: JSON.stringify(Array.from({ length: 5001 }, () => 0)) },
    /^sample_values: must hold at most 5000 points, got 5001$/,
  ],
  [
    'too long a text for samples',
    { ...RAW, sample_values: `${' '.repeat(262_144)}[]` },
    /^sample_values: must be at most 262144 characters of JSON, got 262146$/,
  ],
  [
    'too many samples',
    { ...RAW, sample_values: Array.from({ length: 5001 }, () => null) },
    /^sample_values: must hold at most 5000 points, got 5001$/,
  ],
]

for (const [what, raw, message] of REFUSED) {
  test(`refuses ${what}`, () => assert.match(problems(raw).join('\n'), message))
}

test('sample values as JSON text are read as the same list is, and a blank text is none', () => {
  const points = [
    { date: '2024-05', value: 1.5 },
    { date: '2024-06', value: '2' },
    { date: 'no date', value: 3 },
  ]
  const listed = parseIndicator({ ...RAW, sample_values: points })
  assert.ok(listed.ok && listed.indicator.sample_values.length === 2 && listed.warnings.droppedPoints === 1)
  for (const text of [JSON.stringify(points), ` ${JSON.stringify(points, null, 2)}\n`])
    assert.deepEqual(parseIndicator({ ...RAW, sample_values: text }), listed)
  for (const text of ['', ' \n'])
    assert.deepEqual(parseIndicator({ ...RAW, sample_values: text }), parseIndicator({ ...RAW, sample_values: null }))
})

test('texts and lists of exactly the greatest length are accepted', () => {
  accepted({
    indicator_id: 'x'.repeat(256),
    name: 'x'.repeat(1000),
    description: 'x'.repeat(10_000),
    units: 'x'.repeat(1000),
    sample_values: Array.from({ length: 5000 }, () => null),
  })
})

const anyJson = fc.jsonValue({ maxDepth: 3 })
const fieldNames = fc.constantFrom(
  'indicator_id',
  'name',
  'sample_values',
  '__proto__',
  'constructor',
  ...OPTIONAL_TEXT_FIELDS,
)

test('no JSON makes it throw, and what it accepts is clean and does not change when normalised again', () => {
  const point = fc.record({ date: fc.oneof(fc.constantFrom('2024', '2024-Q2'), anyJson), value: anyJson })
  const likely = fc.record(
    {
      indicator_id: anyText(),
      name: anyText(),
      sample_values: fc.array(point),
    },
    { noNullPrototype: true },
  )
  const odd = fc.dictionary(fieldNames, anyJson)
  fc.assert(
    fc.property(
      fc.oneof(
        anyJson,
        fc.tuple(odd, likely).map(([a, b]) => ({ ...a, ...b })),
        likely,
      ),
      (raw) => {
        const parsed = parseIndicator(raw)
        if (!parsed.ok) {
          assert.ok(parsed.problems.length > 0)
          return
        }
        const again = accepted(JSON.parse(JSON.stringify(parsed.indicator)))
        assert.deepEqual(again.indicator, parsed.indicator)
        assert.deepEqual(again.warnings, { unknownFields: [], droppedPoints: 0 })
        const texts = Object.values(parsed.indicator).filter((value) => typeof value === 'string')
        assert.doesNotMatch(texts.join('\n'), /(?![\t\n])\p{Cc}/u)
        assert.ok(texts.every((text) => text.isWellFormed()))
      },
    ),
  )
})

function batchProblems(body: unknown): string {
  const checked = batchRequestSchema.safeParse(body)
  assert.ok(!checked.success, 'was accepted')
  return checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n')
}

const many = (count: number) => Array.from({ length: count }, (_, index) => ({ indicator_id: `M${index}`, name: 'x' }))

test('a batch keeps the unknown fields of its indicators, for the later warning', () => {
  const body = {
    indicators: [{ ...RAW, extra: { deep: [1] }, sample_values: [{ date: 'x', value: null }, 5] }, ...many(99)],
    run_id: 'run-1:a.b_C',
    force: true,
    options: { mode: 'hybrid', reuse: false, pack: 25, trust: 'shipped', target: 0.999, audit: 'all' },
  }
  assert.deepEqual(batchRequestSchema.parse(body), body)
  assert.deepEqual(batchRequestSchema.parse({ indicators: [RAW] }), { indicators: [RAW] })
})

const REFUSED_BATCHES: readonly (readonly [unknown, RegExp])[] = [
  [null, /^: .*expected object, received null/],
  [undefined, /^: .*expected object/],
  [[], /^: .*expected object, received array/],
  [{}, /^indicators: .*expected array/],
  [{ indicators: [] }, /^indicators: must hold 1 to 100 indicators, got 0$/],
  [{ indicators: many(101) }, /^indicators: must hold 1 to 100 indicators, got 101$/],
  [{ indicators: [{ indicator_id: 'x' }] }, /^indicators\.0\.name: /],
  [{ indicators: [RAW], runId: 'x' }, /^: unknown field "runId"$/],
  [{ indicators: [RAW], options: { modes: 'x' } }, /^options: unknown field "modes"$/],
  [{ indicators: [RAW], run_id: '' }, /^run_id: must be 1 to 100 characters/],
  [{ indicators: [RAW], run_id: 'a b' }, /^run_id: must be 1 to 100 characters/],
  [{ indicators: [RAW], run_id: 'x\n' }, /^run_id: must be 1 to 100 characters/],
  [{ indicators: [RAW], run_id: 'x'.repeat(101) }, /^run_id: must be 1 to 100 characters/],
  [{ indicators: [RAW], force: 'yes' }, /^force: .*expected boolean/],
  [{ indicators: [RAW], options: { mode: 'fast' } }, /^options\.mode: must be one of hybrid, model, rules$/],
  [{ indicators: [RAW], options: { pack: 0 } }, /^options\.pack: must be at least 1, got 0$/],
  [{ indicators: [RAW], options: { pack: 26 } }, /^options\.pack: must be at most 25, got 26$/],
  [{ indicators: [RAW], options: { pack: 1.5 } }, /^options\.pack: must be a whole number$/],
  [{ indicators: [RAW], options: { trust: 'all' } }, /^options\.trust: must be "catalogue" or "shipped"$/],
  [{ indicators: [RAW], options: { target: 97 } }, /^options\.target: must be at most 0\.999, got 97$/],
  [{ indicators: [RAW], options: { target: 0.4 } }, /^options\.target: must be at least 0\.5, got 0\.4$/],
  [{ indicators: [RAW], options: { target: '0.9' } }, /^options\.target: must be a number$/],
  [{ indicators: [RAW], options: { audit: true } }, /^options\.audit: must be "steady", "all" or "none"$/],
  [
    { indicators: [RAW, RAW] },
    /^indicators\.1\.indicator_id: must be unique in a batch: "A1" is already used at index 0$/,
  ],
  [{ indicators: [{ ...RAW, indicator_id: ' A1\u0000' }, RAW] }, /^indicators\.1\.indicator_id: must be unique/],
]

for (const [body, message] of REFUSED_BATCHES) {
  test(`a batch is refused: ${message.source}`, () => assert.match(batchProblems(body), message))
}

test('the check for duplicate ids refuses a batch with a broken indicator without throwing', () => {
  assert.match(batchProblems({ indicators: [null, { indicator_id: 5, name: 'x' }, RAW] }), /^indicators\.0: /)
  fc.assert(fc.property(anyJson, (body) => void batchRequestSchema.safeParse(body)))
  fc.assert(fc.property(fc.array(anyJson), (indicators) => void batchRequestSchema.safeParse({ indicators })))
})

test('the batch schema serves Restate: synchronous, and it publishes a JSON schema', () => {
  const standard = batchRequestSchema['~standard']
  assert.ok(!(standard.validate({ indicators: [RAW] }) instanceof Promise))
  const published = standard.jsonSchema.output({ target: 'draft-2020-12' })
  assert.match(JSON.stringify(published), /"maxItems":100/)
})

test('a record that counts as plain is one that the schema takes and leaves as it is, and hardly any other is', () => {
  const texts = [
    'x',
    '',
    ' ',
    '\0',
    'é'.repeat(257),
    'x'.repeat(1_001),
    'x'.repeat(10_001),
    '[{"date":"2024","value":1}]',
  ]
  const odd = fc.oneof(
    fc.constantFrom<unknown>(...texts, null, undefined, 1, Number.NaN, Number.POSITIVE_INFINITY, true, [], {}, ['x']),
    fc.constantFrom<unknown>(Array(5_000).fill(null), Array(5_001).fill(null)),
  )
  const fields = ['indicator_id', 'name', ...OPTIONAL_TEXT_FIELDS, 'sample_values', 'other', 'toString']
  const change = fc.tuple(fc.constantFrom(...fields), odd)
  const counts = { plain: 0, accepted: 0 }
  fc.assert(
    fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
      const raw = { ...RAW, ...Object.fromEntries(changes) }
      const checked = rawIndicatorSchema.safeParse(raw)
      counts.accepted += checked.success ? 1 : 0
      if (!isPlainIndicator(raw)) return
      counts.plain += 1
      assert.ok(checked.success)
      assert.deepEqual(normaliseIndicator(raw), normaliseIndicator(checked.data))
    }),
    { numRuns: 1_000 },
  )
  assert.ok(counts.plain > 0.8 * counts.accepted, JSON.stringify(counts))
  for (const raw of [null, 'x', [RAW], { name: 'x' }, JSON.parse('{"indicator_id":"A","name":"B","__proto__":1}')]) {
    assert.equal(isPlainIndicator(raw), false)
  }
})

test('a body of plain records is read as the schema reads it, and any other is left to the schema', () => {
  const record = (id: string, more: object = {}) => ({ indicator_id: id, name: 'x', ...more })
  const plain = {
    options: { mode: 'rules' },
    indicators: [record('A', { other: 1 }), record('B')],
    run_id: 'r',
    force: true,
  }
  assert.deepEqual(readPlainBatch(plain), batchRequestSchema.parse(plain))
  assert.deepEqual(Object.keys(readPlainBatch(plain) ?? {}), Object.keys(batchRequestSchema.parse(plain)))
  const others = [
    ...[
      null,
      [],
      {},
      { indicators: [] },
      { indicators: 'A' },
      { ...plain, more: 1 },
      { ...plain, options: { mode: 'x' } },
    ],
    ...[[record('A'), record(' A ')], [record('')], [record('A', { units: 1 })], Array(101).fill(record('A'))].map(
      (indicators) => ({ indicators }),
    ),
    { indicators: [record('A', { sample_values: '[{"date":"2024","value":1}]' })] },
  ]
  for (const other of others) assert.equal(readPlainBatch(other), undefined, JSON.stringify(other))
})
