/** The command `inspect FILE`: shows how a catalogue file is read before anything is asked. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { collectAtStart } from '../classify/heap.ts'
import { settleSource } from '../sources/input-source.ts'
import { addSourceFlags } from '../sources/source-flags.ts'
import { keptFile } from '../ui/option-values.ts'
import { EXIT_OK, printJson, printText, say, underInterrupts } from '../ui/terminal.ts'
import { formatInspection } from './format.ts'
import { type InspectOptions, inspectFile } from './inspect-file.ts'
import { addReadingFlags } from './reading-flags.ts'

export function addInspectCommand(program: Command): void {
  const command = program
    .command('inspect')
    .description('Show how a catalogue file is read, what is unsure, and what it would cost; nothing is asked')
    .argument('[file]', 'catalogue file, s3://bucket/key or postgres://…; - reads standard input')
    .option('--json', 'print one JSON object on stdout, and everything else on stderr')
  addReadingFlags(addSourceFlags(command))
    .option('--save <file>', 'write the mapping to a YAML file, to be changed and used with --mapping', keptFile)
    .option('--no-estimate', 'leave out what classifying the file would cost')
    .action(async (file: string | undefined, options: InspectOptions) => {
      collectAtStart()
      const { report, label } = await underInterrupts(
        () => say('Stopping …'),
        ({ first: signal }) => inspectFile(settleSource(file, options), options, readConfig(), signal),
      )
      if (options.json === true) printJson(report)
      else printText(formatInspection(report, label))
      if (options.save !== undefined) say(`Wrote the mapping to ${options.save}; use it with --mapping`)
      process.exitCode = EXIT_OK
    })
}
