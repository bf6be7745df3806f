/** The command `move`: copies all results into the database of another stack, as from one machine to a cluster. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { readConnectionUrl } from '../../config/database-connection.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import { createCliLog } from '../ui/log.ts'
import { formatCount, say, underInterrupts } from '../ui/terminal.ts'
import { withDatabase } from './database.ts'

export function addMoveCommand(program: Command): void {
  program
    .command('move')
    .description(
      'Copy results, decisions, codebooks and evidence into the database of another stack, which was not used yet',
    )
    .argument('<file>', 'a file with the address of the other database, such as .data/cluster/database-url')
    .action(async (file: string) => {
      const config = readConfig()
      const log = createCliLog(config)
      const target = readConnectionUrl(await readUrl(file))
      const copied = await underInterrupts(
        () => say('Stopping when the copy has ended …'),
        ({ first: signal }) =>
          withDatabase(config, { log, mayCreate: false, signal }, async (database) => {
            await database.migrate()
            return await database.copyInto(target)
          }),
      )
      const tables = Object.entries(copied).filter(([, rows]) => rows > 0)
      for (const [table, rows] of tables) say(`${table}: ${formatCount(rows)} rows`)
      say(tables.length === 0 ? 'There was nothing to copy.' : 'Copied. The database that it came from is unchanged.')
    })
}

async function readUrl(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new ServiceError('config-invalid', `${file} cannot be read: ${messageOf(error)}`, { cause: error })
  })
  const url = text.trim()
  if (!/^postgres(ql)?:\/\/\S+$/.test(url))
    throw new ServiceError(
      'config-invalid',
      `${file} must hold one address: postgres://user:password@host:port/database`,
    )
  return url
}
