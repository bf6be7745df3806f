/** Opens the database for a command: the configured database, the database of the running stack, or the embedded database for the time of the work. */
import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import { connectionFromThisHost, type DatabaseConnection, readConnectionUrl } from '../../config/database-connection.ts'
import { type DatabaseResources, openDatabase } from '../../database-resources.ts'
import { makeDataDir } from '../../embedded/data-dir.ts'
import { startPostgres } from '../../embedded/postgres.ts'
import { readStackState } from '../../embedded/state.ts'
import { ServiceError } from '../../errors.ts'
import { databaseUrlFile } from '../cluster/secrets.ts'

/** The number of connections in the pool of a command, which makes one query after the other. */
const POOL_SIZE = 2

export interface DatabaseOptions {
  readonly log: Logger
  /** Whether the command may create an embedded database where DATA_DIR has none yet. */
  readonly mayCreate: boolean
  /** A signal that aborts before the work has begun prevents the work; an embedded database is stopped in any case. */
  readonly signal: AbortSignal
}

/**
 * Opens the database for `work` and closes it afterwards. Rejects with ServiceError config-invalid where no database
 * exists.
 */
export async function withDatabase<T>(
  config: Config,
  { log, mayCreate, signal }: DatabaseOptions,
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
  if (running !== undefined) return await run(readConnectionUrl(running.database_url))

  const dataDir = join(resolve(config.dataDir), 'postgres')
  if (!mayCreate && !(await exists(dataDir))) {
    const ofCluster = databaseUrlFile(config)
    const advice = (await exists(ofCluster))
      ? `for that of the cluster set DATABASE_URL_FILE=${ofCluster}; or classify something on this machine first (npm run demo)`
      : 'classify something first (npm run demo), or set DATABASE_URL or POSTGRES_HOST'
    throw new ServiceError('config-invalid', `There is no database yet in ${resolve(config.dataDir)}: ${advice}`)
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
