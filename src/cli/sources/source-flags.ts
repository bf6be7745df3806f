/** The options by which commands read from and write to databases, and which of them --table belongs to. */
import { type Command, Option } from 'commander'
import { ServiceError } from '../../errors.ts'

/** Where a catalogue is read from, as typed. */
export interface SourceFlags {
  readonly from?: string
  readonly query?: string
  readonly fromTable?: string
}

/** The database and the table to which results are written, as typed. */
export interface TableFlags {
  readonly to?: string
  readonly toTable?: string
}

/**
 * Adds --from, --query and --table, and for a command that writes results also --to, of which each takes the --table that follows it.
 * A --table before both belongs to the one that is there.
 */
export function addSourceFlags(command: Command, { hasTo = false }: { readonly hasTo?: boolean } = {}): Command {
  command
    .option(
      '--from <url>',
      'database or object in place of FILE: postgres://user@host/database (a password comes from PGPASSWORD or PGPASSFILE), sqlite:FILE or s3://bucket/key',
    )
    .option('--query <sql>', 'what is read of the database, such as "select id, name, unit from series order by id"')
  if (hasTo) {
    command.option(
      '--to <url>',
      'database to which the results are written: postgres://user@host/database or sqlite:FILE',
    )
  }
  const what = hasTo
    ? 'table that is read, behind --from, or written, behind --to'
    : 'table of the database that is read'
  command.addOption(new Option('--table <name>', `${what}: TABLE or SCHEMA.TABLE`))
  assignTables(command)
  return command
}

/** Gives each --table of the command to the --from or --to that it follows, also for a command that took the options of another one. */
export function assignTables(command: Command): void {
  let last: 'from' | 'to' | undefined
  let waiting: string | undefined
  const give = (to: 'from' | 'to', table: string) => {
    const name = to === 'from' ? 'fromTable' : 'toTable'
    if (command.getOptionValue(name) !== undefined) {
      throw new ServiceError('input-invalid', `--table is given twice for --${to}: name one table behind each of them`)
    }
    command.setOptionValue(name, table)
  }
  const begin = (which: 'from' | 'to') => () => {
    last = which
    if (waiting !== undefined) give(which, waiting)
    waiting = undefined
  }
  command.on('option:from', begin('from'))
  command.on('option:to', begin('to'))
  command.on('option:table', (table: string) => {
    if (last !== undefined) give(last, table)
    else waiting = table
  })
  // A source may also stand in place of FILE, which commander reads last.
  command.hook('preAction', () => {
    if (waiting !== undefined) give('from', waiting)
    waiting = undefined
  })
}
