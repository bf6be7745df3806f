/** Writes a table in the format that the name of its file asks for. */
import { inputInvalid, printable } from '../problem-report.ts'
import type { JoinedRow, JoinedTable } from './joined-table.ts'
import { csvTable, jsonLinesTable } from './text-tables.ts'

export const TABLE_FORMATS = ['csv', 'jsonl', 'parquet', 'xlsx'] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]

const ENDINGS: Readonly<Record<string, TableFormat>> = {
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  parquet: 'parquet',
  xlsx: 'xlsx',
}

/** The format by the ending of a file's name; undefined where the ending is none of them. */
export function formatOfName(name: string): TableFormat | undefined {
  return ENDINGS[/\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '']
}

/** The format of an output. Throws `input-invalid` where its name says none. */
export function formatOfOutput(name: string, option: string): TableFormat {
  const format = formatOfName(name)
  if (format !== undefined) return format
  const known = Object.keys(ENDINGS).map((ending) => `.${ending}`)
  throw inputInvalid(`${option} ${printable(name)}: its ending must say the format: ${known.join(', ')}`)
}

/** Whether the format has types, so that those of the columns have to be known before the first row is written. */
export function hasTypes(format: TableFormat): boolean {
  return format === 'parquet' || format === 'xlsx'
}

/** Writes the rows as they come, and resolves with their number. The caller closes the output. */
export async function writeTable(
  format: TableFormat,
  table: JoinedTable,
  rows: AsyncIterable<JoinedRow>,
  append: (part: string | Uint8Array) => Promise<void>,
): Promise<number> {
  let count = 0
  async function* counted(): AsyncGenerator<JoinedRow> {
    for await (const row of rows) {
      count += 1
      yield row
    }
  }
  for await (const part of await partsOf(format, table, counted())) await append(part)
  return count
}

async function partsOf(format: TableFormat, table: JoinedTable, rows: AsyncIterable<JoinedRow>) {
  switch (format) {
    case 'csv':
      return csvTable(table, rows)
    case 'jsonl':
      return jsonLinesTable(table, rows)
    case 'parquet':
      // The libraries of these formats are loaded where they are needed, because every command would start later by them.
      return (await import('./parquet-table.ts')).parquetTable(table, rows)
    case 'xlsx':
      return (await import('./workbook-table.ts')).workbookTable(table, rows)
  }
}
