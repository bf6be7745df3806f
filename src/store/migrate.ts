/** Brings a database to the form that this code expects. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import { z } from 'zod'
import { ServiceError } from '../errors.ts'
import { toDatabaseError } from './database-error.ts'
import type { DatabasePool } from './pool.ts'

/** Any number that no one else locks: "clsf" in ASCII. */
const LOCK_KEY = 0x636c7366

/** Waiting for another replica's migration and a long one of our own must not run into the pool's statement timeout. */
const MIGRATION_TIMEOUT_MS = 600_000

interface Migration {
  readonly name: string
  readonly sql: string
  /** SHA-256 of the file with Unix line ends, hex. */
  readonly checksum: string
}

const appliedSchema = z.array(z.object({ name: z.string(), checksum: z.string() }))

/**
 * Applies the numbered files of `directory` that the database lacks, all in one transaction under an advisory lock of
 * that transaction: safe when several replicas start at once and through PgBouncer. A database that is newer than this
 * code is left as it is. Rejects with `ServiceError` database-failed where an applied file has changed since, else as
 * the store does.
 */
export async function migrate(
  pool: DatabasePool,
  log: Logger,
  directory: URL = new URL('./migrations/', import.meta.url),
): Promise<{ readonly applied: readonly string[] }> {
  const migrations = await readMigrations(directory)
  const client = await pool.connect().catch((error: unknown) => {
    throw toDatabaseError(error, 'migrate')
  })
  const onNotice = (notice: { message?: string | undefined }) => {
    if (notice.message?.startsWith('classify: ')) log.info({ notice: notice.message.slice(10) }, 'Migration notice')
  }
  client.on('notice', onNotice)
  let broken = true
  try {
    await run(client, 'begin')
    const applied = await applyMissing(client, migrations, log)
    await run(client, 'commit')
    broken = false
    return { applied }
  } catch (error) {
    throw toDatabaseError(error, 'migrate')
  } finally {
    client.off('notice', onNotice)
    // A connection with a failed transaction is closed instead of rolled back: it may be the connection that failed.
    client.release(broken)
  }
}

async function readMigrations(directory: URL): Promise<readonly Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{3}_[a-z0-9_]+\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const sql = (await readFile(new URL(name, directory), 'utf8')).replaceAll('\r\n', '\n')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

async function applyMissing(client: pg.Client, migrations: readonly Migration[], log: Logger): Promise<string[]> {
  await run(client, `select pg_advisory_xact_lock(${LOCK_KEY})`)
  const known = await appliedBefore(client)
  const names = new Set(migrations.map((migration) => migration.name))
  const unknown = [...known.keys()].filter((name) => !names.has(name))
  if (unknown.length > 0) log.info({ unknown }, 'The database is newer than this code')

  const missing = migrations.filter((migration) => !known.has(migration.name))
  for (const { name, checksum } of migrations) {
    const before = known.get(name)
    if (before !== undefined && before !== checksum) {
      throw new ServiceError(
        'database-failed',
        `Migration ${name} was changed after it had been applied: put it back as it was and add a new file`,
      )
    }
  }
  for (const { name, sql, checksum } of missing) {
    await run(client, sql).catch((error: unknown) => {
      throw toDatabaseError(error, `apply migration ${name}`)
    })
    await run(client, 'insert into schema_migrations (name, checksum) values ($1, $2)', [name, checksum])
    log.info({ migration: name }, 'Migration applied')
  }
  return missing.map((migration) => migration.name)
}

/** Checksums of what the database has, by name. Makes the table only where it is missing: later starts need no rights. */
async function appliedBefore(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  const { rows } = await run(client, `select to_regclass('schema_migrations') is not null as there`)
  if (!z.array(z.object({ there: z.boolean() })).parse(rows)[0]?.there) {
    await run(
      client,
      `create table schema_migrations (
        name text collate "C" primary key,
        checksum text not null,
        applied_at timestamptz not null default clock_timestamp()
      )`,
    )
  }
  const applied = await run(client, 'select name, checksum from schema_migrations')
  return new Map(appliedSchema.parse(applied.rows).map(({ name, checksum }) => [name, checksum]))
}

function run(client: pg.Client, text: string, values?: readonly string[]): Promise<{ rows: unknown[] }> {
  // `query_timeout` of one query is node-postgres' own; its types lack it.
  const query: pg.QueryConfig & { query_timeout: number } = {
    text,
    query_timeout: MIGRATION_TIMEOUT_MS,
    ...(values === undefined ? {} : { values: [...values] }),
  }
  return client.query(query)
}
