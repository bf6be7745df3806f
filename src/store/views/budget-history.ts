/** Reads what the rate budget was set to, by whom and when. */
import { z } from 'zod'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import type { BudgetEntry } from './types.ts'

const entryRow = z
  .object({
    changed_at: z.iso.datetime({ offset: true }),
    rpm: z.number(),
    tpm: z.number().nullable(),
    safety: z.number(),
    configured: z.boolean(),
    set_by: z.string(),
  })
  .transform(({ changed_at, set_by: by, configured: isConfigured, ...budget }): BudgetEntry => {
    return { ...budget, at: new Date(changed_at).toISOString(), by, isConfigured }
  })

export async function listBudgetChanges(pool: DatabasePool, limit: number): Promise<BudgetEntry[]> {
  const text = `select to_json(changed_at) #>> '{}' as changed_at, rpm, tpm, safety, configured, set_by
    from budget_changes order by budget_changes.changed_at desc limit $1`
  return await queryRows(pool, 'read the history of the rate budget', entryRow, text, [limit])
}
