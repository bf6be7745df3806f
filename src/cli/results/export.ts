/** The command `export`: writes stored classifications as CSV or JSON Lines, to stdout or to a file. */
import type { Command } from 'commander'
import { writeFileAtomically } from '../../catalogue/atomic-file.ts'
import { createResultsWriter, type ResultsFormat } from '../../catalogue/results-writer.ts'
import { readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import type { Store } from '../../store/types.ts'
import { withDatabase } from '../database/database.ts'
import { oneOf } from '../ui/option-values.ts'
import {
  createCliLog,
  EXIT_FAILED,
  formatCount,
  say,
  underInterrupts,
  warnOfNpmLines,
  writeStdout,
} from '../ui/terminal.ts'

interface ExportOptions {
  readonly format: ResultsFormat
  readonly run?: string
  readonly out?: string
}

export function addExportCommand(program: Command): void {
  program
    .command('export')
    .description('Write the latest classification of every indicator, or the results of one run')
    .requiredOption('--format <format>', 'csv or jsonl', oneOf(['csv', 'jsonl']))
    .option('--run <run>', 'only the results of this run')
    .option('--out <file>', 'write to a file instead of stdout; the file appears when it is complete')
    .action(async (options: ExportOptions) => {
      const config = readConfig()
      const log = createCliLog(config)
      const count = await underInterrupts(
        () => say('Stopping …'),
        ({ first: signal }) =>
          withDatabase(config, { log, mayCreate: false, signal }, async ({ store }) => {
            if (options.run !== undefined && (await store.findRun(options.run)) === undefined) {
              throw new ServiceError('input-invalid', `Run "${options.run}" is not known`)
            }
            return options.out === undefined
              ? await exportToStdout(store, options, signal)
              : await writeFileAtomically(options.out, (append) => exportTo(append, store, options, signal))
          }),
      )
      if (count === undefined) return
      say(`${formatCount(count)} classifications${options.out === undefined ? '' : ` in ${options.out}`}`)
      if (count === 0) process.exitCode = EXIT_FAILED
    })
}

/**
 * Resolves with the number of written classifications, or with undefined where the reader closed its end before all
 * were written.
 */
async function exportToStdout(store: Store, options: ExportOptions, signal: AbortSignal): Promise<number | undefined> {
  warnOfNpmLines()
  const write = async (text: string) => {
    if (!(await writeStdout(text, signal))) throw new ReaderClosedError()
  }
  try {
    return await exportTo(write, store, options, signal)
  } catch (error) {
    if (error instanceof ReaderClosedError) return undefined
    throw error
  }
}

class ReaderClosedError extends Error {}

/** Passes the classifications, as CSV or JSON Lines, to `write`, and resolves with their number. */
async function exportTo(
  write: (text: string) => Promise<void>,
  store: Store,
  options: ExportOptions,
  signal: AbortSignal,
): Promise<number> {
  const writer = createResultsWriter({ format: options.format, write })
  let count = 0
  try {
    for await (const page of store.exportClassifications(options.run === undefined ? {} : { runId: options.run })) {
      for (const classification of page) await writer.write(classification)
      count += page.length
      signal.throwIfAborted()
    }
    await writer.end()
  } catch (error) {
    // An interrupt also makes queries and writes fail, so the interrupt is thrown here in place of those errors.
    signal.throwIfAborted()
    throw error
  }
  return count
}
