/** Opens a database of the user's own, which a run reads its rows from or writes its results to. */
import { readConfig } from '../../config/config.ts'
import type { OutsidePlace } from '../../config/outside-database.ts'
import type { OutsideResources } from '../../database-resources.ts'

/** Opens the database. What it needs is loaded here, because it takes a fifth of the start of a command, and few name a database. */
export async function openUserDatabase(at: OutsidePlace): Promise<OutsideResources> {
  const [{ openOutside }, { createCliLog }] = await Promise.all([
    import('../../database-resources.ts'),
    import('../ui/log.ts'),
  ])
  return await openOutside(at, { log: createCliLog(readConfig()) })
}
