/** Batches whose run may not spend more: what was answered is saved, what was not asked is named, and others may ask about it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChunkRequest } from '../../../../src/restate/chunk-contract.ts'
import type { CostReservation, CostToReserve } from '../../../../src/store/types.ts'
import { createWorld, type Said, type World, type WorldOptions } from '../batch-world.ts'
import type { Entry } from '../journal.ts'
import { createMemoryStore, type MemoryStore } from '../memory-store.ts'
import { notes } from '../own-codebooks.ts'

const names = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ indicator_id: `i${n}`, name: `Zorbic attainment of ${n}` }))
const limited = (count: number, more: object = {}) => ({
  codebook: 'notes',
  indicators: names(count),
  options: { mode: 'model', max_cost_usd: 1, ...more },
})
const unlimited = (count: number) => ({ codebook: 'notes', indicators: names(count), options: { mode: 'model' } })

const said = (confidence: number): Said => ({
  topic: { value: 'prices', confidence },
  tone: { value: 'good', confidence },
})

async function worldOf(options: Partial<WorldOptions> = {}): Promise<World> {
  const world = createWorld({ says: () => said(90), ...options })
  await world.schemes.save(notes(), new Map())
  return world
}

/** A store in which a request is granted as long as `mayStart` says so. */
function storeWith(mayStart: (sent: CostToReserve, nth: number) => Partial<CostReservation>): MemoryStore {
  const store = createMemoryStore()
  let count = 0
  store.requests.reserve = async (all) =>
    new Map(
      all.map((one) => {
        const decided = { isGranted: false, spentUsd: 0.9, inFlightUsd: 0, ...mayStart(one, count) }
        if (decided.isGranted) count += 1
        return [one.request.requestId, decided]
      }),
    )
  return store
}

test('a request that the limit refuses is tried in smaller ones, and what never fits is named and free for others', async () => {
  const store = storeWith(({ request: { indicators } }, nth) => ({ isGranted: indicators < 10 && nth < 2 }))
  const world = await worldOf({ store, price: 1 })
  const { response } = await world.classify(limited(10, { pack: 10 }))
  const sizes = world.chunks.map(({ items }) => items.length)
  assert.equal(sizes[0], 10)
  assert.ok(
    sizes.slice(1, 5).every((size) => size <= 3),
    String(sizes),
  )
  assert.equal(response.stopped?.code, 'cost-limit')
  const open = response.stopped.indicator_ids
  assert.ok(open.length > 0 && response.results.length > 0)
  assert.deepEqual(
    [...open, ...response.results.map((one) => one.indicator_id)].sort(),
    names(10)
      .map((one) => one.indicator_id)
      .sort(),
  )
  assert.equal(response.summary.classified, response.results.length)
  assert.match(
    response.stopped.message,
    /USD 0\.900000 of the limit of USD 1 is spent, and the next request could cost USD/,
  )
  assert.equal(store.held.size, 0)
  assert.equal(store.ended.size, response.results.length, 'claims of what was not asked end without an outcome')

  const more = await worldOf({ store: Object.assign(store, { requests: createMemoryStore().requests }) })
  const { response: rest } = await more.classify(unlimited(10))
  assert.equal(rest.results.length, 10)
  assert.equal(new Set(more.asked.map(({ name }) => name)).size, open.length)
})

test('what the limit refused was never asked, so that asking it in smaller chunks is booked as no repeat', async () => {
  const store = storeWith(({ request: { indicators } }, nth) => ({ isGranted: indicators < 10 && nth < 3 }))
  // The model leaves out the second record that it is asked about, which is then asked again.
  const world = await worldOf({
    store,
    price: 1,
    says: ({ name, nth }) => (name === 'Zorbic attainment of 1' && nth < 3 ? null : said(90)),
  })
  await world.classify(limited(10, { pack: 10 }))
  const booked = world.chunks.flatMap((chunk) => {
    const names = chunk.items.map(({ indicator }) => indicator.name)
    return 'booking' in chunk ? [{ names, round: chunk.booking?.round }] : []
  })
  assert.equal(booked[0]?.round, 0)
  const repeats = booked.filter(({ round }) => round !== 0)
  assert.ok(booked.length > 4 && repeats.length === 1, JSON.stringify(booked))
  assert.deepEqual(repeats[0]?.names, ['Zorbic attainment of 1'])
})

test('a chunk waits where the end of other requests may leave it a part of the limit', async () => {
  let tries = 0
  const store = storeWith(() => {
    tries += 1
    return tries < 3 ? { inFlightUsd: 0.9 } : { isGranted: true }
  })
  const world = await worldOf({ store, price: 1 })
  const { response } = await world.classify(limited(1))
  assert.equal(tries, 3)
  assert.equal(response.stopped, undefined)
  assert.equal(response.results.length, 1)
})

test('answers in doubt stay unsaved where the limit keeps the escalation model from judging them, and are kept', async () => {
  for (const isRefused of [
    ({ request: { tier } }: CostToReserve) => tier === 'escalation',
    (_: CostToReserve, nth: number) => nth > 0,
  ]) {
    const store = storeWith((sent, nth) => ({ isGranted: !isRefused(sent, nth) }))
    const world = await worldOf({ says: () => said(10), escalation: 'large', store, price: 1 })
    const { response } = await world.classify(limited(2, { pack: 1 }))
    assert.equal(response.summary.classified, 0)
    assert.deepEqual(response.stopped?.indicator_ids, ['i0', 'i1'])
    const kept = store.answers.size
    assert.ok(kept >= 1)
    assert.equal(store.held.size, 0)
    const resumed = await worldOf({
      says: ({ tier }) => said(tier === 'primary' ? 10 : 90),
      ...{ escalation: 'large', store: Object.assign(store, { requests: createMemoryStore().requests }) },
    })
    const { response: rest } = await resumed.classify(unlimited(2))
    assert.deepEqual(
      rest.results.map(({ source, status }) => [source, status]),
      [
        ['escalation', 'accepted'],
        ['escalation', 'accepted'],
      ],
    )
    const primary = resumed.asked.filter(({ tier }) => tier === 'primary')
    assert.equal(primary.length, 2 - kept, 'the primary model is asked only where its answer is not kept')
  }
})

test('no price, no limit: requests are booked and never reserved', async () => {
  const store = storeWith(() => assert.fail('a request without a price was reserved'))
  const world = await worldOf({ store })
  assert.equal((await world.classify(limited(1))).response.results.length, 1)
})

test('a batch that an earlier release planned goes on as that release does: its chunks book nothing by name, and it saves their answers', async () => {
  const world = await worldOf()
  const { journal } = await world.classify(unlimited(1))
  assert.ok(world.chunks.every((chunk) => 'booking' in chunk && chunk.booking?.shapes.length === 1))
  const planned = journal.entries[0] as Extract<Entry, { step: 'run' }>
  const { batchId: _, ...earlier } = planned.value as Record<string, unknown>

  const later = await worldOf()
  await later.classify(unlimited(1), [{ ...planned, value: earlier }])
  assert.ok(later.chunks.every((chunk) => (chunk as ChunkRequest).booking === undefined))
  const [saved] = later.store.batches
  assert.deepEqual([saved?.answers.length, saved?.requests.length], [1, 1])
  const [now] = world.store.batches
  assert.deepEqual([now?.answers.length, now?.requests.length], [0, 0], 'the chunk has kept and booked them')
  assert.equal(now?.batchId, saved?.batchId)
  assert.deepEqual([...later.store.answers], [...world.store.answers])
})

test('a run without reuse takes its own answers when it is resumed, and those of no other run', async () => {
  const world = await worldOf()
  const request = { ...limited(2, { reuse: false }), run_id: 'mine' }
  await world.classify(request)
  const asked = world.asked.length
  assert.ok(asked > 0)
  // The batch was killed before it was saved: the results are gone, and the answers are not.
  const resumed = await worldOf({ store: Object.assign(createMemoryStore(), { findAnswers: world.store.findAnswers }) })
  assert.equal((await resumed.classify(request)).response.results.length, 2)
  assert.equal(resumed.asked.length, 0)

  const byHeader = await worldOf({
    store: Object.assign(createMemoryStore(), { findAnswers: world.store.findAnswers }),
  })
  await byHeader.classify({ ...request, run_id: undefined }, undefined, new Map([['x-run-id', request.run_id]]))
  assert.equal(byHeader.asked.length, 0, 'a header names the run as the body does')
  const other = await worldOf({ store: Object.assign(createMemoryStore(), { findAnswers: world.store.findAnswers }) })
  await other.classify({ ...request, run_id: 'other' })
  assert.equal(other.asked.length, asked)
})
