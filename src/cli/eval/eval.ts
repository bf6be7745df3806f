/** The command `eval [GOLD]`: compares the labels of the service, field by field, with the labels that people gave to the same indicators. */
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Command, Option } from 'commander'
import { CODEBOOK_VERSION } from '../../classification/codebook.ts'
import { buildSystemPrompt, estimateTokens, PROMPT_VERSION } from '../../classification/prompt.ts'
import { readConfig } from '../../config/config.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import { fitCalibration, formatCalibration } from '../../eval/calibration-fit.ts'
import { scoreFirstReadings } from '../../eval/first-readings.ts'
import { type GoldRow, parseGold } from '../../eval/gold-file.ts'
import { predictByRules } from '../../eval/prediction.ts'
import { type ScoredRow, score } from '../../eval/score.ts'
import { STOPPING } from '../start/start.ts'
import { httpUrls, oneOf } from '../ui/option-values.ts'
import {
  EXIT_FAILED,
  EXIT_INTERRUPTED,
  EXIT_OK,
  isInterrupted,
  printJson,
  say,
  underInterrupts,
} from '../ui/terminal.ts'
import { formatPacks, formatScore } from './format.ts'
import { type FailUnder, findShortfalls, parseFailUnder, parsePacks } from './options.ts'
import { noCost } from './report.ts'
import { runThroughService } from './service.ts'

/**
 * The path of the gold file in this repository. The rules were tuned on this file, so scores on it are better than on
 * new data.
 */
export const SHIPPED_GOLD = fileURLToPath(new URL('../../eval/gold/authors.jsonl', import.meta.url))

interface EvalOptions {
  readonly mode: 'rules' | 'model' | 'hybrid'
  readonly pack: readonly number[]
  readonly json?: boolean
  readonly failUnder?: FailUnder
  readonly ingress?: readonly string[]
  readonly fit?: boolean
}

export function addEvalCommand(program: Command): void {
  program
    .command('eval')
    .description('Score the answers against labelled indicators')
    .argument(
      '[gold]',
      'gold file, JSON lines with labels (default: the one of this repository, on which the rules were tuned)',
    )
    .option(
      '--mode <mode>',
      'rules: score the rules alone, without a service; model, hybrid: score the whole service, as classify --mode',
      oneOf(['rules', 'model', 'hybrid']),
      'rules',
    )
    .addOption(
      new Option(
        '--pack <list>',
        'indicators in one request to the model; several sizes such as 1,5,10,25 are compared',
      )
        .argParser(parsePacks)
        .default([10], '10'),
    )
    .option('--json', 'print one JSON object on stdout, and everything else on stderr')
    .option('--fail-under <list>', 'exit with 1 if a figure is lower, such as type=0.9,all=0.8', parseFailUnder)
    .option(
      '--ingress <urls>',
      'score a running service, which stores the results under ids that begin with "eval:" (default: a temporary one)',
      httpUrls,
    )
    .option('--fit', 'print only the calibration of the rules that this gold file gives')
    .action(async (file: string | undefined, options: EvalOptions) => {
      const rows = await readGoldFile(file ?? SHIPPED_GOLD)
      if (file === undefined)
        say('No gold file was named: scoring the one of this repository, on which the rules were tuned.')
      process.exitCode = options.fit === true ? printFit(rows) : await evaluate(rows, file ?? null, options)
    })
}

/** Reads and checks a gold file. Throws ServiceError input-invalid whose message names the wrong lines. */
export async function readGoldFile(path: string): Promise<readonly GoldRow[]> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new ServiceError('input-invalid', `The gold file cannot be read: ${messageOf(error)}`, { cause: error })
  })
  if (!isUtf8(bytes)) throw new ServiceError('input-invalid', `${path} is not UTF-8: save it as UTF-8`)
  const { rows, problems, ignored } = parseGold(bytes.toString('utf8'))
  if (problems.length > 0) {
    const shown = problems.slice(0, 20).map((problem) => `  ${problem}`)
    const rest = problems.length > shown.length ? [`  and ${problems.length - shown.length} more`] : []
    throw new ServiceError('input-invalid', [`${path} is not a gold file:`, ...shown, ...rest].join('\n'))
  }
  for (const [label, count] of ignored) say(`Labels that are not scored: ${label} (${count})`)
  return rows
}

function printFit(rows: readonly GoldRow[]): number {
  process.stdout.write(`${formatCalibration(fitCalibration(rows))}\n`)
  return EXIT_OK
}

async function evaluate(rows: readonly GoldRow[], file: string | null, options: EvalOptions): Promise<number> {
  const head = {
    gold: file ?? 'shipped (written and tuned on by the authors)',
    mode: options.mode,
    codebook_version: CODEBOOK_VERSION,
    prompt: { version: PROMPT_VERSION, static_tokens_estimated: estimateTokens(buildSystemPrompt()) },
  }
  if (options.mode === 'rules') {
    const scored = rows.map((row): ScoredRow => ({ row, prediction: predictByRules(row.indicator) }))
    const report = { ...head, model: null, ...score(scored), first_readings: scoreFirstReadings(rows), cost: noCost() }
    if (options.json === true) printJson(report)
    else process.stdout.write(`${formatScore(report)}\n`)
    return exitCodeOf(options.failUnder, [report])
  }
  const { mode } = options
  const runs = await underInterrupts(
    () => say(STOPPING),
    (interrupts) =>
      runThroughService(rows, { mode, packs: options.pack, ingress: options.ingress }, readConfig(), interrupts),
  ).catch((error: unknown): null => {
    if (isInterrupted(error)) return null
    throw error
  })
  if (runs === null) return EXIT_INTERRUPTED
  const reports = runs.map(({ pack, scored, ...run }) => ({ ...head, pack, ...run, ...score(scored) }))
  const [first] = reports
  if (first === undefined) throw new ServiceError('input-invalid', '--pack must name a size')
  if (options.json === true) {
    // The report of the first pack size has the usual form; `packs` lists every size, without the long tables of each
    // report.
    printJson({ ...first, packs: reports.map(({ misses: _, confusion: __, type_rules: ___, ...row }) => row) })
  } else {
    process.stdout.write(`${formatScore(first)}\n`)
    if (reports.length > 1) process.stdout.write(`\n${formatPacks(reports)}\n`)
  }
  return exitCodeOf(options.failUnder, reports)
}

function exitCodeOf(failUnder: FailUnder | undefined, reports: Parameters<typeof findShortfalls>[1]): number {
  const shortfalls = failUnder === undefined ? [] : findShortfalls(failUnder, reports)
  for (const line of shortfalls) say(line)
  return shortfalls.length > 0 ? EXIT_FAILED : EXIT_OK
}
