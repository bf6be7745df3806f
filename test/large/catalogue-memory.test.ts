/** Tests that reading a very large catalogue takes little memory, in every format that is read row by row. */
import { test } from 'node:test'
import type { TableFormat } from '../../src/catalogue/output/write-table.ts'
import { assertMemoryStays, assertOutputMemoryStays, type ManyRows } from '../helpers/memory/catalogue-memory.ts'

/** A row group of the Parquet file has 10,000 rows, which are held beside each other. */
const MOST_MB: Readonly<Record<ManyRows, number>> = {
  jsonl: 20,
  csv: 20,
  'csv.gz': 20,
  json: 20,
  parquet: 25,
  'tall.csv': 20,
}

for (const [format, mostMb] of Object.entries(MOST_MB) as [ManyRows, number][]) {
  test(`200,000 rows of ${format} cost at most ${mostMb} MB more than 10,903`, async (t) => {
    t.diagnostic(await assertMemoryStays(10_903, 200_000, mostMb, format))
  })
}

/** Beside the rows a Parquet file holds a row group. */
const MOST_OUTPUT_MB: Readonly<Record<TableFormat, number>> = { csv: 20, jsonl: 20, parquet: 25, xlsx: 20 }

for (const [format, mostMb] of Object.entries(MOST_OUTPUT_MB) as [TableFormat, number][]) {
  test(`200,000 rows joined as ${format} cost at most ${mostMb} MB more than 10,903`, async (t) => {
    t.diagnostic(await assertOutputMemoryStays(10_903, 200_000, mostMb, format))
  })
}
