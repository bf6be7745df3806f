/** Labelling files: what they show, and what is read back from them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askableFields } from '../../../../src/classification/fields.ts'
import type { Indicator } from '../../../../src/classification/types.ts'
import { formatBlindForm } from '../../../../src/cli/certify/blind-form.ts'
import { isUnfilled, readBlindLabels } from '../../../../src/cli/certify/blind-labels.ts'
import { parseReview } from '../../../../src/cli/review/review-file.ts'
import { economic, shop } from '../../classification/schemes.ts'

const FIELDS = askableFields(shop.codebook).map(({ name }) => name)

/** Reads a file of one line; its labels as "field=label", or its problems as "field: message". */
function read(text: string, fields: readonly string[] = FIELDS): string[] {
  const { lines, problems } = parseReview(Buffer.from(text), FIELDS)
  assert.deepEqual(problems, [])
  const [line] = lines
  assert.ok(line)
  const found = readBlindLabels(line, shop.codebook, fields)
  if ('problems' in found) return found.problems.map(({ field, message }) => `${field}: ${message}`)
  return found.labels.map(({ field, label, isKnown }) => `${field}=${isKnown ? JSON.stringify(label) : '?'}`)
}

test('a file has the texts of the records, an empty cell for each field, and nothing of an answer', () => {
  const good: Indicator = {
    indicator_id: '=G.1',
    name: '=HYPERLINK("x")',
    description: 'Long.',
    units: 'kg',
    topic: 'not a text of this codebook',
    sample_values: [{ date: '2024-01-01', value: 3 }],
  }
  const csv = formatBlindForm([{ indicator: good, catalogue: 'shop' }], ['shade', 'uses'], {
    format: 'csv',
    codebook: shop.codebook,
  })
  assert.equal(
    csv,
    'indicator_id,name,units,shade,uses,note,description,sample_values,catalogue\n' +
      '\'=G.1,"\'=HYPERLINK(""x"")",kg,,,,Long.,2024-01-01 3,shop\n',
  )
  const jsonl = formatBlindForm([{ indicator: good, catalogue: 'shop' }], ['shade', 'uses'], {
    format: 'jsonl',
    codebook: shop.codebook,
  })
  assert.deepEqual(Object.keys(JSON.parse(jsonl)), [
    'indicator_id',
    'name',
    'description',
    'units',
    'labels',
    'note',
    'sample_values',
    'catalogue',
  ])
  assert.deepEqual(JSON.parse(jsonl).labels, { shade: '', uses: '' })
  for (const text of [csv, jsonl]) {
    const { lines, problems } = parseReview(Buffer.from(text), FIELDS)
    assert.deepEqual(problems, [])
    assert.ok(lines.every(isUnfilled))
    assert.equal(lines[0]?.catalogue, 'shop')
  }
})

test('a text of the record whose name is that of a field gets a column of its own', () => {
  const texts = [
    { name: 'name' as const, limit: 10 },
    { name: 'topic' as const, limit: 10 },
  ]
  const [field] = shop.codebook.fields
  assert.ok(field)
  const fields = [{ ...field, name: 'topic' }]
  const codebook = { ...shop.codebook, record: { ...shop.codebook.record, texts }, fields }
  const one = { indicator_id: 'A', name: 'n', topic: 'what it says', sample_values: [] }
  const csv = formatBlindForm([{ indicator: one, catalogue: 'c' }], ['topic'], { format: 'csv', codebook })
  assert.match(csv, /^indicator_id,name,text_topic,topic,note,sample_values,catalogue\nA,n,what it says,,/)
})

test('the labels that two people gave stand in a column of a file for a third decision alone', () => {
  const one = { indicator_id: 'A', name: 'n', sample_values: [] }
  const given = 'shade: pale (Anna), dark (Ben)'
  const csv = formatBlindForm([{ indicator: one, catalogue: 'c', given }], ['shade'], {
    format: 'csv',
    codebook: shop.codebook,
  })
  assert.match(csv, /^indicator_id,name,given,shade,.*\nA,n,"shade: pale \(Anna\), dark \(Ben\)",,/)
})

test('a filled-in line is read in every form; an empty cell is no label, and ? means that nobody can tell', () => {
  const only = ['shade', 'uses', 'origin']
  const labels = ['shade="pale"', 'uses=["kitchen","garden"]', 'origin=null']
  assert.deepEqual(read('indicator_id,shade,uses,origin\nA,Pale,kitchen; garden,\n', only), labels)
  assert.deepEqual(read('indicator_id,shade,uses,origin\nA,pale,garden+kitchen,none\n', only).toSorted(), [
    'origin=null',
    'shade="pale"',
    'uses=["garden","kitchen"]',
  ])
  assert.deepEqual(
    read('{"indicator_id":"A","labels":{"shade":"pale","uses":["kitchen","garden"],"origin":null}}', only),
    labels,
  )
  assert.deepEqual(
    read(
      '{"indicator_id":"A","labels":{"shade":"","origin":null},"corrections":{"shade":"pale","uses":["kitchen","garden"]}}',
      only,
    ),
    labels,
  )
  assert.deepEqual(read('A shade=pale uses=kitchen+garden origin=none\n', only), labels)
  assert.deepEqual(read('indicator_id,shade,uses,origin\nA,?,?,?\n', only), ['shade=?', 'uses=?', 'origin=?'])
})

test('a field that a file leaves out says nothing, whereas an empty cell and null say that it has no label', () => {
  const only = ['shade', 'origin']
  const left = [
    'origin: is not in the file, which does not mean that it has no label: write one, none, or ? where nobody can tell',
  ]
  assert.deepEqual(read('{"indicator_id":"A","labels":{"shade":"pale"}}', only), left)
  assert.deepEqual(read('indicator_id,shade\nA,pale\n', only), left)
  assert.deepEqual(read('A shade=pale\n', only), left)
  for (const text of [
    '{"indicator_id":"A","labels":{"shade":"pale","origin":null}}',
    'indicator_id,shade,origin\nA,pale,\n',
  ])
    assert.deepEqual(read(text, only), ['shade="pale"', 'origin=null'])
})

test('what a line lacks or gets wrong is named with the field and the way out', () => {
  const only = ['shade', 'uses', 'weight']
  assert.deepEqual(read('indicator_id,shade,uses,weight\nA,pale,,\n', only), [
    'uses: has no label: write one, or ? where nobody can tell',
  ])
  assert.match(
    read('indicator_id,shade,uses,weight\nA,pal,kitchen,200\n', only).join('\n'),
    /^shade: "pal" is not in the codebook; did you mean pale\? Allowed: .*\nweight: "200" is wrong: it must be a number from 0 to 100/,
  )
  assert.deepEqual(read('indicator_id,shade,uses,weight\nA,pale,office,3\n', only), [
    'weight: applies only where uses is kitchen',
  ])
  // Where the other field is not known, nobody can say that this one does not apply.
  assert.deepEqual(read('indicator_id,shade,uses,weight\nA,pale,?,3\n', only), ['shade="pale"', 'uses=?', 'weight=3'])
  assert.deepEqual(read('indicator_id,shade,uses,weight\nA,pale,office,\n', only), [
    'shade="pale"',
    'uses=["office"]',
    'weight=null',
  ])
  assert.match(
    read('indicator_id,decision\nA,accept\n', only).join(),
    /decision: is accept, and a labelling file shows no answer/,
  )
  assert.match(read('A tone=bright\n', only).join(), /tone: is not a field that people label: shade, uses/)
  assert.match(
    read('indicator_id,shade,corrections\nA,pale,shade=dark\n', ['shade']).join(),
    /shade: has one label in its column and another one/,
  )
})

test('labels that the codebook excludes together are refused as a slip', () => {
  const { codebook } = economic
  const constraint = codebook.constraints.find(({ blocks }) => blocks)
  assert.ok(constraint, 'the codebook has such a constraint')
  const names = askableFields(codebook).map(({ name }) => name)
  const parsed = (text: string) => parseReview(Buffer.from(text), names).lines[0] ?? assert.fail(text)
  const base = {
    type: 'stock',
    temporal_aggregation: 'period-total',
    orientation: 'neutral',
    unit_kind: 'index',
    unit_scale: 1,
  }
  const line = parsed(JSON.stringify({ indicator_id: 'A', labels: { ...base, frequency: 'monthly' } }))
  const found = readBlindLabels(line, codebook, names)
  assert.ok('problems' in found)
  assert.ok(found.problems.length > 0 && found.problems.every(({ line: number }) => number === 1))
})

test('who cannot tell says so in a field of free text as well, where every other text is a label', () => {
  const open = economic.codebook.fields
    .filter(({ type, asked }) => type.kind === 'text' && asked)
    .map(({ name }) => name)
  assert.ok(open.length > 0)
  const { lines } = parseReview(Buffer.from(`indicator_id,${open.join(',')}\nG.1${',?'.repeat(open.length)}\n`), open)
  assert.ok(lines[0])
  const found = readBlindLabels(lines[0], economic.codebook, open)
  assert.deepEqual(
    'labels' in found ? found.labels.filter(({ field }) => open.includes(field)) : found,
    open.map((field) => ({ field, label: null, isKnown: false })),
  )
})
