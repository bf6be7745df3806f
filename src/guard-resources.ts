/** Builds the one adapter of the guard, its idempotency keys in the database, apart from those of a replica, which take 35 MB more. */
import type { Logger } from 'pino'
import { addressOf, type DatabaseConnection } from './config/database-connection.ts'
import { createIdempotencyKeys } from './store/idempotency/idempotency-keys.ts'
import type { IdempotencyKeys } from './store/idempotency/types.ts'
import { createPool } from './store/pool.ts'

/** One statement a call takes a millisecond, so few connections carry thousands of calls a second. */
const CONNECTIONS = 4
/** A call passes unchecked where connecting or the statement takes longer than this many milliseconds. */
const TIMEOUT_MS = 1_500

export interface KeyResources {
  readonly keys: IdempotencyKeys
  close(): Promise<void>
}

/** Opens a pool for the idempotency keys alone; the caller closes it. */
export function openIdempotencyKeys(connection: DatabaseConnection, log: Logger): KeyResources {
  const pool = createPool({
    ...addressOf(connection),
    max: CONNECTIONS,
    connectionTimeoutMs: TIMEOUT_MS,
    statementTimeoutMs: TIMEOUT_MS,
    applicationName: 'classify-guard',
    log,
  })
  return { keys: createIdempotencyKeys(pool), close: () => pool.end() }
}
