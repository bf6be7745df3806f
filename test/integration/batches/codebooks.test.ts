/** Codebooks through the whole path: a renamed copy, a code list, several labels, and a new version while a batch is under way. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { loadBuiltIns } from '../../../src/catalogue/codebook-files.ts'
import { isSameLabel } from '../../../src/classification/fields.ts'
import type { LabelValue } from '../../../src/classification/types.ts'
import type { BatchResponse, ResultBody } from '../../../src/restate/contract.ts'
import { renameCodebook } from '../../helpers/codebooks/renamed-codebook.ts'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'

interface GoldLine {
  readonly indicator_id: string
  readonly name: string
  readonly labels: Readonly<Record<string, LabelValue>>
}

const SRC = new URL('../../../src/', import.meta.url)
const COPY_ROWS = 120

let stack: TestStack
let client: pg.Client
let folder: string
let copied: readonly GoldLine[]
const copy = { name: '' as string, hash: '' as string }

/** One gold file for the offline model with the rows of all tests; their ids tell the codebooks apart. */
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'classify-gold-'))
  const [economic] = await loadBuiltIns()
  assert.ok(economic)
  const renamed = renameCodebook(economic.text, 'renamed-copy')
  const rows = (await readLines('codebooks/economic-indicators/gold.jsonl')).slice(0, COPY_ROWS)
  copied = rows.map(({ labels, ...row }) => ({
    ...row,
    indicator_id: `copy:${row.indicator_id}`,
    labels: Object.fromEntries(
      Object.entries(labels).map(([field, label]) => [
        renamed.fieldOf(field),
        renamed.labelOf(field, label) as LabelValue,
      ]),
    ),
  }))
  const all = [
    ...copied,
    ...(await readLines('codebooks/business-activities/gold.jsonl')),
    ...(await readLines('codebooks/release-topics/gold.jsonl')),
  ]
  const file = join(folder, 'gold.jsonl')
  await writeFile(file, all.map((row) => `${JSON.stringify(row)}\n`).join(''))
  stack = await startTestStack({ OFFLINE_MODEL_ANSWERS: `gold:${file}` })
  client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  const stored = await callIngress(stack, 'classify-api/codebook', { text: renamed.text })
  assert.equal(stored.status, 200, stored.text)
  Object.assign(copy, stored.json())
})

after(async () => {
  await client?.end()
  await stack?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function readLines(path: string): Promise<GoldLine[]> {
  const text = await readFile(new URL(path, SRC), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as GoldLine)
}

/** Classifies the rows in batches and returns the results by id. */
async function classifyAll(rows: readonly GoldLine[], codebook: string, more: object = {}) {
  const results = new Map<string, ResultBody>()
  for (let start = 0; start < rows.length; start += 60) {
    const indicators = rows.slice(start, start + 60).map(({ labels: _, ...indicator }) => indicator)
    const answer = await callIngress(stack, 'classify-api/batch', { indicators, codebook, ...more })
    assert.equal(answer.status, 200, answer.text)
    for (const result of (answer.json() as BatchResponse).results) results.set(result.indicator_id, result)
  }
  return results
}

/** The labels that differ from those of the gold rows, as sentences. */
function wrongLabels(rows: readonly GoldLine[], results: ReadonlyMap<string, ResultBody>): string[] {
  return rows.flatMap(({ indicator_id, labels }) =>
    Object.entries(labels).flatMap(([field, label]) => {
      const got = results.get(indicator_id)?.[field] as LabelValue
      return isSameLabel(got, label)
        ? []
        : [`${indicator_id} ${field}: ${JSON.stringify(label)}, got ${JSON.stringify(got)}`]
    }),
  )
}

test('a copy of economic-indicators with every field and value renamed is right in every label', async () => {
  const results = await classifyAll(copied, `${copy.name}@${copy.hash}`, { catalogue: 'copy' })
  assert.deepEqual(wrongLabels(copied, results), [])
  const [first] = results.values()
  assert.equal(first?.codebook_hash, copy.hash)
  assert.equal('unit' in (first ?? {}), false, 'only the built-in codebook has properties of earlier releases')
  const { rows } = await client.query('select count(*)::int as n from results_renamed_copy where a1 is not null')
  assert.deepEqual(rows, [{ n: COPY_ROWS }])
})

test('a hierarchical code list of hundreds of codes is right in every label, and its candidates bound the question', async () => {
  const rows = await readLines('codebooks/business-activities/gold.jsonl')
  const results = await classifyAll(rows, 'business-activities')
  assert.deepEqual(wrongLabels(rows, results), [])
  assert.ok([...results.values()].every(({ status }) => status === 'accepted'))
})

test('several labels of one field are right, whatever their order, and stand in the view as an array', async () => {
  const rows = await readLines('codebooks/release-topics/gold.jsonl')
  const results = await classifyAll(rows, 'release-topics@1')
  assert.deepEqual(wrongLabels(rows, results), [])
  const { rows: found } = await client.query(
    `select topics from results_release_topics where indicator_id = 'release-001'`,
  )
  assert.deepEqual(found, [{ topics: ['prices'] }])
})

test('one id of one catalogue keeps a result for each codebook', async () => {
  const [row] = await readLines('codebooks/release-topics/gold.jsonl')
  assert.ok(row)
  await classifyAll([row], 'business-activities', { catalogue: 'both', options: { mode: 'rules' } })
  await classifyAll([row], 'release-topics', { catalogue: 'both' })
  const { rows } = await client.query(`select codebook_name from results where catalogue = 'both' order by 1`)
  assert.deepEqual(
    rows.map(({ codebook_name }) => codebook_name),
    ['business-activities', 'release-topics'],
  )
})

test('a faulty codebook is refused with the line of every fault, and the name of a built-in one stays its own', async () => {
  const faulty = await callIngress(stack, 'classify-api/codebook', { text: 'name: my-book\nversion: 1\ntitle: Mine\n' })
  assert.equal(faulty.status, 400)
  assert.match(faulty.text, /record: is missing/)
  const [economic] = await loadBuiltIns()
  const text = (economic?.text ?? '').replace(/^title: .*$/m, 'title: Changed')
  const same = await callIngress(stack, 'classify-api/codebook', { text: `${economic?.text}\n# a comment` })
  assert.equal((same.json() as { hash: string }).hash, economic?.hash)
  const taken = await callIngress(stack, 'classify-api/codebook', { text })
  assert.equal(taken.status, 400)
  assert.match(taken.text, /built-in codebook: give yours another name/)
})

test('the handler reads back what it stored, and lists every codebook', async () => {
  const one = await callIngress(stack, 'classify-api/codebook', { name: 'renamed-copy@2' })
  assert.equal((one.json() as { hash: string }).hash, copy.hash)
  const all = await callIngress(stack, 'classify-api/codebook', {})
  const names = (all.json() as { codebooks: { name: string }[] }).codebooks.map(({ name }) => name)
  assert.deepEqual([...names].sort(), ['business-activities', 'economic-indicators', 'release-topics', 'renamed-copy'])
})
