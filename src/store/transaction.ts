/** Runs several statements as one transaction on one connection, for what a single statement of the store cannot do. */
import type pg from 'pg'
import { toDatabaseError } from './database-error.ts'
import type { DatabasePool } from './pool.ts'

export interface TransactionOptions {
  /** Completes the sentence "the database failed to …" in errors. */
  readonly doing: string
  /** The SQL that begins the transaction; plain `begin` where none is given. */
  readonly begin?: string
  /** Milliseconds for each statement that begins or commits the transaction, in place of the pool's limit. */
  readonly timeoutMs?: number
}

/**
 * Runs `work` in a transaction and resolves with its result once the transaction is committed. Rejects with a
 * `ServiceError` whatever was thrown, and then the database keeps nothing of the transaction.
 */
export async function inTransaction<T>(
  pool: DatabasePool,
  { doing, begin = 'begin', timeoutMs }: TransactionOptions,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toDatabaseError(error, doing)
  })
  let isBroken = true
  try {
    await client.query(withTimeLimit(begin, timeoutMs))
    const result = await work(client)
    await client.query(withTimeLimit('commit', timeoutMs))
    isBroken = false
    return result
  } catch (error) {
    throw toDatabaseError(error, doing)
  } finally {
    // A connection whose transaction failed is closed instead of rolled back, because the connection may be what failed.
    client.release(isBroken)
  }
}

/** Builds a query with a time limit of its own in milliseconds; without `timeoutMs` the limit of the pool holds. */
export function withTimeLimit(text: string, timeoutMs?: number, values: readonly string[] = []): pg.QueryConfig {
  // node-postgres takes `query_timeout` for a single query, but its types lack the property.
  const query: pg.QueryConfig & { query_timeout?: number } = { text }
  if (values.length > 0) query.values = [...values]
  if (timeoutMs !== undefined) query.query_timeout = timeoutMs
  return query
}
