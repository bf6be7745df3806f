/** The bounds on waiting: what a time limit and a repeated attempt end with. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryFor, withTimeout } from '../../../src/lib/timing.ts'

const never = new AbortController().signal
const late = () => new Error('late')

test('a time limit passes on what comes in time, and rejects afterwards', async () => {
  assert.equal(await withTimeout(60_000, Promise.resolve(5), late), 5)
  await assert.rejects(withTimeout(60_000, Promise.reject(new Error('failed')), late), /failed/)
  await assert.rejects(withTimeout(1, new Promise(() => undefined), late), /late/)
})

test('a rejection after the time limit does not end the process', async () => {
  const { promise, reject } = Promise.withResolvers<never>()
  await assert.rejects(withTimeout(1, promise, late), /late/)
  reject(new Error('too late'))
  await new Promise((resolve) => setImmediate(resolve))
})

test('an attempt is repeated until it gives something, with the pauses that were asked for', async () => {
  const pauses: number[] = []
  const delayMs = (attempt: number) => {
    pauses.push(attempt)
    return 1
  }
  const attempt = async (count: number) => (count < 3 ? undefined : count)
  assert.equal(await retryFor(attempt, { delayMs, patienceMs: 60_000, signal: never }), 3)
  assert.deepEqual(pauses, [0, 1, 2])
})

test('at least one attempt is made, and the last one without success ends with undefined', async () => {
  let attempts = 0
  const attempt = async () => {
    attempts += 1
    return undefined
  }
  assert.equal(await retryFor(attempt, { delayMs: 1, patienceMs: 0, signal: never }), undefined)
  assert.equal(attempts, 1)
})

test('a rejection and an abort end the attempts', async () => {
  const failing = () => Promise.reject(new Error('defect'))
  await assert.rejects(retryFor(failing, { delayMs: 1, patienceMs: 60_000, signal: never }), /defect/)
  const interrupt = new AbortController()
  const waiting = retryFor(async () => undefined, {
    delayMs: 3_600_000,
    patienceMs: 3_600_000,
    signal: interrupt.signal,
  })
  interrupt.abort(new Error('pressed'))
  await assert.rejects(waiting, /pressed/)
})
