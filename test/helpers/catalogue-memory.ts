/** How much memory it takes to read a catalogue of many rows, measured in a process of its own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const CATALOGUE = new URL('../../src/catalogue/open-catalogue.ts', import.meta.url).href
const HEAP = new URL('../../src/cli/classify/heap.ts', import.meta.url).href
const POINTS = Array.from({ length: 12 }, (_, month) => {
  return { date: `2024-${String(month + 1).padStart(2, '0')}-28`, value: 100 + month / 3 }
})

async function writeCatalogue(folder: string, rows: number): Promise<string> {
  const path = join(folder, `${rows}.jsonl`)
  const stream = createWriteStream(path)
  for (let row = 0; row < rows; row += 1) {
    const record = {
      indicator_id: `ID${row}`,
      name: `Imports of goods ${row}`,
      units: 'USD Million',
      sample_values: POINTS,
    }
    if (!stream.write(`${JSON.stringify(record)}\n`)) await once(stream, 'drain')
  }
  stream.end()
  await once(stream, 'close')
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
export async function assertMemoryStays(fewRows: number, rows: number, mostMb: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'catalogue-memory-'))
  try {
    const small = await peakMbOf(await writeCatalogue(folder, fewRows))
    const path = await writeCatalogue(folder, rows)
    // The timing of the garbage collector may add up to 5 MB to a run, so the lower of two runs counts.
    let large = await peakMbOf(path)
    if (large - small > mostMb - 5) large = Math.min(large, await peakMbOf(path))
    assert.ok(large - small <= mostMb, `${small.toFixed(1)} MB for ${fewRows} rows, ${large.toFixed(1)} for ${rows}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
