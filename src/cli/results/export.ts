/** The command `export`: writes stored classifications as CSV, JSON Lines, Parquet or Excel, to stdout or to a file. */
import type { Command } from 'commander'
import { TABLE_FORMATS, type TableFormat } from '../../catalogue/output/write-table.ts'
import { type ReadingFlags, readReading } from '../../catalogue/reading-options.ts'
import { createResultsWriter } from '../../catalogue/results-writer.ts'
import { DEFAULT_CODEBOOK, type PreparedScheme } from '../../classification/scheme.ts'
import type { Classification, SdmxCodes, Status } from '../../classification/types.ts'
import { readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import type { Store } from '../../store/types.ts'
import { CATALOGUE_FLAGS, catalogueNameOf, catalogueOption } from '../classify/catalogue-name.ts'
import { CODEBOOK_FLAGS, findScheme } from '../codebook/codebook-option.ts'
import { withDatabase } from '../database/database.ts'
import { outputFormat } from '../delivery/settle-targets.ts'
import { writeResults } from '../delivery/write-results.ts'
import { addReadingFlags } from '../inspect/reading-flags.ts'
import { createCliLog } from '../ui/log.ts'
import { inputFile, oneOf, outputFile } from '../ui/option-values.ts'
import type { Append } from '../ui/output-file.ts'
import { EXIT_FAILED, formatCount, say, underInterrupts, warnOfNpmLines } from '../ui/terminal.ts'
import { exportJoined, exportTable } from './export-table.ts'
import { checkCatalogue } from './known-catalogue.ts'

const STATUSES = ['accepted', 'unverified', 'needs-review'] as const satisfies readonly Status[]

interface ExportOptions extends ReadingFlags {
  readonly format?: TableFormat
  readonly codebook?: string
  readonly catalogue?: string
  readonly status?: Status
  readonly run?: string
  readonly sdmx?: boolean
  /** The file with whose columns the results are joined. */
  readonly join?: string
  readonly out?: string
}

export function addExportCommand(program: Command): void {
  const command = program
    .command('export')
    .description('Write the latest classification of every indicator, or the results of one run')
    .option('--format <format>', 'csv, jsonl, parquet or xlsx (default: by the ending of --out)', oneOf(TABLE_FORMATS))
    .option(
      CODEBOOK_FLAGS,
      'the codebook whose results are written: a YAML file, or a name (default: that of the run, else economic-indicators)',
    )
    .option(CATALOGUE_FLAGS, 'only the results of this catalogue (default: all catalogues)', catalogueOption)
    .option('--run <run>', 'only the results of this run')
    .option(
      '--status <status>',
      'only the results with this status: accepted, unverified or needs-review',
      oneOf(STATUSES),
    )
    .option('--sdmx', 'add codes of the public SDMX code lists CL_FREQ, CL_UNIT_MULT and CL_UNIT')
    .option(
      '--out <file>',
      'write to a file instead of stdout; the file appears when it is complete; - is stdout',
      outputFile,
    )
    .option('--join <file>', 'write the columns of this file in its order, with the results beside them', inputFile)
  addReadingFlags(command).action(async (options: ExportOptions) => {
    const { out = '-' } = options
    const format = formatOf(options)
    const config = readConfig()
    const log = createCliLog(config)
    const count = await underInterrupts(
      () => say('Stopping …'),
      ({ first: signal }) =>
        withDatabase(config, { log, mayCreate: false, signal }, async ({ store, migrate }) => {
          // The schema of an earlier release lacks the tables that are read here.
          await migrate()
          signal.throwIfAborted()
          if (options.run !== undefined && (await store.findRun(options.run)) === undefined) {
            throw new ServiceError('input-invalid', `Run "${options.run}" is not known`)
          }
          // The history keeps what a run classified, also where the catalogue has gone since.
          if (options.run === undefined) await checkCatalogue(store, options.catalogue)
          const scheme = await schemeOfResults(store, options)
          const results: Results = { store, scheme, options, format, signal }
          if (out === '-') warnOfNpmLines()
          const written = await writeResults(out, (append) => exportTo(append, results), { option: '--out', signal })
          if (written === 0) await sayWhereResultsAre(results)
          return written
        }),
    )
    if (count === undefined) return
    say(`${formatCount(count)} classifications${out === '-' ? '' : ` in ${out}`}`)
    if (count === 0) process.exitCode = EXIT_FAILED
  })
}

/** What is exported, and from where. */
interface Results {
  readonly store: Store
  readonly scheme: PreparedScheme
  readonly options: ExportOptions
  readonly format: TableFormat
  readonly signal: AbortSignal
}

/** Throws ServiceError input-invalid where neither --format nor the ending of --out says it. */
function formatOf({ format, out = '-' }: ExportOptions): TableFormat {
  if (format !== undefined || out !== '-') return outputFormat(out, format)
  const known = TABLE_FORMATS.join(', ')
  throw new ServiceError('input-invalid', `Say the format: --format with one of ${known}, or --out with its ending`)
}

/** Names the codebooks by which there are results, to a user who named none and got none. */
async function sayWhereResultsAre({ store, options }: Results): Promise<void> {
  if (options.codebook !== undefined || options.status !== undefined) return
  const [name, ...others] = await codebooksWithResults(store, options)
  if (name === undefined) return
  const more = others.length === 0 ? '' : ` (also ${others.join(', ')})`
  say(`There are results by another codebook: export them with --codebook ${name}${more}`)
}

/** Finds the codebook of the export: the named one, else the one by which the run classified, else the default one. */
async function schemeOfResults(store: Store, options: ExportOptions): Promise<PreparedScheme> {
  const { codebook, run } = options
  if (codebook !== undefined || run === undefined) return await findScheme(codebook, store)
  return await findScheme((await codebooksWithResults(store, options))[0], store)
}

/** The names of the codebooks by which there are results of the run and the catalogue, the default one first. */
async function codebooksWithResults(store: Store, { catalogue, run }: ExportOptions): Promise<string[]> {
  const stored = await store.listCodebooks()
  const wanted = { ...(catalogue === undefined ? {} : { catalogue }), ...(run === undefined ? {} : { runId: run }) }
  const names: string[] = []
  for (const codebook of new Set([DEFAULT_CODEBOOK, ...stored.map(({ name }) => name)])) {
    for await (const page of store.exportClassifications({ ...wanted, codebook, pageSize: 1 })) {
      if (page.length > 0) names.push(codebook)
      break
    }
  }
  return names
}

/** Passes the classifications to `write`, and resolves with their number. */
async function exportTo(write: Append, results: Results): Promise<number> {
  const { scheme, format, options, signal } = results
  const { join, status } = options
  const pages = pagesOf(results)
  const codes = options.sdmx === true ? sdmxCodesOf(scheme) : undefined
  try {
    if (join !== undefined) {
      const file = { path: join, reading: await readReading(options), isFoundOnly: status !== undefined }
      return await exportJoined(write, { format, scheme, codes, pages, signal }, file)
    }
    if (format === 'parquet' || format === 'xlsx')
      return await exportTable(write, { format, scheme, codes, pages, signal })
    const writer = createResultsWriter({ format, scheme, codes, write })
    let count = 0
    for await (const page of pages) {
      for (const classification of page) await writer.write(classification)
      count += page.length
    }
    await writer.end()
    return count
  } catch (error) {
    // An interrupt also makes queries and writes fail, so the interrupt is thrown here in place of those errors.
    signal.throwIfAborted()
    throw error
  }
}

/** The classifications that are wanted, in pages. */
async function* pagesOf({ store, scheme, options, signal }: Results): AsyncGenerator<readonly Classification[]> {
  const { run, status, join } = options
  const ofFile = join === undefined || run !== undefined ? undefined : catalogueNameOf(join)
  const { catalogue = ofFile } = options
  const wanted = {
    codebook: scheme.codebook.name,
    ...(catalogue === undefined ? {} : { catalogue }),
    ...(run === undefined ? {} : { runId: run }),
  }
  for await (const page of store.exportClassifications(wanted)) {
    yield status === undefined ? page : page.filter((one) => one.status === status)
    signal.throwIfAborted()
  }
}

/** Throws ServiceError input-invalid where the codebook says nothing that SDMX has codes for. */
function sdmxCodesOf({ code, codebook }: PreparedScheme): SdmxCodes {
  if (code?.exportCodes !== undefined) return code.exportCodes
  const reason = `the codebook ${codebook.name} has no fields with SDMX codes`
  throw new ServiceError('input-invalid', `--sdmx: ${reason}: omit --sdmx, or name another codebook with --codebook`)
}
