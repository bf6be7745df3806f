/** `export`: classifications as CSV or JSON lines. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { messageOf, ServiceError } from '../errors.ts'
import type { Store } from '../store/types.ts'
import { withDatabase } from './database.ts'
import { createExportWriter, type ExportFormat } from './export-format.ts'
import { createCliLog, EXIT_FAILED, formatCount, say } from './terminal.ts'
import { oneOf } from './values.ts'

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
      const count = await withDatabase(config, { log, mayCreate: false }, async ({ store }) => {
        if (options.run !== undefined && (await store.findRun(options.run)) === undefined) {
          throw new ServiceError('input-invalid', `Run "${options.run}" is not known`)
        }
        return options.out === undefined
          ? await writeAll(store, options, process.stdout)
          : await writeFile(store, options, options.out)
      })
      say(`${formatCount(count)} classifications${options.out === undefined ? '' : ` in ${options.out}`}`)
      if (count === 0) process.exitCode = EXIT_FAILED
    })
}

/** Half a file must never look like a whole one, so it takes its name at the end. */
async function writeFile(store: Store, options: ExportOptions, path: string): Promise<number> {
  const partial = `${path}.partial-${process.pid}`
  const stream = createWriteStream(partial)
  try {
    const count = await writeAll(store, options, stream)
    stream.end()
    await finished(stream)
    await rename(partial, path)
    return count
  } catch (error) {
    stream.destroy()
    await rm(partial, { force: true })
    throw new ServiceError('input-invalid', `--out ${path} could not be written: ${messageOf(error)}`, { cause: error })
  }
}

async function writeAll(store: Store, options: ExportOptions, stream: Writable): Promise<number> {
  const writer = createExportWriter({
    format: options.format,
    write: async (text) => {
      if (!stream.write(text)) await once(stream, 'drain')
    },
  })
  let count = 0
  for await (const page of store.exportClassifications(options.run === undefined ? {} : { runId: options.run })) {
    for (const classification of page) await writer.write(classification)
    count += page.length
  }
  await writer.end()
  return count
}
