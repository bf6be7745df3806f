/** The gathered counts of answered indicators: how often they are written, and what happens where they cannot be. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { createAnsweredCounts } from '../../../src/store/answered-counts.ts'

const log = pino({ level: 'silent' })

function gathering(t: TestContext, addAnswered: (counts: Record<string, number>) => Promise<void>) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const store = { addAnswered: (counts: ReadonlyMap<string, number>) => addAnswered(Object.fromEntries(counts)) }
  return createAnsweredCounts({ store, log })
}

/** Lets the promises of a write settle. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('the counts of a second are one write, and without counts there is none', async (t) => {
  const writes: unknown[] = []
  const counts = gathering(t, async (written) => void writes.push(written))
  t.mock.timers.tick(5_000)
  counts.add('a', 10)
  counts.add('b', 1)
  counts.add('a', 2)
  counts.add('c', 0)
  t.mock.timers.tick(999)
  assert.deepEqual(writes, [])
  t.mock.timers.tick(1)
  await settle()
  assert.deepEqual(writes, [{ a: 12, b: 1 }])
  t.mock.timers.tick(5_000)
  await settle()
  assert.equal(writes.length, 1)
})

test('counts that cannot be written are kept for the next time', async (t) => {
  const writes: unknown[] = []
  let isAway = true
  const counts = gathering(t, async (written) => {
    if (isAway) throw new Error('the database is away')
    writes.push(written)
  })
  counts.add('a', 1)
  t.mock.timers.tick(1_000)
  await settle()
  counts.add('a', 2)
  isAway = false
  t.mock.timers.tick(1_000)
  await settle()
  assert.deepEqual(writes, [{ a: 3 }])
})

test('close writes what is gathered', async (t) => {
  const writes: unknown[] = []
  const counts = gathering(t, async (written) => void writes.push(written))
  counts.add('a', 1)
  await counts.close()
  assert.deepEqual(writes, [{ a: 1 }])
})

test('close does not reject where nothing can be written', async (t) => {
  const counts = gathering(t, () => Promise.reject(new Error('gone')))
  counts.add('a', 1)
  await counts.close()
})
