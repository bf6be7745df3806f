/** Frees what killed batches had claimed: a batch that is killed cannot, and others would wait for its answers until the claims run out. */
import type { Config } from '../../config/config.ts'
import { messageOf } from '../../errors.ts'
import { withDatabase } from '../database/database.ts'
import { createCliLog } from '../ui/log.ts'
import { say } from '../ui/terminal.ts'

/** Frees the claims of the batches with these invocation ids. A database that cannot be reached is said, and no failure. */
export async function freeClaimsOf(batches: readonly string[], config: Config, signal: AbortSignal): Promise<void> {
  if (batches.length === 0) return
  const options = { log: createCliLog(config), mayCreate: false, signal }
  try {
    await withDatabase(config, options, ({ store }) => store.releaseClaimsOf(batches))
  } catch (error) {
    signal.throwIfAborted()
    say(
      `The claims of the killed batches run out in two minutes; batches that ask the same wait until then, because the database was not reached from here (${messageOf(error)})`,
    )
  }
}
