/** How much memory it takes to read a catalogue of many rows, measured in a process of its own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import type { TableFormat } from '../../../src/catalogue/output/write-table.ts'
import { writeParquet } from '../catalogues/table-files.ts'

const CATALOGUE = new URL('../../../src/catalogue/open-catalogue.ts', import.meta.url).href
const HEAP = new URL('../../../src/cli/classify/heap.ts', import.meta.url).href
const GROWTH = new URL('../../../src/cli/heap-growth.cjs', import.meta.url).href
const SCHEMES = new URL('../../../src/cli/codebook/codebook-option.ts', import.meta.url).href
const DELIVERY = new URL('../../../src/cli/delivery/', import.meta.url).href
const OUTPUT = new URL('../../../src/cli/ui/output-file.ts', import.meta.url).href
const POINTS = Array.from({ length: 12 }, (_, month) => {
  return { date: `2024-${String(month + 1).padStart(2, '0')}-28`, value: 100 + month / 3 }
})

/** The formats in which a catalogue of many rows can be written. */
export type ManyRows = 'jsonl' | 'csv' | 'csv.gz' | 'json' | 'parquet' | 'tall.csv'

const HEADERS: Readonly<Record<ManyRows, string>> = {
  jsonl: '',
  csv: 'Series Code,Indicator Name,Unit,sample_values,region,owner\n',
  'csv.gz': 'Series Code,Indicator Name,Unit,sample_values,region,owner\n',
  json: '{"meta":{"page":1},"rows":[\n',
  parquet: '',
  'tall.csv': 'Country,Indicator,Year,Value\n',
}

function lineOf(format: ManyRows, row: number): string {
  const name = `Imports of goods ${row}`
  const own = { region: `Region ${row % 211}`, owner: `team-${row}@example.org` }
  switch (format) {
    case 'jsonl':
      return `${JSON.stringify({ indicator_id: `ID${row}`, name, units: 'USD Million', sample_values: POINTS, ...own })}\n`
    case 'json':
      return `${row === 0 ? '' : ',\n'}${JSON.stringify({ code: `ID${row}`, title: name, unit: 'USD Million' })}`
    case 'tall.csv':
      return `C${Math.floor(row / 20)},Imports of goods,${2000 + (row % 20)},${row}\n`
    default:
      return `ID${row},${name},USD Million,"${JSON.stringify(POINTS).replaceAll('"', '""')}",${own.region},${own.owner}\n`
  }
}

async function writeCatalogue(folder: string, rows: number, format: ManyRows): Promise<string> {
  const path = join(folder, `${rows}.${format}`)
  if (format === 'parquet') {
    const column = (text: (row: number) => string) => Array.from({ length: rows }, (_, row) => text(row))
    const columns = {
      code: column((row) => `ID${row}`),
      title: column((row) => `Imports of goods ${row}`),
      region: column((row) => `Region ${row % 211}`),
      owner: column((row) => `team-${row}@example.org`),
    }
    await writeParquet(path, columns, 10_000)
    return path
  }
  const file = createWriteStream(path)
  const stream = format === 'csv.gz' ? createGzip({ level: 1 }) : file
  if (stream !== file) stream.pipe(file)
  stream.write(HEADERS[format])
  for (let row = 0; row < rows; row += 1) {
    if (!stream.write(lineOf(format, row))) await once(stream, 'drain')
  }
  if (format === 'json') stream.write(']}')
  stream.end()
  await once(file, 'close')
  return path
}

/**
 * Says how many MB were resident at most. What getrusage calls the same begins with what the parent had when it started the process,
 * as Linux counts, and a parent that has just written a file of 200,000 rows has more than its child.
 */
const SAY_PEAK = `
    import { readFileSync } from 'node:fs'
    const peak = /VmHWM:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))
    process.stdout.write(String(Number(peak[1]) / 1024))`

/** A program that reads a file twice, in batches of 100. */
const READING = `
    import { limitHeapGrowth } from '${GROWTH}'
    limitHeapGrowth()
    const { collectAtStart } = await import('${HEAP}')
    const { batchesOf, openCatalogue } = await import('${CATALOGUE}')
    collectAtStart()
    const catalogue = await openCatalogue(process.argv[1])
    let count = 0
    for await (const batch of batchesOf(catalogue.indicators(), 100)) count += batch.length
    await catalogue.close()
    if (count !== catalogue.count) throw new Error('lost records')
    ${SAY_PEAK}`

async function peakMbOf(script: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += String(chunk)
  })
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  return Number(output)
}

/** A program that keeps a result of every record, as a run does, and writes the file joined with them to argv[2]. */
const JOINING = `
    import { limitHeapGrowth } from '${GROWTH}'
    limitHeapGrowth()
    const { collectAtStart } = await import('${HEAP}')
    const { batchesOf, openCatalogue } = await import('${CATALOGUE}')
    const { defaultScheme } = await import('${SCHEMES}')
    const { writeJoined } = await import('${DELIVERY}joined-file.ts')
    const { openResultSpool } = await import('${DELIVERY}result-spool.ts')
    const { writeOutput } = await import('${OUTPUT}')
    collectAtStart()
    const [, path, out, format] = process.argv
    const scheme = await defaultScheme()
    const catalogue = await openCatalogue(path)
    const spool = await openResultSpool(out + '.results')
    for await (const batch of batchesOf(catalogue.indicators(), 100)) {
      await spool.append(batch.map(({ indicator: { indicator_id, name } }) => ({
        indicator_id, name, catalogue: 'many', type: 'flow', confidence: 0.5, issues: [], status: 'unverified',
        reason: 'a rule for ' + name, classified_at: '2026-11-22T12:00:00.000Z', field_confidence: { type: 0.5 },
      })))
    }
    const { find } = await spool.lookUp()
    const join = { catalogue, scheme, format, isLimited: false, find, signal: new AbortController().signal }
    const { rows, open } = await writeOutput(out, (append) => writeJoined(join, append), { option: '--out' })
    await spool.remove()
    await catalogue.close()
    if (rows !== catalogue.count || open !== 0) throw new Error('lost rows')
    ${SAY_PEAK}`

/** Checks that writing `rows` rows in a format takes at most `mostMb` MB more than writing `fewRows`, and resolves with the peaks. */
export async function assertOutputMemoryStays(
  fewRows: number,
  rows: number,
  mostMb: number,
  format: TableFormat,
): Promise<string> {
  return await compareMemory({ fewRows, rows, mostMb, format: 'csv' }, (path) => {
    return peakMbOf(JOINING, [path, `${path}.out.${format}`, format])
  })
}

/** Checks that a catalogue of `rows` rows takes at most `mostMb` MB more than one of `fewRows`, and resolves with the peaks. */
export async function assertMemoryStays(
  fewRows: number,
  rows: number,
  mostMb: number,
  format: ManyRows = 'jsonl',
): Promise<string> {
  return await compareMemory({ fewRows, rows, mostMb, format }, (path) => peakMbOf(READING, [path]))
}

export interface MemoryComparison {
  readonly fewRows: number
  readonly rows: number
  readonly mostMb: number
  readonly format: ManyRows
}

/**
 * Compares the peaks of two files, in MB, and resolves with a sentence that names them. Where they differ by more than they may, the
 * medians of three runs of each count.
 */
export async function compareMemory(
  { fewRows, rows, mostMb, format }: MemoryComparison,
  peakMb: (path: string) => Promise<number>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'catalogue-memory-'))
  try {
    const paths = [await writeCatalogue(folder, fewRows, format), await writeCatalogue(folder, rows, format)]
    const peaks: [number[], number[]] = [[], []]
    const runBoth = async () => {
      for (const [place, path] of paths.entries()) peaks[place]?.push(await peakMb(path))
    }
    const growth = () => median(peaks[1]) - median(peaks[0])
    await runBoth()
    // When garbage is collected differs from run to run.
    if (growth() > mostMb) for (let run = 1; run < 3; run += 1) await runBoth()
    const [small, large] = peaks.map((all) => all.map((mb) => mb.toFixed(1)).join(', '))
    const said = `${format}: ${small} MB for ${fewRows} rows, ${large} for ${rows}`
    assert.ok(growth() <= mostMb, said)
    return said
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}
