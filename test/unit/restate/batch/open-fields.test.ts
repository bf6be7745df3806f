/** A question asks only what is open: partial answers are completed, stored answers are used field by field, doubt is escalated. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../../src/errors.ts'
import { createEvidence } from '../../../../src/restate/batch/audits.ts'
import { estimateBatch } from '../../../../src/restate/batch/estimate.ts'
import { batchRequestSchema } from '../../../../src/restate/contract.ts'
import { type Asked, createWorld, type World, type WorldOptions } from '../batch-world.ts'
import { notes } from '../own-codebooks.ts'

const note = (id: string, name = 'Bread costs more') => ({ indicator_id: id, name })
const request = (indicators: readonly object[], more: object = {}) => ({ codebook: 'notes', indicators, ...more })
const SCOPE = { catalogue: 'default', codebook: 'notes' }

async function worldOfNotes(options: WorldOptions): Promise<World> {
  const world = createWorld(options)
  await world.schemes.save(notes(), new Map())
  return world
}

const shown = ({ ask, known }: Asked) => ({ ask, known })

test('fields that an answer leaves out are asked again alone, with the answered labels as known', async () => {
  const world = await worldOfNotes({ says: ({ nth }) => (nth === 0 ? { topic: 'prices' } : { tone: 'bad' }) })
  const { response } = await world.classify(request([note('a')]))
  assert.deepEqual(world.asked.map(shown), [
    { ask: ['topic', 'tone', 'place'], known: {} },
    { ask: ['tone'], known: { topic: 'prices', place: null } },
  ])
  const [result] = response.results
  assert.deepEqual([result?.topic, result?.tone, result?.place], ['prices', 'bad', null])
  assert.deepEqual([result?.status, result?.source], ['accepted', 'model'])
  assert.equal(world.answered(), 1, 'the indicator is counted once')
  const [stored] = world.store.answers.values()
  assert.deepEqual(stored?.decision.labels, { topic: 'prices', tone: 'bad', place: null })
  assert.deepEqual(stored?.decision.confidence, { topic: 0.9, tone: 0.9, place: 0.9 })
})

test('a field that the other labels do not rule out is asked until it has an answer', async () => {
  const world = await worldOfNotes({
    says: ({ ask }) => (ask.length > 1 ? { topic: 'work', tone: 'good' } : { place: 'home' }),
  })
  const { response } = await world.classify(request([note('a')]))
  assert.deepEqual(
    world.asked.map(({ ask }) => ask),
    [['topic', 'tone', 'place'], ['place']],
  )
  assert.equal(response.results[0]?.place, 'home')
})

test('a field without an answer is named with its reason, and the next run asks for it alone', async () => {
  let hasTone = false
  const world = await worldOfNotes({
    says: ({ ask }) => {
      if (hasTone) return { tone: 'good' }
      return ask.includes('topic') ? { topic: 'work', place: 'office', tone: 'awful' } : null
    },
  })
  const { response } = await world.classify(request([note('a'), note('b', 'Jobs are lost')]))
  assert.equal(world.answered(), 0, 'no indicator has all its answers')
  for (const result of response.results) {
    assert.deepEqual([result.topic, result.tone, result.place, result.status], ['work', null, 'office', 'needs-review'])
    assert.deepEqual(
      result.issues.map(({ code, message }) => `${code}: ${message}`),
      ['no-answer: tone: no-answer: the model left it out'],
    )
  }
  assert.equal(world.store.latestOf(SCOPE, 'a')?.unanswered, true)

  hasTone = true
  world.asked.length = 0
  const again = await world.classify(request([note('a'), note('c')]))
  assert.deepEqual(world.asked.map(shown), [{ ask: ['tone'], known: { topic: 'work', place: 'office' } }])
  assert.deepEqual(
    again.response.results.map(({ topic, tone, place, status, field_source }) => {
      return [topic, tone, place, status, (field_source as Record<string, string>).topic]
    }),
    Array(2).fill(['work', 'good', 'office', 'accepted', 'reuse']),
  )
  const third = await world.classify(request([note('d')]))
  assert.equal(world.asked.length, 1, 'the answer to the shape is complete now')
  assert.deepEqual([third.response.results[0]?.source, third.response.results[0]?.tone], ['reuse', 'good'])
})

test('an escalation asks for every field anew, and what it answers replaces the doubtful label alone', async () => {
  const world = await worldOfNotes({
    escalation: 'large',
    says: ({ tier }) =>
      tier === 'escalation' ? { tone: 'good' } : { topic: 'prices', tone: { value: 'bad', confidence: 30 } },
  })
  const { response } = await world.classify(request([note('a'), note('b')]))
  assert.deepEqual(
    world.asked.map(({ tier, ask, known }) => ({ tier, ask, known })),
    [
      { tier: 'primary', ask: ['topic', 'tone', 'place'], known: {} },
      { tier: 'escalation', ask: ['topic', 'tone', 'place'], known: {} },
    ],
  )
  const [asked, follower] = response.results
  assert.deepEqual([asked?.topic, asked?.tone, asked?.status], ['prices', 'good', 'accepted'])
  assert.deepEqual(asked?.field_source, { topic: 'model', tone: 'escalation' })
  assert.equal(asked?.source, 'escalation')
  assert.deepEqual([follower?.topic, follower?.tone, follower?.source], ['prices', 'good', 'reuse'])
  const [stored] = world.store.answers.values()
  assert.deepEqual(stored?.decision.labels, { topic: 'prices', tone: 'good', place: null })
  assert.deepEqual([stored?.source, stored?.model], ['escalation', 'large'])
})

test('a stored answer in doubt goes to the escalation model once one is set, whole, and the primary model is not asked again', async () => {
  const says: WorldOptions['says'] = ({ tier }) =>
    tier === 'escalation'
      ? { topic: 'prices', tone: 'good' }
      : { topic: 'prices', tone: { value: 'bad', confidence: 30 } }
  const alone = await worldOfNotes({ says })
  const { response } = await alone.classify(request([note('a')]))
  assert.deepEqual([response.results[0]?.tone, response.results[0]?.status], ['bad', 'needs-review'])
  const both = createWorld({ says, escalation: 'large', store: alone.store })
  const escalated = await both.classify(request([note('b')]))
  assert.deepEqual(
    both.asked.map(({ tier, ask }) => [tier, ask.length]),
    [['escalation', 3]],
  )
  assert.deepEqual([escalated.response.results[0]?.tone, escalated.response.results[0]?.status], ['good', 'accepted'])
})

test('answers that were paid for are stored field by field also where the run fails', async () => {
  const world = await worldOfNotes({
    says: ({ nth }) => {
      if (nth > 0) throw new ServiceError('model-auth', 'the key is refused')
      return { topic: 'prices' }
    },
  })
  await assert.rejects(world.classify(request([note('a')])), { code: 'model-auth' })
  assert.deepEqual(world.store.batches[0]?.results, [])
  const [stored] = world.store.answers.values()
  assert.deepEqual(stored?.decision.labels, { topic: 'prices', place: null })
  const [claim] = world.store.ended.values()
  assert.deepEqual(claim?.failure, { code: 'model-auth', message: 'the key is refused', fatal: true })
})

test('a replay at any step sends the same chunks and gives the same results', async () => {
  const says: WorldOptions['says'] = ({ tier, nth, name }) => {
    if (tier === 'escalation') return { tone: 'good' }
    if (name === 'Jobs are lost') return nth === 0 ? null : { topic: 'work', tone: { value: 'bad', confidence: 20 } }
    return nth === 0 ? { topic: 'work' } : { tone: 'good', place: 'home' }
  }
  const all = request([note('a'), note('b', 'Jobs are lost'), note('c')], { run_id: 'run-x' })
  const first = await worldOfNotes({ says, escalation: 'large' })
  const { response, journal } = await first.classify(all)
  for (let length = 1; length < journal.entries.length; length += 1) {
    const world = await worldOfNotes({ says, escalation: 'large' })
    const replayed = await world.classify(all, journal.entries.slice(0, length))
    assert.deepEqual(world.chunks, first.chunks, `${length} entries`)
    const without = ({ results }: typeof response) => results.map(({ classified_at: _, ...result }) => result)
    assert.deepEqual(without(replayed.response), without(response), `${length} entries`)
  }
})

test('an answer that another batch stores while this one plans serves all indicators of the shape where it is complete', async () => {
  for (const [labels, asks] of [
    [{ topic: 'prices', tone: 'bad', place: null }, 0],
    [{ topic: 'prices', place: null }, 1],
  ] as const) {
    const world = await worldOfNotes({ says: () => ({ topic: 'prices', tone: 'bad' }) })
    const claim = world.store.claimShapes
    world.store.claimShapes = async (owner, [shapeHash = '', ...others], holdMs) => {
      const confidence = Object.fromEntries(Object.keys(labels).map((field) => [field, 0.8]))
      const { hash } = await world.schemes.find('notes')
      world.store.answers.set(shapeHash, {
        ...{ shapeHash, shape: '{}', decision: { labels, confidence, reason: '' }, source: 'model', model: 'small' },
        ...{ codebook: 'notes@1', codebookHash: hash, promptVersion: 'p2' },
      })
      return await claim(owner, [shapeHash, ...others], holdMs)
    }
    const { response } = await world.classify(request([note('a'), note('b')]))
    assert.equal(world.asked.length, asks)
    assert.deepEqual(
      response.results.map(({ topic, tone, status, issues }) => [topic, tone, status, issues.length]),
      Array(2).fill(['prices', 'bad', 'accepted', 0]),
    )
    assert.equal(world.store.held.size, 0, 'no claim is left')
  }
})

test('an estimate counts the fields that are open, and neither asks, claims nor saves', async () => {
  const world = await worldOfNotes({ says: ({ nth }) => (nth === 0 ? { topic: 'work', place: 'home' } : null) })
  const estimate = async () => {
    const { store, schemes } = world
    const models = { primary: 'small', escalation: null }
    const deps = { store, schemes, models, evidence: createEvidence(store), priceOf: () => null }
    return await estimateBatch(deps, batchRequestSchema.parse(request([note('b'), note('c'), note('d', 'Jobs')])))
  }
  const before = await estimate()
  assert.deepEqual([before.asks.map(({ fields }) => fields), before.reuse], [[3, 3], 1])
  assert.deepEqual([world.store.runs.size, world.store.held.size, world.asked.length], [0, 0, 0])
  await world.classify(request([note('a')]))
  const after = await estimate()
  assert.deepEqual([after.asks.map(({ fields }) => fields), after.reuse], [[1, 3], 1])
})
