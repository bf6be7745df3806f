/** What the pages of accuracy and of a codebook say of people: runs over time, corrections by whom, and where people disagree. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { loadBuiltIns } from '../../../src/catalogue/codebook-files.ts'
import { createSchemes } from '../../../src/catalogue/schemes.ts'
import { createStore } from '../../../src/store/store.ts'
import type { LabelToSave, Store } from '../../../src/store/types.ts'
import { sharedPostgres, type TestDatabase } from '../../helpers/database/postgres.ts'
import { startTestConsole, type TestConsole } from '../../helpers/servers/console.ts'
import { batch, result } from '../../helpers/store/batches.ts'

after(async () => {
  await console?.close()
  await database?.drop()
})
const postgres = sharedPostgres()
const CODEBOOK = 'economic-indicators'
const CATALOGUE = 'over time'
const RIGHT = 'price'
const ROWS = 20
let database: TestDatabase
let store: Store
let console: TestConsole
let hash = ''

before(async () => {
  database = await postgres.fresh()
  store = createStore(database.pool)
  const schemes = createSchemes(await loadBuiltIns(), store)
  hash = (await schemes.find(CODEBOOK)).hash
  console = await startTestConsole({ store })
  // The second run gets half of the rows wrong that the first got right.
  await save('run-first', () => RIGHT)
  await save('run-second', (at) => (at % 2 === 0 ? RIGHT : 'index'))
  await save('review-1', () => RIGHT)
  const labels = Array.from({ length: ROWS }, (_, at) => [
    labelOf(at, 'ann', RIGHT),
    labelOf(at, 'bob', at < 2 ? 'flow' : RIGHT),
  ])
  const third = { ...labelOf(1, 'cleo', RIGHT), adjudicates: true }
  await store.certificates.saveLabels({ catalogue: CATALOGUE, codebookHash: hash }, [...labels.flat(), third])
  for (const [id, by, decision] of [
    [1, 'ann', 'correct'],
    [3, 'ann', 'correct'],
    [5, 'bob', 'correct'],
    [2, 'bob', 'accept'],
  ] as const)
    await decide(id, by, decision)
})

async function save(runId: string, typeOf: (at: number) => string): Promise<void> {
  const { startedAt, sequence } = await store.openRun(runId)
  const results = Array.from({ length: ROWS }, (_, at) => {
    const row = result(`R.${at}`, {
      catalogue: CATALOGUE,
      name: `Row ${at}`,
      labels: { type: typeOf(at), topics: ['a', 'b'] },
    })
    return { ...row, classification: { ...row.classification, run_id: runId, codebook_hash: hash } }
  })
  const scope = { catalogue: CATALOGUE, codebook: CODEBOOK }
  await store.saveBatch(batch(startedAt, results, { runId, scope, batchId: '0', sequence }))
  await database.pool.query('update runs set catalogue = $2, codebook = $3 where run_id = $1', [
    ...[runId, CATALOGUE, `${CODEBOOK}@2`],
  ])
}

const labelOf = (at: number, by: string, label: string): LabelToSave => ({
  ...{ indicatorId: `R.${at}`, inputHash: result(`R.${at}`, { name: `Row ${at}` }).inputHash, field: 'type', label },
  ...{ isKnown: true, by, adjudicates: false, blind: true, runId: 'run-second', note: '' },
})

/** A decision on a result of the second run, as a review stores it. */
async function decide(at: number, by: string, decision: 'accept' | 'correct'): Promise<void> {
  const old = { type: at % 2 === 0 ? RIGHT : 'index', topics: ['a', 'b'], source: 'model', run_id: 'run-second' }
  const now = { type: RIGHT, topics: decision === 'accept' ? ['a', 'b'] : ['a', 'c'] }
  await database.pool.query(
    `insert into review_decisions values ($1, $2, $3, $4, 's', $5, $6, $7, '{}', '', $8, $9, $10, clock_timestamp())`,
    [
      ...[`review-${at}`, CATALOGUE, CODEBOOK, `R.${at}`, decision, JSON.stringify(old), JSON.stringify(now)],
      ...[`${CODEBOOK}@2`, hash, by],
    ],
  )
}

/** The words of a page, without its marks. */
const textOf = (body: string) =>
  body
    .replace(/<script[\s\S]*?<\/script>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')

it('sums up what people decided on results of runs, what they took away, and where their labels differ', async () => {
  const scope = { catalogue: CATALOGUE, codebook: CODEBOOK }
  const decisions = await store.views.countDecisions(scope, ['run-first', 'run-second'])
  assert.deepEqual([...decisions], [['run-second', { decided: 4, corrected: 3 }]])
  assert.deepEqual(await store.views.findCorrections(CODEBOOK), [
    { field: 'topics', value: 'b', by: 'ann', times: 2 },
    { field: 'type', value: 'index', by: 'ann', times: 2 },
    { field: 'topics', value: 'b', by: 'bob', times: 1 },
    { field: 'type', value: 'index', by: 'bob', times: 1 },
  ])
  const found = await store.views.findDisagreements(hash, 10)
  assert.deepEqual(
    found.map(({ id, isSettled, labels }) => [id, isSettled, labels.map(({ by, label }) => `${by} ${label}`)]),
    [
      ['R.0', false, ['ann price', 'bob flow']],
      ['R.1', true, ['ann price', 'bob flow', 'cleo price']],
    ],
  )
  assert.equal((await store.views.findDisagreements(hash, 1)).length, 1)
  assert.deepEqual(await store.views.findDisagreements('another', 10), [])
})

it('shows the runs of a catalogue over time, by the labels that people gave, and none of the decisions', async () => {
  const { status, body } = await console.get('/accuracy?run=run-first')
  assert.equal(status, 200)
  const text = textOf(body)
  assert.match(text, /Over time/)
  // A row about which people disagree counts for nothing; the third label settles the other.
  assert.match(text, /run-first .*?19 of 19 100/)
  assert.match(text, /run-second .*?9 of 19 47\.4 %.*? 4 3 \(75 %\)/)
  assert.doesNotMatch(text, /review-1/)
  assert.match(body, /<polyline/)
  assert.match(body, /records\/economic-indicators\/over%20time\/R\.0/)
})

it('shows of a codebook who corrected which value, and the cases in which people disagree', async () => {
  const { status, body } = await console.get(`/codebooks/${CODEBOOK}`)
  assert.equal(status, 200)
  assert.match(body, /ann 2, bob 1/)
  const [, cases = ''] = body.split('id="cases"')
  const text = textOf(cases)
  assert.match(text, /R\.0 over time .*?price \( ?ann ?\) ?, flow \( ?bob ?\)/)
  assert.match(text, /R\.1 .*?settled/)
})
