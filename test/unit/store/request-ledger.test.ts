/** The ledger of a replica: few statements for many requests, nothing lost while the database is away, and no caller that waits for ever. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { ServiceError } from '../../../src/errors.ts'
import { createRequestLedger } from '../../../src/store/requests/ledger.ts'
import type { RequestStore, RequestToBook } from '../../../src/store/types.ts'
import { answer, request } from '../../helpers/store/batches.ts'

const log = pino({ level: 'silent' })

const of = (id: string, outcome = 'ok'): RequestToBook => ({
  runId: 'r',
  batchId: 'b',
  request: request(id, { outcome }),
})

/** A store whose statements wait until the test lets them go on, and fail with what the test says. */
function scripted(fail: (ids: readonly string[]) => Error | null = () => null) {
  const statements: string[][] = []
  const kept: number[] = []
  let gate: Promise<void> = Promise.resolve()
  const requests: RequestStore = {
    async book(booked, answers) {
      await gate
      const ids = booked.map(({ request: { requestId, outcome } }) => `${requestId} ${outcome}`)
      statements.push(ids)
      const error = fail(ids)
      if (error !== null) throw error
      kept.push(answers.length)
    },
    async reserve(reservations) {
      await gate
      statements.push(reservations.map(({ request: { requestId } }) => `${requestId} reserved`))
      return new Map(
        reservations.map((one) => [one.request.requestId, { isGranted: true, spentUsd: 0, inFlightUsd: 0 }]),
      )
    },
  }
  return {
    ...{ statements, kept, store: { requests } },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return resolve
    },
  }
}

test('what comes while a statement is under way is written in the next one', async () => {
  const { statements, kept, store, hold } = scripted()
  const ledger = createRequestLedger({ store, log })
  const release = hold()
  const all = Array.from({ length: 20 }, (_, n) => ledger.book(of(`x${n}`), [answer(`s${n}`)]))
  const reserved = ledger.reserve({ ...of('y', 'sent'), maxUsd: 1 })
  release()
  assert.deepEqual(await Promise.all(all), Array(20).fill(true))
  assert.equal((await reserved).isGranted, true)
  assert.deepEqual(
    statements.map((ids) => ids.length),
    [1, 19, 1],
  )
  assert.deepEqual(kept, [1, 19])
  await ledger.close()
})

test('a request that ends soon after its start is written once, and one that does not end is noted', async () => {
  const { statements, store } = scripted()
  const ledger = createRequestLedger({ store, log, startDelayMs: 60_000 })
  ledger.start(of('quick', 'sent'))
  ledger.start(of('slow', 'sent'))
  assert.equal(await ledger.book(of('quick'), []), true)
  assert.deepEqual(statements, [['quick ok']])
  await ledger.close()
  assert.deepEqual(statements.at(-1), ['slow sent'])
})

test('a request that does not end is noted without the end of another', async () => {
  const { promise: written, resolve } = Promise.withResolvers<void>()
  const { statements, store } = scripted(() => {
    resolve()
    return null
  })
  const ledger = createRequestLedger({ store, log, startDelayMs: 1 })
  const alive = setInterval(() => undefined, 1_000)
  ledger.start(of('alone', 'sent'))
  await written
  clearInterval(alive)
  assert.deepEqual(statements, [['alone sent']])
  await ledger.close()
})

test('a booking that the database cannot take now is written later, and its caller does not wait for that', async () => {
  let isAway = true
  const { statements, store } = scripted(() => (isAway ? new ServiceError('database-unavailable', 'away') : null))
  const ledger = createRequestLedger({ store, log, patienceMs: 5 })
  assert.equal(await ledger.book(of('a'), [answer('kept')]), false)
  isAway = false
  await ledger.close()
  assert.deepEqual(statements.at(-1), ['a ok'])
})

test('a booking that the database refuses loses no other', async () => {
  const { statements, store } = scripted((ids) =>
    ids.includes('bad ok') ? new ServiceError('database-failed', 'a value is out of range') : null,
  )
  const ledger = createRequestLedger({ store, log })
  const all = await Promise.all(['first', 'good', 'bad', 'fine'].map((id) => ledger.book(of(id), [])))
  assert.deepEqual(all, [true, true, false, true])
  assert.deepEqual(statements.at(-1), ['fine ok'])
  await ledger.close()
})

test('a reservation fails with the database, because its request must not start', async () => {
  const { store } = scripted()
  const failing = {
    requests: { ...store.requests, reserve: () => Promise.reject(new ServiceError('database-unavailable', 'away')) },
  }
  const ledger = createRequestLedger({ store: failing, log })
  await assert.rejects(ledger.reserve({ ...of('a', 'sent'), maxUsd: 1 }), { code: 'database-unavailable' })
  await ledger.close()
})

test('while many requests are under way the ends of several are written together, and a reservation does not wait for them', async () => {
  const { statements, store } = scripted()
  const ledger = createRequestLedger({ store, log, startDelayMs: 60_000 })
  const names = Array.from({ length: 8 }, (_, n) => `x${n}`)
  for (const name of names) ledger.start(of(name, 'sent'))
  await ledger.book(of('x0'), [])
  const others = ['x1', 'x2', 'x3'].map((name) => ledger.book(of(name), []))
  assert.deepEqual(statements, [['x0 ok']])
  assert.equal((await ledger.reserve({ ...of('y', 'sent'), maxUsd: 1 })).isGranted, true)
  assert.deepEqual(await Promise.all(others), [true, true, true])
  assert.deepEqual(statements.slice(1).flat().sort(), ['x1 ok', 'x2 ok', 'x3 ok', 'y reserved'])
  assert.equal(statements[1]?.length, 3)
  await ledger.close()
})
