/** Human answers in the plan of a batch, on a real database: they decide whatever model, prompt, mode and options come later. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { loadBuiltIns } from '../../../src/catalogue/codebook-files.ts'
import { createSchemes, type SchemeRegistry } from '../../../src/catalogue/schemes.ts'
import type { PreparedScheme } from '../../../src/classification/scheme.ts'
import type { Mode } from '../../../src/classification/types.ts'
import { applyReview } from '../../../src/cli/review/apply.ts'
import { createStore } from '../../../src/store/store.ts'
import type { Store } from '../../../src/store/types.ts'
import { sharedPostgres, type TestDatabase } from '../../helpers/database/postgres.ts'
import { type BatchPlanner, createBatchPlanner, kindsOf } from '../../helpers/store/planned-batches.ts'

// Registered before the hook of sharedPostgres, which stops the server.
after(() => database?.drop())
const postgres = sharedPostgres()
let database: TestDatabase
let store: Store
let schemes: SchemeRegistry
let scheme: PreparedScheme
let plan: BatchPlanner['plan']
let finish: BatchPlanner['finish']

before(async () => {
  database = await postgres.fresh()
  store = createStore(database.pool)
  schemes = createSchemes(await loadBuiltIns(), store)
  scheme = await schemes.find(undefined)
  ;({ plan, finish } = createBatchPlanner(store, schemes))
})

const apply = (text: string) =>
  applyReview(store, Buffer.from(text), { label: 'review.txt', scheme, by: 'Anna', dryRun: false })
/** A series whose unit the reader is sure of, and of whose other fields no rule is sure. */
const series = (id: string, name: string, more: object = {}) => ({ indicator_id: id, name, units: 'Index', ...more })

/** The latest result of an indicator. */
async function resultOf(id: string) {
  const [found, ...others] = await store.findClassifications(id, {})
  assert.deepEqual(others, [])
  return found
}

test('a human answer decides its whole shape whatever the mode, the options and the model, and only its shape', async () => {
  const name = 'Zorbic attainment of the plain'
  const mates = ['W.1', 'W.2', 'W.3'].map((id) => series(id, name))
  await finish(await plan(mates))
  await apply('W.1 type=stock temporal_aggregation=point-in-time orientation=neutral')
  const modes: readonly Mode[] = ['hybrid', 'rules']
  for (const mode of modes) {
    for (const options of [{}, { reuse: false }, { force: true }, { reuse: false, force: true }]) {
      for (const model of ['m1', 'another']) {
        const run = await plan([...mates, series('W.9', name)], { mode, ...options }, model)
        const first = options.force === true ? 'person' : 'unchanged'
        assert.deepEqual(
          kindsOf(run),
          [first, 'person', 'person', 'person'],
          JSON.stringify({ mode, ...options, model }),
        )
        assert.deepEqual(run.plan.chunks, [])
      }
    }
  }
  const other = await plan([series('W.8', name, { units: '%' }), series('W.7', name, { periodicity: 'Daily' })])
  assert.ok(!kindsOf(other).includes('person'))

  const { results, summary } = await finish(await plan(mates))
  assert.deepEqual(
    results.map(({ type, source, status }) => `${type} ${source} ${status}`),
    Array(3).fill('stock person accepted'),
  )
  assert.deepEqual([summary.unchanged, summary.by_source.person], [1, 2])
  assert.deepEqual(kindsOf(await plan(mates)), ['unchanged', 'unchanged', 'unchanged'])
})

test('mode model asks beside a human answer only for what is a matter of the single record, and keeps its labels', async () => {
  const mates = ['V.1', 'V.2'].map((id) => series(id, 'Vorbic drift of the ridge'))
  await finish(await plan(mates))
  await apply('V.1 type=stock temporal_aggregation=point-in-time orientation=lower-is-positive')
  const run = await plan(mates, { mode: 'model', force: true })
  assert.deepEqual(kindsOf(run), ['ask', 'follow'])
  const [asked] = run.plan.ways
  assert.ok(asked?.kind === 'ask')
  assert.deepEqual([...asked.fields].sort(), [...(scheme.code?.perRecord ?? [])].sort())
  const { results } = await finish(run)
  assert.deepEqual(
    results.map(({ type, orientation, source }) => `${type} ${orientation} ${source}`),
    Array(2).fill('stock lower-is-positive person'),
  )
})

test('what a human answer leaves open is reused from the model, and the next run asks nothing', async () => {
  const mates = ['Y.1', 'Y.2'].map((id) => series(id, 'Yerbic slope of the tarn', { units: undefined }))
  // On a catalogue of which nothing was checked the model is asked for every field, so that no rule decides one.
  const unchecked = { target: 0.97 }
  await finish(await plan(mates, unchecked))
  await apply('Y.1 type=stock temporal_aggregation=point-in-time')
  const run = await plan(mates, unchecked)
  assert.deepEqual(kindsOf(run), ['unchanged', 'model and person'])
  const { results } = await finish(run)
  const { field_source: sources, status } = results[1] ?? {}
  assert.deepEqual([sources?.type, sources?.unit_scale, status], ['person', 'reuse', 'accepted'])
  assert.deepEqual(kindsOf(await plan(mates, unchecked)), ['unchanged', 'unchanged'])
})

test('a human answer comes before sure rules', async () => {
  const gdp = series('S.1', 'GDP (current US$)', { units: 'current US$', periodicity: 'Annual' })
  assert.deepEqual(kindsOf(await plan([gdp])), ['rules'])
  await finish(await plan([gdp]))
  await apply('S.1 orientation=neutral')
  const run = await plan([{ ...gdp, indicator_id: 'S.2' }])
  assert.deepEqual(kindsOf(run), ['person'])
  const { results } = await finish(run)
  assert.equal(results[0]?.orientation, 'neutral')
  assert.equal(results[0]?.unit_currency, 'USD')
})

test('new sample values are a new input of the same shape: the person still answers', async () => {
  const points = [
    { date: '2024', value: 1 },
    { date: '2025', value: 3 },
  ]
  const before = series('N.1', 'Nubic sum of the hill', { periodicity: 'Annual', sample_values: points.slice(0, 1) })
  await finish(await plan([before]))
  await apply('N.1 accept')
  const next = await plan([{ ...before, sample_values: points }])
  assert.deepEqual(kindsOf(next), ['person'])
  await finish(next)
  assert.equal((await resultOf('N.1'))?.source, 'person')
})

test('a frequency that only new sample values tell is asked, and all else stays as the person decided', async () => {
  const points = ['2024-01', '2024-02', '2024-04'].map((date, value) => ({ date, value }))
  const before = series('Q.1', 'Querbic sum of the hill', { sample_values: points.slice(0, 2) })
  await finish(await plan([before]))
  await apply('Q.1 type=count temporal_aggregation=point-in-time')
  const next = await plan([{ ...before, sample_values: points }])
  const [asked] = next.plan.ways
  assert.ok(asked?.kind === 'ask')
  assert.deepEqual(asked.fields, ['frequency'])
  await finish(next)
  const { labels, field_source: sources } = (await resultOf('Q.1')) ?? {}
  assert.deepEqual([labels?.type, sources?.type, sources?.frequency], ['count', 'person', 'model'])
})

test('the newer human answer decides the shape, also what the older one had decided', async () => {
  const mates = ['T.1', 'T.2'].map((id) => series(id, 'Turbic level of the vale'))
  await finish(await plan(mates))
  await apply('T.1 type=stock temporal_aggregation=point-in-time')
  await finish(await plan(mates))
  await apply('T.2 type=volume temporal_aggregation=period-total')
  assert.deepEqual(kindsOf(await plan(mates)), ['person', 'unchanged'])
  const { results } = await finish(await plan(mates))
  assert.deepEqual(
    results.map(({ type }) => type),
    ['volume', 'volume'],
  )
})

test('a run that was under way while the person decided does not overrule the person', async () => {
  const mates = ['R.1', 'R.2'].map((id) => series(id, 'Rambic rest of the shore'))
  await finish(await plan(mates))
  const slow = await plan(mates, { force: true, reuse: false })
  assert.deepEqual(kindsOf(slow), ['ask', 'ask'])
  await apply('R.1 type=stock temporal_aggregation=point-in-time')
  await finish(slow)
  assert.equal((await resultOf('R.1'))?.labels.type, 'stock')
  // The other indicator of the shape has the model's answer until the next run.
  const { results } = await finish(await plan(mates))
  assert.deepEqual(
    results.map(({ type, source }) => `${type} ${source}`),
    ['stock person', 'stock person'],
  )
})

test('with overridePerson the model answers again, and the human answer is out of force until a person gives a new one', async () => {
  const mates = ['O.1', 'O.2'].map((id) => series(id, 'Orbic rise of the mill'))
  await finish(await plan(mates))
  await apply('O.1 type=stock temporal_aggregation=point-in-time')
  await finish(await plan(mates))
  assert.equal((await resultOf('O.2'))?.source, 'person')
  const over = await plan(mates, { overridePerson: true, mode: 'model', reuse: false })
  assert.deepEqual(kindsOf(over), ['ask', 'ask'])
  await finish(over)
  for (const id of ['O.1', 'O.2']) assert.equal((await resultOf(id))?.source, 'model')
  assert.deepEqual(kindsOf(await plan(mates)), ['unchanged', 'unchanged'])
  await apply('O.2 type=stock temporal_aggregation=point-in-time')
  assert.deepEqual(kindsOf(await plan(mates)), ['person', 'unchanged'])
})

test('with overridePerson the answer that the person had corrected is no answer: the model is asked', async () => {
  const mates = ['P.1', 'P.2', 'P.3'].map((id) => series(id, 'Pirbic gain of the moor'))
  await finish(await plan(mates.slice(0, 1)))
  assert.deepEqual(kindsOf(await plan(mates)), ['unchanged', 'model', 'model'])
  await apply('P.1 type=stock temporal_aggregation=point-in-time')
  const over = await plan(mates, { overridePerson: true })
  assert.deepEqual(kindsOf(over), ['ask', 'follow', 'follow'])
  await finish(over)
  // The model has answered by now, and later batches reuse its answer.
  assert.deepEqual(kindsOf(await plan([series('P.4', 'Pirbic gain of the moor')], { overridePerson: true })), ['model'])
})

test('with overridePerson aside the model answers too and the human answer stays in force, as an evaluation needs it', async () => {
  const mates = ['M.1', 'M.2'].map((id) => series(id, 'Umbic flow of the fen'))
  await finish(await plan(mates))
  await apply('M.1 type=stock temporal_aggregation=point-in-time')
  const measured = [series('eval:M.1', 'Umbic flow of the fen')]
  const aside = { overridePerson: 'aside', mode: 'model', reuse: false, force: true } as const
  assert.deepEqual(kindsOf(await plan(measured)), ['person'])
  const { results } = await finish(await plan(measured, aside))
  assert.deepEqual(
    results.map(({ source }) => source),
    ['model'],
  )
  assert.deepEqual(kindsOf(await plan(mates)), ['unchanged', 'person'])
})

test('a human answer of another codebook decides and needs a review; one with a label that is gone does not decide', async () => {
  const mates = ['C.1', 'C.2'].map((id) => series(id, 'Corbic turn of the dell'))
  await finish(await plan(mates))
  await apply('C.1 type=stock temporal_aggregation=point-in-time')
  const alter = (set: string) => database.pool.query(`update human_answers set ${set} where shape like '%corbic turn%'`)
  await alter(`codebook = 'economic-indicators@1', codebook_hash = 'of version 1'`)
  const { results } = await finish(await plan(mates))
  const [, mate] = results
  assert.equal(mate?.type, 'stock')
  assert.equal(mate?.status, 'needs-review')
  assert.deepEqual(
    mate?.issues.map(({ code }) => code),
    ['unchecked', 'older-codebook'],
  )
  assert.deepEqual(kindsOf(await plan(mates)), ['unchanged', 'unchanged'])
  // A person who accepts it under this codebook settles it.
  await apply('C.2 accept')
  assert.equal((await resultOf('C.2'))?.status, 'accepted')
  await alter(`labels = jsonb_set(labels, '{type}', '"gone"')`)
  assert.deepEqual(kindsOf(await plan([series('C.3', 'Corbic turn of the dell')], { reuse: false })), ['ask'])
})

/** A codebook of two topics; `more` are further lines of its fields. */
const topics = (version: number, first: string, more = '') => `
name: human-topics
version: ${version}
title: Topics
record: { name: text, plural: texts, description: A text., texts: [{ name: name, limit: 300 }] }
fields:
  - name: topic
    title: Topic
    values: [{ value: ${first}, definition: What things cost. }, { value: other, definition: Anything else. }]
${more}`

const TONE = `  - name: tone
    title: Tone
    values: [{ value: glad, definition: Good news. }, { value: sad, definition: Bad news. }]`

test('a new version of a codebook is asked for what it has beside the decision of a person, or for a label that it dropped', async () => {
  const indicators = [{ indicator_id: 'K.1', name: 'Bread is dearer' }]
  const planBy = (version: number) => plan(indicators, {}, 'm1', { codebook: `human-topics@${version}` })
  const scheme = await schemes.save(topics(1, 'prices'), new Map())
  await finish(await planBy(1))
  await applyReview(store, Buffer.from('K.1 topic=other'), { label: 'x', scheme, by: 'Anna', dryRun: false })
  assert.deepEqual(kindsOf(await planBy(1)), ['unchanged'])

  await schemes.save(topics(2, 'costs'), new Map())
  assert.deepEqual(kindsOf(await planBy(2)), ['unchanged'], 'all that is asked is decided still')

  await schemes.save(topics(3, 'costs', TONE), new Map())
  const third = await planBy(3)
  const [asked] = third.plan.ways
  assert.ok(asked?.kind === 'ask')
  assert.deepEqual(asked.fields, ['tone'])
  const { results } = await finish(third)
  assert.deepEqual([results[0]?.topic, results[0]?.tone, results[0]?.status], ['other', 'glad', 'needs-review'])
  assert.deepEqual(kindsOf(await planBy(3)), ['unchanged'])

  const text = topics(4, 'costs').replace('value: other', 'value: none')
  await schemes.save(text, new Map())
  const fourth = await planBy(4)
  assert.deepEqual(kindsOf(fourth), ['ask'])
  assert.equal((await finish(fourth)).results[0]?.source, 'model')
})

test('all of a file or nothing: one wrong line stores none, and two answers of one shape are refused', async () => {
  const mates = ['A.1', 'A.2'].map((id) => series(id, 'Ambic flight of the crow'))
  await finish(await plan(mates))
  const stored = async () => (await database.pool.query('select count(*)::int as n from review_decisions')).rows[0].n
  const before = await stored()
  await assert.rejects(apply('A.1 type=stock temporal_aggregation=point-in-time\nA.9 accept'), {
    code: 'input-invalid',
    message: /^review\.txt: 1 problem; nothing was stored[\s\S]*line 2, indicator_id: "A\.9" is not in the database/,
  })
  const two = 'A.1 type=stock temporal_aggregation=point-in-time\nA.2 type=count temporal_aggregation=point-in-time'
  await assert.rejects(apply(two), { message: /line 2, type: is count here and stock in line 1, .*the same shape/ })
  await assert.rejects(apply('{"indicator_id":"A.1","decision":""}'), { message: /holds no decision/ })
  assert.equal(await stored(), before)
  const report = await applyReview(store, Buffer.from('A.1 accept'), { label: 'x', scheme, by: 'Anna', dryRun: true })
  assert.deepEqual([report.run_id, report.accepted, await stored()], [null, 1, before])
})
