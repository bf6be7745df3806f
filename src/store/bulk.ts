/** Many rows in one statement: a column is an array parameter, rows come back together by `unnest`. */

/** What a bound array may hold. */
export type Cell = string | number | boolean | null

export interface Column<Row> {
  readonly name: string
  /** The PostgreSQL type of one value. */
  readonly type: 'text' | 'jsonb' | 'timestamptz' | 'float8' | 'int8' | 'int4' | 'numeric' | 'bool'
  readonly value: (row: Row) => Cell
}

/** The parameters of one statement, numbered as they are bound. */
export class Parameters {
  readonly values: (Cell | readonly Cell[])[] = []

  /** Binds one value and gives its place, such as `$3`. */
  bind(value: Cell | readonly Cell[]): string {
    this.values.push(value)
    return `$${this.values.length}`
  }
}

/** `unnest($1::text[], …) as given (indicator_id, …)` with every cell of `rows` bound. */
export function unnestRows<Row>(parameters: Parameters, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const arrays = columns.map((column) => `${parameters.bind(rows.map(column.value))}::${column.type}[]`)
  return `unnest(${arrays.join(', ')}) as given (${namesOf(columns)})`
}

export function namesOf<Row>(columns: readonly Column<Row>[]): string {
  return columns.map((column) => column.name).join(', ')
}

/** `name = excluded.name, …` for all columns but those of the key. */
export function assignExcluded<Row>(columns: readonly Column<Row>[], ...key: readonly string[]): string {
  const names = columns.map((column) => column.name).filter((name) => !key.includes(name))
  return names.map((name) => `${name} = excluded.${name}`).join(', ')
}

/**
 * Text that PostgreSQL can hold: it knows no NUL, and half a surrogate pair is no character. One bad name must not
 * make the other rows of its batch unsaveable.
 */
export function storableText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}

/** JSON for a jsonb parameter, with every string in it storable. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'string' ? storableText(part) : part))
}

/** One row a key, the one for which `isNewer(row, than)` holds, in order of the key: equal order means no deadlock. */
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
