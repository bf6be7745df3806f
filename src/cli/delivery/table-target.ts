/** The table of a user's database to which a run writes its results as they come. */
import type { Catalogue } from '../../catalogue/types.ts'
import type { Scheme } from '../../classification/types.ts'
import type { OutsideDatabase } from '../../config/outside-database.ts'
import type { ResultBody } from '../../restate/contract.ts'
import { openUserDatabase } from '../database/outside.ts'
import { say } from '../ui/terminal.ts'
import { type KeptCells, resultRows, TABLE_KEY } from './result-rows.ts'

export interface TableTarget {
  readonly label: string
  /** Writes the results of a batch, each with what the file has of it, and counts those that were new or differed. */
  write(results: readonly ResultBody[], kept: ReadonlyMap<string, KeptCells>): Promise<void>
  /** The rows that were new or differed. */
  readonly written: number
  close(): Promise<void>
}

export interface TableTargetOptions {
  readonly database: OutsideDatabase
  readonly table: string
  readonly scheme: Scheme
  readonly catalogue: Catalogue
  readonly signal: AbortSignal
}

const NONE: KeptCells = {}

/** Opens the table and makes it where it is missing. Rejects with ServiceError before anything is asked. */
export async function openTableTarget(options: TableTargetOptions): Promise<TableTarget> {
  const { database, table, scheme, catalogue, signal } = options
  const outside = await openUserDatabase(database.at)
  let written = 0
  let closing: Promise<void> | undefined
  try {
    const { columns, rowOf } = await resultRows(scheme, catalogue)
    const onOutage = (message: string) => say(`Results wait, and are written when the database is back: ${message}`)
    const { label } = database
    const opened = await outside.openTable({ table, columns, key: TABLE_KEY, label, signal, onOutage })
    return {
      label: `the table ${table} of ${database.label}`,
      write: async (results, kept) => {
        if (results.length === 0) return
        const rows = results.map((result) => rowOf(result, kept.get(result.indicator_id) ?? NONE))
        const changed = await opened.upsert(rows)
        // Batches end at the same time, so that the sum is read only now.
        written += changed
      },
      get written() {
        return written
      },
      close: async () => {
        closing ??= outside.close()
        await closing
      },
    }
  } catch (error) {
    await outside.close()
    throw error
  }
}
