/** Builds the store on a pool of its own, apart from the other adapters of a replica, whose modules take a third of the start of a command. */
import type { Logger } from 'pino'
import { addressOf, type DatabaseConnection } from './config/database-connection.ts'
import type { OutsidePlace } from './config/outside-database.ts'
import type { Writability } from './store/connection/writability.ts'
import { type CopiedRows, copyDatabase } from './store/copy/copy-database.ts'
import { migrate } from './store/migrate.ts'
import { type RowsSource, readRows } from './store/outside/read-rows.ts'
import {
  openResultTable,
  type ResultTable,
  type ResultTableOptions,
  type SqlType,
  type TableColumn,
} from './store/outside/result-table.ts'
import { createPool } from './store/pool.ts'
import { createRetention, type Retention, type RetentionOptions } from './store/retention/retention.ts'
import { createStore } from './store/store.ts'
import type { Store } from './store/types.ts'

export type { ResultTable, RowsSource, SqlType, TableColumn }

export interface DatabaseResources {
  readonly store: Store
  /** Brings the schema up to date. Resolves with the names of the migration files that were applied. */
  migrate(): Promise<readonly string[]>
  /** Makes the timer that deletes rows older than `days`; the caller starts and closes it. */
  createRetention(days: number, deleted: RetentionOptions['deleted']): Retention
  /** Brings the schema of another database up to date and copies all rows into it. */
  copyInto(connection: DatabaseConnection): Promise<CopiedRows>
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
    copyInto: async (other) => {
      const target = createPool({ ...addressOf(other), max: 2, applicationName: options.applicationName, log })
      try {
        await migrate(target, log)
        return await copyDatabase(pool, target)
      } finally {
        await target.end()
      }
    },
    close: () => pool.end(),
  }
}

/** A database of the user's own, from which a catalogue is read, or to which results are written. */
export interface OutsideResources {
  /** The rows as lines of JSON. `doing` completes "the database failed to …". */
  readRows(source: RowsSource, doing: string): AsyncGenerator<string>
  openTable(options: ResultTableOptions): Promise<ResultTable>
  close(): Promise<void>
}

/** The milliseconds that one statement of a user may take, such as a query that sorts before it gives its first row. */
const OUTSIDE_STATEMENT_MS = 3_600_000
/** Batches end at the same time, and each is one short statement. */
const OUTSIDE_POOL_SIZE = 4

/** Opens the database: PostgreSQL, or a SQLite file, which is loaded where it is needed because few commands do. */
export async function openOutside(at: OutsidePlace, { log }: { readonly log: Logger }): Promise<OutsideResources> {
  return at.kind === 'postgres' ? openOutsidePostgres(at.connection, log) : await openOutsideSqlite(at.path)
}

async function openOutsideSqlite(path: string): Promise<OutsideResources> {
  const { openSqliteTable, readSqliteRows } = await import('./store/outside/sqlite.ts')
  const opened: { close(): void }[] = []
  return {
    readRows: (source, doing) => readSqliteRows(path, source, doing),
    openTable: async (options) => {
      const table = openSqliteTable(path, options)
      opened.push(table)
      return table
    },
    close: async () => {
      for (const table of opened.splice(0)) table.close()
    },
  }
}

function openOutsidePostgres(connection: DatabaseConnection, log: Logger): OutsideResources {
  const pool = createPool({
    ...addressOf(connection),
    max: OUTSIDE_POOL_SIZE,
    connectionTimeoutMs: 10_000,
    statementTimeoutMs: OUTSIDE_STATEMENT_MS,
    applicationName: 'classify-cli',
    log,
  })
  return {
    readRows: (source, doing) => readRows(pool, source, doing),
    openTable: (options) => openResultTable(pool, options),
    close: () => pool.end(),
  }
}
