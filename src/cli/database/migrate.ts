/** The command `migrate`: brings the schema of the database up to date, for deployments whose replicas may not change the schema at their start. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { createCliLog } from '../ui/log.ts'
import { say, underInterrupts } from '../ui/terminal.ts'
import { withDatabase } from './database.ts'

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description("Bring the database's schema up to date (the embedded database unless another is set)")
    .action(async () => {
      const config = readConfig()
      const log = createCliLog(config)
      const applied = await underInterrupts(
        () => say('Stopping when the migration has ended …'),
        ({ first: signal }) => withDatabase(config, { log, mayCreate: true, signal }, (database) => database.migrate()),
      )
      say(applied.length === 0 ? 'The schema is up to date.' : `Applied ${applied.join(', ')}.`)
    })
}
