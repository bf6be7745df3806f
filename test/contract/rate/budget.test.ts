/** The budget store contract on PostgreSQL, directly and through PgBouncer, and how a stopped replica holds others up. */
import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { createPool } from '../../../src/store/pool.ts'
import { createBudgetStore } from '../../../src/store/rate-budget.ts'
import {
  type PgBouncer,
  pgBouncerSkip,
  sharedPostgres,
  silent,
  startPgBouncer,
} from '../../helpers/database/postgres.ts'
import { budgetStoreContract } from './budget.contract.ts'

const postgres = sharedPostgres()
const EMPTY = 'truncate rate_budget, replicas'

budgetStoreContract('PostgreSQL', async () => {
  const { pool, drop } = await postgres.fresh()
  return { store: createBudgetStore(pool), empty: async () => void (await pool.query(EMPTY)), close: drop }
})

let bouncer: PgBouncer | undefined
after(() => bouncer?.stop())

const bounced = async () => {
  const database = await postgres.fresh()
  bouncer ??= await startPgBouncer(await postgres.server())
  const pool = createPool({ connectionString: bouncer.urlFor(database.url), max: 20, log: silent })
  return {
    store: createBudgetStore(pool),
    empty: async () => void (await database.pool.query(EMPTY)),
    close: async () => {
      await pool.end()
      await database.drop()
    },
  }
}
budgetStoreContract('PostgreSQL through PgBouncer in transaction mode', bounced, { skip: await pgBouncerSkip() })

it('a replica that is stopped in the middle of a renewal holds the others up for about a second, not for ever', async () => {
  const { pool, drop } = await postgres.fresh()
  try {
    const store = createBudgetStore(pool)
    await store.configure({ rpm: 1_000, tpm: null, safety: 1, by: 'test' })
    const stopped = await pool.connect()
    const { promise: cut, resolve } = Promise.withResolvers<void>()
    stopped.on('error', () => resolve())
    // The first statements of a renewal, after which its replica is stopped.
    await stopped.query(
      'begin; set local idle_in_transaction_session_timeout = 1000; select from rate_budget for update',
    )
    const first = await store.renew(() => null).catch((error: unknown) => error)
    assert.ok(first === null || (first instanceof Error && 'code' in first && first.code === 'database-unavailable'))
    await cut
    assert.equal(await store.renew(() => null), null)
    stopped.release(true)
  } finally {
    await drop()
  }
})
