/** Reads the rows of a query or a table of a user's database through a cursor, as lines of JSON. */
import pg from 'pg'
import { quoteName } from '../codebooks/result-view.ts'
import type { DatabasePool } from '../pool.ts'
import { toOutsideError } from './outside-error.ts'
import { quoteTable } from './table-name.ts'

/** What is read: a query, or a table. */
export type RowsSource = { readonly query: string } | { readonly table: string }

/** How many rows are fetched at once. */
const ROWS_AT_ONCE = 500

/**
 * Yields the rows, each as a line of JSON with the columns in their order. The cursor lives in one transaction, which PgBouncer keeps
 * on one connection of the server, and which may write nothing. `doing` completes "the database failed to …".
 */
export async function* readRows(pool: DatabasePool, source: RowsSource, doing: string): AsyncGenerator<string> {
  const statement = 'query' in source ? withoutEnd(source.query) : await selectOf(pool, source.table, doing)
  const client = await pool.connect().catch((error: unknown) => {
    throw toOutsideError(error, doing)
  })
  let isBroken = true
  try {
    await client.query('begin transaction read only')
    await client.query(asOneStatement(`declare classify_rows no scroll cursor for ${statement}`))
    for (;;) {
      const fetch = `fetch ${ROWS_AT_ONCE} from classify_rows`
      const { rows, fields } = await client.query<unknown[]>({
        text: fetch,
        rowMode: 'array',
        types: { getTypeParser },
      })
      const names = uniqueNames(fields.map(({ name }) => name))
      for (const row of rows) {
        yield `${JSON.stringify(Object.fromEntries(names.map((name, place) => [name, row[place] ?? null])))}\n`
      }
      if (rows.length < ROWS_AT_ONCE) break
    }
    await client.query('commit')
    isBroken = false
  } catch (error) {
    throw toOutsideError(error, doing)
  } finally {
    // Who stops reading leaves the transaction open, so that its connection is closed.
    client.release(isBroken)
  }
}

/** A statement that is sent apart from its parameters, even of none, so that what follows a semicolon is refused. */
function asOneStatement(text: string): pg.QueryConfig {
  // node-postgres takes `queryMode`, but its types lack the property.
  const query: pg.QueryConfig & { queryMode?: 'extended' } = { text, queryMode: 'extended' }
  return query
}

/** The query without the semicolon at its end; a comment at its end gets a line of its own. */
function withoutEnd(query: string): string {
  return `${query.trim().replace(/(?:;\s*)+$/, '')}\n`
}

/** Reads the table in the order of its primary key, so that a second reading finds the same order. */
async function selectOf(pool: DatabasePool, table: string, doing: string): Promise<string> {
  const name = quoteTable(table)
  const text = `select a.attname as name from pg_index i
    join unnest(i.indkey) with ordinality as key (attnum, place) on true
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = key.attnum
    where i.indrelid = $1::regclass and i.indisprimary order by key.place`
  const { rows } = await pool.query<{ name: string }>(text, [name]).catch((error: unknown) => {
    throw toOutsideError(error, doing)
  })
  const order = rows.length === 0 ? '' : ` order by ${rows.map((row) => quoteName(row.name)).join(', ')}`
  return `select * from ${name}${order}`
}

/** A query may give two columns the same name, of which JSON would keep the last. */
function uniqueNames(names: readonly string[]): string[] {
  const seen = new Set<string>()
  return names.map((name) => {
    let unique = name
    for (let count = 2; seen.has(unique); count += 1) unique = `${name}_${count}`
    seen.add(unique)
    return unique
  })
}

const { INT8, NUMERIC, FLOAT4, FLOAT8, DATE, TIMESTAMP, TIMESTAMPTZ, BYTEA, INTERVAL } = pg.types.builtins

/** Numbers become numbers where these hold them exactly, and points in time stay as they are written. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  if (format === 'binary') return pg.types.getTypeParser(oid, 'binary') as (text: string) => unknown
  switch (oid) {
    case INT8:
    case NUMERIC:
      return exactNumber
    case FLOAT4:
    case FLOAT8:
      return (text) => (Number.isFinite(Number(text)) ? Number(text) : text)
    case DATE:
    case BYTEA:
    case INTERVAL:
      return (text) => text
    case TIMESTAMP:
      return (text) => text.replace(' ', 'T')
    case TIMESTAMPTZ:
      return isoTime
    default:
      return pg.types.getTypeParser(oid, 'text')
  }
}

/** A number with more digits than a double holds stays a text, because it may be an id. */
function exactNumber(text: string): number | string {
  const value = Number(text)
  const digits = text
    .replace(/^-/, '')
    .replace(/^0+|\./g, '')
    .replace(/0+$/, '')
  return Number.isFinite(value) && digits.length <= 15 && (!/^-?\d+$/.test(text) || Number.isSafeInteger(value))
    ? value
    : text
}

function isoTime(text: string): string {
  const date: unknown = pg.types.getTypeParser(TIMESTAMPTZ, 'text')(text)
  return date instanceof Date && !Number.isNaN(date.getTime()) ? date.toISOString() : text
}
