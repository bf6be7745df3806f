/** `classify FILE`: a catalogue goes in, every indicator comes out classified and stored. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { batchesOf, openCatalogue } from '../../catalogue/open-catalogue.ts'
import type { Catalogue } from '../../catalogue/types.ts'
import type { Classification, Indicator, Mode } from '../../classification/types.ts'
import { type Config, readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { findIngress } from '../client/ingress.ts'
import { createServiceClient, type ServiceClient } from '../client/service.ts'
import { dollars, duration, httpUrls, oneOf, wholeNumber } from '../ui/option-values.ts'
import { createStderrProgress } from '../ui/progress.ts'
import {
  EXIT_FAILED,
  EXIT_INTERRUPTED,
  EXIT_OK,
  formatCount,
  type Interrupts,
  printJson,
  say,
  underInterrupts,
} from '../ui/terminal.ts'
import { costBasisOf, createSpending, type Spending } from './cost-budget.ts'
import { storedFacts } from './dry-run.ts'
import { formatEstimate } from './estimate.ts'
import { estimateFile } from './estimate-file.ts'
import { formatFailures, formatReport } from './format.ts'
import { keepHeapSmall } from './heap.ts'
import { formatBudget, setBudget } from './rate-budget.ts'
import { newRunId, type RunOptions, type RunReport, runCatalogue } from './run.ts'
import { createRunJournal, openRunJournal, type RunHeader, type RunJournal } from './run-journal.ts'
import { createSkippedFile } from './skipped-records.ts'

export interface ClassifyOptions {
  readonly json?: boolean
  readonly force?: boolean
  readonly mode: Mode
  readonly reuse: boolean
  readonly overridePerson?: boolean
  readonly pack?: number
  readonly batchSize: number
  readonly ingress?: readonly string[]
  readonly limit?: number
  readonly resume?: string
  readonly skipInvalid?: boolean
  readonly estimate?: boolean
  readonly maxCost?: number
  readonly rpm?: number
  readonly tpm?: number
  /** How long a run waits for a node while none answers, milliseconds; at its start shorter unless it is given. */
  readonly waitForNodes?: number
}

/** How long one short question to the service may take, while it comes up too. */
const SERVICE_PATIENCE_MS = 30_000
/** How long a run waits for a node in its middle unless it is told. */
const PATIENCE_MS = 600_000

export function addClassifyCommand(program: Command): void {
  program
    .command('classify')
    .description('Classify a catalogue (CSV or JSON lines; - reads standard input)')
    .argument(
      '[file]',
      'catalogue with indicator_id and name, and any of units, periodicity, description, sample_values …',
    )
    .option('--json', 'print exactly one JSON object on stdout, everything else on stderr')
    .option('--force', 'ask again what is unchanged')
    .option(
      '--mode <mode>',
      'hybrid: ask what the rules leave open; model: ask all; rules: ask nothing',
      oneOf(['hybrid', 'model', 'rules']),
      'hybrid',
    )
    .option('--no-reuse', 'do not answer from what was asked for the same shape')
    .option('--override-person', 'ask again also what a person has decided; the answer replaces it')
    .option('--pack <n>', 'indicators in one request to the model, 1 to 25 (default: 10)', wholeNumber(1, 25))
    .option('--batch-size <n>', 'indicators in one invocation, 1 to 100', wholeNumber(1, 100), 100)
    .option(
      '--ingress <urls>',
      'Restate ingress URLs, separated by commas (default: RESTATE_INGRESS_URL, else this machine)',
      httpUrls,
    )
    .option('--limit <n>', 'classify the first N indicators of the file', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--skip-invalid', 'leave out records that are invalid, and write them to skipped-RUN in this directory')
    .option(
      '--wait-for-nodes <duration>',
      'how long to wait for a Restate node while none answers, such as 30s, 10m or 1h (default: 10s at the start, then 10m)',
      duration,
    )
    .option('--resume <run>', 'go on with a run that was interrupted or partly failed; its file and options are known')
    .addOption(
      new Option(
        '--estimate',
        'tell what the run would take (indicators by source, requests, tokens, cost, minutes) and ask nothing; ' +
          'requests that are asked again after a failure come on top',
      ).conflicts('maxCost'),
    )
    .option(
      '--max-cost <usd>',
      'stop before the run costs more than this, in US dollars, its resumed parts included; --resume goes on',
      dollars,
    )
    .option('--rpm <n>', "set the running service's requests a minute, for good", wholeNumber(1, 1_000_000))
    .option('--tpm <n>', "set the running service's tokens a minute, for good", wholeNumber(1, 10_000_000_000))
    .action(async (file: string | undefined, options: ClassifyOptions) => {
      keepHeapSmall()
      const config = readConfig()
      if (options.estimate === true) {
        process.exitCode = await underInterrupts(
          () => say('Stopping …'),
          async (interrupts) => {
            const report = await estimateFile(file, options, askedOf(options), config, interrupts)
            if (options.json === true) printJson(report)
            else process.stdout.write(`${formatEstimate(report)}\n`)
            return EXIT_OK
          },
        )
        return
      }
      process.exitCode = await underInterrupts(
        () => say('Stopping: waiting for what is in flight. Press Ctrl+C again to stop at once.'),
        async (interrupts) => {
          const report = await classifyFile(file, options, config, interrupts)
          return finish(report, options, interrupts, file)
        },
      )
    })
}

/** Reads, checks and classifies `file`. Throws ServiceError input-invalid for what cannot be read or resumed. */
export async function classifyFile(
  file: string | undefined,
  options: ClassifyOptions,
  config: Config,
  interrupts: Interrupts,
  onResults?: (results: readonly Classification[]) => void,
): Promise<RunReport> {
  const earlier = options.resume === undefined ? null : await openRunJournal(config.dataDir, options.resume)
  const path = file ?? earlier?.header.file
  if (path === undefined)
    throw new ServiceError('input-invalid', 'Name a catalogue FILE (- for standard input), or --resume RUN')
  const runId = earlier?.header.run_id ?? newRunId()
  if (file === undefined && path === '-') askForSameInput(runId)
  const skipped = createSkippedFile(runId)
  let catalogue: Catalogue | undefined
  try {
    catalogue = await openCatalogue(path, {
      limit: earlier?.header.limit ?? options.limit,
      skipInvalid: earlier?.header.skip_invalid ?? options.skipInvalid,
      signal: interrupts.first,
      // A resumed run has written them already.
      ...(earlier === null ? { onInvalid: skipped.write } : {}),
    }).finally(() => {
      // Also where the catalogue is refused: what was left out until then is in the file.
      for (const line of skipped.report()) say(line)
    })
    say(`${catalogue.label}: ${formatCount(catalogue.count)} indicators`)
    for (const warning of catalogue.warnings) say(`Warning: ${warning.message} (${formatCount(warning.count)})`)
    if (earlier !== null && earlier.header.fingerprint !== catalogue.fingerprint) {
      const way = 'classify it anew; what is unchanged is not asked again'
      throw new ServiceError('input-invalid', `${catalogue.label} is not what run ${runId} began with: ${way}`)
    }
    const urls = options.ingress ?? config.restate.ingressUrls
    await findIngress(urls, interrupts.first, options.waitForNodes)
    const service = createServiceClient({ urls, patienceMs: SERVICE_PATIENCE_MS })
    if (options.rpm !== undefined || options.tpm !== undefined) {
      say(`The budget is now ${formatBudget(await setBudget(service, options, interrupts.first))}`)
    }
    const asked = earlier?.header ?? askedOf(options)
    const maxCostUsd = options.maxCost ?? earlier?.maxCostUsd
    const bound =
      maxCostUsd === undefined || asked.options.mode === 'rules'
        ? undefined
        : { maxUsd: maxCostUsd, basis: costBasisOf(await planFirst(service, catalogue, asked, interrupts.first)) }
    const journal = earlier ?? (await createRunJournal(config.dataDir, headerOf(runId, path, catalogue, options)))
    say(`Run ${runId}, mode ${journal.header.options.mode}; if it is cut off: ${resumeCommand(runId, path)}`)
    if (bound !== undefined) {
      const kept = options.maxCost === undefined ? ', as was said when it began' : ''
      const spent = earlier === null ? '' : `; USD ${journal.costUsd.toFixed(4)} of it is spent`
      say(`The run may cost USD ${bound.maxUsd} in all${kept}${spent}`)
      if (bound.maxUsd !== journal.maxCostUsd) await journal.noteMaxCost(bound.maxUsd)
    }
    const plan = (batch: readonly Indicator[]) => storedFacts(service, batch, asked, interrupts.second)
    const spending = bound && createSpending({ ...bound, spentUsd: journal.costUsd, asked, plan })
    const patienceMs = options.waitForNodes ?? PATIENCE_MS
    const report = await submitAll(
      journal,
      catalogue,
      { urls, patienceMs, isResumed: earlier !== null },
      interrupts,
      spending,
      onResults,
    )
    if (report.failed === 0) await journal.remove()
    return { ...report, warnings: [...catalogue.warnings, ...report.warnings] }
  } finally {
    await catalogue?.close()
    await skipped.close()
  }
}

/** What the service would do with the first indicator: it tells model and prices. */
async function planFirst(
  service: ServiceClient,
  catalogue: Catalogue,
  asked: Pick<RunHeader, 'force' | 'options'>,
  signal: AbortSignal,
) {
  for await (const indicator of indicatorsOf(catalogue)) return await storedFacts(service, [indicator], asked, signal)
  return undefined
}

function askedOf(options: ClassifyOptions): Pick<RunHeader, 'force' | 'batch_size' | 'options'> {
  return {
    batch_size: options.batchSize,
    force: options.force ?? false,
    options: {
      mode: options.mode,
      reuse: options.reuse,
      ...(options.overridePerson === true ? { override_person: true } : {}),
      ...(options.pack === undefined ? {} : { pack: options.pack }),
    },
  }
}

/** A run of standard input has no file to go back to. Throws where a terminal would be waited for. */
function askForSameInput(runId: string): void {
  const way = `Run ${runId} was read from standard input; the same input must be given again: ${resumeCommand(runId, '-')}`
  if (process.stdin.isTTY) throw new ServiceError('input-invalid', way)
  say(way)
}

function resumeCommand(runId: string, file: string | undefined): string {
  return `npm run classify -- ${file === '-' ? `- --resume ${runId} < FILE` : `--resume ${runId}`}`
}

function headerOf(runId: string, path: string, catalogue: Catalogue, options: ClassifyOptions): RunHeader {
  return {
    run_id: runId,
    file: path === '-' ? path : resolve(path),
    fingerprint: catalogue.fingerprint,
    ...askedOf(options),
    ...(options.maxCost === undefined ? {} : { max_cost_usd: options.maxCost }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.skipInvalid === undefined ? {} : { skip_invalid: options.skipInvalid }),
  }
}

async function submitAll(
  journal: RunJournal,
  catalogue: Catalogue,
  nodes: Pick<RunOptions, 'urls' | 'patienceMs' | 'isResumed'>,
  interrupts: Interrupts,
  spending: Spending | undefined,
  onResults?: (results: readonly Classification[]) => void,
): Promise<RunReport> {
  const progress = createStderrProgress(catalogue.count)
  try {
    const batches = batchesOf(indicatorsOf(catalogue), journal.header.batch_size)
    return await runCatalogue(journal, catalogue.count, batches, {
      ...nodes,
      say: (line) => progress.note(line),
      onProgress: (counts) => progress.update(counts),
      ...(onResults === undefined ? {} : { onResults }),
      stopSubmitting: interrupts.first,
      abandon: interrupts.second,
      spending,
    })
  } finally {
    progress.end()
  }
}

/** Prints the report and says the exit code. */
export function finish(
  report: RunReport,
  options: { readonly json?: boolean },
  interrupts: Pick<Interrupts, 'first'>,
  file: string | undefined,
): number {
  if (options.json === true) printJson(report)
  else process.stdout.write(`${formatReport(report)}\n`)
  if (report.failures.length > 0) say(formatFailures(report))
  const resume = resumeCommand(report.run_id, file)
  if (report.failed > 0 && interrupts.first.aborted) {
    say(`Interrupted. What is done is stored; go on with:\n  ${resume}`)
    return EXIT_INTERRUPTED
  }
  if (report.max_cost?.reached === true) {
    const { usd, spent_usd: spent } = report.max_cost
    say(
      `Stopped before the cost could pass --max-cost ${usd}: USD ${spent.toFixed(6)} is spent. What is done is stored.`,
    )
    say(
      `Left: ${formatCount(report.failed)} of ${formatCount(report.indicators)} indicators. What they may take:\n  ${resume} --estimate`,
    )
    say(`Go on, with a bound for the whole run:\n  ${resume} --max-cost ${raised(usd)}`)
    return EXIT_FAILED
  }
  if (report.failed > 0) say(`Try what failed again with:\n  ${resume}`)
  return report.failed > 0 ? EXIT_FAILED : EXIT_OK
}

/** A bound to begin with: nobody means nothing by going on. */
function raised(usd: number): number {
  return usd > 0 ? Number((2 * usd).toPrecision(6)) : 0.01
}

async function* indicatorsOf(catalogue: Catalogue): AsyncGenerator<Indicator> {
  for await (const { indicator } of catalogue.indicators()) yield indicator
}
