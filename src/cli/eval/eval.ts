/** The command `eval [GOLD]`: compares the labels of the service, field by field, with the labels that people gave to the same records. */
import { type Command, Option } from 'commander'
import { type LoadedCodebook, schemeOf } from '../../catalogue/codebook-files.ts'
import { buildSystemPrompt, PROMPT_VERSION } from '../../classification/prompt.ts'
import { estimateTokens } from '../../classification/tokens.ts'
import type { Scheme } from '../../classification/types.ts'
import type { Field } from '../../codebooks/codebook.ts'
import { readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { fitConfidence, formatCalibration } from '../../eval/calibration-fit.ts'
import { scoredFields } from '../../eval/fields.ts'
import { scoreFirstReadings } from '../../eval/first-readings.ts'
import type { GoldRow } from '../../eval/gold-file.ts'
import { predictByRules, type ScoredRow } from '../../eval/prediction.ts'
import { measureRecall } from '../../eval/recall.ts'
import { score } from '../../eval/score.ts'
import { CODEBOOK_FLAGS } from '../codebook/codebook-option.ts'
import { STOPPING } from '../start/start.ts'
import { httpUrls, keptFile, namedFile, oneOf } from '../ui/option-values.ts'
import {
  EXIT_FAILED,
  EXIT_INTERRUPTED,
  EXIT_OK,
  isInterrupted,
  printJson,
  printText,
  say,
  underInterrupts,
} from '../ui/terminal.ts'
import { reportCapture } from './capture-report.ts'
import type { ExchangeChoice } from './exchange.ts'
import { formatPacks, formatScore } from './format.ts'
import { describeGold, type EvalCodebook, goldPathOf, loadEvalCodebook, readGoldFile } from './gold.ts'
import { checkFigures, type FailUnder, findShortfalls, parseFailUnder, parsePacks } from './options.ts'
import { noCost, type Report } from './report.ts'
import { runThroughService } from './service.ts'

interface EvalOptions {
  readonly mode: 'rules' | 'model' | 'hybrid'
  readonly pack: readonly number[]
  readonly codebook?: string
  readonly json?: boolean
  readonly failUnder?: FailUnder
  readonly ingress?: readonly string[]
  readonly record?: string
  readonly capture?: string
  readonly replay?: string
  readonly fit?: boolean
}

export function addEvalCommand(program: Command): void {
  program
    .command('eval')
    .description('Score the answers against labelled records')
    .argument(
      '[gold]',
      'gold file, JSON lines with labels (default: the one that comes with a built-in codebook)',
      namedFile,
    )
    .option(
      '--mode <mode>',
      'rules: score the rules alone, without a service; model, hybrid: score the whole service, as classify --mode',
      oneOf(['rules', 'model', 'hybrid']),
      'rules',
    )
    .option(
      CODEBOOK_FLAGS,
      'codebook of the labels: a YAML file, the name of a built-in one, or with --ingress of a stored one (default: economic-indicators)',
    )
    .addOption(
      new Option('--pack <list>', 'records in one request to the model; several sizes such as 1,5,10,25 are compared')
        .argParser(parsePacks)
        .default([10], '10'),
    )
    .option('--json', 'print one JSON object on stdout, and everything else on stderr')
    .option('--fail-under <list>', 'exit with 1 if a figure is lower, such as all=0.8 or a field=0.9', parseFailUnder)
    .option(
      '--ingress <urls>',
      'score a running service, which stores the results in the catalogue eval (default: a temporary one)',
      httpUrls,
    )
    .addOption(
      new Option(
        '--record <file>',
        'keep every request to the model and its answer in a new file, to replay them later',
      )
        .argParser(keptFile)
        .conflicts(['capture', 'replay', 'ingress']),
    )
    .addOption(
      new Option(
        '--capture <file>',
        'keep the requests in a new file without asking a model, to have them answered elsewhere',
      )
        .argParser(keptFile)
        .conflicts(['replay', 'ingress', 'fit', 'failUnder']),
    )
    .addOption(
      new Option('--replay <file>', 'answer from a file of recorded answers instead of a model')
        .argParser(namedFile)
        .conflicts('ingress'),
    )
    .option(
      '--fit',
      'print only the calibration that this gold file gives: how often findings, and with --mode model a model, are right',
    )
    .action(async (file: string | undefined, options: EvalOptions) => {
      process.exitCode = await runEval(file, options)
    })
}

async function runEval(file: string | undefined, options: EvalOptions): Promise<number> {
  const exchange = exchangeOf(options)
  const chosen = await loadEvalCodebook(options.codebook, options.ingress)
  const { loaded } = chosen
  const { codebook } = loaded
  const path = goldPathOf(file, chosen, options.codebook)
  const rows = await readGoldFile(path, codebook, { needsLabels: exchange?.kind !== 'capture' })
  const fields = scoredFields(codebook, rows)
  if (options.failUnder !== undefined) checkFigures(options.failUnder, codebook, fields)
  if (options.mode === 'rules') return scoreRules(rows, loaded, file, options)
  return await scoreService(rows, chosen, file, { ...options, mode: options.mode, exchange })
}

/** Reads the options --record, --capture and --replay, of which commander lets at most one pass. */
function exchangeOf({ record, capture, replay, mode }: EvalOptions): ExchangeChoice | undefined {
  const given = { record, capture, replay }
  for (const kind of ['record', 'capture', 'replay'] as const) {
    const file = given[kind]
    if (file === undefined) continue
    if (mode !== 'rules') return { kind, file }
    throw new ServiceError(
      'input-invalid',
      `--${kind} needs --mode model or --mode hybrid: with --mode rules no model is asked`,
    )
  }
  return undefined
}

/** The parts of a report that are the same for every mode and pack size. */
function headOf(rows: readonly GoldRow[], { codebook }: LoadedCodebook, file: string | undefined, mode: string) {
  const labelled = rows.map(({ indicator, labels }) => ({ record: indicator, labels }))
  return {
    gold: describeGold(file, codebook),
    mode,
    codebook: `${codebook.name}@${codebook.version}`,
    codebook_version: codebook.version,
    prompt: { version: PROMPT_VERSION, static_tokens_estimated: estimateTokens(buildSystemPrompt(codebook)) },
    shortlists: measureRecall(codebook, labelled).filter(({ records }) => records > 0),
  }
}

function scoreRules(
  rows: readonly GoldRow[],
  loaded: LoadedCodebook,
  file: string | undefined,
  options: EvalOptions,
): number {
  const scheme = schemeOf(loaded)
  const fields = scoredFields(loaded.codebook, rows)
  const scored = rows.map((row): ScoredRow => ({ row, prediction: predictByRules(scheme, row.indicator) }))
  const report: Report = {
    ...headOf(rows, loaded, file, options.mode),
    model: null,
    ...score(scored, fields),
    first_readings: scoreFirstReadings(rows, fields),
    cost: noCost(),
  }
  if (options.fit === true) printFit(scheme, scored, fields)
  else if (options.json === true) printJson(report)
  else printText(formatScore(report))
  return exitCodeOf(options.failUnder, [report])
}

async function scoreService(
  rows: readonly GoldRow[],
  { loaded, isOwnFile }: EvalCodebook,
  file: string | undefined,
  options: EvalOptions & { readonly mode: 'model' | 'hybrid'; readonly exchange: ExchangeChoice | undefined },
): Promise<number> {
  const { mode, pack: packs, ingress, exchange } = options
  const outcome = await underInterrupts(
    () =>
      say(
        exchange === undefined || exchange.kind === 'replay'
          ? STOPPING
          : `${STOPPING} What was kept so far stays in ${exchange.file}.`,
      ),
    (interrupts) =>
      runThroughService(
        rows,
        { mode, packs, ingress, exchange, loaded, isOwnCodebook: isOwnFile },
        readConfig(),
        interrupts,
      ),
  ).catch((error: unknown): null => {
    if (isInterrupted(error)) return null
    throw error
  })
  if (outcome === null) return EXIT_INTERRUPTED
  if (exchange?.kind === 'capture') {
    reportCapture(exchange.file, outcome.exchanged, { gold: file ?? null, rows }, options)
    return EXIT_OK
  }
  if (exchange?.kind === 'record') say(`Recorded ${outcome.exchanged} requests with their answers in ${exchange.file}.`)
  const fields = scoredFields(loaded.codebook, rows)
  const head = headOf(rows, loaded, file, mode)
  const leftOut = outcome.unanswered === undefined ? {} : { unanswered: outcome.unanswered }
  const reports = outcome.runs.map(
    ({ pack, scored, ...run }): Report => ({ ...head, pack, ...run, ...score(scored, fields), ...leftOut }),
  )
  const [first] = reports
  if (first === undefined) throw new ServiceError('input-invalid', '--pack must name a size')
  if (options.fit === true) {
    printFit(schemeOf(loaded), outcome.runs[0]?.scored ?? [], fields)
  } else if (options.json === true) {
    // The report of the first pack size has the usual form; `packs` lists every size, without the long tables of each
    // report.
    printJson({ ...first, packs: reports.map(({ misses: _, confusion: __, rules: ___, ...row }) => row) })
  } else {
    printText(formatScore(first))
    if (reports.length > 1) printText(`\n${formatPacks(reports)}`)
  }
  return exitCodeOf(options.failUnder, reports)
}

function printFit(scheme: Scheme, scored: readonly ScoredRow[], fields: readonly Field[]): void {
  printText(formatCalibration(fitConfidence(scheme, scored, fields)))
}

function exitCodeOf(failUnder: FailUnder | undefined, reports: readonly Report[]): number {
  const shortfalls = failUnder === undefined ? [] : findShortfalls(failUnder, reports)
  for (const line of shortfalls) say(line)
  return shortfalls.length > 0 ? EXIT_FAILED : EXIT_OK
}
