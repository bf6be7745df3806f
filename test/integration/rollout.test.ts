/** A release in the middle of a batch: results carry the codebook and the prompt under which they were asked. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CODEBOOK_VERSION } from '../../src/classification/codebook.ts'
import { PROMPT_VERSION } from '../../src/classification/prompt.ts'
import type { Resolution } from '../../src/restate/batch/types.ts'
import { createStore } from '../../src/store/store.ts'
import type { Store } from '../../src/store/types.ts'
import { type BatchPlanner, createBatchPlanner, kindsOf, type PlannedBatch } from '../helpers/planned-batches.ts'
import { sharedPostgres, type TestDatabase } from '../helpers/postgres.ts'

// Registered before the hook of sharedPostgres, which stops the server.
after(() => database?.drop())
const postgres = sharedPostgres()
let database: TestDatabase
let store: Store
let plan: BatchPlanner['plan']
let finish: BatchPlanner['finish']

before(async () => {
  database = await postgres.fresh()
  store = createStore(database.pool)
  ;({ plan, finish } = createBatchPlanner(store))
})

const EARLIER = { codebookVersion: CODEBOOK_VERSION, promptVersion: 'p-earlier' }
const REPLY_OF_EARLIER = { codebook_version: CODEBOOK_VERSION, prompt_version: 'p-earlier' }
const REPLY_OF_NOW = { codebook_version: CODEBOOK_VERSION, prompt_version: PROMPT_VERSION }

/** No rule is sure of any field, so that only an answer can decide the indicator. */
const unclear = (id: string) => [{ indicator_id: id, name: `Zorbic attainment of ${id}` }]

/** The batch as a release with other versions would have planned it: its shapes name those versions. */
async function planUnder(versions: typeof EARLIER, indicators: readonly object[]): Promise<PlannedBatch> {
  const planned = await plan(indicators)
  const { claims, ...rest } = planned.plan
  if (claims !== undefined) await store.releaseClaims(planned.runId, claims.shapeHashes)
  const ways = rest.ways.map((way): Resolution => {
    if (way.kind !== 'ask') return way
    return { ...way, shape: `earlier ${way.shape}`, shapeHash: `earlier ${way.shapeHash}` }
  })
  return { ...planned, plan: { ...rest, ...versions, ways } }
}

async function versionsOf(id: string): Promise<readonly (string | undefined)[]> {
  const found = await store.findClassification(id)
  return [found?.codebook_version, found?.prompt_version]
}

test('a batch asked under one prompt and saved by a release with the next is asked again by the next run', async () => {
  await finish(await planUnder(EARLIER, unclear('P.1')), REPLY_OF_EARLIER)
  assert.deepEqual(await versionsOf('P.1'), [CODEBOOK_VERSION, 'p-earlier'])
  const next = await plan(unclear('P.1'))
  assert.deepEqual(kindsOf(next), ['ask'])
  await finish(next, REPLY_OF_NOW)
  assert.deepEqual(await versionsOf('P.1'), [CODEBOOK_VERSION, PROMPT_VERSION])
  assert.deepEqual(kindsOf(await plan(unclear('P.1'))), ['unchanged'])
})

test('a chunk that was answered before replies named their versions was asked under those of its plan', async () => {
  await finish(await planUnder(EARLIER, unclear('R.1')))
  assert.deepEqual(await versionsOf('R.1'), [CODEBOOK_VERSION, 'p-earlier'])
  assert.deepEqual(kindsOf(await plan(unclear('R.1'))), ['ask'])
})

test('a batch planned under one prompt and asked under the next keeps its result, and stores no answer for its shape', async () => {
  await finish(await planUnder(EARLIER, unclear('C.1')), REPLY_OF_NOW)
  assert.deepEqual(await versionsOf('C.1'), [CODEBOOK_VERSION, PROMPT_VERSION])
  assert.deepEqual(kindsOf(await plan(unclear('C.1'))), ['unchanged'])
  const { rows } = await database.pool.query(`select shape from answers where shape like 'earlier %of c.1%'`)
  assert.deepEqual(rows, [])
})

test('what the rules decided under an earlier codebook is decided again', async () => {
  const gdp = [{ indicator_id: 'G.1', name: 'GDP (current US$)', units: 'current US$', periodicity: 'Annual' }]
  const planned = await planUnder({ codebookVersion: 'v-earlier', promptVersion: PROMPT_VERSION }, gdp)
  assert.deepEqual(kindsOf(planned), ['rules'])
  await finish(planned)
  assert.deepEqual(await versionsOf('G.1'), ['v-earlier', PROMPT_VERSION])
  await finish(await plan(gdp))
  assert.deepEqual(await versionsOf('G.1'), [CODEBOOK_VERSION, PROMPT_VERSION])
  assert.deepEqual(kindsOf(await plan(gdp)), ['unchanged'])
})

test('a reused answer keeps the versions under which it was given, also for the indicators that follow it', async () => {
  const mates = ['U.1', 'U.2'].map((indicator_id) => ({ indicator_id, name: 'Zorbic attainment of the reuse' }))
  await finish(await planUnder(EARLIER, mates), REPLY_OF_EARLIER)
  for (const id of ['U.1', 'U.2']) assert.deepEqual(await versionsOf(id), [CODEBOOK_VERSION, 'p-earlier'])
  const { rows } = await database.pool.query(`select shape_hash from answers where shape like 'earlier %the reuse%'`)
  const hash = String(rows[0]?.shape_hash)
  const answer = (await store.findAnswers([hash])).get(hash)
  assert.ok(answer)
  const third = await plan([{ indicator_id: 'U.3', name: 'Zorbic attainment of the reuse' }])
  await store.releaseClaims(third.runId, third.plan.claims?.shapeHashes ?? [])
  await finish({ ...third, plan: { ...third.plan, chunks: [], ways: [{ kind: 'reuse', answer }] } })
  assert.deepEqual(await versionsOf('U.3'), [CODEBOOK_VERSION, 'p-earlier'])
})
