/** The secrets of the cluster, which its one-shot service `secrets` has made, as the commands on this machine see them. */
import { rm } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { Config } from '../../config/config.ts'
import { connectionUrl } from '../../config/database-connection.ts'
import { makeDataDir } from '../../embedded/data-dir.ts'
import { replaceFile } from '../../embedded/private-files.ts'
import { consoleLink } from '../../lib/network/console-link.ts'
import { type Compose, requireSuccess } from './compose.ts'
import { CONSOLE_SERVICE, type Container, hostUrl } from './containers.ts'

const PASSWORD_FILE = '/secrets/database/POSTGRES_PASSWORD'
const TOKEN_FILE = '/secrets/console/CONSOLE_TOKEN'
const FOLDER = 'cluster'
const DATABASE_URL = 'database-url'
const LINK = 'console-link'

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
  const password = await readSecret(compose, pgbouncer, PASSWORD_FILE, signal)
  const { user, database } = config.cluster.database
  return connectionUrl({ host: '127.0.0.1', port: Number(new URL(pool).port), user, password, database })
}

/** Where `writeDatabaseUrl` writes. */
export function databaseUrlFile(config: Config): string {
  return secretFile(config, DATABASE_URL)
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
  return await writeSecret(config, DATABASE_URL, url)
}

/** The console of a running cluster, for the person who has started it. */
export interface ClusterConsole {
  readonly url: string
  /** Opens it signed in; undefined where the tokens of API_TOKENS_FILE open it. */
  readonly link: string | undefined
  /** The file that holds the link, as it is typed here; undefined where there is none. */
  readonly file: string | undefined
}

/**
 * Finds the console, and writes the link that opens it to a file that only this user can open. Resolves with undefined where the
 * cluster runs none. Rejects with ServiceError cluster-failed where its token cannot be read.
 */
export async function findConsole(
  compose: Compose,
  containers: readonly Container[],
  config: Config,
  signal: AbortSignal,
): Promise<ClusterConsole | undefined> {
  const published = hostUrl(containers, CONSOLE_SERVICE, 8090)
  const container = containers.find(({ service }) => service === CONSOLE_SERVICE)
  if (published === undefined || container === undefined) return undefined
  // What the console itself was told counts, unless it was told nothing but its port.
  const isOwn = config.console.url === `http://127.0.0.1:${config.console.port}`
  const url = isOwn ? published : config.console.url
  if (config.guard.tokensFile !== undefined) return { url, link: undefined, file: undefined }
  const link = consoleLink(url, await readSecret(compose, container, TOKEN_FILE, signal))
  return { url, link, file: await writeSecret(config, LINK, link) }
}

async function readSecret(compose: Compose, { id }: Container, path: string, signal: AbortSignal): Promise<string> {
  const read = await compose.docker(['exec', id, 'cat', path], { output: 'captured', signal })
  return requireSuccess('docker exec', read).stdout.replace(/\n$/, '')
}

/** Writes a file that only this user can open, and resolves with its path as it is typed here. */
async function writeSecret(config: Config, name: string, text: string): Promise<string> {
  const file = join(await makeDataDir(config.dataDir, FOLDER), name)
  await replaceFile(file, `${text}\n`)
  return relative('', file)
}

/** Removes those files, whose secrets open nothing once the volumes are gone. */
export async function removeSecretFiles(config: Config): Promise<void> {
  for (const name of [DATABASE_URL, LINK]) await rm(secretFile(config, name), { force: true })
}

function secretFile(config: Config, name: string): string {
  return join(resolve(config.dataDir), FOLDER, name)
}
