/** Opens the store for a command that works on what is stored, with the schema brought up to date. */
import { readConfig } from '../../config/config.ts'
import type { Store } from '../../store/types.ts'
import { createCliLog } from '../ui/log.ts'
import { say, underInterrupts } from '../ui/terminal.ts'
import { withDatabase } from './database.ts'

/**
 * Opens the database and migrates its schema, because the schema of an earlier release lacks the tables of this
 * command.
 */
export async function withStore<T>(work: (store: Store, signal: AbortSignal) => Promise<T>): Promise<T> {
  const config = readConfig()
  const log = createCliLog(config)
  return await underInterrupts(
    () => say('Stopping …'),
    ({ first: signal }) =>
      withDatabase(config, { log, mayCreate: false, signal }, async (database) => {
        await database.migrate()
        signal.throwIfAborted()
        return await work(database.store, signal)
      }),
  )
}
