/** Writes tables of tests as files of any format, and reads them back as a catalogue. */
import { writeFile } from 'node:fs/promises'
import { type MergeRange, writeXlsx } from 'hucre/xlsx'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { openCatalogue } from '../../../src/catalogue/open-catalogue.ts'
import type { CatalogueOptions } from '../../../src/catalogue/types.ts'

export type Cell = string | number | null

/** Writes a workbook of sheets, each by its rows. */
export async function writeWorkbook(
  path: string,
  sheets: Readonly<
    Record<string, { readonly rows: readonly (readonly Cell[])[]; readonly merges?: readonly MergeRange[] }>
  >,
): Promise<void> {
  const bytes = await writeXlsx({
    sheets: Object.entries(sheets).map(([name, { rows, merges = [] }]) => {
      return { name, rows: rows.map((row) => [...row]), merges: [...merges] }
    }),
  })
  await writeFile(path, bytes)
}

/** Writes a Parquet file of columns of texts. */
export async function writeParquet(
  path: string,
  columns: Readonly<Record<string, readonly (string | null)[]>>,
  rowGroupSize = 1_000,
): Promise<void> {
  const columnData = Object.entries(columns).map(([name, data]) => ({ name, data: [...data], type: 'STRING' as const }))
  await writeFile(path, new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize })))
}

/** Everything that a file gives: its records, what it says of its reading, and its rows. */
export async function readWhole(path: string, options: CatalogueOptions = {}) {
  const catalogue = await openCatalogue(path, options)
  try {
    const entries = []
    for await (const entry of catalogue.indicators()) entries.push(entry)
    const rows = []
    for await (const row of catalogue.rows()) rows.push(row)
    const { reading, warnings, count } = catalogue
    return { entries, records: entries.map(({ indicator }) => indicator), rows, reading, warnings, count }
  } finally {
    await catalogue.close()
  }
}
