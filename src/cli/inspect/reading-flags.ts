/** The options by which every command that reads a catalogue file is told how to read it. */
import { type Command, Option } from 'commander'
import type { ReadingFlags } from '../../catalogue/reading-options.ts'
import { namedFile, oneOf } from '../ui/option-values.ts'

/** Adds the options in the order of the documentation. */
export function addReadingFlags(command: Command): Command {
  return command
    .option(
      '--map <fields>',
      'columns of fields where the names of the columns do not tell, such as name="Indicator Name",description=Notes+Definition',
    )
    .option('--keep <columns>', 'columns that come back with the result, which the model does not see')
    .option('--context <columns>', 'columns that the model is shown in front of the description')
    .addOption(
      new Option(
        '--layout <layout>',
        'auto: find out whether rows or columns are periods; long: each row is a record; wide: periods are columns or rows',
      ).argParser(oneOf(['auto', 'long', 'wide'])),
    )
    .option('--sheet <name>', 'sheet of an Excel workbook, by its name or its number')
    .option('--records <path>', 'where the records of a JSON document lie, such as data.items')
    .option(
      '--encoding <name>',
      'encoding of the text, such as windows-1252 or shift_jis (default: found by the bytes)',
    )
    .option('--mapping <file>', 'mapping file that inspect --save has written; what is typed counts more', namedFile)
}

/** The flags that were typed, for a command that refuses all of them. */
export function typedFlags(flags: ReadingFlags): string[] {
  const names = ['map', 'keep', 'context', 'layout', 'sheet', 'records', 'encoding', 'mapping'] as const
  return names.filter((name) => flags[name] !== undefined).map((name) => `--${name}`)
}
