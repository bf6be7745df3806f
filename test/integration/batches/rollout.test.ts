/** A release, or a new version of a codebook, in the middle of a batch: results carry the codebook and the prompt under which they were asked. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { hashOf, loadBuiltIns } from '../../../src/catalogue/codebook-files.ts'
import { createSchemes, type SchemeRegistry } from '../../../src/catalogue/schemes.ts'
import { PROMPT_VERSION } from '../../../src/classification/prompt.ts'
import type { Indicator } from '../../../src/classification/types.ts'
import { readIndicator } from '../../../src/codebooks/economic-indicators/rules.ts'
import { parseCodebook } from '../../../src/codebooks/parse.ts'
import { type EarlierPlan, readEarlierPlan } from '../../../src/restate/batch/earlier-plan.ts'
import type { Plan, Resolution } from '../../../src/restate/batch/types.ts'
import type { ChunkReply } from '../../../src/restate/chunk-contract.ts'
import type { CodebookIdentity } from '../../../src/restate/contract.ts'
import { createStore } from '../../../src/store/store.ts'
import type { Store } from '../../../src/store/types.ts'
import { sharedPostgres, type TestDatabase } from '../../helpers/database/postgres.ts'
import {
  type BatchPlanner,
  createBatchPlanner,
  kindsOf,
  type PlannedBatch,
} from '../../helpers/store/planned-batches.ts'

// Registered before the hook of sharedPostgres, which stops the server.
after(() => database?.drop())
const postgres = sharedPostgres()
let database: TestDatabase
let store: Store
let schemes: SchemeRegistry
let plan: BatchPlanner['plan']
let finish: BatchPlanner['finish']
/** The built-in codebook of this release, and a version of it that an earlier release had. */
let current: CodebookIdentity
let earlier: CodebookIdentity

before(async () => {
  database = await postgres.fresh()
  store = createStore(database.pool)
  schemes = createSchemes(await loadBuiltIns(), store)
  ;({ plan, finish } = createBatchPlanner(store, schemes))
  const { codebook, hash } = await schemes.find('economic-indicators')
  current = { name: codebook.name, version: codebook.version, hash }
  earlier = await storeEarlierVersion()
})

/** Stores the built-in codebook with another version, as a replica of an earlier release did when it started. */
async function storeEarlierVersion(): Promise<CodebookIdentity> {
  const text = (await schemes.textsOf(current.hash)).text.replace(/^version: .*$/m, 'version: "1.9"')
  const parsed = parseCodebook(text, new Map())
  assert.ok(parsed.ok)
  const hash = hashOf(parsed)
  assert.notEqual(hash, current.hash)
  const identity = { name: current.name, version: '1.9', hash }
  await store.saveCodebook({ ...identity, text, lists: {} }, [])
  return identity
}

const EARLIER_PROMPT = { promptVersion: 'p-earlier' }
const REPLY_OF_EARLIER = { prompt_version: 'p-earlier' }
const REPLY_OF_NOW = { prompt_version: PROMPT_VERSION }

/** No rule is sure of its type, so that only an answer can decide the indicator. */
const unclear = (id: string) => [{ indicator_id: id, name: `Zorbic attainment of ${id}` }]
const gdpOf = (id: string) => [
  { indicator_id: id, name: 'GDP (current US$)', units: 'current US$', periodicity: 'Annual' },
]

/** The batch as a release with other versions would have planned it: its shapes name those versions. */
async function planUnder(versions: Partial<Plan>, indicators: readonly object[]): Promise<PlannedBatch> {
  const planned = await plan(indicators)
  const { claims, ...rest } = planned.plan
  if (claims !== undefined) await store.releaseClaims(planned.runId, claims.shapeHashes)
  const ways = rest.ways.map((way): Resolution => {
    if (way.kind !== 'ask') return way
    return { ...way, shape: `earlier ${way.shape}`, shapeHash: `earlier ${way.shapeHash}` }
  })
  return { ...planned, plan: { ...rest, ...versions, ways } }
}

/** The batch as a release without codebook files journaled it, read back by this release. */
async function planWithoutFiles(indicators: readonly object[]): Promise<PlannedBatch> {
  const planned = await planUnder({ promptVersion: 'p1' }, indicators)
  const { codebook: _, ways, ...rest } = planned.plan
  const journaled: EarlierPlan = {
    ...rest,
    codebookVersion: 'v1',
    ways: ways.map((way) => {
      if (way.kind !== 'ask') return way as EarlierPlan['ways'][number]
      const { kind, indicator, shape, shapeHash } = way
      return { kind, indicator, reading: readIndicator(indicator as Indicator), shape, shapeHash }
    }),
  }
  return { ...planned, plan: readEarlierPlan(JSON.parse(JSON.stringify(journaled))) }
}

/** What a chunk of such a batch replies: one decision in the form of that release. `versions` are those that it names. */
function replyWithoutFiles(versions: object): Partial<ChunkReply> {
  const confidence = { type: 0.9, temporal_aggregation: 0.9, orientation: 0.9 }
  const labels = { type: 'index', temporal_aggregation: 'period-average', orientation: 'neutral' }
  const decisions = [{ key: 'k1', decision: { ...labels, confidence, reason: 'as then' }, model: 'm1' }]
  return { codebook_hash: undefined, prompt_version: undefined, ...versions, decisions } as unknown as ChunkReply
}

async function resultOf(id: string) {
  const [found, ...others] = await store.findClassifications(id, {})
  assert.ok(found)
  assert.deepEqual(others, [])
  return found
}

async function versionsOf(id: string): Promise<readonly string[]> {
  const { codebook, codebook_hash, prompt_version } = await resultOf(id)
  return [codebook, codebook_hash, prompt_version]
}

const versionsBy = ({ name, version, hash }: CodebookIdentity, prompt = PROMPT_VERSION) => [
  `${name}@${version}`,
  hash,
  prompt,
]

async function countAnswers(shape: string): Promise<number> {
  const { rows } = await database.pool.query('select shape from shape_answers where shape like $1', [`%${shape}%`])
  return rows.length
}

test('a batch asked under one prompt and saved by a release with the next is asked again by the next run', async () => {
  await finish(await planUnder(EARLIER_PROMPT, unclear('P.1')), REPLY_OF_EARLIER)
  assert.deepEqual(await versionsOf('P.1'), versionsBy(current, 'p-earlier'))
  const next = await plan(unclear('P.1'))
  assert.deepEqual(kindsOf(next), ['ask'])
  await finish(next, REPLY_OF_NOW)
  assert.deepEqual(await versionsOf('P.1'), versionsBy(current))
  assert.deepEqual(kindsOf(await plan(unclear('P.1'))), ['unchanged'])
})

test('a batch that a release without codebook files planned ends with its labels and versions, and is asked again', async () => {
  for (const [id, versions] of [
    ['R.1', {}],
    ['R.2', { codebook_version: 'v1', prompt_version: 'p1' }],
  ] as const) {
    const planned = await planWithoutFiles(unclear(id))
    assert.deepEqual(kindsOf(planned), ['ask'])
    const { results } = await finish(planned, replyWithoutFiles(versions))
    assert.deepEqual([results[0]?.type, results[0]?.unit_kind, results[0]?.source], ['index', 'unknown', 'model'])
    assert.deepEqual(await versionsOf(id), ['economic-indicators@v1', '', 'p1'])
    assert.deepEqual(kindsOf(await plan(unclear(id))), ['ask'])
  }
})

test('a batch that a release without codebook files planned and that this release answers stores no answer', async () => {
  const reply = replyWithoutFiles({ codebook_version: current.version, prompt_version: PROMPT_VERSION })
  await finish(await planWithoutFiles(unclear('R.3')), reply)
  const { labels, codebook, codebook_hash, prompt_version } = await resultOf('R.3')
  assert.equal(labels.type, 'index')
  assert.deepEqual([codebook, codebook_hash, prompt_version], ['economic-indicators@v1', '', PROMPT_VERSION])
  assert.equal(await countAnswers('of r.3'), 0)
  assert.deepEqual(kindsOf(await plan(unclear('R.3'))), ['ask'])
})

test('a batch planned under one prompt and asked under the next keeps its result, and stores no answer for its shape', async () => {
  await finish(await planUnder(EARLIER_PROMPT, unclear('C.1')), REPLY_OF_NOW)
  assert.deepEqual(await versionsOf('C.1'), versionsBy(current))
  assert.deepEqual(kindsOf(await plan(unclear('C.1'))), ['unchanged'])
  assert.equal(await countAnswers('of c.1'), 0)
})

test('a batch keeps the built-in codebook that it was planned by, and the next run asks by the one of its release', async () => {
  await finish(await planUnder({ codebook: earlier }, unclear('B.1')))
  assert.deepEqual(await versionsOf('B.1'), versionsBy(earlier))
  const next = await plan(unclear('B.1'))
  assert.deepEqual([kindsOf(next), next.plan.codebook], [['ask'], current])
  await finish(next)
  assert.deepEqual(await versionsOf('B.1'), versionsBy(current))
})

test('what the rules decided under an earlier codebook is decided again', async () => {
  const planned = await planUnder({ codebook: earlier }, gdpOf('G.1'))
  assert.deepEqual(kindsOf(planned), ['rules'])
  await finish(planned)
  assert.deepEqual(await versionsOf('G.1'), versionsBy(earlier))
  const next = await plan(gdpOf('G.1'))
  assert.deepEqual(kindsOf(next), ['rules'])
  await finish(next)
  assert.deepEqual(await versionsOf('G.1'), versionsBy(current))
  assert.deepEqual(kindsOf(await plan(gdpOf('G.1'))), ['unchanged'])
})

test('a reused answer keeps the versions under which it was given, also for the indicators that follow it', async () => {
  const mates = ['U.1', 'U.2'].map((indicator_id) => ({ indicator_id, name: 'Zorbic attainment of the reuse' }))
  await finish(await planUnder(EARLIER_PROMPT, mates), REPLY_OF_EARLIER)
  for (const id of ['U.1', 'U.2']) assert.deepEqual(await versionsOf(id), versionsBy(current, 'p-earlier'))
  const { rows } = await database.pool.query(
    `select shape_hash from shape_answers where shape like 'earlier %the reuse%'`,
  )
  const hash = String(rows[0]?.shape_hash)
  const answer = (await store.findAnswers([hash])).get(hash)
  assert.ok(answer)
  const third = await plan([{ indicator_id: 'U.3', name: 'Zorbic attainment of the reuse' }])
  await store.releaseClaims(third.runId, third.plan.claims?.shapeHashes ?? [])
  await finish({ ...third, plan: { ...third.plan, chunks: [], ways: [{ kind: 'reuse', answers: [answer] }] } })
  assert.deepEqual(await versionsOf('U.3'), versionsBy(current, 'p-earlier'))
})

const topicsOf = (version: string, first: string) => `
name: rollout-topics
version: ${version}
title: Topics
record:
  name: text
  plural: texts
  description: A text.
  texts: [{ name: name, limit: 300 }]
fields:
  - name: topic
    title: Topic
    values:
      - { value: ${first}, definition: What things cost. }
      - { value: other, definition: Anything else. }
`

test('a batch that names a codebook by name keeps its hash when a newer version is stored meanwhile', async () => {
  const identityOf = (hash: string, version: string) => ({ name: 'rollout-topics', version, hash })
  const first = identityOf((await schemes.save(topicsOf('1', 'prices'), new Map())).hash, '1')
  const texts = [{ indicator_id: 'N.1', name: 'Bread is dearer' }]
  const open = await plan(texts, {}, 'm1', { codebook: 'rollout-topics' })
  assert.deepEqual(open.plan.codebook, first)

  const second = identityOf((await schemes.save(topicsOf('2', 'costs'), new Map())).hash, '2')
  const next = await plan(texts, { reuse: false }, 'm1', { codebook: 'rollout-topics' })
  assert.deepEqual([next.plan.codebook, kindsOf(next)], [second, ['ask']])

  // The replica that saves may be another one, which has to find the earlier version in the database.
  const elsewhere = createBatchPlanner(store, createSchemes(await loadBuiltIns(), store))
  const { results } = await elsewhere.finish(open)
  assert.deepEqual([results[0]?.topic, results[0]?.codebook], ['prices', 'rollout-topics@1'])
  assert.deepEqual(await versionsOf('N.1'), versionsBy(first))
  assert.equal((await finish(next)).results[0]?.topic, 'costs')
  assert.deepEqual(await versionsOf('N.1'), versionsBy(second))
  const byVersion = await plan(texts, {}, 'm1', { codebook: 'rollout-topics@1' })
  assert.deepEqual([byVersion.plan.codebook, kindsOf(byVersion)], [first, ['model']])
})
