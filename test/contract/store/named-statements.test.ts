/** Statements that are sent by name: the database keeps their plans, and where names are lost they are sent without. */
import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { createPool } from '../../../src/store/pool.ts'
import { createStore } from '../../../src/store/store.ts'
import type { RequestToBook } from '../../../src/store/types.ts'
import {
  type PgBouncer,
  pgBouncerSkip,
  sharedPostgres,
  silent,
  startPgBouncer,
} from '../../helpers/database/postgres.ts'
import { answer, batch, request, result, SCOPE } from '../../helpers/store/batches.ts'

const AT = '2026-01-02T03:04:06.000Z'
const PREPARED = "select count(*)::int as prepared from pg_prepared_statements where name like 'classify%'"

const postgres = sharedPostgres()
const skip = await pgBouncerSkip()
let bouncer: PgBouncer | undefined
after(() => bouncer?.stop())

const ended = (runId: string, id: string): RequestToBook => {
  return { runId, batchId: 'b', request: request(id, { outcome: 'ok', costUsd: 0.1 }) }
}

it('keeps one plan a connection for bookings, and books without names where the names are lost', async () => {
  const { url, drop } = await postgres.fresh()
  const pool = createPool({ connectionString: url, max: 1, log: silent })
  const store = createStore(pool)
  await store.openRun('r')
  const prepared = async () => (await pool.query<{ prepared: number }>(PREPARED)).rows[0]?.prepared
  for (const id of ['a', 'b', 'c']) await store.requests.book([ended('r', id)], [], AT)
  assert.equal(await prepared(), 1)
  await store.requests.book([ended('r', 'd')], [answer('s-1')], AT)
  assert.equal(await prepared(), 2)

  await pool.query('deallocate all')
  for (const id of ['e', 'f']) await store.requests.book([ended('r', id)], [], AT)
  assert.equal(await prepared(), 0)
  assert.equal((await store.findRun('r'))?.modelRequests, 6)
  await pool.end()
  await drop()
})

it('keeps one plan a connection for batches that end no claim, and saves the others without a name', async () => {
  const { url, drop } = await postgres.fresh()
  const pool = createPool({ connectionString: url, max: 1, log: silent })
  const store = createStore(pool)
  const { startedAt } = await store.openRun('r')
  const prepared = async () => (await pool.query<{ prepared: number }>(PREPARED)).rows[0]?.prepared
  // The server makes a plan of its own for each of the first five, and one for all after them.
  for (let index = 0; index < 8; index += 1) {
    await store.saveBatch(batch(startedAt, [result(`i-${index}`)], { runId: 'r', batchId: `b-${index}` }))
  }
  assert.equal(await prepared(), 1)
  const end = { owner: 'me', claims: [{ shapeHash: 's', failure: null }] }
  await store.saveBatch(batch(startedAt, [result('i-8')], { runId: 'r', batchId: 'b-8', end }))
  assert.equal(await prepared(), 1)
  assert.equal((await store.findRun('r'))?.indicators, 9)
  assert.equal((await store.findLatest(SCOPE, ['i-0', 'i-7', 'i-8'])).size, 3)
  await pool.end()
  await drop()
})

it('books through PgBouncer, where many clients share few connections', { skip }, async () => {
  const { url, drop } = await postgres.fresh()
  bouncer = await startPgBouncer(await postgres.server())
  const connectionString = bouncer.urlFor(url)
  const pools = Array.from({ length: 4 }, () => createPool({ connectionString, max: 5, log: silent }))
  const stores = pools.map((pool) => createStore(pool))
  const [first] = stores
  await first?.openRun('r')
  const all = stores.flatMap((store, at) => {
    return Array.from({ length: 50 }, (_, index) => store.requests.book([ended('r', `${at}-${index}`)], [], AT))
  })
  await Promise.all(all)
  assert.equal((await first?.findRun('r'))?.modelRequests, 200)
  for (const pool of pools) await pool.end()
  await drop()
})
