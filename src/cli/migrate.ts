/** `migrate`: brings the database's schema up to date. Replicas do so by themselves; this is for deployments that want it apart. */
import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { withDatabase } from './database.ts'
import { createCliLog, say } from './terminal.ts'

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description("Bring the database's schema up to date (the embedded database unless another is set)")
    .action(async () => {
      const config = readConfig()
      const applied = await withDatabase(config, { log: createCliLog(config), mayCreate: true }, (database) =>
        database.migrate(),
      )
      say(applied.length === 0 ? 'The schema is up to date.' : `Applied ${applied.join(', ')}.`)
    })
}
