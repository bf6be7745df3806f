/** The command `codebook`: checks, shows and lists codebooks, and writes a template for a new codebook. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { type LoadedCodebook, loadBuiltIns, pathOfFault, SHORT_HASH } from '../../catalogue/codebook-files.ts'
import { checkLabelledRecords, formatFaults, type LabelledFile } from '../../catalogue/labelled-records.ts'
import { MAX_PATH, pluralise, printable } from '../../catalogue/problem-report.ts'
import { codebookJsonSchema } from '../../codebooks/format.ts'
import { labelsSchema } from '../../codebooks/label-schema.ts'
import { isServiceError, ServiceError } from '../../errors.ts'
import { measureRecall } from '../../eval/recall.ts'
import { visibleText } from '../../lib/visible-text.ts'
import { httpUrls, namedFile } from '../ui/option-values.ts'
import { EXIT_USAGE, printJson, printText, say, warnOfNpmLines } from '../ui/terminal.ts'
import { findCodebook, listStored, readNamed } from './find-codebook.ts'
import { formatCodebook, formatGold, type GoldCheck } from './format.ts'
import { labelTypes } from './label-types.ts'

const INGRESS_FLAGS = '--ingress <urls>'
const INGRESS = 'Restate ingress URLs of a service that is asked for the codebooks that it keeps'

const TEMPLATE = new URL('../../codebooks/template.yaml', import.meta.url)

export function addCodebookCommand(program: Command): void {
  const codebook = program
    .command('codebook')
    .description('Codebooks: what is decided of each record, and by which definitions')
  codebook
    .command('check')
    .description('Check a codebook file and its code lists; every fault is named with its line')
    .argument('<codebook>', 'the YAML file of the codebook, or a name')
    .option(
      '--gold <file>',
      'also check labelled records (JSON lines), and how often shortlists hold their codes',
      namedFile,
    )
    .option('--json', 'one JSON object on stdout')
    .option(INGRESS_FLAGS, INGRESS, httpUrls)
    .action(checkCodebook)
  codebook
    .command('show')
    .description('Show a codebook as a page to read')
    .argument('<codebook>', 'the name of a codebook, or a file')
    .option('--all', 'every code of long code lists')
    .option('--json', 'one JSON object on stdout, with the whole content')
    .option(INGRESS_FLAGS, INGRESS, httpUrls)
    .action(async (name: string, { json, all = false, ingress }: ShowOptions) => {
      const loaded = await findCodebook(name, ingress)
      if (json === true) return printJson(contentOf(loaded))
      warnOfNpmLines()
      printText(formatCodebook(loaded.codebook, all))
    })
  codebook
    .command('list')
    .description('List the codebooks that come with the service, and those that a running service keeps')
    .option('--json', 'one JSON object on stdout')
    .option(INGRESS_FLAGS, INGRESS, httpUrls)
    .action(listCodebooks)
  codebook
    .command('init')
    .description('Write a commented codebook to start from to stdout')
    .action(async () => {
      warnOfNpmLines()
      process.stdout.write(await readFile(TEMPLATE, 'utf8'))
    })
  codebook
    .command('types')
    .description('Write the labels of a codebook to stdout, as a TypeScript type or as a JSON Schema')
    .argument('<codebook>', 'the name of a codebook, or a file')
    .option('--json', 'the JSON Schema')
    .option(INGRESS_FLAGS, INGRESS, httpUrls)
    .action(async (name: string, { json, ingress }: ShowOptions) => {
      const { codebook } = await findCodebook(name, ingress)
      warnOfNpmLines()
      printText(json === true ? JSON.stringify(labelsSchema(codebook), null, 2) : labelTypes(codebook))
    })
  codebook
    .command('schema')
    .description('Write the JSON Schema of the format to stdout, for editors')
    .action(() => {
      warnOfNpmLines()
      printText(JSON.stringify(codebookJsonSchema(), null, 2))
    })
}

interface CheckOptions {
  readonly gold?: string
  readonly json?: boolean
  readonly ingress?: readonly string[]
}

interface ShowOptions {
  readonly all?: boolean
  readonly json?: boolean
  readonly ingress?: readonly string[]
}

async function checkCodebook(name: string, options: CheckOptions): Promise<void> {
  if (options.json === true) return await checkAsJson(name, options)
  const loaded = await findCodebook(name, options.ingress)
  const gold = options.gold === undefined ? null : await checkLabelledRecords(options.gold, loaded.codebook)
  if (gold !== null && gold.faults.length > 0) {
    throw new ServiceError('input-invalid', formatFaults(options.gold ?? '', gold.faults))
  }
  const { codebook, hash } = loaded
  const fields = pluralise(codebook.fields.length, 'field')
  const what = `${codebook.name}@${codebook.version}, ${fields}, hash ${hash.slice(0, SHORT_HASH)}`
  printText(`${printable(name, MAX_PATH)} is sound: ${what}`)
  if (gold === null) return
  for (const { line, message } of gold.warnings)
    say(`Warning: ${printable(options.gold ?? '', MAX_PATH)}:${line}: ${message}`)
  printText(formatGold(goldCheckOf(loaded, gold)))
}

/** Prints one JSON object, whose `ok` says whether the codebook and its gold file are sound and `faults` what is wrong. */
async function checkAsJson(name: string, { gold: file, ingress }: CheckOptions): Promise<void> {
  const print = (value: { readonly ok: boolean }) => {
    printJson(value)
    if (!value.ok) process.exitCode = EXIT_USAGE
  }
  try {
    const read = await readNamed(name, ingress)
    if (!read.ok) {
      return print({ ok: false, ...{ faults: read.problems.map((one) => ({ ...one, file: pathOfFault(name, one) })) } })
    }
    const summary = summaryOf(read.loaded)
    if (file === undefined) return print({ ok: true, ...summary })
    const gold = await checkLabelledRecords(file, read.loaded.codebook)
    const faults = gold.faults.map((fault) => ({ file, ...fault }))
    const warnings = gold.warnings.map((warning) => ({ file, ...warning }))
    if (faults.length > 0) return print({ ok: false, ...summary, ...{ faults, warnings } })
    print({ ok: true, ...summary, ...{ gold: goldCheckOf(read.loaded, gold), warnings } })
  } catch (error) {
    if (!isServiceError(error) || error.code !== 'input-invalid') throw error
    print({ ok: false, ...{ faults: [{ file: null, line: null, key: '', message: error.message }] } })
  }
}

function goldCheckOf({ codebook }: LoadedCodebook, { records }: LabelledFile): GoldCheck {
  return { records: records.length, shortlists: measureRecall(codebook, records) }
}

async function listCodebooks({ json, ingress }: Omit<ShowOptions, 'all'>): Promise<void> {
  const builtIns = (await loadBuiltIns()).map(summaryOf)
  const own = new Set(builtIns.map(({ hash }) => hash))
  const stored = ingress === undefined ? [] : (await listStored(ingress)).filter(({ hash }) => !own.has(hash))
  if (json === true) return printJson({ codebooks: [...builtIns, ...stored] })
  warnOfNpmLines()
  for (const { name, version, title, fields } of builtIns) {
    printText(`${name}@${version}  ${title} (${pluralise(fields.length, 'field')})`)
  }
  for (const { name, version, hash } of stored) {
    printText(visibleText(`${name}@${version}  stored, hash ${hash.slice(0, SHORT_HASH)}`))
  }
  if (ingress === undefined) {
    say('These come with the service. With --ingress URL those that a running service keeps are listed as well.')
  }
}

function summaryOf({ codebook, hash }: LoadedCodebook) {
  return {
    name: codebook.name,
    version: codebook.version,
    title: codebook.title,
    hash,
    fields: codebook.fields.map(({ name, type, asked, multi }) => ({ name, kind: type.kind, asked, multi })),
    constraints: codebook.constraints.length,
    rulings: codebook.rulings.length,
  }
}

/** The whole content of a codebook: the checked file with its defaults, and the codes of its lists. */
function contentOf({ codebook, file, hash }: LoadedCodebook) {
  const fields = file.fields.map((field) => ({ ...field, kind: codebook.field.get(field.name)?.type.kind }))
  const lists = codebook.fields.flatMap(({ type }, index) => {
    const list = file.fields[index]?.codes?.file
    return type.kind === 'codes' && list !== undefined ? [[list, type.list.codes] as const] : []
  })
  return { ...file, hash, fields, lists: Object.fromEntries(lists) }
}
