/** Exports classifications as a table: in the formats that have types, or joined with the columns of a file. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type JoinedRow, joinTable } from '../../catalogue/output/joined-table.ts'
import type { AddedCodes } from '../../catalogue/output/result-columns.ts'
import { type TableFormat, writeTable } from '../../catalogue/output/write-table.ts'
import type { Reading } from '../../catalogue/reading-options.ts'
import { toResultBody } from '../../classification/result-body.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Classification } from '../../classification/types.ts'
import { writeJoined } from '../delivery/joined-file.ts'
import { openResultSpool } from '../delivery/result-spool.ts'
import { openForCommand } from '../inspect/read-catalogue.ts'
import type { Append } from '../ui/output-file.ts'

export interface TableExport {
  readonly format: TableFormat
  readonly scheme: PreparedScheme
  readonly codes?: AddedCodes | undefined
  /** The classifications in pages, of which each indicator has one. */
  readonly pages: AsyncIterable<readonly Classification[]>
  readonly signal: AbortSignal
}

/** Writes the columns of the results alone, and resolves with the number of rows. */
export async function exportTable(append: Append, options: TableExport): Promise<number> {
  const { scheme, pages, format, codes } = options
  async function* rows(): AsyncGenerator<JoinedRow> {
    for await (const page of pages) for (const one of page) yield { cells: [], result: toResultBody(one, scheme) }
  }
  return await writeTable(format, joinTable([], scheme, { codes }), rows(), append)
}

/** How the file is read with which results are joined. */
export interface JoinedFile {
  readonly path: string
  readonly reading: Reading
  readonly skipInvalid?: boolean | undefined
  /** Whether rows without a result are left out, because only some results are wanted. */
  readonly isFoundOnly: boolean
}

/** Writes the columns of the file in its order with those of the results beside them, and resolves with the number of results. */
export async function exportJoined(append: Append, options: TableExport, file: JoinedFile): Promise<number> {
  const { scheme, pages, format, codes, signal } = options
  const folder = await mkdtemp(join(tmpdir(), 'classify-export-'))
  const spool = await openResultSpool(join(folder, 'results'))
  const { path, reading, skipInvalid = true, isFoundOnly } = file
  try {
    const catalogue = await openForCommand({ path }, { reading, skipInvalid, signal }, { mayAsk: false })
    try {
      for await (const page of pages) await spool.append(page.map((one) => toResultBody(one, scheme)))
      const { find } = await spool.lookUp()
      const join = { catalogue, scheme, format, codes, find, isFoundOnly, isLimited: false, signal }
      const { rows, open } = await writeJoined(join, append)
      return rows - open
    } finally {
      await catalogue.close()
    }
  } finally {
    await spool.close()
    await rm(folder, { recursive: true, force: true })
  }
}
