/** Where a command finds the database: the configured one, the running stack's, or the embedded one started for a moment. */
import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import { connectionFromThisHost, type DatabaseConnection } from '../../config/database-connection.ts'
import { makeDataDir } from '../../embedded/data-dir.ts'
import { startPostgres } from '../../embedded/postgres.ts'
import { readStackState } from '../../embedded/state.ts'
import { ServiceError } from '../../errors.ts'
import { type DatabaseResources, openDatabase } from '../../resources.ts'

const POOL_SIZE = 2

export interface FindOptions {
  readonly log: Logger
  /** Start the embedded database even where it holds nothing yet. */
  readonly mayCreate: boolean
  /** Aborted: what has been started for the moment is stopped, and the work is not begun. */
  readonly signal: AbortSignal
}

/** Opens the database for `work` and closes it after. Rejects with config-invalid where there is none. */
export async function withDatabase<T>(
  config: Config,
  { log, mayCreate, signal }: FindOptions,
  work: (database: DatabaseResources) => Promise<T>,
): Promise<T> {
  const run = async (connection: DatabaseConnection) => {
    const database = openDatabase(connection, { poolSize: POOL_SIZE, applicationName: 'classify-cli', log })
    try {
      signal.throwIfAborted()
      return await work(database)
    } finally {
      await database.close()
    }
  }
  if (config.database.connection !== null) return await run(connectionFromThisHost(config.database.connection))
  const running = await readStackState(config.dataDir)
  if (running !== undefined) return await run({ url: running.database_url })

  const dataDir = join(resolve(config.dataDir), 'postgres')
  if (!mayCreate && !(await exists(dataDir))) {
    const way = 'classify something first (npm run demo), or set DATABASE_URL or POSTGRES_HOST'
    throw new ServiceError('config-invalid', `There is no database yet in ${resolve(config.dataDir)}: ${way}`)
  }
  await makeDataDir(config.dataDir)
  const postgres = await startPostgres({ dataDir, log })
  try {
    return await run({ url: postgres.url })
  } finally {
    await postgres.stop()
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
