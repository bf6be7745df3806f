/** How much memory it takes to read a catalogue of many rows, measured in a process of its own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import { writeParquet } from './table-files.ts'

const CATALOGUE = new URL('../../src/catalogue/open-catalogue.ts', import.meta.url).href
const HEAP = new URL('../../src/cli/classify/heap.ts', import.meta.url).href
const POINTS = Array.from({ length: 12 }, (_, month) => {
  return { date: `2024-${String(month + 1).padStart(2, '0')}-28`, value: 100 + month / 3 }
})

/** The formats in which a catalogue of many rows can be written. */
export type ManyRows = 'jsonl' | 'csv' | 'csv.gz' | 'json' | 'parquet' | 'tall.csv'

const HEADERS: Readonly<Record<ManyRows, string>> = {
  jsonl: '',
  csv: 'Series Code,Indicator Name,Unit,sample_values\n',
  'csv.gz': 'Series Code,Indicator Name,Unit,sample_values\n',
  json: '{"meta":{"page":1},"rows":[\n',
  parquet: '',
  'tall.csv': 'Country,Indicator,Year,Value\n',
}

function lineOf(format: ManyRows, row: number): string {
  const name = `Imports of goods ${row}`
  switch (format) {
    case 'jsonl':
      return `${JSON.stringify({ indicator_id: `ID${row}`, name, units: 'USD Million', sample_values: POINTS })}\n`
    case 'json':
      return `${row === 0 ? '' : ',\n'}${JSON.stringify({ code: `ID${row}`, title: name, unit: 'USD Million' })}`
    case 'tall.csv':
      return `C${Math.floor(row / 20)},Imports of goods,${2000 + (row % 20)},${row}\n`
    default:
      return `ID${row},${name},USD Million,"${JSON.stringify(POINTS).replaceAll('"', '""')}"\n`
  }
}

async function writeCatalogue(folder: string, rows: number, format: ManyRows): Promise<string> {
  const path = join(folder, `${rows}.${format}`)
  if (format === 'parquet') {
    const column = (text: (row: number) => string) => Array.from({ length: rows }, (_, row) => text(row))
    const columns = { code: column((row) => `ID${row}`), title: column((row) => `Imports of goods ${row}`) }
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

/** The highest resident memory, in MB, of a process that reads a file twice, in batches of 100. */
async function peakMbOf(path: string): Promise<number> {
  const script = `
    import { batchesOf, openCatalogue } from '${CATALOGUE}'
    import { limitHeapGrowth } from '${HEAP}'
    limitHeapGrowth()
    const catalogue = await openCatalogue(process.argv[1])
    let count = 0
    for await (const batch of batchesOf(catalogue.indicators(), 100)) count += batch.length
    await catalogue.close()
    if (count !== catalogue.count) throw new Error('lost records')
    process.stdout.write(String(process.resourceUsage().maxRSS / 1024))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
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

/** Checks that a catalogue of `rows` rows takes at most `mostMb` MB more than one of `fewRows`. */
export async function assertMemoryStays(
  fewRows: number,
  rows: number,
  mostMb: number,
  format: ManyRows = 'jsonl',
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'catalogue-memory-'))
  try {
    const small = await peakMbOf(await writeCatalogue(folder, fewRows, format))
    const path = await writeCatalogue(folder, rows, format)
    // The timing of the garbage collector may add up to 5 MB to a run, so the lower of two runs counts.
    let large = await peakMbOf(path)
    if (large - small > mostMb - 5) large = Math.min(large, await peakMbOf(path))
    assert.ok(large - small <= mostMb, `${small.toFixed(1)} MB for ${fewRows} rows, ${large.toFixed(1)} for ${rows}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
