/** Batches whose caller takes no results: the answer has the summary alone, and what is stored is the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PART_HEADER, RESULTS_HEADER } from '../../../../src/restate/contract.ts'
import { createWorld } from '../batch-world.ts'
import type { Entry } from '../journal.ts'
import { notes } from '../own-codebooks.ts'

const SCOPE = { catalogue: 'default', codebook: 'notes' }
const REQUEST = {
  codebook: 'notes',
  run_id: 'run',
  indicators: ['a', 'b'].map((id) => ({ indicator_id: id, name: `Bread costs more in ${id}` })),
}
const NONE = new Map([[RESULTS_HEADER, 'none']])

async function worldOfNotes() {
  const world = createWorld({ says: () => ({ topic: 'prices', tone: 'bad' }) })
  await world.schemes.save(notes(), new Map())
  return world
}

test('a batch whose caller takes no results stores them, and answers with the summary and their number', async () => {
  const [whole, lean] = [await worldOfNotes(), await worldOfNotes()]
  const { response: full } = await whole.classify(REQUEST)
  const { response, journal } = await lean.classify(REQUEST, [], NONE)
  assert.equal(full.results.length, 2)
  assert.equal(full.results_left_out, undefined)
  assert.deepEqual(response, { ...full, results: [], results_left_out: 2 })
  assert.ok(!JSON.stringify(journal.entries.at(-1)).includes('field_confidence'), 'the journal holds no result either')
  for (const id of ['a', 'b']) {
    const { classified_at: _, ...stored } = lean.store.latestOf(SCOPE, id)?.classification ?? {}
    const { classified_at: __, ...known } = whole.store.latestOf(SCOPE, id)?.classification ?? {}
    assert.deepEqual(stored, known)
  }
})

test('a journal that an earlier release wrote gives its answer with results, also to a caller without use for them', async () => {
  const world = await worldOfNotes()
  const { journal } = await world.classify(REQUEST)
  const { response } = await world.classify(REQUEST, journal.entries, NONE)
  assert.equal(response.results.length, 2)
})

test('a batch about which no model is asked is saved in its first step, and a second attempt of that step changes nothing', async () => {
  const world = await worldOfNotes()
  await world.classify({ ...REQUEST, run_id: 'earlier' })
  const asked = world.asked.length
  const part = new Map([[PART_HEADER, '5']])
  const again = { ...REQUEST, run_id: 'later', force: true }
  const { response, journal } = await world.classify(again, [], part)
  assert.deepEqual(
    journal.entries.map((entry) => ('name' in entry ? entry.name : entry.step)),
    ['plan 2 indicators'],
  )
  assert.deepEqual([response.summary.classified, response.summary.by_source.reuse, world.asked.length], [2, 2, asked])
  const { response: replayed } = await world.classify(again, journal.entries, part)
  assert.deepEqual(replayed, response)
  // The replica ended after the step had saved the batch and before Restate knew of it.
  const second = await world.classify(again, [], part)
  assert.deepEqual(second.response.results, response.results)
  const { classified, unchanged, by_source } = second.response.summary
  assert.deepEqual([classified, unchanged, by_source], [2, 0, response.summary.by_source])
  assert.equal(world.store.batches.at(-1)?.results.length, 0, 'nothing is written anew')
})

test('a journal that holds its plan goes on by its plan, although no model is asked', async () => {
  const world = await worldOfNotes()
  const { journal } = await world.classify(REQUEST)
  const plan = journal.entries.find((entry) => 'name' in entry && entry.name.startsWith('plan'))
  assert.ok(plan !== undefined && 'value' in plan)
  const {
    ways,
    chunks: _,
    claims: __,
    ...rest
  } = plan.value as { ways: readonly unknown[]; chunks: unknown; claims: unknown }
  const planned = { ...plan, value: { ...rest, ways: ways.map(() => ({ kind: 'rules' })), chunks: [] } }
  const { journal: finished } = await (await worldOfNotes()).classify(REQUEST, [planned as Entry])
  assert.deepEqual(
    finished.entries.map((entry) => ('name' in entry ? entry.name : entry.step)),
    ['plan 2 indicators', 'date', 'save 2 results'],
  )
})
