/** Searches every place that may hold the texts of a catalogue for words: all tables of the database, all tables of Restate, and files. */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { constants, zstdDecompressSync } from 'node:zlib'
import type { DatabasePool } from '../../../src/store/pool.ts'

/** The tables of the database with a row that holds any of `words`, as `table.column: rows`. */
export async function searchDatabase(pool: DatabasePool, words: readonly string[]): Promise<string[]> {
  const columns = await pool.query<{ table_name: string; column_name: string }>(
    `select c.table_name, c.column_name from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = current_schema() and t.table_type = 'BASE TABLE'
     order by c.table_name, c.ordinal_position`,
  )
  const found: string[] = []
  for (const { table_name: table, column_name: column } of columns.rows) {
    const { rows } = await pool.query<{ n: number }>(
      `select count(*)::int as n from ${table} where exists (
         select from unnest($1::text[]) word where strpos(lower(${column}::text), word) > 0
       )`,
      [words.map((word) => word.toLowerCase())],
    )
    if ((rows[0]?.n ?? 0) > 0) found.push(`${table}.${column}: ${rows[0]?.n}`)
  }
  return found
}

/** The tables of Restate with a row that holds any of `words`, also within the bytes of journal entries, as `table: rows`. */
export async function searchRestate(adminUrl: string, words: readonly string[]): Promise<string[]> {
  const query = async (sql: string) => {
    const response = await fetch(`${adminUrl}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: sql }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${sql}: ${text}`)
    return (JSON.parse(text) as { rows: Record<string, unknown>[] }).rows
  }
  const tables = await query(
    `select distinct table_name from information_schema.columns where table_schema <> 'information_schema' order by 1`,
  )
  const found: string[] = []
  for (const { table_name: table } of tables) {
    const rows = await query(`select * from ${String(table)}`)
    const hits = rows.filter((row) => holds(Object.values(row).map(textOf).join('\n'), words))
    if (hits.length > 0) found.push(`${String(table)}: ${hits.length}`)
  }
  return found
}

/** A value of a row as text: bytes come as hexadecimal digits, and bytes within JSON as a list of numbers. */
function textOf(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value ?? '')
  if (/^(?:[0-9a-f]{2})+$/.test(value)) return Buffer.from(value, 'hex').toString('utf8')
  return value.replace(/\[\d+(?:,\d+)+\]/g, (list) => Buffer.from(JSON.parse(list) as number[]).toString('utf8'))
}

function holds(text: string, words: readonly string[]): boolean {
  const lower = text.toLowerCase()
  return words.some((word) => lower.includes(word.toLowerCase()))
}

/**
 * The files below `directory` whose bytes hold any of `words`, as paths from there. Parts of files that are compressed as Zstandard
 * frames, as the log of Restate is, are searched as well. Entries of `directory` in `left` are left out, unread.
 */
export async function searchFiles(
  directory: string,
  words: readonly string[],
  left: readonly string[] = [],
): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    if (left.includes(relative(directory, path).split(sep)[0] ?? '')) continue
    const bytes = await readFile(path).catch(() => Buffer.alloc(0))
    if (holds(bytes.toString('latin1'), words) || framesOf(bytes).some((text) => holds(text, words))) {
      found.push(relative(directory, path))
    }
  }
  return found.sort()
}

const FRAME_START = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

function framesOf(bytes: Buffer): string[] {
  const texts: string[] = []
  for (let at = bytes.indexOf(FRAME_START); at >= 0; at = bytes.indexOf(FRAME_START, at + 1)) {
    try {
      const frame = zstdDecompressSync(bytes.subarray(at), { finishFlush: constants.ZSTD_e_flush })
      texts.push(frame.toString('latin1'))
    } catch {
      // The bytes only look like the beginning of a frame.
    }
  }
  return texts
}
