/** Reads rows from a SQLite file and writes results to one, by the SQLite that Node.js brings. */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { messageOf, ServiceError } from '../../errors.ts'
import { visibleText } from '../../lib/visible-text.ts'
import { quoteName } from '../codebooks/result-view.ts'
import type { RowsSource } from './read-rows.ts'
import type { ResultTable, ResultTableOptions, SqlType, TableColumn } from './result-table.ts'
import { quoteTable } from './table-name.ts'

const MAX_MESSAGE = 300
/** The milliseconds for which a file that another program writes to is waited for. */
const BUSY_MS = 30_000

const TYPES: Readonly<Record<SqlType, string>> = {
  text: 'text',
  'text[]': 'text',
  bigint: 'integer',
  'double precision': 'real',
  boolean: 'integer',
  date: 'text',
  timestamptz: 'text',
  jsonb: 'text',
}

/** Yields the rows, each as a line of JSON. `doing` completes "the database failed to …". */
export async function* readSqliteRows(path: string, source: RowsSource, doing: string): AsyncGenerator<string> {
  const database = guarded(doing, () => new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS }))
  try {
    const text = 'query' in source ? source.query : `select * from ${quoteTable(source.table)}`
    const statement = guarded(doing, () => database.prepare(text))
    statement.setReadBigInts(true)
    const rows = statement.iterate()
    for (let next = guarded(doing, () => rows.next()); next.done !== true; next = guarded(doing, () => rows.next())) {
      yield `${JSON.stringify(Object.fromEntries(Object.entries(next.value).map(([name, value]) => [name, jsonValue(value)])))}\n`
    }
  } finally {
    database.close()
  }
}

/** A whole number that a double does not hold stays a text, because it may be an id. */
function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  return value instanceof Uint8Array ? null : value
}

/** Opens the table and makes it where it is missing. The caller closes the result. */
export function openSqliteTable(
  path: string,
  { table, columns, key, label }: ResultTableOptions,
): ResultTable & { close(): void } {
  const name = quoteTable(table)
  const doing = `write to the table ${table} of ${label}`
  const database = guarded(doing, () => new DatabaseSync(path, { timeout: BUSY_MS }))
  const list = columns.map((column) => quoteName(column.name)).join(', ')
  const others = columns.filter((column) => !key.includes(column.name)).map((column) => quoteName(column.name))
  try {
    guarded(doing, () => {
      database.exec(
        `create table if not exists ${name} (${columns.map(definitionOf).join(', ')}, primary key (${key.map(quoteName).join(', ')}))`,
      )
      const there = database.prepare('select name from pragma_table_info(?)').all(tableOf(table))
      const known = new Set(there.map((row) => row['name']))
      for (const column of columns.filter((one) => !known.has(one.name))) {
        database.exec(`alter table ${name} add column ${definitionOf(column)}`)
      }
    })
    const upsert = guarded(doing, () =>
      database.prepare(
        `insert into ${name} (${list}) values (${columns.map(() => '?').join(', ')})
          on conflict (${key.map(quoteName).join(', ')}) do update set ${others.map((one) => `${one} = excluded.${one}`).join(', ')}
          where ${others.map((one) => `${one} is not excluded.${one}`).join(' or ')}`,
      ),
    )
    return {
      upsert: async (rows) =>
        guarded(doing, () => {
          let written = 0
          database.exec('begin immediate')
          try {
            for (const row of rows) {
              written += Number(upsert.run(...columns.map((column) => sqlValue(row[column.name]))).changes)
            }
            database.exec('commit')
          } catch (error) {
            database.exec('rollback')
            throw error
          }
          return written
        }),
      close: () => database.close(),
    }
  } catch (error) {
    database.close()
    throw error
  }
}

function definitionOf({ name, type }: TableColumn): string {
  return `${quoteName(name)} ${TYPES[type]}`
}

/** The name of the table without that of an attached database. */
function tableOf(table: string): string {
  return (
    (/(?:"((?:[^"]|"")+)"|([^".]+))$/.exec(table.trim()) ?? []).slice(1).find((part) => part !== undefined) ?? table
  )
}

function sqlValue(value: unknown): SQLInputValue {
  if (value === undefined || value === null) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') return value.toWellFormed()
  return typeof value === 'number' || typeof value === 'bigint' ? value : JSON.stringify(value)
}

/** What SQLite refuses names parts of the user's own statement or file, and no value of a row. */
function guarded<T>(doing: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof ServiceError) throw error
    const said = visibleText(messageOf(error)).slice(0, MAX_MESSAGE)
    throw new ServiceError('input-invalid', `The database refused to ${doing}: ${said}`, { cause: error })
  }
}
