/** Writes results to a table of a user's database: made where it is missing, and changed only where a result differs. */
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import { storableJson } from '../bulk.ts'
import { quoteName } from '../codebooks/result-view.ts'
import type { DatabasePool } from '../pool.ts'
import { toOutsideError } from './outside-error.ts'
import { quoteTable } from './table-name.ts'

/** The types of columns, by PostgreSQL's names. */
export type SqlType = 'text' | 'text[]' | 'bigint' | 'double precision' | 'boolean' | 'date' | 'timestamptz' | 'jsonb'

export interface TableColumn {
  readonly name: string
  readonly type: SqlType
}

export interface ResultTableOptions {
  /** The name of the table as the user wrote it. */
  readonly table: string
  readonly columns: readonly TableColumn[]
  /** The columns by which a row is found again. */
  readonly key: readonly string[]
  /** What messages call the database. */
  readonly label: string
  readonly signal: AbortSignal
  /** Called once for each batch that has to wait because the database is away. */
  readonly onOutage?: (message: string) => void
}

export interface ResultTable {
  /**
   * Writes the rows by one statement, which PgBouncer may run on any connection, and resolves with the number of those that were
   * new or differed. An outage is waited out for some minutes. Rejects with ServiceError.
   */
  upsert(rows: readonly Readonly<Record<string, unknown>>[]): Promise<number>
}

/** An outage of the user's database is waited out for so many milliseconds; a resumed run goes on after a longer one. */
const PATIENCE_MS = 300_000
const RETRY_MS = 2_000

const foundTable = z.object({
  kind: z.string().nullable(),
  columns: z.array(z.string()).nullable(),
})

/** Opens the table. Rejects with ServiceError input-invalid where it cannot take the results, before anything was asked. */
export async function openResultTable(pool: DatabasePool, options: ResultTableOptions): Promise<ResultTable> {
  const { table, columns, key, label, signal } = options
  const name = quoteTable(table)
  const doing = `write to the table ${table} of ${label}`
  const run = async (text: string, values: readonly string[] = []) => {
    try {
      return await pool.query<Record<string, unknown>>(text, [...values])
    } catch (error) {
      throw toOutsideError(error, doing)
    }
  }
  const existing = await columnsOf(name, run)
  if (existing === undefined) {
    const defined = columns.map((column) => definitionOf(column, key))
    await run(
      `create table if not exists ${name} (${defined.join(', ')}, primary key (${key.map(quoteName).join(', ')}))`,
    )
  } else {
    const missing = columns.filter((column) => !existing.includes(column.name))
    const added = missing.map((column) => `add column if not exists ${quoteName(column.name)} ${column.type}`)
    if (added.length > 0) await run(`alter table ${name} ${added.join(', ')}`)
  }
  const text = upsertText(name, columns, key)
  const write = async (rows: readonly Readonly<Record<string, unknown>>[]) => {
    return (await run(text, [storableJson(rows)])).rowCount ?? 0
  }
  await write([]).catch((error: unknown) => {
    throw withoutKey(error, { table, key })
  })
  return {
    upsert: async (rows) => {
      let last: unknown
      const attempt = async () => {
        try {
          return await write(rows)
        } catch (error) {
          if (!(error instanceof ServiceError) || error.code !== 'database-unavailable') throw error
          if (last === undefined) options.onOutage?.(error.message)
          last = error
          return undefined
        }
      }
      const written = await retryFor(attempt, { delayMs: RETRY_MS, patienceMs: PATIENCE_MS, signal })
      if (written === undefined) throw last
      return written
    },
  }
}

type Run = (text: string, values?: readonly string[]) => Promise<{ readonly rows: readonly unknown[] }>

/** The columns of the table; undefined where there is none of this name. */
async function columnsOf(name: string, run: Run): Promise<readonly string[] | undefined> {
  const { rows } = await run(
    `select c.relkind as kind, (select array_agg(a.attname::text) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
      from pg_class c where c.oid = to_regclass($1)`,
    [name],
  )
  const [found] = rows
  if (found === undefined) return undefined
  const { kind, columns } = foundTable.parse(found)
  if (kind === 'r' || kind === 'p' || kind === 'f') return columns ?? []
  throw new ServiceError(
    'input-invalid',
    `--table ${name} is no table: name another, which is made where it is missing`,
  )
}

function definitionOf({ name, type }: TableColumn, key: readonly string[]): string {
  return `${quoteName(name)} ${type}${key.includes(name) ? ' not null' : ''}`
}

/**
 * The database converts the values to the types of the table by itself, so that a table that was made otherwise is taken as well.
 * Rows that stand there already are left out first: an upsert that changes nothing would still lock and write each of them.
 */
function upsertText(name: string, columns: readonly TableColumn[], key: readonly string[]): string {
  const list = (prefix = '') => columns.map((column) => `${prefix}${quoteName(column.name)}`).join(', ')
  const others = columns.filter((column) => !key.includes(column.name))
  const same = (columnName: string) => `stands.${quoteName(columnName)} = given.${quoteName(columnName)}`
  const values = (prefix: string) => others.map((column) => `${prefix}.${quoteName(column.name)}`).join(', ')
  return `insert into ${name} (${list()})
    select ${list('given.')} from json_populate_recordset(null::${name}, $1::json) as given
    where not exists (select from ${name} as stands where ${key.map(same).join(' and ')}
      and row(${values('stands')}) is not distinct from row(${values('given')}))
    order by ${key.map((column) => `given.${quoteName(column)}`).join(', ')}
    on conflict (${key.map(quoteName).join(', ')}) do update
      set ${others.map((column) => `${quoteName(column.name)} = excluded.${quoteName(column.name)}`).join(', ')}`
}

/** Says what a table lacks by which a row is found again. */
function withoutKey(
  error: unknown,
  { table, key }: { readonly table: string; readonly key: readonly string[] },
): unknown {
  if (!(error instanceof ServiceError) || !error.message.includes('SQLSTATE 42P10')) return error
  const message = `--table ${table}: the table needs a primary key or a unique index on (${key.join(', ')}), or name a table that is not there yet`
  return new ServiceError('input-invalid', message, { cause: error })
}
