/** Makes a catalogue of any number of rows out of real names, row by row, and the answers of a model that is always right about it. */
import { createWriteStream, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { askableFields } from '../../../src/classification/fields.ts'
import { normaliseIndicator } from '../../../src/classification/indicator.ts'
import { readScheme } from '../scheme.ts'

/** The most shapes of a catalogue, however many rows it has. */
export const MOST_SHAPES = 300_000
/** Rows for each shape, the same for every size, so that the cost of a row can be compared between sizes. */
const ROWS_OF_SHAPE = 10_000_000 / MOST_SHAPES

/** Labelled records of public catalogues, whose names, units and periodicities are those of their publishers. */
const REAL_NAMES = ['gold.jsonl', 'calibration-labels.jsonl'].map(
  (name) => new URL(`../../../src/codebooks/economic-indicators/${name}`, import.meta.url),
)
const PARTS =
  'Total,Northern Region,Southern Region,Eastern Region,Western Region,Capital Region,Coastal Region,Large Firms,Small Firms,' +
  'Public Sector,Private Sector,Households,Urban,Rural,Men,Women,Domestic,Foreign,Islands,Free Zones'
const VERSIONS =
  'Seasonally Adjusted,Not Seasonally Adjusted,Trend,Revised,Provisional,Final,First Estimate,Second Estimate,Old Methodology,' +
  'New Methodology,Survey Based,Census Based,Weighted,Unweighted,Excluding Energy,Including Services,Net,Gross,Chained,Flash'
const COUNTRIES =
  'ARG AUS AUT BEL BRA CAN CHE CHL CHN COL CZE DEU DNK EGY ESP EST FIN FRA GBR GHA GRC HUN IDN IND IRL ISL ISR ITA JPN KEN KOR LTU ' +
  'LUX LVA MAR MEX MYS NGA NLD NOR NZL PER PHL POL PRT ROU SAU SGP SVK SVN SWE THA TUN TUR UKR URY USA VNM ZAF ZMB'
/** A prime that divides no number of variants, so that neighbouring shapes come from names far apart. */
const STRIDE = 7_368_787
const QUARTERS = ['2024-03-31', '2024-06-30', '2024-09-30', '2024-12-31']

interface RealName {
  readonly name: string
  readonly units?: string
  readonly periodicity?: string
}

/** How many shapes a catalogue of so many rows has at the most. */
export function shapesOf(rows: number): number {
  return Math.min(MOST_SHAPES, Math.max(1, Math.ceil(rows / ROWS_OF_SHAPE)))
}

/** Yields the rows as lines of JSON. The same `rows` and `seed` give the same lines, and no more than one of them is in memory. */
export function* catalogueLines(rows: number, seed = 1): Generator<string> {
  const shapeAt = createShapes()
  const shapes = shapesOf(rows)
  const random = createRandom(seed)
  const countries = COUNTRIES.split(' ')
  for (let index = 0; index < rows; index += 1) {
    const number = Math.floor(random() * shapes)
    // What is the same in all rows of a shape decides how its values rise and fall; a row has only a size of its own.
    const size = 1 + random()
    const values = QUARTERS.map((date, quarter) => ({ date, value: round(size * sampleValue(number, quarter)) }))
    const country = countries[Math.floor(random() * countries.length)]
    const id = `T${String(index).padStart(8, '0')}`
    yield `${JSON.stringify({ indicator_id: id, ...shapeAt(number), country, sample_values: values })}\n`
  }
}

/** Yields a gold file: for each shape the rules' own reading, by name and units, as a model would answer that is always right. */
export async function goldLines(rows: number): Promise<Iterable<string>> {
  const scheme = await readScheme()
  const asked = askableFields(scheme.codebook).map((field) => field.name)
  const shapeAt = createShapes()
  return (function* lines() {
    for (let number = 0; number < shapesOf(rows); number += 1) {
      const values = QUARTERS.map((date, quarter) => ({ date, value: sampleValue(number, quarter) }))
      const row = { indicator_id: `S${number}`, ...shapeAt(number), sample_values: values }
      const { indicator } = normaliseIndicator(row)
      const reading = scheme.code?.read(indicator) ?? {}
      const labels = Object.fromEntries(asked.map((field) => [field, reading[field]?.value ?? null]))
      const { indicator_id, name, units } = indicator
      yield `${JSON.stringify({ indicator_id, name, units, labels })}\n`
    }
  })()
}

/** Writes lines to a file. Rejects with the reason of `signal` where it aborts. */
export async function writeLines(file: string, lines: Iterable<string>, signal: AbortSignal): Promise<void> {
  await pipeline(Readable.from(inBlocks(lines)), createWriteStream(file), { signal })
}

const LINES_OF_BLOCK = 1_000

function* inBlocks(lines: Iterable<string>): Generator<string> {
  let block: string[] = []
  for (const line of lines) {
    if (block.push(line) < LINES_OF_BLOCK) continue
    yield block.join('')
    block = []
  }
  yield block.join('')
}

/** The name, units and periodicity of each shape, none twice: a real name with a part and a version of it. */
function createShapes(): (number: number) => RealName {
  const names = REAL_NAMES.flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RealName)
  const [parts, versions] = [PARTS.split(','), VERSIONS.split(',')]
  const variants = names.length * parts.length * versions.length
  return (number) => {
    const variant = (number * STRIDE) % variants
    const { name, units, periodicity } = names[variant % names.length] ?? { name: '' }
    const rest = Math.floor(variant / names.length)
    const [part, version] = [parts[rest % parts.length], versions[Math.floor(rest / parts.length)]]
    return {
      name: `${name}, ${part}, ${version}`,
      ...(units === undefined ? {} : { units }),
      ...(periodicity === undefined ? {} : { periodicity }),
    }
  }
}

function sampleValue(number: number, quarter: number): number {
  return 1_000 + ((number * 7 + quarter * 131) % 500)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
