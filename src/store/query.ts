/** Runs one statement through the pool and checks the form of the rows that come back, for all files of the store; and the ping. */
import { z } from 'zod'
import { ServiceError } from '../errors.ts'
import { withTimeout } from '../lib/timing.ts'
import type { Cell } from './bulk.ts'
import { toDatabaseError } from './database-error.ts'
import type { DatabasePool } from './pool.ts'

/**
 * Runs one statement and checks each row with the schema `row`. `doing` completes the sentence "the database failed to
 * …". Rejects with `ServiceError` database-unavailable where a retry may help, else database-failed, which also reports
 * a row of another form. No message holds a value of a row.
 */
export async function queryRows<T>(
  pool: DatabasePool,
  doing: string,
  row: z.ZodType<T>,
  text: string,
  values: readonly (Cell | readonly Cell[])[] = [],
): Promise<T[]> {
  const rows = await execute(pool, doing, text, values)
  return rows.map((found) => {
    const checked = row.safeParse(found)
    if (checked.success) return checked.data
    const fields = checked.error.issues.map((issue) => issue.path.join('.')).join(', ')
    throw new ServiceError('database-failed', `The database failed to ${doing}: a row has another form in ${fields}`)
  })
}

/** Runs one statement and returns its rows unchecked; for statements whose rows do not matter. Rejects as `queryRows` does. */
export async function execute(
  pool: DatabasePool,
  doing: string,
  text: string,
  values: readonly (Cell | readonly Cell[])[] = [],
): Promise<unknown[]> {
  try {
    const result = await pool.query<Record<string, unknown>>(text, [...values])
    return result.rows
  } catch (error) {
    throw toDatabaseError(error, doing)
  }
}

const pingRow = z.object({ now: z.number(), is_standby: z.boolean(), is_read_only: z.boolean() })

/**
 * Resolves with the database's clock, in milliseconds since 1970, when the database answers. Rejects with `ServiceError`
 * database-unavailable where it does not within `timeoutMs`, and where it takes no writes.
 */
export async function ping(pool: DatabasePool, timeoutMs: number): Promise<number> {
  const toError = () =>
    new ServiceError('database-unavailable', `The database did not answer a ping in ${timeoutMs} ms`)
  const asked = queryRows(
    pool,
    'answer a ping',
    pingRow,
    `select (extract(epoch from clock_timestamp()) * 1000)::float8 as now, pg_is_in_recovery() as is_standby,
       current_setting('transaction_read_only')::boolean as is_read_only`,
  )
  const [found] = await withTimeout(timeoutMs, asked, toError)
  if (found === undefined) throw new ServiceError('database-failed', 'The database failed to answer a ping: no row')
  if (!found.is_standby && !found.is_read_only) return found.now
  const why = found.is_standby ? 'it is a standby' : 'default_transaction_read_only is on'
  throw new ServiceError('database-unavailable', `The database takes no writes: ${why} (SQLSTATE 25006)`)
}
