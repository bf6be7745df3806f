/** Writes a file that has the columns of a catalogue in its own order, and beside them those of the results. */

import { DuplicateIndex } from '../../catalogue/duplicate-index.ts'
import { createTypeFinder } from '../../catalogue/output/column-types.ts'
import { type JoinedRow, type JoinedTable, joinTable } from '../../catalogue/output/joined-table.ts'
import type { AddedCodes } from '../../catalogue/output/result-columns.ts'
import { hasTypes, type TableFormat, writeTable } from '../../catalogue/output/write-table.ts'
import type { Catalogue } from '../../catalogue/types.ts'
import type { Scheme } from '../../classification/types.ts'
import type { ResultBody } from '../../restate/contract.ts'
import { boundGarbage, collectGarbage } from '../classify/heap.ts'
import type { Append } from '../ui/output-file.ts'

export interface JoinOptions {
  readonly catalogue: Catalogue
  readonly scheme: Scheme
  readonly format: TableFormat
  readonly codes?: AddedCodes | undefined
  /** Whether only the first `catalogue.count` indicators were classified, so that later rows are left out. */
  readonly isLimited: boolean
  /** Whether rows without a result are left out. */
  readonly isFoundOnly?: boolean
  readonly find: (id: string) => Promise<ResultBody | undefined>
  readonly signal: AbortSignal
}

/** Garbage is looked for after so many rows, as in a run after each batch. */
const ROWS_BETWEEN_LOOKS = 100

export interface JoinedCounts {
  readonly rows: number
  /** The rows that have no result: their record was left out, or failed. */
  readonly open: number
}

/** The columns of the file as the output has them. */
async function joinedTableOf(options: Omit<JoinOptions, 'find'>): Promise<JoinedTable> {
  const { catalogue, scheme, format, codes } = options
  const { rowColumns: names, reading } = catalogue
  const types = hasTypes(format) ? await typesOf(options) : names.map(() => 'text' as const)
  const own = names.map((name, place) => ({ name, type: types[place] ?? 'text' }))
  const same = (['indicator_id', 'name'] as const).filter((field) => {
    const [column, ...others] = reading.fieldColumns[field] ?? []
    return column === field && others.length === 0
  })
  return joinTable(own, scheme, { same, codes })
}

/** Writes the joined rows to `append` and resolves with their number. */
export async function writeJoined(options: JoinOptions, append: Append): Promise<JoinedCounts> {
  const table = await joinedTableOf(options)
  let open = 0
  async function* rows(): AsyncGenerator<JoinedRow> {
    for await (const { cells, indicator_id: id } of rowsOf(options)) {
      const result = id === undefined ? undefined : await options.find(id)
      if (result === undefined && options.isFoundOnly === true) continue
      if (result === undefined) open += 1
      yield { cells, result }
    }
  }
  // The garbage of a row group is as large as several of them, and V8 would let that of a few groups come together.
  const appendGroup: Append = async (part) => {
    await append(part)
    collectGarbage()
  }
  const count = await writeTable(options.format, table, rows(), options.format === 'parquet' ? appendGroup : append)
  return { rows: count, open }
}

async function typesOf(options: Omit<JoinOptions, 'find'>) {
  const { catalogue } = options
  const finder = createTypeFinder(catalogue.rowColumns.length, { isTextOnly: catalogue.format === 'csv' })
  for await (const { cells } of rowsOf(options)) finder.add(cells)
  return finder.types()
}

/** The rows that can be read, up to the last one that was classified. */
async function* rowsOf({ catalogue, isLimited, signal }: Omit<JoinOptions, 'find'>) {
  const seen = isLimited ? new DuplicateIndex() : undefined
  let read = 0
  for await (const { cells, indicator_id: id, line } of catalogue.rows()) {
    signal.throwIfAborted()
    read += 1
    if (read % ROWS_BETWEEN_LOOKS === 0) boundGarbage()
    if (cells === undefined) continue
    const isNew = id !== undefined && seen !== undefined && seen.add(id, '', Math.max(1, line)) === undefined
    if (isNew && seen.count > catalogue.count) return
    yield { cells, indicator_id: id }
  }
}
