/** What every reader of a format hands out: named columns, and rows of cells with the line on which each stands. */
import type { JsonShape } from '../../lib/json/json-shape.ts'
import type { CatalogueFormat } from '../limits.ts'
import type { SeriesFact } from './series-head.ts'

/** One row of a table, or one record of a JSON file, before anyone has said what its columns mean. */
export interface SourceRow {
  readonly kind: 'row'
  /** The line on which the row begins, counted from 1; the number of the row where the format has no lines. */
  readonly line: number
  /** The values by the place of their column; undefined where the row has none. */
  readonly cells: readonly unknown[]
  /** The bytes of the row; valid until the next row is read, and undefined where the format has no text of its own. */
  readonly bytes: Buffer | undefined
  /** Whether the row holds control characters, which count as spaces. */
  readonly hasControls: boolean
  /** The names of all values of a JSON record, also of those that stand in no column; undefined for other formats. */
  readonly keys?: readonly string[]
  /** Whether the row is the title of a section of the sheet: one cell that is merged over the whole width. */
  readonly isSection?: boolean
}

/** A row that cannot be read. */
export interface FaultyRow {
  readonly kind: 'invalid'
  readonly line: number
  readonly bytes: Buffer | undefined
  /** The name of the column at fault; "" where the whole row is. */
  readonly field: string
  readonly message: string
  readonly hint?: string | undefined
  /** The cells of a row that has too few or too many. */
  readonly cells?: readonly unknown[]
  /** Whether what follows may be part of the fault, so that reading on would list problems that are none. */
  readonly isOpenQuote?: boolean
}

export type RowOutcome = SourceRow | FaultyRow

/** Wants rows by the text that they have under a name. Rows with something else there are not asked about. */
export interface RowFilter {
  readonly key: string
  isWanted(text: string): boolean
}

/** A table that was opened; `rows` may be called again and again. */
export interface Table {
  readonly format: CatalogueFormat
  /** The columns by their names, of which no two are equal. */
  readonly columns: readonly string[]
  /** Under which name of a JSON record each column lies; the columns themselves for other formats. */
  readonly keys: readonly string[]
  /** Columns whose name another column had already, with the place of that other column. */
  readonly repeated: ReadonlyMap<number, number>
  /** The bytes of the header row, with which a file of left-out rows begins; undefined without a header. */
  readonly header: Buffer | undefined
  /** The line of the header row; undefined without a header. */
  readonly headerLine: number | undefined
  /** Whether a cell is a value of JSON, whose kind counts where the column has the name of a field. */
  readonly isJson: boolean
  /**
   * What the head of the table says of columns that are series each: the places of these facts among the columns, whose cells in the
   * rows are empty, and the facts of the series in a column.
   */
  readonly series?: { readonly facts: readonly number[]; cellsOf(column: number): readonly unknown[] } | undefined
  /** What was found out on the way, in sentences, such as lines above the header that are not read. */
  readonly notes: readonly string[]
  /**
   * Reads the rows from the first. `shapes` bounds the values of a JSON record by their names, and what it does not name is
   * left out however large it is; without it every value is kept that is not too large to be a text. JSON records that `filter` does
   * not want are left out before they are built; other formats give all rows.
   */
  rows(shapes?: ReadonlyMap<string, JsonShape>, filter?: RowFilter): AsyncGenerator<RowOutcome>
}

export interface TableOptions {
  /** The name of the file, whose ending may tell the format. */
  readonly path: string
  readonly format?: 'csv' | 'jsonl' | undefined
  /** The sheet of a workbook. */
  readonly sheet?: string | undefined
  /** Where the records of a JSON document lie, such as "data.items". */
  readonly records?: string | undefined
  /** Ends the look at a long file for the names of its columns. */
  readonly signal?: AbortSignal | undefined
}

/** The names of all columns of a table: those of its header, and behind them the facts that its head has of the series in its columns. */
export function tableColumns(
  names: readonly string[],
  facts: readonly SeriesFact[] = [],
): Pick<Table, 'columns' | 'keys' | 'repeated' | 'series'> {
  const { columns, repeated } = uniqueNames([...names, ...facts.map(({ name }) => name)])
  if (facts.length === 0) return { columns, keys: columns, repeated }
  const cellsOf = (column: number) => {
    const cells: unknown[] = []
    for (const [index, fact] of facts.entries()) cells[names.length + index] = fact.cells[column] ?? ''
    return cells
  }
  return { columns, keys: columns, repeated, series: { facts: facts.map((_, index) => names.length + index), cellsOf } }
}

/** Makes the names of columns unique: a repeated one gets its number, an empty one the place of the column. */
export function uniqueNames(given: readonly string[]): {
  readonly columns: string[]
  readonly repeated: Map<number, number>
} {
  const first = new Map<string, number>()
  const counts = new Map<string, number>()
  const repeated = new Map<number, number>()
  const columns = given.map((text, place) => {
    const name = text.trim() === '' ? `column ${place + 1}` : text.trim()
    const before = first.get(name)
    if (before === undefined) {
      first.set(name, place)
      counts.set(name, 1)
      return name
    }
    repeated.set(place, before)
    const count = (counts.get(name) ?? 1) + 1
    counts.set(name, count)
    return `${name} #${count}`
  })
  return { columns, repeated }
}
