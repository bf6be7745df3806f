/** The command `export`: writes stored classifications as CSV or JSON Lines, to stdout or to a file. */
import type { Command } from 'commander'
import { createResultsWriter, type ResultsFormat } from '../../catalogue/results-writer.ts'
import { DEFAULT_CODEBOOK, type PreparedScheme } from '../../classification/scheme.ts'
import type { SdmxCodes, Status } from '../../classification/types.ts'
import { readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import type { Store } from '../../store/types.ts'
import { CATALOGUE_FLAGS, catalogueOption } from '../classify/catalogue-name.ts'
import { CODEBOOK_FLAGS, findScheme } from '../codebook/codebook-option.ts'
import { withDatabase } from '../database/database.ts'
import { oneOf, outputFile } from '../ui/option-values.ts'
import { writeOutput } from '../ui/output-file.ts'
import { createCliLog, EXIT_FAILED, formatCount, say, underInterrupts, warnOfNpmLines } from '../ui/terminal.ts'
import { checkCatalogue } from './known-catalogue.ts'

const STATUSES = ['accepted', 'unverified', 'needs-review'] as const satisfies readonly Status[]

interface ExportOptions {
  readonly format: ResultsFormat
  readonly codebook?: string
  readonly catalogue?: string
  readonly status?: Status
  readonly run?: string
  readonly sdmx?: boolean
  readonly out?: string
}

export function addExportCommand(program: Command): void {
  program
    .command('export')
    .description('Write the latest classification of every indicator, or the results of one run')
    .requiredOption('--format <format>', 'csv or jsonl', oneOf(['csv', 'jsonl']))
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
    .action(async (options: ExportOptions) => {
      const { out = '-' } = options
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
            const results: Results = { store, scheme: await schemeOfResults(store, options), options, signal }
            if (out === '-') warnOfNpmLines()
            const written = await writeOutput(out, (append) => exportTo(append, results), { option: '--out', signal })
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
  readonly signal: AbortSignal
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

/** Passes the classifications, as CSV or JSON Lines, to `write`, and resolves with their number. */
async function exportTo(
  write: (text: string) => Promise<void>,
  { store, scheme, options, signal }: Results,
): Promise<number> {
  const { catalogue, run, status } = options
  const codes = options.sdmx === true ? sdmxCodesOf(scheme) : undefined
  const writer = createResultsWriter({ format: options.format, scheme, codes, write })
  let count = 0
  try {
    const wanted = {
      codebook: scheme.codebook.name,
      ...(catalogue === undefined ? {} : { catalogue }),
      ...(run === undefined ? {} : { runId: run }),
    }
    for await (const page of store.exportClassifications(wanted)) {
      for (const classification of page) {
        if (status !== undefined && classification.status !== status) continue
        await writer.write(classification)
        count += 1
      }
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

/** Throws ServiceError input-invalid where the codebook says nothing that SDMX has codes for. */
function sdmxCodesOf({ code, codebook }: PreparedScheme): SdmxCodes {
  if (code?.exportCodes !== undefined) return code.exportCodes
  const reason = `the codebook ${codebook.name} has no fields with SDMX codes`
  throw new ServiceError('input-invalid', `--sdmx: ${reason}: omit --sdmx, or name another codebook with --codebook`)
}
