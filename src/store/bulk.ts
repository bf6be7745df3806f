/** Builds statements that write many rows at once: each column is one array parameter, and `unnest` makes rows of them. */

/** A value that an array parameter may hold. */
export type Cell = string | number | boolean | null

export interface Column<Row> {
  readonly name: string
  /** The PostgreSQL type of one value. */
  readonly type: 'text' | 'jsonb' | 'timestamptz' | 'float8' | 'int8' | 'int4' | 'numeric' | 'bool'
  readonly value: (row: Row) => Cell
}

/** The parameters of one statement, numbered in the order in which they are bound. */
export class Parameters {
  readonly values: (Cell | readonly Cell[])[] = []

  /** Binds a value and returns its placeholder, such as `$3`. */
  bind(value: Cell | readonly Cell[]): string {
    this.values.push(value)
    return `$${this.values.length}`
  }
}

/**
 * Builds the source of rows of an SQL `from`, such as `unnest($1::text[], …) as given (indicator_id, …)`, and binds
 * every cell of `rows`.
 */
export function unnestRows<Row>(parameters: Parameters, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const arrays = columns.map((column) => `${parameters.bind(arrayOf(rows, column))}::${column.type}[]`)
  return `unnest(${arrays.join(', ')}) as given (${namesOf(columns)})`
}

/** The cells of a column as the text of an array. The driver makes the same of an array, in several times the time. */
function arrayOf<Row>(rows: readonly Row[], { type, value }: Column<Row>): string {
  const toElement = type === 'jsonb' ? jsonElementOf : elementOf
  return `{${rows.map((row) => toElement(value(row))).join(',')}}`
}

const SPECIAL = /["\\]/
const EACH_SPECIAL = /["\\]/g

function elementOf(cell: Cell): string {
  if (cell === null) return 'NULL'
  if (typeof cell !== 'string') return String(cell)
  return SPECIAL.test(cell) ? `"${cell.replace(EACH_SPECIAL, '\\$&')}"` : `"${cell}"`
}

/** JSON has no character that JSON would escape and an array would not, so that the quicker of the two escapes it. */
function jsonElementOf(cell: Cell): string {
  return typeof cell === 'string' ? JSON.stringify(cell) : elementOf(cell)
}

/** The names of the columns as a list for SQL, each with `prefix` before it. */
export function namesOf<Row>(columns: readonly Column<Row>[], prefix = ''): string {
  return columns.map((column) => `${prefix}${column.name}`).join(', ')
}

/** The assignments `name = excluded.name, …` of an upsert, for all columns but those of the key. */
export function assignExcluded<Row>(columns: readonly Column<Row>[], ...key: readonly string[]): string {
  const names = columns.map((column) => column.name).filter((name) => !key.includes(name))
  return names.map((name) => `${name} = excluded.${name}`).join(', ')
}

/**
 * `text` without the characters that PostgreSQL refuses, NUL and halves of surrogate pairs, so that one bad name does
 * not make the other rows of its batch unsaveable.
 */
export function storableText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}

/** Finds in JSON text the escapes of NUL and of halves of surrogate pairs; also finds texts that merely spell such an escape. */
const UNSTORABLE_ESCAPE = /\\u(?:0000|d[89a-f])/i

/** The JSON of objects that many rows share. Nobody changes a frozen one. */
const known = new WeakMap<object, string>()

/** JSON for a jsonb parameter, in which every string is storable. */
export function storableJson(value: unknown): string {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return jsonOf(value)
  const text = known.get(value) ?? jsonOf(value)
  known.set(value, text)
  return text
}

function jsonOf(value: unknown): string {
  const text = JSON.stringify(value)
  // Almost no value holds such a character, and a replacer makes the conversion several times slower.
  if (!UNSTORABLE_ESCAPE.test(text)) return text
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'string' ? storableText(part) : part))
}

/**
 * One row for each key: the one that `isNewer(row, than)` prefers. The rows are in order of their key, because
 * statements that lock rows in the same order cannot deadlock.
 */
export function uniqueByKey<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  isNewer: (row: Row, than: Row) => boolean,
): readonly Row[] {
  const kept = new Map<string, Row>()
  for (const row of rows) {
    const key = keyOf(row)
    const before = kept.get(key)
    if (before === undefined || isNewer(row, before)) kept.set(key, row)
  }
  return [...kept].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}
