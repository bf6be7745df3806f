/** Who counts as silent: whoever misses several asks one after another, and nobody whose answers are only late. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSilenceWatch } from '../../../src/lib/silence.ts'

const TIMES = { everyMs: 5, patienceMs: 10, misses: 3 }

/** The other side: it answers while `isTalking`, and counts what it was asked. */
function scripted() {
  const side = { isTalking: true, asks: 0 }
  const ask = (signal: AbortSignal) => {
    side.asks += 1
    if (side.isTalking) return Promise.resolve(true)
    return new Promise<boolean>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  return { side, watch: createSilenceWatch({ ...TIMES, ask }) }
}

test('a side that says nothing is told once, after three missed asks, and as answering once it answers again', async () => {
  const { side, watch } = scripted()
  side.isTalking = false
  assert.equal(await watch.isAnswering(), true, 'nobody is silent before it was asked')
  const told: number[] = []
  await new Promise<void>((resolve) => {
    watch.watch((silentMs) => {
      told.push(silentMs, side.asks)
      resolve()
    })
  })
  assert.deepEqual(told, [30, 3])
  assert.equal(await watch.isAnswering(), false)
  side.isTalking = true
  assert.equal(await watch.isAnswering(), true)
  assert.equal(told.length, 2)
})

test('nobody is asked once nothing is waited for', async () => {
  const { side, watch } = scripted()
  watch.watch(() => undefined)()
  await sleep(30)
  const { asks } = side
  assert.ok(asks <= 1)
  await sleep(60)
  assert.equal(side.asks, asks)
})

test('a failed ask is no quicker than a silent one, so that a moment without a network is no silence', async () => {
  let asks = 0
  const ask = async () => {
    asks += 1
    throw new Error('no route')
  }
  const watch = createSilenceWatch({ everyMs: 1, patienceMs: 40, misses: 3, ask })
  const beganAt = performance.now()
  await new Promise<void>((resolve) => watch.watch(() => resolve()))
  assert.ok(performance.now() - beganAt >= 118)
  assert.equal(asks, 3)
})
