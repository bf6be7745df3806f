/** `classify FILE`: a catalogue goes in, every indicator comes out classified and stored. */
import type { Command } from 'commander'
import type { Classification, Indicator, Mode } from '../classification/types.ts'
import { type Config, readConfig } from '../config.ts'
import { batchesOf, openCatalogue } from './catalogue/catalogue.ts'
import type { Catalogue } from './catalogue/types.ts'
import { createProgress } from './progress.ts'
import { formatFailures, formatReport } from './report.ts'
import { newRunId, type RunReport, runCatalogue } from './run.ts'
import {
  EXIT_FAILED,
  EXIT_INTERRUPTED,
  EXIT_OK,
  formatCount,
  type Interrupts,
  printJson,
  say,
  watchInterrupts,
} from './terminal.ts'
import { httpUrls, oneOf, wholeNumber } from './values.ts'

export interface ClassifyOptions {
  readonly json?: boolean
  readonly force?: boolean
  readonly mode: Mode
  readonly reuse: boolean
  readonly pack?: number
  readonly batchSize: number
  readonly ingress?: readonly string[]
  readonly limit?: number
}

/** How long a run waits for a node while none answers. */
const PATIENCE_MS = 600_000

export function addClassifyCommand(program: Command): void {
  program
    .command('classify')
    .description('Classify a catalogue (CSV or JSON lines; - reads standard input)')
    .argument(
      '<file>',
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
    .option('--pack <n>', 'indicators in one request to the model, 1 to 25 (default: 10)', wholeNumber(1, 25))
    .option('--batch-size <n>', 'indicators in one invocation, 1 to 100', wholeNumber(1, 100), 100)
    .option(
      '--ingress <urls>',
      'Restate ingress URLs, separated by commas (default: RESTATE_INGRESS_URL, else this machine)',
      httpUrls,
    )
    .option('--limit <n>', 'classify the first N indicators of the file', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .action(async (file: string, options: ClassifyOptions) => {
      const config = readConfig()
      const interrupts = watchInterrupts(() =>
        say('Stopping: waiting for what is in flight. Press Ctrl+C again to stop at once.'),
      )
      try {
        const report = await classifyFile(file, options, config, interrupts)
        process.exitCode = finish(report, options, interrupts)
      } finally {
        interrupts.release()
      }
    })
}

/** Reads, checks and classifies `file`. Throws ServiceError input-invalid for what cannot be read. */
export async function classifyFile(
  file: string,
  options: ClassifyOptions,
  config: Config,
  interrupts: Pick<Interrupts, 'first' | 'second'>,
  onResults?: (results: readonly Classification[]) => void,
): Promise<RunReport> {
  const catalogue = await openCatalogue(file, options.limit === undefined ? {} : { limit: options.limit })
  try {
    say(`${catalogue.label}: ${formatCount(catalogue.count)} indicators`)
    for (const warning of catalogue.warnings) say(`Warning: ${warning.message} (${formatCount(warning.count)})`)
    const runId = newRunId()
    say(`Run ${runId}, mode ${options.mode}`)
    const progress = createProgress({
      stream: process.stderr,
      isTty: process.stderr.isTTY === true,
      total: catalogue.count,
    })
    try {
      const report = await runCatalogue(runId, catalogue.count, batchesOf(indicatorsOf(catalogue), options.batchSize), {
        urls: options.ingress ?? config.restate.ingressUrls,
        batchSize: options.batchSize,
        force: options.force ?? false,
        options: {
          mode: options.mode,
          reuse: options.reuse,
          ...(options.pack === undefined ? {} : { pack: options.pack }),
        },
        patienceMs: PATIENCE_MS,
        say: (line) => progress.note(line),
        onProgress: (counts) => progress.update(counts),
        ...(onResults === undefined ? {} : { onResults }),
        stopSubmitting: interrupts.first,
        abandon: interrupts.second,
      })
      return { ...report, warnings: [...catalogue.warnings, ...report.warnings] }
    } finally {
      progress.end()
    }
  } finally {
    await catalogue.close()
  }
}

/** Prints the report and says the exit code. */
export function finish(
  report: RunReport,
  options: { readonly json?: boolean },
  interrupts: Pick<Interrupts, 'first'>,
): number {
  if (options.json === true) printJson(report)
  else process.stdout.write(`${formatReport(report)}\n`)
  if (report.failures.length > 0) say(formatFailures(report))
  if (interrupts.first.aborted) {
    // Without --force: what is done already is unchanged then, and only the rest is asked.
    const args = process.argv.slice(3).filter((arg) => arg !== '--force')
    say(`Interrupted. What is done is stored; go on with:\n  npm run classify -- ${args.join(' ')}`)
    return EXIT_INTERRUPTED
  }
  return report.failed > 0 ? EXIT_FAILED : EXIT_OK
}

async function* indicatorsOf(catalogue: Catalogue): AsyncGenerator<Indicator> {
  for await (const { indicator } of catalogue.indicators()) yield indicator
}
