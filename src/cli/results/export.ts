/** `export`: classifications as CSV or JSON lines. */
import { once } from 'node:events'
import type { Command } from 'commander'
import { writeWholeFile } from '../../catalogue/atomic-file.ts'
import { createExportWriter, type ExportFormat } from '../../catalogue/results-writer.ts'
import { readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import type { Store } from '../../store/types.ts'
import { withDatabase } from '../database/database.ts'
import { oneOf } from '../ui/option-values.ts'
import { createCliLog, EXIT_FAILED, formatCount, isClosed, say, underInterrupts } from '../ui/terminal.ts'

interface ExportOptions {
  readonly format: ExportFormat
  readonly run?: string
  readonly out?: string
}

export function addExportCommand(program: Command): void {
  program
    .command('export')
    .description('Write the latest classification of every indicator, or the results of one run')
    .requiredOption('--format <format>', 'csv or jsonl', oneOf(['csv', 'jsonl']))
    .option('--run <run>', 'only what this run classified')
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
              ? await writeStdout(store, options, signal)
              : await writeWholeFile(options.out, (append) => writeAll(store, options, append, signal))
          }),
      )
      if (count === undefined) return
      say(`${formatCount(count)} classifications${options.out === undefined ? '' : ` in ${options.out}`}`)
      if (count === 0) process.exitCode = EXIT_FAILED
    })
}

/** Resolves with the count, or with undefined where the reader had enough before the end. */
async function writeStdout(store: Store, options: ExportOptions, signal: AbortSignal): Promise<number | undefined> {
  const { stdout } = process
  let failure: Error | undefined
  const onError = (error: Error) => {
    failure = error
  }
  stdout.on('error', onError)
  try {
    return await writeAll(
      store,
      options,
      async (text) => {
        if (failure !== undefined) throw failure
        if (!stdout.write(text)) await once(stdout, 'drain', { signal })
      },
      signal,
    )
  } catch (error) {
    if (isClosed(error)) return undefined
    throw error
  } finally {
    stdout.off('error', onError)
  }
}

async function writeAll(
  store: Store,
  options: ExportOptions,
  write: (text: string) => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  const writer = createExportWriter({ format: options.format, write })
  let count = 0
  try {
    for await (const page of store.exportClassifications(options.run === undefined ? {} : { runId: options.run })) {
      for (const classification of page) await writer.write(classification)
      count += page.length
      signal.throwIfAborted()
    }
    await writer.end()
  } catch (error) {
    // Whatever an interrupt cut off, it is the reason.
    signal.throwIfAborted()
    throw error
  }
  return count
}
