/** The command `classify FILE`: its options, what it prints at its end, and its exit code. */
import { type Command, Option } from 'commander'
import { TABLE_FORMATS } from '../../catalogue/output/write-table.ts'
import { MAX_TARGET, MIN_TARGET } from '../../classification/batch-request.ts'
import { type Config, readConfig } from '../../config/config.ts'
import { describeCostStop } from '../../lib/cost-limits.ts'
import { SERVICE_TIERS } from '../../lib/service-tiers.ts'
import { toVisibleJson } from '../../lib/visible-text.ts'
import { CODEBOOK_FLAGS } from '../codebook/codebook-option.ts'
import { addReadingFlags } from '../inspect/reading-flags.ts'
import { startDetached } from '../runs/detach.ts'
import { detachedReport, formatDetached } from '../runs/format.ts'
import { addSourceFlags } from '../sources/source-flags.ts'
import { dollars, duration, httpUrls, oneOf, outputFile, share, wholeNumber } from '../ui/option-values.ts'
import {
  EXIT_FAILED,
  EXIT_INTERRUPTED,
  EXIT_OK,
  formatCount,
  type Interrupts,
  printJson,
  printText,
  say,
  underInterrupts,
} from '../ui/terminal.ts'
import { CATALOGUE_FLAGS, catalogueOption } from './catalogue-name.ts'
import { classifyFile } from './classify-file.ts'
import { estimateFile } from './estimate-file.ts'
import { formatEstimate, formatFailures, formatReport, formatUnverified } from './format.ts'
import { collectAtStart } from './heap.ts'
import type { ClassifyOptions } from './options.ts'
import { buildResumeCommand } from './resume.ts'
import type { RunReport } from './run-report.ts'

export function addClassifyCommand(program: Command): void {
  const command = program
    .command('classify')
    .description('Classify the indicators of a catalogue and store the results')
    .argument(
      '[file]',
      'catalogue: CSV, JSON, JSON lines, Excel or Parquet, also packed, with names and what else it has (npm run inspect ' +
        'shows how it is read); - reads standard input',
    )
    .option('--json', 'print one JSON object on stdout, and everything else on stderr')
    .option(
      CATALOGUE_FLAGS,
      'name of the catalogue, within which ids are unique (default: the name of the file without its ending)',
      catalogueOption,
    )
    .option(
      CODEBOOK_FLAGS,
      'codebook by which to classify: a YAML file, or a name, name@version or name@hash (default: economic-indicators)',
    )
  addReadingFlags(addSourceFlags(command, { hasTo: true }))
    .option(
      '--out <file>',
      'write the columns of the file, each with its labels beside it, when the run ends: .csv, .jsonl, .parquet or .xlsx',
      outputFile,
    )
    .option('--format <format>', 'format of --out (default: by its ending)', oneOf(TABLE_FORMATS))
    .option('--force', 'classify unchanged indicators again')
    .option(
      '--mode <mode>',
      'hybrid: ask the model where the rules are not sure; model: ask it about every indicator; rules: never ask it',
      oneOf(['hybrid', 'model', 'rules']),
      'hybrid',
    )
    .option(
      '--target <share>',
      'agreement with the model that rules must show on this catalogue before they decide a field alone, 0.5 to 0.999 ' +
        '(default: 0.97)',
      share(MIN_TARGET, MAX_TARGET),
    )
    .option(
      '--trust <evidence>',
      'what rules need to decide alone in mode hybrid: catalogue (audits of this catalogue) or shipped (no audits)',
      oneOf(['catalogue', 'shipped']),
      'catalogue',
    )
    .option('--no-reuse', 'do not reuse stored answers for the same shape')
    .option('--override-person', 'classify again also what a person has decided, and replace that decision')
    .option('--pack <n>', 'indicators in one request to the model, 1 to 25 (default: 10)', wholeNumber(1, 25))
    .option(
      '--tier <tier>',
      'service tier of all requests: flex (half price, slow), standard or priority (default: OPENAI_SERVICE_TIER of the service)',
      oneOf(SERVICE_TIERS),
    )
    .option('--tier-fallback', 'ask in the standard tier where the flex tier has no capacity, and do not wait for it')
    .option('--batch-size <n>', 'indicators in one batch, 1 to 100', wholeNumber(1, 100), 100)
    .option(
      '--ingress <urls>',
      'Restate ingress URLs, separated by commas (default: RESTATE_INGRESS_URL, else this machine)',
      httpUrls,
    )
    .option('--limit <n>', 'classify only the first N indicators', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option(
      '--skip-invalid',
      'leave out invalid records, and write them to skipped-RUN.csv or .jsonl in the current directory',
    )
    .option(
      '--wait-for-nodes <duration>',
      'how long to wait while no Restate node answers, such as 30s, 10m or 1h (default: 10s at the start, 10m later)',
      duration,
    )
    .option('--resume <run>', 'continue a run that was interrupted or failed in part, with its own file and options')
    .option('--detach', 'drive the run in a process of its own, and give the terminal back once it has begun')
    .addOption(
      new Option(
        '--estimate',
        'show what the run would take (indicators by source, requests, tokens, cost, time) without asking the model; ' +
          'repeated requests after failures are not included',
      ).conflicts(['maxCost', 'out', 'to', 'detach']),
    )
    .option(
      '--max-cost <usd>',
      'stop before the whole run, with its resumed parts, costs more US dollars than this; --resume continues it',
      dollars,
    )
    .option(
      '--rpm <n>',
      'set the requests a minute of the running service, also for later runs',
      wholeNumber(1, 1_000_000),
    )
    .option(
      '--tpm <n>',
      'set the tokens a minute of the running service, also for later runs',
      wholeNumber(1, 10_000_000_000),
    )
    .action(async (file: string | undefined, options: ClassifyOptions) => {
      collectAtStart()
      const config = readConfig()
      process.exitCode =
        options.estimate === true
          ? await runEstimate(file, options, config)
          : options.detach === true
            ? await runDetached(file, options, config)
            : await runClassify(file, options, config)
    })
}

async function runEstimate(file: string | undefined, options: ClassifyOptions, config: Config): Promise<number> {
  const report = await underInterrupts(
    () => say('Stopping …'),
    ({ first: signal }) => estimateFile(file, options, config, signal),
  )
  if (options.json === true) printJson(report)
  else printText(formatEstimate(report))
  return EXIT_OK
}

async function runClassify(file: string | undefined, options: ClassifyOptions, config: Config): Promise<number> {
  return await underInterrupts(
    () => say('Stopping: waiting for the batches in flight. Press Ctrl+C again to stop at once.'),
    async (interrupts) =>
      printRunReport(await classifyFile(file, options, config, interrupts), options, interrupts, file),
  )
}

/** Starts the driver of the run, and prints the id of the run and the commands that watch and steer it. */
async function runDetached(file: string | undefined, options: ClassifyOptions, config: Config): Promise<number> {
  const begun = await underInterrupts(
    () => say('Stopping …'),
    ({ first: signal }) => startDetached(config.dataDir, { readsInput: file === '-', signal }),
  )
  if (typeof begun === 'number') return begun
  if (options.json === true) printJson(detachedReport(begun))
  else printText(formatDetached(begun))
  return EXIT_OK
}

/** Prints the report of a run and how to continue the run, and returns the exit code. */
export function printRunReport(
  report: RunReport,
  options: { readonly json?: boolean; readonly out?: string },
  interrupts: Pick<Interrupts, 'first'>,
  file: string | undefined,
): number {
  // The results take standard output, so that the report stands beside them.
  if (options.out === '-' || report.out?.file === '-') {
    const text = options.json === true ? toVisibleJson(report) : formatReport(report)
    for (const line of text.split('\n')) say(line)
  } else if (options.json === true) printJson(report)
  else printText(formatReport(report))
  for (const line of formatFailures(report)) say(line)
  if (report.unverified + report.unchanged_unverified > 0) say(formatUnverified(report))
  const resumeCommand = buildResumeCommand(report.run_id, file)
  if (report.stopped_by === 'takeover') return EXIT_INTERRUPTED
  if (report.failed > 0 && (interrupts.first.aborted || report.stopped_by !== undefined)) {
    const ended = interrupts.first.aborted ? 'Interrupted' : 'Stopped'
    say(`${ended}. The results of finished batches are stored. Resume the run with:`)
    say(`  ${resumeCommand}`)
    return EXIT_INTERRUPTED
  }
  if (report.max_cost?.reached === true) {
    const {
      usd,
      spent_usd: spentUsd,
      next_usd: nextUsd,
      needed_usd: neededUsd,
      kept_answers: kept = 0,
    } = report.max_cost
    const left = `${formatCount(report.failed)} of ${formatCount(report.indicators)} indicators are left`
    const passed = spentUsd > usd ? `, USD ${(spentUsd - usd).toFixed(6)} more than the limit` : ''
    say(`Stopped at the cost limit: USD ${spentUsd.toFixed(6)} of --max-cost ${usd} is spent${passed}; ${left}.`)
    if (nextUsd !== undefined && neededUsd !== undefined) {
      say(describeCostStop({ spentUsd, maxUsd: usd, nextUsd, neededUsd }))
    }
    if (kept > 0) say(`${formatCount(kept)} answered, kept for when it goes on.`)
    say('Estimate the rest with:')
    say(`  ${resumeCommand} --estimate`)
    say('Resume the run with a higher limit for all of it:')
    say(`  ${resumeCommand} --max-cost ${Math.max(suggestMaxCost(usd), neededUsd ?? 0)}`)
    return EXIT_FAILED
  }
  if (report.failed > 0) {
    say('Try the failed indicators again with:')
    say(`  ${resumeCommand}`)
  }
  return report.failed > 0 ? EXIT_FAILED : EXIT_OK
}

/** Suggests a higher cost limit to a user whose run has reached a limit of `usd` US dollars. */
function suggestMaxCost(usd: number): number {
  return usd > 0 ? Number((2 * usd).toPrecision(6)) : 0.01
}
