/** How many callers share one question and its outcome, with a clock that the test moves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shareNext, shareOutcome } from '../../../src/lib/share-outcome.ts'

const FRESH_MS = 500

function createWorld() {
  const world = { now: 0, asked: 0, open: Promise.withResolvers<number>() }
  const ask = shareOutcome(
    () => {
      world.asked += 1
      world.open = Promise.withResolvers<number>()
      return world.open.promise
    },
    { freshMs: FRESH_MS, now: () => world.now },
  )
  return { world, ask }
}

test('callers that come while a question is under way ask none of their own, however long it takes', async () => {
  const { world, ask } = createWorld()
  const first = Array.from({ length: 50 }, ask)
  world.now += 60_000
  const later = Array.from({ length: 50 }, ask)
  assert.equal(world.asked, 1)
  world.open.resolve(7)
  assert.deepEqual(new Set(await Promise.all([...first, ...later])), new Set([7]))
})

test('an outcome stands for a moment from its end on, and then the question is asked anew', async () => {
  const { world, ask } = createWorld()
  const first = ask()
  world.now += 1_000
  world.open.resolve(1)
  assert.equal(await first, 1)
  world.now += FRESH_MS - 1
  assert.equal(await ask(), 1)
  assert.equal(world.asked, 1)
  world.now += 1
  const second = ask()
  assert.equal(world.asked, 2)
  world.open.resolve(2)
  assert.equal(await second, 2)
})

test('a failure is shared for as long, and ends no process where nobody waits for it', async () => {
  const { world, ask } = createWorld()
  const failure = new Error('away')
  const first = ask()
  world.open.reject(failure)
  await assert.rejects(first, failure)
  await assert.rejects(ask(), failure)
  assert.equal(world.asked, 1)
  world.now += FRESH_MS
  const second = ask()
  world.open.resolve(3)
  assert.equal(await second, 3)
})

test('callers that come while a question is under way share the next one, whose outcome is later than their call', async () => {
  const open: PromiseWithResolvers<number>[] = []
  const ask = shareNext(() => {
    const asked = Promise.withResolvers<number>()
    open.push(asked)
    return asked.promise
  })
  const first = ask()
  await Promise.resolve()
  const later = [ask(), ask()]
  assert.equal(open.length, 1)
  open[0]?.reject(new Error('away'))
  await assert.rejects(first, /away/)
  await Promise.resolve()
  assert.equal(open.length, 2)
  open[1]?.resolve(2)
  assert.deepEqual(await Promise.all(later), [2, 2])
  const last = ask()
  await Promise.resolve()
  open[2]?.resolve(3)
  assert.equal(await last, 3)
})
