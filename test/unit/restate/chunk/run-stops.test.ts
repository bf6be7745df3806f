/** Runs that people stop or pause while chunks wait: no further request starts, what is answered is saved, and the rest can be asked later. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRunStops } from '../../../../src/restate/chunk/run-stops.ts'
import type { ChunkRequest, EarlierChunkRequest } from '../../../../src/restate/chunk-contract.ts'
import type { DriverState } from '../../../../src/store/types.ts'
import { createWorld, type World } from '../batch-world.ts'
import { createMemoryStore } from '../memory-store.ts'
import { notes } from '../own-codebooks.ts'

const chunk = (more: object = {}): ChunkRequest => ({
  ...{ run_id: 'run-1', tier: 'primary', codebook_hash: 'h', part: 7, items: [] },
  ...more,
})

/** Looks at a run that the test stops, by a clock that the test moves. */
function watched() {
  const state = { wanted: 'running' as DriverState['wanted'], looks: 0, now: 0, isAway: false }
  const find = async () => {
    state.looks += 1
    if (state.isAway) throw new Error('away')
    return { ...{ wanted: state.wanted, outcome: null, maxCostUsd: null, refusal: null, driver: null }, spentUsd: 0 }
  }
  return { state, stops: createRunStops({ find }, () => state.now) }
}

test('a stop is known after five seconds at the latest, for one look in a while', async () => {
  const { state, stops } = watched()
  const all = await Promise.all([stops.isStopped(chunk()), stops.isStopped(chunk())])
  assert.deepEqual([all, state.looks], [[false, false], 1])
  state.wanted = 'stopped'
  state.now = 1_000
  assert.equal(await stops.isStopped(chunk()), false)
  assert.equal(state.looks, 1)
  state.now = 6_100
  assert.equal(await stops.isStopped(chunk()), true)
  state.wanted = 'running'
  state.now = 12_000
  assert.equal(await stops.isStopped(chunk()), false, 'a run that is taken on goes on')
  state.wanted = 'paused'
  state.now = 18_000
  assert.equal(await stops.isStopped(chunk()), true, 'a paused run starts nothing either')
})

test('what cannot be read stays as it was, and batches that no driver sent are asked about nothing', async () => {
  const { state, stops } = watched()
  state.isAway = true
  assert.equal(await stops.isStopped(chunk()), false)
  const looks = state.looks
  const { part: _, ...posted } = chunk()
  const earlier: EarlierChunkRequest = { run_id: 'run-1', tier: 'primary', items: [] }
  assert.deepEqual([await stops.isStopped(posted), await stops.isStopped(earlier)], [false, false])
  assert.equal(state.looks, looks)
})

const names = Array.from({ length: 6 }, (_, n) => ({ indicator_id: `i${n}`, name: `Zorbic attainment of ${n}` }))
const request = { codebook: 'notes', indicators: names, options: { mode: 'model', pack: 1 } }

async function worldOf(
  confidence: number,
  store = createMemoryStore(),
  escalation: string | null = null,
): Promise<World> {
  const label = (value: string) => ({ value, confidence })
  const world = createWorld({ says: () => ({ topic: label('prices'), tone: label('good') }), store, escalation })
  await world.schemes.save(notes(), new Map())
  return world
}

/** Lets the run be stopped once the model was asked `most` times; each chunk looks before and after it waits for its start. */
function stopAfter(world: World, most: number): void {
  world.chunkDeps = Object.assign(world.chunkDeps, { stops: { isStopped: async () => world.asked.length >= most } })
}

test('a stopped batch saves what is answered, names the rest, and lets others ask about it', async () => {
  const store = createMemoryStore()
  const world = await worldOf(90, store)
  stopAfter(world, 2)
  const { response, journal } = await world.classify(request)
  assert.equal(world.asked.length, 2)
  assert.equal(response.stopped?.code, 'run-stopped')
  assert.deepEqual(
    [response.results.length, response.stopped.indicator_ids.length, response.summary.classified],
    [2, 4, 2],
  )
  assert.deepEqual([store.held.size, store.answers.size], [0, 2])

  const replayed = await world.classify({ ...request, run_id: response.run_id }, journal.entries)
  assert.deepEqual(replayed.response, response)
  const resumed = await worldOf(90, store)
  assert.equal((await resumed.classify(request)).response.results.length, 6)
  assert.equal(resumed.asked.length, 4, 'what was answered is not asked again')
})

test('answers in doubt of a stopped batch stay unsaved, so that the escalation model judges them later', async () => {
  const store = createMemoryStore()
  const world = await worldOf(10, store, 'large')
  stopAfter(world, 2)
  const { response } = await world.classify(request)
  assert.ok(world.asked.every(({ tier }) => tier === 'primary'))
  assert.deepEqual([response.results.length, response.stopped?.indicator_ids.length], [0, 6])
})

test('a permit that comes after the stop starts nothing and is given back', async () => {
  const world = await worldOf(90)
  let ended = 0
  let looks = 0
  const permit = { granted: true as const, waitedMs: 0, answered: () => undefined, refused: () => 0 }
  Object.assign(world.chunkDeps, {
    rate: {
      expect: () => () => undefined,
      acquire: async () => ({
        ...permit,
        ended: () => {
          ended += 1
        },
      }),
    },
    stops: {
      isStopped: async () => {
        looks += 1
        return looks > 1
      },
    },
  })
  const { response } = await world.classify({ ...request, indicators: names.slice(0, 1) })
  assert.deepEqual([world.asked.length, ended, response.stopped?.code], [0, 1, 'run-stopped'])
})
