/** The command `review`: lists the results that a person should check, stores the decisions of people, and exports them as a gold file. */
import type { Command } from 'commander'
import { pluralise } from '../../catalogue/problem-report.ts'
import type { ResultsFormat } from '../../catalogue/results-writer.ts'
import type { Status } from '../../classification/types.ts'
import { ServiceError } from '../../errors.ts'
import { joinLines } from '../../lib/visible-text.ts'
import { findReviewItems } from '../../review/review-items.ts'
import { CATALOGUE_FLAGS, catalogueOption } from '../classify/catalogue-name.ts'
import { CODEBOOK_FLAGS, findScheme } from '../codebook/codebook-option.ts'
import { withStore } from '../database/with-store.ts'
import { checkCatalogue } from '../results/known-catalogue.ts'
import { inputFile, oneOf, outputFile, wholeNumber } from '../ui/option-values.ts'
import { type Append, writeOutput } from '../ui/output-file.ts'
import { personName, systemUser } from '../ui/person-name.ts'
import { shellWord } from '../ui/shell-word.ts'
import { formatCount, printJson, printText, say } from '../ui/terminal.ts'
import { type ApplyReport, applyReview } from './apply.ts'
import { readWhole, requireNoFile } from './file-access.ts'
import { formatReviewFile, formatReviewItems, openVerb } from './format.ts'
import { goldLines } from './gold.ts'
import { findOtherCodebooks } from './other-codebooks.ts'

interface ScopeOptions {
  readonly catalogue?: string
  readonly codebook?: string
}

interface ListOptions extends ScopeOptions {
  readonly unverified?: boolean
  readonly limit?: number
  readonly json?: boolean
  readonly format?: ResultsFormat
  readonly out?: string
}

interface ApplyCommandOptions extends ScopeOptions {
  readonly by?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** The number of shapes that the terminal shows without --limit; a file and --json then get all shapes. */
const SHOWN_ON_TERMINAL = 20
const CODEBOOK_MEANING = 'the codebook whose results are meant: a YAML file, or a name (default: economic-indicators)'
const MAX_WARNINGS = 20

export function addReviewCommand(program: Command): void {
  // Without this setting `review` would take an option such as --json that stands behind `review apply`, because both
  // have it.
  program.enablePositionalOptions()
  const review = program
    .command('review')
    .description('List the results that need review by a person, one for each shape, worst first')
    .enablePositionalOptions()
    .option(CATALOGUE_FLAGS, 'list this catalogue only (default: all catalogues)', catalogueOption)
    .option(CODEBOOK_FLAGS, CODEBOOK_MEANING)
    .option('--unverified', 'also list results that rest on guesses which nothing has checked')
    .option(
      '--limit <n>',
      'list the worst N shapes only (default: 20 on the terminal; all with --json or --out)',
      wholeNumber(1, 1_000_000),
    )
    .option('--json', 'print one JSON object on stdout, and everything else on stderr')
    .option(
      '--format <format>',
      'write a review file to fill in, as csv or jsonl; needs --out',
      oneOf(['csv', 'jsonl']),
    )
    .option(
      '--out <file>',
      'path of the review file, which must not exist; it appears when it is complete; - is stdout',
      outputFile,
    )
    .action(list)
  review
    .command('apply')
    .description('Store the decisions of a review file: all of them, or none if a line is wrong')
    .argument(
      '<file>',
      'review file: CSV, JSON lines, or lines such as "INDICATOR_ID FIELD=VALUE"; - reads standard input',
      inputFile,
    )
    .option(
      CATALOGUE_FLAGS,
      'catalogue of the lines that name none (default: the only one that has the id)',
      catalogueOption,
    )
    .option(CODEBOOK_FLAGS, CODEBOOK_MEANING)
    .option('--by <name>', 'name of the person who decided (default: the current system user)', personName)
    .option('--dry-run', 'check the file and store nothing')
    .option('--json', 'print one JSON object on stdout, and everything else on stderr')
    .action(apply)
  review
    .command('export-gold')
    .description('Write all decisions as a gold file: labelled indicators in the form that eval reads')
    .option(CATALOGUE_FLAGS, 'only decisions on this catalogue (default: all catalogues)', catalogueOption)
    .option(CODEBOOK_FLAGS, CODEBOOK_MEANING)
    .option(
      '--out <file>',
      'write to a file instead of stdout; the file appears when it is complete; - is stdout',
      outputFile,
    )
    .action(exportGold)
}

async function list(options: ListOptions): Promise<void> {
  const { format, out } = options
  if ((format === undefined) !== (out === undefined)) {
    throw new ServiceError('input-invalid', 'To write a review file, give both --format csv|jsonl and --out FILE')
  }
  if (out === '-' && options.json === true) {
    throw new ServiceError('input-invalid', '--json and --out - would both write to standard output: give one of them')
  }
  if (out !== undefined) await requireNoFile(out)
  const limit =
    options.limit ?? (options.json === true || out !== undefined ? Number.MAX_SAFE_INTEGER : SHOWN_ON_TERMINAL)
  const { catalogue, unverified } = options
  const withGuesses = unverified === true
  const statuses: readonly Status[] = withGuesses ? ['needs-review', 'unverified'] : ['needs-review']
  const { found, codebook, others } = await withStore(async (store) => {
    const scheme = await findScheme(options.codebook, store)
    await checkCatalogue(store, catalogue)
    const { codebook } = scheme
    const others =
      options.codebook === undefined
        ? await findOtherCodebooks(store, { codebook: codebook.name, catalogue, statuses })
        : []
    return { found: await findReviewItems(store, scheme, { catalogue, statuses, limit }), codebook, others }
  })
  if (format !== undefined && out !== undefined) {
    const file = formatReviewFile(found.items, format, codebook)
    await writeOutput(out, (append) => append(file), { option: '--out', mustBeNew: true })
    const all = pluralise(found.shapes, 'shape')
    const place = out === '-' ? 'standard output' : out
    say(`Wrote ${formatCount(found.items.length)} of ${all} that ${openVerb(found.shapes, withGuesses)} to ${place}`)
    const chosen = options.codebook === undefined ? '' : ` --codebook ${shellWord(options.codebook)}`
    const name = out === '-' ? 'FILE' : shellWord(out)
    say(`Fill in the columns decision or corrections, then: npm run review -- apply ${name}${chosen}`)
  }
  for (const line of others) say(line)
  if (options.json === true) {
    const { items, indicators, shapes, answered } = found
    printJson({ indicators, shapes, answered, items })
  } else if (out === undefined) printText(formatReviewItems(found, codebook, withGuesses))
}

async function apply(file: string, options: ApplyCommandOptions): Promise<void> {
  const by = options.by ?? systemUser()
  const label = file === '-' ? 'standard input' : file
  const bytes = await readWhole(file)
  const { catalogue, dryRun = false } = options
  const report = await withStore(async (store) => {
    const scheme = await findScheme(options.codebook, store)
    await checkCatalogue(store, catalogue)
    return await applyReview(store, bytes, { label, scheme, catalogue, by, dryRun })
  })
  for (const warning of report.warnings.slice(0, MAX_WARNINGS)) say(`Warning: ${warning}`)
  if (report.warnings.length > MAX_WARNINGS)
    say(`… and ${formatCount(report.warnings.length - MAX_WARNINGS)} more warnings like these`)
  if (options.json === true) printJson(report)
  else printText(formatApplied(report))
}

async function exportGold(options: ScopeOptions & { readonly out?: string }): Promise<void> {
  const { out = '-', catalogue } = options
  const count = await withStore(async (store) => {
    const { codebook } = await findScheme(options.codebook, store)
    await checkCatalogue(store, catalogue)
    const writeLines = async (write: Append) => {
      let lines = 0
      for await (const line of goldLines(store, codebook, catalogue)) {
        await write(line)
        lines += 1
      }
      return lines
    }
    return await writeOutput(out, writeLines, { option: '--out' })
  })
  if (count !== undefined) say(`Wrote ${pluralise(count, 'decision')}${out === '-' ? '' : ` to ${out}`}`)
}

function formatApplied(report: ApplyReport): string {
  const outcome = report.dry_run ? 'Dry run, nothing was stored; the file has' : `Stored as run ${report.run_id}:`
  const takes = report.shapes === 1 ? 'takes' : 'take'
  const effect = report.dry_run ? 'would take' : takes
  const left = report.undecided === 0 ? '' : `, ${formatCount(report.undecided)} left undecided`
  return joinLines([
    `${outcome} ${formatCount(report.accepted)} accepted, ${formatCount(report.corrected)} corrected by ${report.by}${left}`,
    `From the next run on, ${pluralise(report.shapes, 'shape')} ${effect} these answers.`,
  ])
}
