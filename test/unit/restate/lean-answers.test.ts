/** Batches whose caller takes no results: the answer has the summary alone, and what is stored is the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RESULTS_HEADER } from '../../../src/restate/contract.ts'
import { createWorld } from './batch-world.ts'
import { notes } from './own-codebooks.ts'

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
