/** Builds the store on a pool of its own, apart from the other adapters of a replica, whose modules take a third of the start of a command. */
import type { Logger } from 'pino'
import { addressOf, type DatabaseConnection } from './config/database-connection.ts'
import type { Writability } from './store/connection/writability.ts'
import { migrate } from './store/migrate.ts'
import { createPool } from './store/pool.ts'
import { createRetention, type Retention, type RetentionOptions } from './store/retention/retention.ts'
import { createStore } from './store/store.ts'
import type { Store } from './store/types.ts'

export interface DatabaseResources {
  readonly store: Store
  /** Brings the schema up to date. Resolves with the names of the migration files that were applied. */
  migrate(): Promise<readonly string[]>
  /** Makes the timer that deletes rows older than `days`; the caller starts and closes it. */
  createRetention(days: number, deleted: RetentionOptions['deleted']): Retention
  close(): Promise<void>
}

/** Opens a pool on the database and nothing else, for commands that need no model and no rate budget. */
export function openDatabase(
  connection: DatabaseConnection,
  options: {
    readonly poolSize: number
    readonly applicationName: string
    readonly log: Logger
    /** Learns whether the database takes writes. */
    readonly writability?: Writability
  },
): DatabaseResources {
  const { log } = options
  const pool = createPool({
    ...addressOf(connection),
    max: options.poolSize,
    applicationName: options.applicationName,
    log,
  })
  return {
    store: createStore(pool, options.writability),
    migrate: async () => (await migrate(pool, log)).applied,
    createRetention: (days, deleted) => createRetention({ pool, days, log, deleted }),
    close: () => pool.end(),
  }
}
