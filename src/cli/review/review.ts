/** `review`: what needs a person, what persons decided, and their decisions as gold. */
import { open, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import { writeWholeFile } from '../../catalogue/atomic-file.ts'
import { counted } from '../../catalogue/problem-report.ts'
import type { ExportFormat } from '../../catalogue/results-writer.ts'
import { cleanText } from '../../classification/clean-text.ts'
import { readConfig } from '../../config/config.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import type { Store } from '../../store/types.ts'
import { withDatabase } from '../database/database.ts'
import { oneOf, wholeNumber } from '../ui/option-values.ts'
import { createCliLog, formatCount, printJson, say, underInterrupts } from '../ui/terminal.ts'
import { type ApplyReport, applyReview } from './apply.ts'
import { MAX_REVIEW_BYTES } from './review-file.ts'
import { goldLines } from './gold.ts'
import { findOpenItems } from './open-items.ts'
import { formatOpenItems, formatReviewFile } from './format.ts'

interface ListOptions {
  readonly limit?: number
  readonly json?: boolean
  readonly format?: ExportFormat
  readonly out?: string
}

interface ApplyCommandOptions {
  readonly by?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** What a screen bears; a file and --json get everything unless told otherwise. */
const SHOWN_ON_SCREEN = 20
const MAX_NAME = 100
const MAX_WARNINGS = 20

export function addReviewCommand(program: Command): void {
  // Options of `review apply` are its own also where `review` has one of the same name; that takes both.
  program.enablePositionalOptions()
  const review = program
    .command('review')
    .description('List what needs a person, worst first, one of each shape')
    .enablePositionalOptions()
    .option('--limit <n>', 'the worst N shapes (default: 20 on the screen, else all)', wholeNumber(1, 1_000_000))
    .option('--json', 'print exactly one JSON object on stdout')
    .option('--format <format>', 'write a review file to fill in: csv or jsonl', oneOf(['csv', 'jsonl']))
    .option('--out <file>', 'where to write it; the file appears when it is complete')
    .action(list)
  review
    .command('apply')
    .description('Store what a person decided in a review file: all of it, or nothing where a line is wrong')
    .argument('<file>', 'CSV, JSON lines, or lines such as "INDICATOR_ID type=flow"; - reads standard input')
    .option('--by <name>', 'who decided (default: the name of this system user)', personName)
    .option('--dry-run', 'check everything, store nothing')
    .option('--json', 'print exactly one JSON object on stdout')
    .action(apply)
  review
    .command('export-gold')
    .description('Write what persons decided as labelled indicators, in the form that eval reads')
    .option('--out <file>', 'write to a file instead of stdout; the file appears when it is complete')
    .action(exportGold)
}

async function list(options: ListOptions): Promise<void> {
  const { format, out } = options
  if ((format === undefined) !== (out === undefined)) {
    throw new ServiceError('input-invalid', 'A review file needs both --format csv|jsonl and --out FILE')
  }
  const limit =
    options.limit ?? (options.json === true || out !== undefined ? Number.MAX_SAFE_INTEGER : SHOWN_ON_SCREEN)
  const found = await withStore((store) => findOpenItems(store, limit))
  if (format !== undefined && out !== undefined) {
    await writeWholeFile(out, (append) => append(formatReviewFile(found.items, format)))
    say(`${formatCount(found.items.length)} of ${counted(found.shapes, 'shape')} that need a person, in ${out}`)
    say(`Fill in decision or corrections, then: npm run review -- apply ${out}`)
  }
  if (options.json === true) {
    const { items, indicators, shapes, answered } = found
    printJson({ indicators, shapes, answered, items })
  } else if (out === undefined) process.stdout.write(`${formatOpenItems(found)}\n`)
}

async function apply(file: string, options: ApplyCommandOptions): Promise<void> {
  const by = options.by ?? systemUser()
  const label = file === '-' ? 'standard input' : file
  const bytes = await readWhole(file)
  const report = await withStore((store) => {
    return applyReview(store, bytes, { label, by, dryRun: options.dryRun ?? false })
  })
  for (const warning of report.warnings.slice(0, MAX_WARNINGS)) say(`Warning: ${warning}`)
  if (report.warnings.length > MAX_WARNINGS) say(`Warnings like these: ${report.warnings.length} in all`)
  if (options.json === true) printJson(report)
  else process.stdout.write(`${formatApplied(report)}\n`)
}

async function exportGold(options: { readonly out?: string }): Promise<void> {
  const { out } = options
  const count = await withStore(async (store) => {
    const writeLines = async (write: (text: string) => unknown) => {
      let lines = 0
      for await (const line of goldLines(store)) {
        await write(line)
        lines += 1
      }
      return lines
    }
    return out === undefined
      ? await writeLines((line) => process.stdout.write(line))
      : await writeWholeFile(out, writeLines)
  })
  say(`${counted(count, 'decision')} of persons${out === undefined ? '' : ` in ${out}`}`)
}

/** A database of an earlier release lacks the tables of this command: they are made first. */
async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const config = readConfig()
  const log = createCliLog(config)
  return await underInterrupts(
    () => say('Stopping …'),
    ({ first: signal }) =>
      withDatabase(config, { log, mayCreate: false, signal }, async (database) => {
        await database.migrate()
        signal.throwIfAborted()
        return await work(database.store)
      }),
  )
}

function formatApplied(report: ApplyReport): string {
  const done = report.dry_run ? 'Nothing was stored (--dry-run). It would be' : `Stored as ${report.run_id}`
  const left = report.undecided === 0 ? '' : `, ${formatCount(report.undecided)} left undecided`
  return [
    `${done}: ${formatCount(report.accepted)} accepted, ${formatCount(report.corrected)} corrected by ${report.by}${left}`,
    `${counted(report.shapes, 'shape')} answered by a person from the next run on`,
  ].join('\n')
}

function personName(text: string): string {
  const name = cleanText(text).replace(/\s+/g, ' ')
  if (name === '' || name.length > MAX_NAME) {
    throw new InvalidArgumentError(`It must be a name of 1 to ${MAX_NAME} characters.`)
  }
  return name
}

function systemUser(): string {
  try {
    return personName(userInfo().username)
  } catch (error) {
    const message = 'Who decided? This system user has no name: give --by NAME'
    throw new ServiceError('input-invalid', message, { cause: error })
  }
}

async function readWhole(file: string): Promise<Buffer> {
  const tooBig = `larger than ${formatCount(MAX_REVIEW_BYTES / 1_000_000)} MB, the bound of a review file`
  const parts: Buffer[] = []
  let size = 0
  try {
    if (file !== '-' && (await stat(file)).size > MAX_REVIEW_BYTES) throw new Error(tooBig)
    const source = file === '-' ? process.stdin : (await open(file)).createReadStream()
    for await (const part of source) {
      const bytes = Buffer.from(part)
      size += bytes.length
      if (size > MAX_REVIEW_BYTES) throw new Error(tooBig)
      parts.push(bytes)
    }
  } catch (error) {
    throw new ServiceError('input-invalid', `${file} cannot be read: ${messageOf(error)}`, { cause: error })
  }
  return Buffer.concat(parts)
}
