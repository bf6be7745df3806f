/** `eval GOLD`: how right the answers are, field by field, on indicators that a person has labelled. */
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { CODEBOOK_VERSION } from '../../classification/codebook.ts'
import { buildSystemPrompt, estimateTokens, PROMPT_VERSION } from '../../classification/prompt.ts'
import { readConfig } from '../../config/config.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import { fitCalibration, formatCalibration } from '../../eval/calibration-fit.ts'
import { scoreFirstReadings } from '../../eval/first-readings.ts'
import { type GoldRow, parseGold } from '../../eval/gold-file.ts'
import { predictByRules } from '../../eval/prediction.ts'
import { type ScoredRow, score } from '../../eval/score.ts'
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
import { type FailUnder, failUnderOf, packsOf, shortfallsOf } from './options.ts'
import { noCost } from './report.ts'
import { runThroughService } from './service.ts'

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
    .description('Score the answers against labelled indicators (JSON lines with labels)')
    .argument('[gold]', 'gold file (default: the one that is shipped, which the rules were tuned on)')
    .option(
      '--mode <mode>',
      'rules: the rules alone, no service needed; model, hybrid: through the whole service, as classify --mode',
      oneOf(['rules', 'model', 'hybrid']),
      'rules',
    )
    .option('--pack <list>', 'indicators in one request to the model, such as 1,5,10,25; one row each', packsOf, [10])
    .option('--json', 'print exactly one JSON object on stdout, everything else on stderr')
    .option('--fail-under <list>', 'exit 1 where a figure is lower, such as type=0.9,all=0.8', failUnderOf)
    .option(
      '--ingress <urls>',
      'ask a running service, which stores the results under ids that begin with "eval:" (default: one of its own, gone afterwards)',
      httpUrls,
    )
    .option('--fit', 'print the calibration of the rules that this gold file gives, and nothing else')
    .action(async (file: string | undefined, options: EvalOptions) => {
      const rows = await readGoldFile(file ?? SHIPPED_GOLD)
      if (file === undefined) say('No gold file was named: the shipped one, which was tuned on, is scored.')
      process.exitCode = options.fit === true ? printFit(rows) : await evaluate(rows, file ?? null, options)
    })
}

/** Reads and checks. Throws ServiceError input-invalid that names every wrong line. */
export async function readGoldFile(path: string): Promise<readonly GoldRow[]> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new ServiceError('input-invalid', `The gold file cannot be read: ${messageOf(error)}`, { cause: error })
  })
  if (!isUtf8(bytes)) throw new ServiceError('input-invalid', `${path} is not UTF-8: save it as UTF-8`)
  const { rows, problems, ignored } = parseGold(bytes.toString('utf8'))
  if (problems.length > 0) {
    const shown = problems.slice(0, 20).map((problem) => `  ${problem}`)
    const rest = problems.length > shown.length ? [`  and ${problems.length - shown.length} more`] : []
    throw new ServiceError('input-invalid', [`${path} is no gold file:`, ...shown, ...rest].join('\n'))
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
    () => say('Stopping … Press Ctrl+C again to kill what does not end.'),
    (interrupts) =>
      runThroughService(rows, { mode, packs: options.pack, ingress: options.ingress }, readConfig(), interrupts),
  ).catch((error: unknown): null => {
    if (isInterrupted(error)) return null
    throw error
  })
  if (runs === null) return EXIT_INTERRUPTED
  const reports = runs.map(({ pack, scored, ...run }) => ({ ...head, pack, ...run, ...score(scored) }))
  const [first] = reports
  if (first === undefined) throw new ServiceError('input-invalid', '--pack names no size')
  if (options.json === true) {
    // The first size stands on top, in the form that every mode has; all of them are listed without their misses.
    printJson({ ...first, packs: reports.map(({ misses: _, confusion: __, type_rules: ___, ...row }) => row) })
  } else {
    process.stdout.write(`${formatScore(first)}\n`)
    if (reports.length > 1) process.stdout.write(`\n${formatPacks(reports)}\n`)
  }
  return exitCodeOf(options.failUnder, reports)
}

function exitCodeOf(failUnder: FailUnder | undefined, reports: Parameters<typeof shortfallsOf>[1]): number {
  const shortfalls = failUnder === undefined ? [] : shortfallsOf(failUnder, reports)
  for (const line of shortfalls) say(line)
  return shortfalls.length > 0 ? EXIT_FAILED : EXIT_OK
}
