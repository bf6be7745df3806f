/** The command `certify`: its options, what it prints, and its exit codes. */
import { type Command, Option } from 'commander'
import { MAX_PATH, pluralise, printable } from '../../catalogue/problem-report.ts'
import { readConfig } from '../../config/config.ts'
import { LEAST_SENTINELS } from '../../evidence/drift.ts'
import { joinLines } from '../../lib/visible-text.ts'
import type { Store } from '../../store/types.ts'
import { findEvidence, formatEvidence } from '../audits/evidence-table.ts'
import { CATALOGUE_FLAGS, catalogueOption } from '../classify/catalogue-name.ts'
import { readGivenCodebook } from '../classify/run-codebook.ts'
import { CODEBOOK_FLAGS, findScheme } from '../codebook/codebook-option.ts'
import { withStore } from '../database/with-store.ts'
import { readWhole } from '../review/file-access.ts'
import { httpUrls, inputFile, outputFile, share, wholeNumber } from '../ui/option-values.ts'
import { personName, systemUser } from '../ui/person-name.ts'
import { EXIT_FAILED, EXIT_OK, printJson, printText, say } from '../ui/terminal.ts'
import { checkCertificate } from './certificate-file.ts'
import { type Certified, type CertifyOptions, certifyRun, writeSecond } from './certify-run.ts'
import { measureDrift } from './drift.ts'
import { type CommandOptions, checkOptions, fileWordOf, placeOf, writesToStdout } from './options.ts'
import { certifiedJson, formatDrift, formatNext, formatSentinels } from './report.ts'
import { findCertifiedRun } from './run-part.ts'
import { keepSentinels } from './sentinels.ts'

/** The exit codes of a certification. */
const EXIT_CODES = { shown: EXIT_OK, missed: EXIT_FAILED, more: 2 } as const
const MAX_ROWS = 100_000

export function addCertifyCommand(program: Command): void {
  program
    .command('certify')
    .description(
      'Show by labels of people how many results of a run are right: exit code 0 shown, 1 missed, 2 more labels needed',
    )
    .option('--run <run>', 'the run whose results are certified')
    .option(
      CATALOGUE_FLAGS,
      'the catalogue, where the run classified several; with --drift or --evidence the one that is meant',
      catalogueOption,
    )
    .option(CODEBOOK_FLAGS, 'the codebook, where the run used several; with --drift or --evidence a file or name')
    .option(
      '--target <share>',
      'share that is to be shown right, or with --evidence in agreement, 0.5 to 0.999 (default: 0.97)',
      share(0.5, 0.999),
    )
    .option(
      '--delta <share>',
      'error probability of all that is shown, 0.001 to 0.5 (default: 0.05)',
      share(0.001, 0.5),
    )
    .option('--field <list>', 'all for the whole row, or names of fields such as kind,topics (default: all)')
    .option(
      '--labels <file>',
      'take labels from a filled-in labelling file: CSV, JSON lines or lines; - reads standard input',
      inputFile,
    )
    .option('--by <name>', 'name of the person who labelled (default: the current system user)', personName)
    .option('--count <n>', 'rows to label next (default: as many as are likely needed)', wholeNumber(1, MAX_ROWS))
    .option(
      '--out <file>',
      'labelling file to write, .csv or .jsonl (default: labels-RUN-N.csv, N being its first row); - is stdout',
      outputFile,
    )
    .addOption(
      new Option('--second', 'only write a labelling file of the rows that others labelled and --by did not').conflicts(
        ['labels', 'adjudicate', 'check', 'sentinel', 'drift'],
      ),
    )
    .option(
      '--cases <file>',
      'write the rows on which two people disagree, with their labels, for a third decision',
      outputFile,
    )
    .option('--adjudicate <file>', 'take third decisions from such a file', inputFile)
    .option(
      '--left-over <file>',
      'write the records below the cut as JSON lines, for classify or for people',
      outputFile,
    )
    .option(
      '--certificate <file>',
      'path of the certificate (default: certificate-RUN.json, and a page beside it)',
      outputFile,
    )
    .addOption(
      new Option('--check <file>', 'only recompute a certificate from the database: exit code 1 where anything differs')
        .argParser(inputFile)
        .conflicts(['run', 'labels', 'adjudicate', 'second', 'sentinel', 'drift', 'target', 'delta', 'field']),
    )
    .option('--sentinel', 'keep the labelled rows, at least 150, to find drift by')
    .addOption(
      new Option('--drift', 'only ask the kept rows again, and report the change of accuracy').conflicts([
        'labels',
        'adjudicate',
        'sentinel',
        'target',
        'delta',
        'field',
      ]),
    )
    .addOption(
      new Option(
        '--evidence',
        'only show what audits and labels show of the rules of a catalogue, by field and source',
      ).conflicts(['labels', 'adjudicate', 'second', 'check', 'sentinel', 'drift', 'delta', 'field']),
    )
    .option('--fail-on-drift', 'with --drift: exit code 1 where accuracy changed')
    .option(
      '--ingress <urls>',
      'with --drift or --evidence: Restate ingress URLs, separated by commas (default: RESTATE_INGRESS_URL, else this machine)',
      httpUrls,
    )
    .option('--json', 'print one JSON object on stdout, and everything else on stderr')
    .action(async (options: CommandOptions) => {
      checkOptions(options)
      process.exitCode = await withStore((store, signal) => dispatch(store, options, signal))
    })
}

async function dispatch(store: Store, options: CommandOptions, signal: AbortSignal): Promise<number> {
  if (options.check !== undefined) return await check(store, options.check, options, signal)
  if (options.drift === true) return await drift(store, options, signal)
  if (options.evidence === true) return await evidence(store, options, signal)
  const run: CertifyOptions = { ...options, run: options.run ?? '', by: options.by ?? systemUser() }
  if (options.second === true) return await second(store, run, options, signal)
  const certified = await certifyRun(store, run, signal)
  if (options.sentinel === true) return await sentinel(store, certified, run, { options, signal })
  report(certified, run, options.json === true)
  return EXIT_CODES[certified.evaluation.certificate.result.state]
}

function report(certified: Certified, run: CertifyOptions, isJson: boolean, more: object = {}): void {
  if (isJson) printJson({ ...certifiedJson(certified), ...more })
  else if (writesToStdout(run)) for (const line of certified.page.split('\n')) say(line)
  else printText(certified.page)
  for (const line of formatNext(certified, run)) say(line)
}

async function check(store: Store, file: string, { json }: CommandOptions, signal: AbortSignal): Promise<number> {
  const text = (await readWhole(file)).toString('utf8')
  const { problems, certificate } = await checkCertificate(store, text, signal)
  const state = certificate?.result.state ?? null
  const name = file === '-' ? 'Standard input' : printable(file, MAX_PATH)
  if (json === true) printJson({ file, agrees: problems.length === 0, state, problems })
  else if (problems.length === 0) {
    const counts = `${pluralise(certificate?.result.labelled ?? 0, 'labelled row')}, ${pluralise(certificate?.plan.population ?? 0, 'row')} of the run`
    printText(`${name} agrees with the database: ${counts}; ${state}.`)
  } else {
    const head = `${name} does not agree with the database, in ${pluralise(problems.length, 'point')}:`
    printText(joinLines([head, ...problems.map((problem) => `  ${problem}`)]))
  }
  return problems.length === 0 ? EXIT_OK : EXIT_FAILED
}

async function second(
  store: Store,
  run: CertifyOptions,
  { json }: CommandOptions,
  signal: AbortSignal,
): Promise<number> {
  const { path, rows } = await writeSecond(store, run, signal)
  if (json === true) printJson({ run: run.run, by: run.by, file: path, rows })
  say(
    `Wrote ${pluralise(rows, 'row')} that others labelled to ${placeOf(path)}, without their labels and without the answers.`,
  )
  say(
    `When ${run.by} has filled it in: npm run certify -- --run ${run.run} --labels ${fileWordOf(path)} --by "${run.by}"`,
  )
  return EXIT_OK
}

async function sentinel(
  store: Store,
  certified: Certified,
  run: CertifyOptions,
  { options, signal }: { readonly options: CommandOptions; readonly signal: AbortSignal },
): Promise<number> {
  const kept = await keepSentinels(store, certified)
  if (kept.missing === 0) {
    report(certified, run, options.json === true, { sentinels: kept })
    say(formatSentinels(kept, certified))
    return EXIT_OK
  }
  // The claims may be decided by fewer labels than a set needs, so that the file for the others is written here.
  const count = Math.max(kept.missing, options.count ?? 0)
  const isWritten = certified.evaluation.next.length >= kept.missing
  const labels = isWritten
    ? certified
    : await certifyRun(store, { ...run, labels: undefined, adjudicate: undefined, count }, signal)
  report(labels, run, options.json === true, { sentinels: kept })
  say(
    `Nothing was kept: ${pluralise(kept.rows, 'row')} of at least ${LEAST_SENTINELS} for a sentinel set are labelled.`,
  )
  return EXIT_CODES.more
}

async function drift(store: Store, options: CommandOptions, signal: AbortSignal): Promise<number> {
  const { catalogue, scheme } = await catalogueOf(store, options)
  const scope = { catalogue, codebook: scheme.codebook.name }
  const urls = options.ingress ?? readConfig().restate.ingressUrls
  const codebook = await readGivenCodebook(options.codebook)
  const found = await measureDrift(store, { scope, codebook, urls }, signal)
  if (options.json === true) printJson(found)
  else printText(formatDrift(found))
  return options.failOnDrift === true && found.row.verdict !== 'no-change-shown' ? EXIT_FAILED : EXIT_OK
}

async function evidence(store: Store, options: CommandOptions, signal: AbortSignal): Promise<number> {
  const { catalogue, scheme } = await catalogueOf(store, options)
  const urls = options.ingress ?? readConfig().restate.ingressUrls
  const codebook = `${scheme.codebook.name}@${scheme.hash}`
  const choice = { catalogue, codebook, target: options.target, urls }
  const found = await findEvidence(store, choice, signal)
  if (options.json === true) printJson(found)
  else printText(formatEvidence(found))
  return EXIT_OK
}

/** The catalogue that the options name, or that of the run, with the codebook. */
async function catalogueOf(store: Store, { run, catalogue, codebook }: CommandOptions) {
  if (catalogue !== undefined) return { catalogue, scheme: await findScheme(codebook, store) }
  const { scope, scheme } = await findCertifiedRun(store, { run: run ?? '', codebook: undefined })
  return { catalogue: scope.catalogue, scheme }
}
