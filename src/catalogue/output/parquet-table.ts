/** Writes a table as a Parquet file, one row group after the other, so that no more than one is held in memory. */
import type { SchemaElement } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { ColumnType } from './cell-values.ts'
import { createHeldColumn } from './held-columns.ts'
import type { JoinedRow, JoinedTable } from './joined-table.ts'

/** A row group ends with so many rows, cells or bytes of text, whichever comes first. */
const GROUP_ROWS = 20_000
const GROUP_CELLS = 50_000
const GROUP_BYTES = 1_048_576

const ELEMENTS: Readonly<Record<ColumnType, Omit<SchemaElement, 'name'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  texts: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  integer: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  date: { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } },
  timestamp: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
}

export async function* parquetTable(
  table: JoinedTable,
  rows: AsyncIterable<JoinedRow>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const columns = [...table.own, ...table.results]
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, type }): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...ELEMENTS[type] })),
  ]
  const bytes = new ByteWriter()
  const writer = new ParquetWriter({ writer: bytes, schema, createdBy: 'classify-service' })
  const held = columns.map(({ type }) => createHeldColumn(type))
  let count = 0

  /** The bytes since the last call. The writer counts on from them, because its footer has the places of all groups. */
  const taken = () => {
    const copy = bytes.getBytes().slice()
    bytes.index = 0
    return copy
  }
  const group = () => {
    const columnData = held.map((column, place) => ({
      name: columns[place]?.name ?? '',
      // Read by the writer when it comes to the column.
      get data() {
        return column.values()
      },
      offsetIndex: false,
    }))
    writer.write({ columnData, rowGroupSize: count })
    for (const column of held) column.clear()
    count = 0
    return taken()
  }

  for await (const { cells, result } of rows) {
    for (const place of table.own.keys()) held[place]?.push(cells[place])
    for (const [index, column] of table.results.entries()) {
      held[table.own.length + index]?.push(result === undefined ? null : column.value(result))
    }
    count += 1
    const size = held.reduce((sum, { bytes: own }) => sum + own, 0)
    if (count >= GROUP_ROWS || count * columns.length >= GROUP_CELLS || size >= GROUP_BYTES) yield group()
  }
  if (count > 0) yield group()
  await writer.finish()
  yield taken()
}
