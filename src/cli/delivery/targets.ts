/** Where a run delivers its results beside the store of the service, as its options and its journal say it. */
import { z } from 'zod'
import { TABLE_FORMATS } from '../../catalogue/output/write-table.ts'

/** What the journal of a run keeps of its outputs. A URL has no password there. */
export const targetsSchema = z.object({
  /** The absolute path of a file, or the URL of an object; "-" is standard output. */
  out: z.string().optional(),
  format: z.enum(TABLE_FORMATS).optional(),
  /** The URL of a database, and the table in it. */
  to: z.string().optional(),
  table: z.string().optional(),
})

export type Targets = z.infer<typeof targetsSchema>

/**
 * Whether what was delivered to `before` need not be delivered anew to `now`: results are kept for an output as they come, so that
 * another file can be made of them, but another table has none of them yet.
 */
export function coversTargets(before: Targets | undefined, now: Targets): boolean {
  const hasOut = now.out === undefined || before?.out !== undefined
  const hasTable = now.to === undefined || (before?.to === now.to && before?.table === now.table)
  return hasOut && hasTable
}
