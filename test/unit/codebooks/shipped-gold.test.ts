/** The gold files beside the shipped codebooks: labels that their fields can have, ids used once, and no example among them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { builtInFile, loadCodebook } from '../../../src/catalogue/codebook-files.ts'
import { checkLabelledRecords } from '../../../src/catalogue/labelled-records.ts'
import { isValueOf } from '../../../src/codebooks/codebook.ts'
import { measureRecall } from '../../../src/eval/recall.ts'

interface GoldRow {
  readonly indicator_id: string
  readonly name: string
  readonly description?: string
  readonly labels: Readonly<Record<string, unknown>>
}

const FEWEST_ROWS = 60
const FEWEST_CODES = 300
/** The least share of gold rows whose code must be among the first 20 that a question shows. */
const LEAST_RECALL = 0.95

function readGold(name: string): GoldRow[] {
  const text = readFileSync(new URL(`../../../src/codebooks/${name}/gold.jsonl`, import.meta.url), 'utf8')
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line): GoldRow => JSON.parse(line))
}

/** Case, punctuation and spaces make no new record. */
function plain(text: string | undefined): string {
  return (text ?? '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

for (const name of ['business-activities', 'release-topics']) {
  const gold = readGold(name)

  test(`the gold of ${name} has at least ${FEWEST_ROWS} rows, and each id and each name stands once`, () => {
    assert.ok(gold.length >= FEWEST_ROWS)
    assert.equal(new Set(gold.map((row) => row.indicator_id)).size, gold.length)
    assert.equal(new Set(gold.map((row) => plain(row.name))).size, gold.length)
  })

  test(`every gold row of ${name} has a value for every field, and it is one of the field's`, async () => {
    const { codebook } = await loadCodebook(builtInFile(name) ?? '')
    for (const { indicator_id: id, labels } of gold) {
      assert.deepEqual(Object.keys(labels), [...codebook.field.keys()], id)
      for (const field of codebook.fields) assert.ok(isValueOf(field, labels[field.name]), `${id} ${field.name}`)
    }
  })

  test(`no example of ${name} stands in its gold`, async () => {
    const { codebook } = await loadCodebook(builtInFile(name) ?? '')
    const names = new Set(gold.map((row) => plain(row.name)))
    const descriptions = new Set(gold.map((row) => plain(row.description)).filter((text) => text !== ''))
    assert.ok(codebook.examples.length > 0)
    for (const { record } of codebook.examples) {
      assert.ok(!names.has(plain(record.name)), record.name)
      assert.ok(!descriptions.has(plain(record.description)), record.description)
    }
  })
}

test('every gold row of release-topics has a topic, and "other" stands alone', () => {
  for (const { indicator_id: id, labels } of readGold('release-topics')) {
    const { topics } = labels
    assert.ok(Array.isArray(topics) && topics.length > 0, id)
    assert.ok(!topics.includes('other') || topics.length === 1, id)
  }
})

test('the code list of business-activities has the sectors, subsectors and industry groups of NAICS 2022', async () => {
  const { codebook } = await loadCodebook(builtInFile('business-activities') ?? '')
  const type = codebook.field.get('industry')?.type
  assert.ok(type?.kind === 'codes')
  assert.ok(type.list.codes.length >= FEWEST_CODES)
  const top = type.list.codes.filter(({ parent }) => parent === null)
  const middle = type.list.codes.filter(({ code, parent }) => parent !== null && !type.list.leaves.has(code))
  // The Census Bureau counts 20 sectors, 96 subsectors and 308 industry groups.
  assert.deepEqual([top.length, middle.length, type.list.leaves.size], [20, 96, 308])
  assert.ok(
    type.list.codes.every(({ code, definition, synonyms }) => {
      return definition !== '' && (!type.list.leaves.has(code) || synonyms.length > 0)
    }),
  )
})

test(`at least ${LEAST_RECALL} of the gold rows of business-activities find their code among the first 20`, async () => {
  const { codebook } = await loadCodebook(builtInFile('business-activities') ?? '')
  const gold = fileURLToPath(new URL('../../../src/codebooks/business-activities/gold.jsonl', import.meta.url))
  const recalls = measureRecall(codebook, (await checkLabelledRecords(gold, codebook)).records)
  const at20 = recalls.find(({ first }) => first === 20)
  assert.ok(at20 !== undefined && at20.records >= FEWEST_ROWS)
  assert.ok(at20.found / at20.records >= LEAST_RECALL, `${at20.found} of ${at20.records}`)
})
