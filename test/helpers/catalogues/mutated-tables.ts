/** Public tables in small, changed at random in the ways in which people's files differ, and how they must then be read. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import table from '../../../src/catalogue/mapping/synonyms.json' with { type: 'json' }
import { matchesOf } from '../../../src/catalogue/mapping/synonyms.ts'
import { isServiceError } from '../../../src/errors.ts'
import { readWhole } from './table-files.ts'

const FOLDER = fileURLToPath(new URL('../../fixtures/catalogue/public/', import.meta.url))

/** Tables whose header is their first row; those of the second list are turned, so that their ids follow the order of columns. */
const LISTS = ['wdi-series.csv', 'weo-subjects.csv', 'ddf-continuous.csv', 'ddf-concepts.csv', 'abs.csv'] as const
const TURNED = [
  'wdi-databank.csv',
  'ifs-bulk.csv',
  'oecd-sdmx.csv',
  'ecb.csv',
  'un-sdg.csv',
  'owid-co2.csv',
  'eurostat-sdmx.csv',
  'bis-wide.csv',
] as const

export type Random = () => number

interface Draft {
  rows: string[][]
  delimiter: string
  lineBreak: string
  above: string
  isMarked: boolean
  encode: (text: string) => Buffer
  pack: (bytes: Buffer) => Buffer
  ending: string
  broken: boolean
}

const UTF8 = (text: string) => Buffer.from(text)

type Mutation = (draft: Draft, random: Random) => void

function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)]
  assert.ok(item !== undefined)
  return item
}

/** The text as Windows-1252 can hold it. */
function latin(text: string): string {
  return Array.from(text, (character) => (character <= '\u00ff' ? character : '?')).join('')
}

/** Every way in which a file may differ and still says the same. */
const HARMLESS: Readonly<Record<string, Mutation>> = {
  'columns shuffled': (draft, random) => {
    const order = (draft.rows[0] ?? []).map((_, place) => ({ place, rank: random() })).sort((a, b) => a.rank - b.rank)
    draft.rows = draft.rows.map((row) => order.map(({ place }) => row[place] ?? ''))
  },
  'columns renamed': (draft, random) => {
    // An encoding that was chosen before may not hold the new names.
    if (draft.encode !== UTF8) return
    const [header = []] = draft.rows
    const fieldsOf = (name: string) => matchesOf(name).filter(({ isWeak }) => !isWeak)
    const renamed = header.map((name) => {
      const [match, other] = fieldsOf(name)
      if (match === undefined || other !== undefined) return name
      const rivals = header.filter((one) => matchesOf(one).some(({ field }) => field === match.field))
      if (rivals.length > 1) return name
      const names: Readonly<Record<string, readonly string[]>> = table.fields
      const free = (names[match.field] ?? []).filter((one) => !one.endsWith('?') && fieldsOf(one).length === 1)
      const spelled = pick(free, random)
      return random() < 0.3 ? spelled.toUpperCase() : random() < 0.5 ? spelled.replaceAll(' ', '_') : spelled
    })
    if (new Set(renamed.map((name) => name.toLowerCase())).size === header.length) draft.rows[0] = renamed
  },
  'empty columns at the end': (draft) => {
    draft.rows = draft.rows.map((row) => [...row, '', ''])
  },
  'two lines above': (draft) => {
    draft.above = `Office of Statistics${draft.lineBreak}Downloaded on a Tuesday${draft.lineBreak}`
  },
  'semicolons or tabs': (draft, random) => {
    draft.delimiter = pick([';', '\t', '|'], random)
    if (draft.delimiter === ';' && random() < 0.3) draft.above = `sep=;${draft.lineBreak}${draft.above}`
  },
  'a byte order mark': (draft) => {
    draft.isMarked = true
  },
  CRLF: (draft) => {
    draft.lineBreak = '\r\n'
  },
  'Windows-1252': (draft) => {
    // Names of columns that Windows-1252 cannot hold would be lost, and nobody could know them.
    if (draft.rows[0]?.some((name) => latin(name) !== name)) return
    draft.rows = draft.rows.map((row) => row.map(latin))
    draft.encode = (text) => Buffer.from(text.replace('\ufeff', ''), 'latin1')
  },
  'UTF-16': (draft) => {
    draft.encode = (text) => Buffer.from(`\ufeff${text.replace('\ufeff', '')}`, 'utf16le')
  },
  'gzip or zstd': (draft, random) => {
    const isGzip = random() < 0.5
    draft.pack = (bytes) => (isGzip ? gzipSync(bytes, { level: 1 }) : zstdCompressSync(bytes))
    draft.ending = isGzip ? '.csv.gz' : '.csv.zst'
  },
}

/** One line that says something else than it should. */
const BROKEN: Readonly<Record<string, Mutation>> = {
  'a cell too many': (draft, random) => {
    pick(draft.rows.slice(1), random).push('too', 'many')
    draft.broken = true
  },
  'cells too few': (draft, random) => {
    const row = pick(draft.rows.slice(1), random)
    row.length = Math.max(1, row.length - 1 - Math.floor(random() * 3))
    draft.broken = true
  },
  'a quote that is not closed': (draft, random) => {
    const encode = draft.encode
    const line = 1 + Math.floor(random() * 3)
    draft.encode = (text) =>
      encode(
        text
          .split('\n')
          .map((one, at) => (at === line ? `"${one}` : one))
          .join('\n'),
      )
    draft.broken = true
  },
  'a wrong byte': (draft, random) => {
    const pack = draft.pack
    const at = random()
    draft.pack = (bytes) => {
      bytes[Math.floor(at * bytes.length)] = 0xff
      return pack(bytes)
    }
    draft.broken = true
  },
  'cut off': (draft, random) => {
    const pack = draft.pack
    const at = 0.3 + 0.7 * random()
    draft.pack = (bytes) => pack(bytes.subarray(0, Math.floor(at * bytes.length)))
    draft.broken = true
  },
  'an empty line': (draft, random) => {
    draft.rows.splice(1 + Math.floor(random() * (draft.rows.length - 1)), 0, [''])
    draft.broken = true
  },
}

interface Summary {
  readonly ids: readonly string[]
  readonly names: readonly string[]
  readonly points: number
}

async function summaryOf(path: string): Promise<Summary> {
  const { records } = await readWhole(path)
  return {
    ids: records.map(({ indicator_id: id }) => id).sort(),
    names: records.map(({ name }) => name).sort(),
    points: records.reduce((sum, { sample_values: points }) => sum + points.length, 0),
  }
}

/**
 * Reads `count` changed files. A harmless change must give the same records; a broken line gives records, or a refusal that names
 * a line, and never any other error.
 */
export async function assertMutationsAreRead(
  count: number,
  random: Random,
): Promise<{ readonly read: number; readonly refused: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'mutated-tables-'))
  const expected = new Map<string, Summary>()
  let read = 0
  let refused = 0
  try {
    for (const name of [...LISTS, ...TURNED]) expected.set(name, await summaryOf(join(FOLDER, name)))
    for (let round = 0; round < count; round += 1) {
      const name = pick([...LISTS, ...TURNED], random)
      const { draft, changes } = mutate(name, random)
      const path = join(folder, `${name.replace('.csv', '')}${draft.ending}`)
      await writeFile(path, bytesOf(draft))
      const what = `round ${round}: ${name}, ${changes.join(', ')}`
      try {
        const got = await summaryOf(path)
        read += 1
        if (draft.broken) continue
        const wanted = expected.get(name)
        const isList = LISTS.some((one) => one === name)
        const plain = (texts: readonly string[] = []) => texts.map(latin)
        assert.deepEqual(plain(got.names), plain(wanted?.names).sort(), what)
        if (isList) assert.deepEqual(got.ids, wanted?.ids, what)
        assert.equal(got.points, wanted?.points, what)
      } catch (error) {
        if (!isServiceError(error)) throw new Error(what, { cause: error })
        refused += 1
        assert.equal(error.code, 'input-invalid', what)
        assert.ok(draft.broken, `${what}: refused: ${error.message}`)
        assert.match(error.message, /line \d|--[a-z]+ |Copy or pack|Convert|UTF-8|needs at least one/, what)
        assert.doesNotMatch(error.message, /at .*\.ts:\d/, what)
      } finally {
        await rm(path)
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return { read, refused }
}

function mutate(name: string, random: Random): { readonly draft: Draft; readonly changes: readonly string[] } {
  const text = readFileSync(join(FOLDER, name), 'utf8')
  const rows: string[][] = parse(text, { bom: true, relax_column_count: true, skip_empty_lines: true })
  const draft: Draft = {
    // What stands below a table has fewer cells, and is left out here.
    rows: rows.filter((row, at) => at === 0 || row.filter((cell) => cell !== '').length > 1),
    delimiter: ',',
    lineBreak: '\n',
    above: '',
    isMarked: false,
    encode: UTF8,
    pack: (bytes) => bytes,
    ending: '.csv',
    broken: false,
  }
  const harmless = Object.keys(HARMLESS)
  const changes = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(harmless, random))
  for (const change of new Set(changes)) HARMLESS[change]?.(draft, random)
  if (random() < 0.4) {
    const breakage = pick(Object.keys(BROKEN), random)
    changes.push(breakage)
    BROKEN[breakage]?.(draft, random)
  }
  return { draft, changes }
}

function bytesOf(draft: Draft): Buffer {
  const body = stringify(draft.rows, {
    delimiter: draft.delimiter,
    record_delimiter: draft.lineBreak,
    quoted_match: /[\r\n]/,
  })
  const text = `${draft.isMarked ? '\ufeff' : ''}${draft.above}${body}`
  return draft.pack(draft.encode(text))
}
