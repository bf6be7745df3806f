/** The catalogues of the benchmark: those of the data directory where they exist, or else similar ones made here. */
import { createHash } from 'node:crypto'
import { createWriteStream, existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { askableFields } from '../../src/classification/fields.ts'
import { normaliseIndicator } from '../../src/classification/indicator.ts'
import { PROMPT_VERSION } from '../../src/classification/prompt.ts'
import { questionShapeOf } from '../../src/classification/question.ts'
import type { PreparedScheme } from '../../src/classification/scheme.ts'
import { SAMPLE_FILE } from '../../src/cli/start/demo.ts'
import { NO_TRUST, withTrust } from '../../src/evidence/gate/trust.ts'
import { readScheme } from './scheme.ts'

export interface BenchCatalogue {
  readonly file: string
  /** Where the catalogue comes from, for the report. */
  readonly label: string
  readonly rows: number
  /** A file of the rules' own readings of the catalogue, by which the offline model answers as a model that is always right. */
  readonly gold: string
  /** Distinct shapes by the texts that the model is shown, the unit and the frequency, where every field is asked. */
  readonly shapes: number
  /** Distinct shapes as the service counts them, where the cumulative pattern of the sample values counts as well. */
  readonly shapesWithPattern: number
}

/** Rows of both catalogues. */
export const ROWS = 10_903
/** Distinct names of the repeating catalogue. */
const REPEAT_NAMES = 109
/** Mean number of rows with the same name in the varied catalogue. */
const VARIED_REPEAT = 1.09

const SUBJECTS =
  'Steel,Cement,Wheat,Copper,Cotton,Timber,Milk,Electricity,Natural Gas,Crude Oil,Coal,Cars,Tractors,Textiles,Coffee,' +
  'Rice,Fertiliser,Paper,Aluminium,Fish,Tourism,Transport,Insurance,Construction,Telecom,Retail,Mining,Software'
const MEASURES =
  'Imports of,Exports of,Output of,Inventories of,Employment in,Wages in,Investment in,Prices of,Orders for,Sales of,' +
  'Capacity of,Credit to,Taxes on,Demand for,Costs of,Productivity in,Deliveries of,Stocks of'
const QUALIFIERS =
  'Total,Seasonally Adjusted,Constant Prices,Northern Region,Southern Region,Coastal Region,Large Firms,Small Firms,' +
  'State Owned,Private,Urban,Rural,Domestic,Foreign,Provisional,Revised,Excluding Energy,Including Services,Net,Gross'
const UNITS = 'USD Million,%,Index,Thousand,Tonnes,EUR mn,Persons,points,GWh,National currency'

/** `repeat` has about 109 names over many countries; in `varied` nearly every name is another one. */
export async function findCatalogue(
  kind: 'repeat' | 'varied',
  options: { readonly dataDir: string; readonly scratchDir: string },
): Promise<BenchCatalogue> {
  const name = kind === 'repeat' ? 'catalogue-10903.jsonl' : 'catalogue-varied-10903.jsonl'
  const shared = resolve(options.dataDir, name)
  const scheme = await readScheme()
  const gold = join(options.scratchDir, `gold-${kind}.jsonl`)
  if (existsSync(shared)) return await describe(scheme, { file: shared, gold, label: name })
  const file = join(options.scratchDir, `made-${kind}.jsonl`)
  await writeRows(file, ROWS, kind === 'repeat' ? repeatRow : variedRow)
  const label = `made by the benchmark (${name} was not found in ${options.dataDir})`
  return await describe(scheme, { file, gold, label })
}

/** Writes a varied catalogue of `rows` rows, for scenarios that need a certain size. */
export async function makeVaried(file: string, rows: number): Promise<void> {
  await writeRows(file, rows, variedRow)
}

async function writeRows(file: string, rows: number, row: (index: number) => object): Promise<void> {
  function* lines() {
    for (let index = 0; index < rows; index += 1) yield `${JSON.stringify(row(index))}\n`
  }
  await writeLines(file, lines())
}

async function writeLines(file: string, lines: Iterable<string>): Promise<void> {
  await pipeline(Readable.from(lines), createWriteStream(file))
}

/** Counts the rows and shapes of a catalogue, and writes its gold file. */
async function describe(
  scheme: PreparedScheme,
  { file, gold, label }: Pick<BenchCatalogue, 'file' | 'gold' | 'label'>,
): Promise<BenchCatalogue> {
  const asked = askableFields(scheme.codebook).map((field) => field.name)
  const goldLines: string[] = []
  const shapes = new Set<string>()
  const shapesWithPattern = new Set<string>()
  let rows = 0
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue
    rows += 1
    const { indicator } = normaliseIndicator(JSON.parse(line))
    const { indicator_id, name, units } = indicator
    const reading = scheme.code?.read(indicator) ?? {}
    const labels = Object.fromEntries(asked.map((field) => [field, reading[field]?.value ?? null]))
    goldLines.push(`${JSON.stringify({ indicator_id, name, units, labels })}\n`)
    const context = { mode: 'hybrid', model: '', promptVersion: PROMPT_VERSION } as const
    const shape = questionShapeOf(scheme, indicator, withTrust(reading, NO_TRUST), context)
    shapesWithPattern.add(shape)
    shapes.add(JSON.stringify({ ...JSON.parse(shape), cumulative: null }))
  }
  await writeLines(gold, goldLines)
  return { file, gold, label, rows, shapes: shapes.size, shapesWithPattern: shapesWithPattern.size }
}

const sample = readFileSync(SAMPLE_FILE, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Record<string, unknown>)

function repeatRow(index: number): object {
  const { country: _, ...row } = sample[index % REPEAT_NAMES] ?? {}
  return { ...row, indicator_id: `R${String(index).padStart(5, '0')}` }
}

function variedRow(index: number): object {
  const number = Math.floor(index / VARIED_REPEAT)
  const pick = (list: string, salt: string) => {
    const values = list.split(',')
    const hash = createHash('sha256').update(`${salt}${number}`).digest().readUInt32BE()
    return values[hash % values.length] ?? ''
  }
  const subject = `${pick(MEASURES, 'm')} ${pick(SUBJECTS, 's')}, ${pick(QUALIFIERS, 'q')}, Section ${number % 97}`
  const quarters = ['2024-03-31', '2024-06-30', '2024-09-30', '2024-12-31']
  return {
    indicator_id: `V${String(index).padStart(7, '0')}`,
    name: subject,
    units: pick(UNITS, 'u'),
    periodicity: 'Quarterly',
    sample_values: quarters.map((date, quarter) => ({ date, value: 1_000 + ((number * 7 + quarter * 13) % 500) })),
  }
}
