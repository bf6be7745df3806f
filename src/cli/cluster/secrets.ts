/** The secrets of the cluster, which its one-shot service `secrets` has made, as the commands on this machine see them. */
import { rm, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { Config } from '../../config/config.ts'
import { connectionUrl } from '../../config/database-connection.ts'
import { makeDataDir } from '../../embedded/data-dir.ts'
import { type Compose, requireSuccess } from './compose.ts'
import { type Container, hostUrl } from './containers.ts'

const PASSWORD_FILE = '/secrets/database/POSTGRES_PASSWORD'

/**
 * The address of the cluster's database behind PgBouncer, with its password, for this machine; undefined where PgBouncer
 * has no published port. Rejects with ServiceError cluster-failed where the password cannot be read.
 */
export async function readDatabaseUrl(
  compose: Compose,
  containers: readonly Container[],
  config: Config,
  signal: AbortSignal,
): Promise<string | undefined> {
  const pool = hostUrl(containers, 'pgbouncer', 6432)
  const pgbouncer = containers.find(({ service }) => service === 'pgbouncer')
  if (pool === undefined || pgbouncer === undefined) return undefined
  const read = await compose.docker(['exec', pgbouncer.id, 'cat', PASSWORD_FILE], { output: 'captured', signal })
  const password = requireSuccess('docker exec', read).stdout.replace(/\n$/, '')
  const { user, database } = config.cluster.database
  return connectionUrl({ host: '127.0.0.1', port: Number(new URL(pool).port), user, password, database })
}

/** Where `writeDatabaseUrl` writes. */
export function databaseUrlFile(config: Config): string {
  return join(resolve(config.dataDir), 'cluster', 'database-url')
}

/**
 * Writes the address of the cluster's database to a file that only this user can open, for DATABASE_URL_FILE of commands
 * such as `export`. Resolves with its path as it is typed here; undefined where PgBouncer has no published port.
 */
export async function writeDatabaseUrl(
  compose: Compose,
  containers: readonly Container[],
  config: Config,
  signal: AbortSignal,
): Promise<string | undefined> {
  const url = await readDatabaseUrl(compose, containers, config, signal)
  if (url === undefined) return undefined
  const file = databaseUrlFile(config)
  await makeDataDir(config.dataDir, 'cluster')
  // A file that is there would keep its mode, so that it is made anew.
  await rm(file, { force: true })
  await writeFile(file, `${url}\n`, { mode: 0o600, flag: 'wx' })
  return relative('', file)
}

/** Removes that file, whose password opens nothing once the volumes are gone. */
export async function removeDatabaseUrl(config: Config): Promise<void> {
  await rm(databaseUrlFile(config), { force: true })
}
