/** The command `codebook`: checks, shows and lists codebooks, and writes a template for a new codebook. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { builtInFile, type LoadedCodebook, loadCodebook } from '../../catalogue/codebook-files.ts'
import { readLabelledRecords } from '../../catalogue/labelled-records.ts'
import { BUILT_IN_NAMES } from '../../codebooks/built-in.ts'
import { codebookJsonSchema } from '../../codebooks/json-schema.ts'
import { ServiceError } from '../../errors.ts'
import { measureRecall } from '../../eval/recall.ts'
import { printJson } from '../ui/terminal.ts'
import { formatCodebook, formatGold, type GoldCheck } from './format.ts'

const TEMPLATE = new URL('../../codebooks/template.yaml', import.meta.url)

export function addCodebookCommand(program: Command): void {
  const codebook = program
    .command('codebook')
    .description('Codebooks: what is decided of each record, and by which definitions')
  codebook
    .command('check')
    .description('Check a codebook file and its code lists; every fault is named with its line')
    .argument('<file>', 'the YAML file of the codebook')
    .option('--gold <file>', 'also check labelled records (JSON lines), and how often shortlists hold their codes')
    .option('--json', 'one JSON object on stdout')
    .action(async (file: string, options: { gold?: string; json?: boolean }) => {
      const loaded = await loadCodebook(file)
      const gold = options.gold === undefined ? null : await checkGold(loaded, options.gold)
      if (options.json === true) return printJson({ ...summaryOf(loaded), ...(gold === null ? {} : { gold }) })
      const { name, version, fields, hash } = summaryOf(loaded)
      process.stdout.write(`${file} is sound: ${name}@${version}, ${fields.length} fields, hash ${hash.slice(0, 12)}\n`)
      if (gold !== null) process.stdout.write(`${formatGold(gold)}\n`)
    })
  codebook
    .command('show')
    .description('Show a codebook as a page to read')
    .argument('<name>', 'the name of a built-in codebook, or a file')
    .option('--json', 'one JSON object on stdout')
    .action(async (name: string, options: { json?: boolean }) => {
      const loaded = await loadCodebook(fileOf(name))
      if (options.json === true) printJson(summaryOf(loaded))
      else process.stdout.write(formatCodebook(loaded.codebook))
    })
  codebook
    .command('list')
    .description('List the codebooks that are known')
    .option('--json', 'one JSON object on stdout')
    .action(async (options: { json?: boolean }) => {
      const loaded = await Promise.all(BUILT_IN_NAMES.map(async (name) => summaryOf(await loadCodebook(fileOf(name)))))
      if (options.json === true) return printJson({ codebooks: loaded })
      for (const { name, version, title, fields } of loaded) {
        process.stdout.write(`${name}@${version}  ${title} (${fields.length} fields)\n`)
      }
    })
  codebook
    .command('init')
    .description('Write a commented codebook to start from to stdout')
    .action(async () => {
      process.stdout.write(await readFile(TEMPLATE, 'utf8'))
    })
  codebook
    .command('schema')
    .description('Write the JSON Schema of the format to stdout, for editors')
    .action(() => {
      process.stdout.write(`${JSON.stringify(codebookJsonSchema(), null, 2)}\n`)
    })
}

async function checkGold({ codebook }: LoadedCodebook, file: string): Promise<GoldCheck> {
  const labelled = await readLabelledRecords(file, codebook)
  return { records: labelled.length, shortlists: measureRecall(codebook, labelled) }
}

/**
 * Returns the path of the codebook `name`: a name without a dot or slash means a built-in codebook, any other name is a
 * path.
 */
function fileOf(name: string): string {
  if (/[./\\]/.test(name)) return name
  const file = builtInFile(name)
  if (file !== undefined) return file
  const known = BUILT_IN_NAMES.join(', ')
  throw new ServiceError('input-invalid', `There is no codebook "${name}"; built in: ${known}. A file needs its ending`)
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
