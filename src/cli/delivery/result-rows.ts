/** What a table of a database has of each result: its columns, and those of the file that --keep names. */

import type { ColumnType } from '../../catalogue/output/cell-values.ts'
import { rawText, typedValue } from '../../catalogue/output/cell-values.ts'
import { createTypeFinder } from '../../catalogue/output/column-types.ts'
import { resultColumns } from '../../catalogue/output/result-columns.ts'
import type { Catalogue } from '../../catalogue/types.ts'
import type { Scheme } from '../../classification/types.ts'
import type { SqlType, TableColumn } from '../../database-resources.ts'
import { sha256 } from '../../lib/sha256.ts'
import type { ResultBody } from '../../restate/contract.ts'

/** The columns by which a row is found again: ids are unique within a catalogue. */
export const TABLE_KEY = ['catalogue', 'indicator_id'] as const

export type KeptCells = Readonly<Record<string, unknown>>

export interface ResultRows {
  readonly columns: readonly TableColumn[]
  rowOf(result: ResultBody, kept: KeptCells): Record<string, unknown>
}

const SQL_TYPES: Readonly<Record<ColumnType, SqlType>> = {
  text: 'text',
  texts: 'text[]',
  integer: 'bigint',
  number: 'double precision',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamptz',
}
/** PostgreSQL cuts longer names, so that two of them could become one. */
const MAX_NAME_BYTES = 63
const HASH_LENGTH = 8

/** The columns of the table for the results by a codebook. Reads the catalogue once for the types of the kept columns. */
export async function resultRows(scheme: Scheme, catalogue: Catalogue): Promise<ResultRows> {
  const keep = await keptColumns(catalogue)
  const results = resultColumns(scheme)
  const taken = new Set(results.map(({ key }) => key))
  const types = await keptTypes(catalogue, keep)
  const kept = keep.map((source, place) => {
    return { source, name: nameOf(source, taken), type: types[place] ?? 'text' }
  })
  return {
    columns: [
      ...results.map(({ key, type, object }): TableColumn => {
        return { name: key, type: object === undefined ? SQL_TYPES[type] : 'jsonb' }
      }),
      ...kept.map(({ name, type }) => ({ name, type: SQL_TYPES[type] })),
    ],
    rowOf: (result, cells) =>
      Object.fromEntries([
        ...results.map((column) => [column.key, (column.object ?? column.value)(result)]),
        ...kept.map(({ source, name, type }) => [name, sqlValue(type, cells[source])]),
      ]),
  }
}

/** The columns that --keep names, by their names in the file. */
async function keptColumns(catalogue: Catalogue): Promise<string[]> {
  for await (const { kept } of catalogue.indicators()) return Object.keys(kept)
  return []
}

async function keptTypes(catalogue: Catalogue, keep: readonly string[]): Promise<ColumnType[]> {
  if (keep.length === 0) return []
  const finder = createTypeFinder(keep.length, { isTextOnly: catalogue.format === 'csv' })
  for await (const { kept } of catalogue.indicators()) finder.add(keep.map((name) => kept[name]))
  return finder.types()
}

/** A column of the file whose name the results have is called `kept_NAME`. */
function nameOf(source: string, taken: Set<string>): string {
  let name = cut(source)
  while (taken.has(name)) name = cut(`kept_${name}`)
  taken.add(name)
  return name
}

function cut(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name
  const start = Buffer.from(name)
    .subarray(0, MAX_NAME_BYTES - HASH_LENGTH - 1)
    .toString('utf8')
    .replace(/\ufffd$/, '')
  return `${start}_${sha256(name).slice(0, HASH_LENGTH)}`
}

/** Numbers and truth as JSON has them; days and moments as they are written, which the database reads without a time zone. */
function sqlValue(type: ColumnType, cell: unknown): unknown {
  if (cell === undefined || cell === null || cell === '') return null
  return type === 'date' || type === 'timestamp' ? rawText(cell).trim() : typedValue(type, cell)
}
