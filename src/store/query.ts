/** Runs one statement through the pool and checks the form of the rows that come back, for all files of the store; and the ping. */
import type { z } from 'zod'
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

/** Resolves when the database answers, and rejects where it does not within `timeoutMs`. */
export async function ping(pool: DatabasePool, timeoutMs: number): Promise<void> {
  const toError = () =>
    new ServiceError('database-unavailable', `The database did not answer a ping in ${timeoutMs} ms`)
  await withTimeout(timeoutMs, execute(pool, 'answer a ping', 'select 1'), toError)
}
