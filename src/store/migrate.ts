/** Applies the numbered SQL files below `migrations/` that a database lacks, so that its schema is the one this release needs. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import type { Logger } from 'pino'
import { z } from 'zod'
import { ServiceError } from '../errors.ts'
import { sha256 } from '../lib/sha256.ts'
import { toDatabaseError } from './database-error.ts'
import type { DatabasePool } from './pool.ts'
import { inTransaction, withTimeLimit } from './transaction.ts'

/** The key of the advisory lock under which migrations run: "clsf" in ASCII, a number that nothing else locks. */
const LOCK_KEY = 0x636c7366

/**
 * Milliseconds for one statement, in place of the pool's limit: a migration may take long, or wait until another
 * replica has migrated.
 */
const MIGRATION_TIMEOUT_MS = 600_000

interface Migration {
  readonly name: string
  readonly sql: string
  /** SHA-256 of the file with Unix line ends, hex. */
  readonly checksum: string
}

const appliedSchema = z.array(z.object({ name: z.string(), checksum: z.string() }))

/**
 * Applies the files below `directory` that the database lacks in one transaction, under an advisory lock that ends with
 * the transaction; so several replicas may migrate at once, also through PgBouncer. A database that is newer than this
 * release stays as it is. Rejects with `ServiceError` database-failed where a file was changed after it had been
 * applied.
 */
export async function migrate(
  pool: DatabasePool,
  log: Logger,
  directory: URL = new URL('./migrations/', import.meta.url),
): Promise<{ readonly applied: readonly string[] }> {
  const migrations = await readMigrations(directory)
  const onNotice = (notice: { message?: string | undefined }) => {
    if (notice.message?.startsWith('classify: ')) log.info({ notice: notice.message.slice(10) }, 'Migration notice')
  }
  const applied = await inTransaction(pool, { doing: 'migrate', timeoutMs: MIGRATION_TIMEOUT_MS }, async (client) => {
    client.on('notice', onNotice)
    try {
      return await applyMissing(client, migrations, log)
    } finally {
      client.off('notice', onNotice)
    }
  })
  return { applied }
}

async function readMigrations(directory: URL): Promise<readonly Migration[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && /^\d{3}_[a-z0-9_]+\.sql$/.test(entry.name))
  const migrations = await Promise.all(
    files.map(async ({ name, parentPath }) => {
      const sql = (await readFile(join(parentPath, name), 'utf8')).replaceAll('\r\n', '\n')
      return { name, sql, checksum: sha256(sql) }
    }),
  )
  // A database knows a migration by its name alone, whichever folder the file stands in.
  return migrations.sort((a, b) => (a.name < b.name ? -1 : 1))
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

/**
 * The checksums of the migrations that the database has, by name. The table is created only where it is missing, so
 * that a later start needs no right to create tables.
 */
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
  return client.query(withTimeLimit(text, MIGRATION_TIMEOUT_MS, values))
}
