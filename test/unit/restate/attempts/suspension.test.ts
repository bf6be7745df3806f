/** Attempts that only wait end by themselves: a sleep at once, calls after a while, and what the journal holds already not at all. */
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { type TestContext, test } from 'node:test'
import type { Context, RestatePromise } from '@restatedev/restate-sdk'
import { awaitCalls, beginAttempt, sleepAway } from '../../../../src/restate/attempts/suspension.ts'

const PATIENT = 48
const never = new Promise<never>(() => {})

/** A few more turns of the event loop than an attempt takes to be sure that its journal holds no more. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** An attempt whose sleeps last as long as `sleep`. */
function attempt({ sleep = never, isLarge = false }: { sleep?: Promise<void>; isLarge?: boolean } = {}) {
  const headers: IncomingHttpHeaders = { 'x-attempt-id': 'of the caller' }
  const seen = { waits: 0, isSuspended: false }
  const input = beginAttempt(headers, {
    waits: () => {
      seen.waits += 1
    },
    mayWaitLong: () => !isLarge,
    suspends: () => {
      seen.isSuspended = true
    },
  })
  const attemptHeaders = new Map(Object.entries(headers))
  const ctx = { request: () => ({ attemptHeaders }), sleep: () => sleep } as unknown as Context
  return { ctx, input, seen, id: headers['x-attempt-id'] }
}

test('an attempt that sleeps suspends: its input ends, and what it read before stays', async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { ctx, input, seen, id } = attempt()
  assert.notEqual(id, 'of the caller')
  const part = { done: false, value: Buffer.from('part') }
  assert.equal(await input.next(() => Promise.resolve(part)), part)
  const next = input.next(() => never)
  void sleepAway(ctx, 60_000, 'wait')
  assert.deepEqual({ ...seen }, { waits: 1, isSuspended: false })
  t.mock.timers.tick(0)
  await turns()
  assert.equal(seen.isSuspended, true)
  assert.deepEqual(await next, { done: true, value: undefined })
  assert.equal((await input.next(() => assert.fail('nothing is read any more'))).done, true)
})

test('a sleep that the journal holds as over, and a short one, suspend nothing', async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  // The SDK passes a sleep that is over on a few turns later.
  const sleep = (async () => {
    for (let turn = 0; turn < 4; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
  })()
  const replayed = attempt({ sleep })
  const sleeping = sleepAway(replayed.ctx, 60_000, 'wait')
  t.mock.timers.tick(0)
  await sleeping
  await turns()
  assert.equal(replayed.seen.isSuspended, false)

  const short = attempt()
  void sleepAway(short.ctx, 500, 'wait')
  t.mock.timers.tick(1_000)
  await turns()
  assert.equal(short.seen.isSuspended, false)
})

test('a bounded number of attempts waits long for its calls, the others suspend soon', async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const many = Array.from({ length: PATIENT + 2 }, () => attempt())
  const suspended = () => many.map(({ seen }) => seen.isSuspended)
  for (const { ctx } of many) void awaitCalls(ctx, never as unknown as RestatePromise<never>)
  t.mock.timers.tick(2_500)
  await turns()
  assert.deepEqual(
    suspended(),
    many.map((_, index) => index >= PATIENT),
  )
  // A large one takes no place, and one that is over leaves its place to another.
  const large = attempt({ isLarge: true })
  void awaitCalls(large.ctx, never as unknown as RestatePromise<never>)
  t.mock.timers.tick(2_500)
  await turns()
  assert.equal(large.seen.isSuspended, true)
  many[0]?.input.end()
  const next = attempt()
  void awaitCalls(next.ctx, never as unknown as RestatePromise<never>)
  t.mock.timers.tick(2_500)
  await turns()
  assert.equal(next.seen.isSuspended, false)
  t.mock.timers.tick(30_000)
  await turns()
  assert.deepEqual(
    [...suspended().slice(1), next.seen.isSuspended],
    many.map(() => true),
  )
})

test('calls that answer are passed on, and so is their failure', async () => {
  const { ctx, seen } = attempt()
  assert.equal(await awaitCalls(ctx, Promise.resolve('answer') as unknown as RestatePromise<string>), 'answer')
  await assert.rejects(awaitCalls(ctx, Promise.reject(new Error('no')) as unknown as RestatePromise<string>), /no/)
  assert.deepEqual({ ...seen }, { waits: 2, isSuspended: false })
})
