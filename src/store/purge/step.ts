/** What the steps of a purge have in common: their form, their bounds, and how they run statements. */
import type pg from 'pg'
import { z } from 'zod'
import { withTimeLimit } from '../transaction.ts'
import type { PurgeCounts } from './types.ts'

export interface StepResult {
  readonly counts: PurgeCounts
  readonly hasMore: boolean
  /** How far the step is, for its next call, where what it found its work by does not tell. */
  readonly after?: string
}

/**
 * The work of one transaction. `after` is what the last transaction of the step that was committed gave, and empty before
 * the first, so that one that fails is done again with the same rows.
 */
export type Step = (client: pg.Client, after: string) => Promise<StepResult>

/** Rows that one transaction deletes at most, so that its locks are held briefly. */
export const ROWS_PER_STEP = 500
/** Milliseconds for one statement, which may have to read a whole table where no index leads to the rows of a run. */
const STEP_TIMEOUT_MS = 600_000

/** Rows that a step takes where no index leads to them, because each call reads the table from its beginning. */
export const SCANNED_ROWS = 5_000

export const NOTHING = { removed: 0, kept: 0 }
export const removal = (removed: number) => ({ removed, kept: 0 })

export async function read<T>(
  client: pg.Client,
  row: z.ZodType<T>,
  text: string,
  values: readonly string[],
): Promise<T[]> {
  const { rows } = await client.query<Record<string, unknown>>(withTimeLimit(text, STEP_TIMEOUT_MS, values))
  return z.array(row).parse(rows)
}

export async function change(client: pg.Client, text: string, values: readonly string[]): Promise<number> {
  const { rowCount } = await client.query(withTimeLimit(text, STEP_TIMEOUT_MS, values))
  return rowCount ?? 0
}
