/** Human answers to some of the fields: they count before any model and rule, the rest is asked, and no indicator gets those of another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Labels } from '../../../../src/classification/types.ts'
import { createEvidence } from '../../../../src/restate/batch/audits.ts'
import { estimateBatch } from '../../../../src/restate/batch/estimate.ts'
import { prepare } from '../../../../src/restate/batch/prepare.ts'
import { batchRequestSchema } from '../../../../src/restate/contract.ts'
import type { Store, StoredAnswer } from '../../../../src/store/types.ts'
import { createWorld, type World } from '../batch-world.ts'
import { SHIPPED, UNAUDITED } from '../options.ts'
import { notes } from '../own-codebooks.ts'

/** An indicator whose unit the rules are sure of and whose other labels they only guess. */
const series = (id: string, units = 'USD Million', more: object = {}) => {
  return { indicator_id: id, name: 'Zorbic attainment of the plain', units, periodicity: 'Monthly', ...more }
}

const says = ({ ask }: { readonly ask: readonly string[] }) => {
  const labels: Labels = { type: 'stock', temporal_aggregation: 'point-in-time', orientation: 'neutral' }
  return Object.fromEntries(Object.entries(labels).filter(([field]) => ask.includes(field)))
}

/** Stores what a person said of an indicator, for its exact shape or for all that share the shape. */
async function decide(
  world: World,
  indicator: object,
  labels: Labels,
  { isExact = false, codebook = 'economic-indicators', ...more }: Partial<StoredAnswer> & { isExact?: boolean } = {},
): Promise<void> {
  const scheme = await world.schemes.find(codebook)
  const { prepared } = await prepare(scheme, { indicators: [indicator] } as never, 'small', UNAUDITED)
  const [exact = '', shared = exact] = prepared[0]?.humanHashes ?? []
  const shapeHash = isExact ? exact : shared
  const confidence = Object.fromEntries(Object.keys(labels).map((field) => [field, 1]))
  world.store.humanAnswers.set(shapeHash, {
    ...{ shapeHash, shape: '{}', source: 'person', model: null, promptVersion: '' },
    ...{ decision: { labels, confidence, reason: 'so I say' }, codebook: `${codebook}@1`, codebookHash: scheme.hash },
    ...more,
  })
}

const ALL: Labels = { type: 'balance', temporal_aggregation: 'period-total', orientation: 'higher-is-positive' }
const asksOf = (world: World) => world.asked.map(({ ask, known }) => ({ ask, type: known.type }))
const sourceOf = (result: Readonly<Record<string, unknown>> | undefined, field: string) =>
  (result?.field_source as Readonly<Record<string, string>> | undefined)?.[field]

test('a person who has decided some of the fields is not overruled, and the others are asked with these labels as known', async () => {
  const world = createWorld({ says })
  await decide(world, series('a'), { type: 'balance' })
  const { response } = await world.classify({ ...SHIPPED, indicators: [series('a')] })
  assert.deepEqual(asksOf(world), [{ ask: ['temporal_aggregation', 'orientation'], type: 'balance' }])
  const [result] = response.results
  assert.deepEqual([result?.type, sourceOf(result, 'type')], ['balance', 'person'])
  assert.deepEqual([result?.orientation, sourceOf(result, 'orientation')], ['neutral', 'model'])
  assert.equal(result?.source, 'person')
  const [stored] = world.store.answers.values()
  assert.deepEqual(Object.keys(stored?.decision.labels ?? {}), ['temporal_aggregation', 'orientation'])

  const again = await world.classify({ ...SHIPPED, indicators: [series('a')] })
  assert.equal(again.response.summary.unchanged, 1)
  await decide(world, series('a'), { type: 'flow' })
  const changed = await world.classify({ ...SHIPPED, indicators: [series('a')] })
  assert.deepEqual([changed.response.results[0]?.type, changed.response.summary.classified], ['flow', 1])
  assert.equal(world.asked.length, 1, 'the model has answered the other fields before')
})

test('an answer to the exact shape counts before the one that is shared, field by field, and both together need no model', async () => {
  const world = createWorld({ says })
  await decide(world, series('a'), { ...ALL, type: 'stock' })
  await decide(world, series('a'), { type: 'balance', unit_currency: 'CAD' }, { isExact: true })
  const { response } = await world.classify({
    ...SHIPPED,
    indicators: [series('a'), series('b', 'EUR Million'), series('c', 'USD Million', { country: 'Chile' })],
  })
  assert.deepEqual(world.asked, [])
  assert.deepEqual(
    response.results.map(({ type, unit_currency, orientation, source }) => [type, unit_currency, orientation, source]),
    [
      ['balance', 'CAD', 'higher-is-positive', 'person'],
      ['stock', 'EUR', 'higher-is-positive', 'person'],
      ['balance', 'CAD', 'higher-is-positive', 'person'],
    ],
  )
})

for (const order of [
  ['decided', 'open'],
  ['open', 'decided'],
]) {
  test(`one question serves two indicators of a shape of which a person has decided one in part: ${order.join(', then ')}`, async () => {
    const world = createWorld({ says })
    await decide(world, series('decided', 'EUR Million'), { type: 'balance' }, { isExact: true })
    const { response } = await world.classify({
      ...SHIPPED,
      indicators: order.map((id) => series(id, id === 'decided' ? 'EUR Million' : 'USD Million')),
    })
    assert.deepEqual(
      world.asked.map(({ ask }) => [...ask].sort()),
      [['orientation', 'temporal_aggregation', 'type']],
      'the question is widened to what each of the two needs',
    )
    const of = (id: string) => response.results.find(({ indicator_id }) => indicator_id === id)
    assert.deepEqual([of('decided')?.type, sourceOf(of('decided'), 'type')], ['balance', 'person'])
    const bySource = order[0] === 'open' ? 'model' : 'reuse'
    assert.deepEqual(
      [of('open')?.type, sourceOf(of('open'), 'type'), of('open')?.source],
      ['stock', bySource, bySource],
    )
    assert.equal(of('decided')?.orientation, 'neutral')
    assert.ok(world.store.batches[0]?.results.every(({ unanswered }) => !unanswered))
  })
}

test('a field that only the other indicator of the shape needed and that got no answer leaves the decided one complete', async () => {
  const world = createWorld({ says: (asked) => ({ ...says(asked), type: 'nonsense' }) })
  await decide(world, series('decided', 'EUR Million'), { type: 'balance' }, { isExact: true })
  await world.classify({ ...SHIPPED, indicators: [series('decided', 'EUR Million'), series('open')] })
  assert.deepEqual(
    world.store.batches[0]?.results.map(({ indicator, unanswered }) => [indicator.indicator_id, unanswered]),
    [
      ['decided', false],
      ['open', true],
    ],
  )
})

test('a label or a field that the codebook does not have makes a human answer decide nothing', async () => {
  for (const labels of [{ type: 'of-old' }, { colour: 'red' }] as Labels[]) {
    const world = createWorld({ says })
    await decide(world, series('a'), { ...ALL, ...labels })
    const { response } = await world.classify({ ...SHIPPED, indicators: [series('a')] })
    assert.equal(response.results[0]?.source, 'model')
  }
})

test('a human answer by another codebook stands, but a person should look again until they answer by this one', async () => {
  const world = createWorld({ says })
  await decide(world, series('a'), ALL, { codebookHash: '', codebook: 'economic-indicators' })
  const { response } = await world.classify({ ...SHIPPED, indicators: [series('a')] })
  assert.deepEqual([response.results[0]?.type, response.results[0]?.status], ['balance', 'needs-review'])
  assert.deepEqual(
    response.results[0]?.issues.map(({ code }) => code),
    ['unchecked', 'older-codebook'],
  )
  assert.equal((await world.classify({ ...SHIPPED, indicators: [series('a')] })).response.summary.unchanged, 1)
  await decide(world, series('a'), ALL)
  const decided = await world.classify({ ...SHIPPED, indicators: [series('a')] })
  assert.deepEqual([decided.response.results[0]?.status, decided.response.summary.classified], ['accepted', 1])
})

test('an answer by a codebook of a user counts for that codebook alone, whatever model and version come later', async () => {
  const world = createWorld({ says: () => ({ topic: 'work', tone: 'bad', place: 'home', length: 3 }) })
  await world.schemes.save(notes(), new Map())
  const note = { indicator_id: 'a', name: 'Bread costs more' }
  await decide(world, note, { topic: 'prices', tone: 'good' }, { codebook: 'notes' })
  const { response } = await world.classify({ codebook: 'notes', indicators: [note] })
  assert.deepEqual([response.results[0]?.topic, response.results[0]?.place, world.asked.length], ['prices', null, 0])
  await world.schemes.save(
    notes('2', '  - name: length\n    title: Length\n    number: { min: 0, max: 9, definition: How long it is. }'),
    new Map(),
  )
  const later = await world.classify({ codebook: 'notes', indicators: [note], force: true })
  assert.deepEqual(
    world.asked.map(({ ask, known }) => [ask, known]),
    [[['length'], { topic: 'prices', tone: 'good' }]],
  )
  assert.equal(later.response.results[0]?.topic, 'prices')
})

test('records that people decided and that have changed since are counted before a run, and warned of in the run that decides them anew', async () => {
  const world = createWorld({ says })
  const ids = ['a', 'b', 'c', 'd']
  for (const id of ids) await decide(world, series(id, 'USD Million', { description: `of ${id}` }), ALL)
  const first = await world.classify({
    ...SHIPPED,
    indicators: ids.map((id) => series(id, 'USD Million', { description: `of ${id}` })),
  })
  assert.equal(first.response.summary.by_source.person, 4)
  assert.ok(first.response.summary.warnings.every(({ code }) => code !== 'changed-decision'))
  // Two say something else now, one only gained values that no shape holds, one stays.
  const indicators = [
    series('a', 'USD Million', { description: 'of another' }),
    series('b', 'USD Million'),
    series('c', 'USD Million', { description: 'of c', source_url: 'https://example.org/c' }),
    series('d', 'USD Million', { description: 'of d' }),
    series('new', 'USD Million', { description: 'of new' }),
  ]
  const estimate = (options: object) =>
    estimateBatch(
      {
        ...{ store: world.store as unknown as Store, schemes: world.schemes, priceOf: () => null },
        ...{
          evidence: createEvidence(world.store as unknown as Store),
          models: { primary: 'small', escalation: null },
        },
      },
      batchRequestSchema.parse({ ...SHIPPED, ...options, indicators }),
    )
  assert.equal((await estimate({})).changed_decisions, 2)
  assert.equal((await estimate({ force: true })).changed_decisions, 2)
  const { response, journal } = await world.classify({ ...SHIPPED, run_id: 'changed', indicators })
  const warning = response.summary.warnings.find(({ code }) => code === 'changed-decision')
  assert.equal(warning?.count, 2)
  assert.deepEqual(
    response.results.map(({ indicator_id: id, source }) => `${id} ${source === 'person'}`),
    ['a false', 'b false', 'c true', 'd true', 'new false'],
  )
  const replayed = await world.classify({ ...SHIPPED, run_id: 'changed', indicators }, journal.entries)
  assert.deepEqual(replayed.response.summary, response.summary)
  // Who overrides people's decisions knows that they are replaced.
  const { response: forced } = await world.classify({
    ...{ ...SHIPPED, force: true, indicators },
    options: { ...SHIPPED.options, override_person: true },
  })
  assert.ok(forced.summary.warnings.every(({ code }) => code !== 'changed-decision'))
})
