/** Reads a Parquet file as a table, one row group after the other. */
import { type ColumnData, type FileMetaData, parquetMetadataAsync, parquetRead } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { messageOf } from '../../errors.ts'
import { MAX_COLUMNS } from '../limits.ts'
import { inputInvalid, pluralise, printable } from '../problem-report.ts'
import type { PlainFile } from '../source/unpack.ts'
import { type RowOutcome, type Table, uniqueNames } from './types.ts'

/** The most bytes of an unpacked row group, which is held in memory. */
export const MAX_GROUP_BYTES = 536_870_912

export async function openParquet(file: PlainFile): Promise<Table> {
  const buffer = {
    byteLength: file.size,
    slice: async (start: number, end: number = file.size) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, file.size) - start))
      for (let at = 0; at < bytes.length; ) {
        const read = await file.readAt(Buffer.from(bytes.buffer), at, bytes.length - at, start + at)
        if (read === 0) break
        at += read
      }
      return bytes.buffer
    },
  }
  const metadata = await guarded(file.label, () => parquetMetadataAsync(buffer))
  const largest = Math.max(0, ...metadata.row_groups.map(({ total_byte_size }) => Number(total_byte_size)))
  if (largest > MAX_GROUP_BYTES) {
    const limit = `${MAX_GROUP_BYTES / 1_048_576} MiB`
    throw inputInvalid(
      `${file.label}: a row group may have ${limit}. Write the file with smaller row groups, or as CSV`,
    )
  }
  const names = topColumns(metadata)
  if (names.length > MAX_COLUMNS)
    throw inputInvalid(`${file.label}: more than ${MAX_COLUMNS} columns, which is the limit`)
  const { columns, repeated } = uniqueNames(names)

  async function* rows(): AsyncGenerator<RowOutcome> {
    let line = 1
    for (const { num_rows } of metadata.row_groups) {
      const rowStart = line - 1
      const rowEnd = rowStart + Number(num_rows)
      // The columns of a group are kept as they are decoded, because rows built of them would take as much again.
      const chunks = new Map<string, ColumnData[]>(names.map((name) => [name, []]))
      const onChunk = (chunk: ColumnData) => chunks.get(chunk.columnName)?.push(chunk)
      await guarded(file.label, () => parquetRead({ file: buffer, metadata, compressors, rowStart, rowEnd, onChunk }))
      const columnsOfGroup = names.map((name) => chunks.get(name) ?? [])
      for (let row = rowStart; row < rowEnd; row += 1) {
        const cells = columnsOfGroup.map((column) => plainValue(valueAt(column, row)))
        yield { kind: 'row', line, cells, bytes: undefined, hasControls: false }
        line += 1
      }
    }
  }

  const note = `${pluralise(metadata.row_groups.length, 'row group')}, the largest of ${(largest / 1_048_576).toFixed(1)} MiB unpacked`
  return {
    format: 'parquet',
    columns,
    keys: columns,
    repeated,
    header: undefined,
    headerLine: undefined,
    isJson: false,
    notes: [note],
    rows,
  }
}

function valueAt(chunks: readonly ColumnData[], row: number): unknown {
  const chunk = chunks.find(({ rowStart, rowEnd }) => row >= rowStart && row < rowEnd)
  return chunk?.columnData[row - chunk.rowStart]
}

/** The columns at the top of the schema, in their order. */
function topColumns({ schema }: FileMetaData): string[] {
  const names: string[] = []
  let place = 1
  const pass = () => {
    const children = schema[place]?.num_children ?? 0
    place += 1
    for (let child = 0; child < children; child += 1) pass()
  }
  while (place < schema.length) {
    names.push(schema[place]?.name ?? '')
    pass()
  }
  return names
}

async function guarded<T>(label: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw inputInvalid(
      `${label}: the Parquet file cannot be read: ${printable(messageOf(error))}. Copy it anew, or export it as CSV`,
      error,
    )
  }
}

/** A value as JSON has it: large integers as numbers, days as YYYY-MM-DD, lists and structs by their own values. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? undefined : value.toISOString().replace(/T00:00:00\.000Z$/, '')
  if (value instanceof Uint8Array) return undefined
  if (Array.isArray(value)) return value.map(plainValue)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainValue(inner)]))
  }
  return value ?? undefined
}
