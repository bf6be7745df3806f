/** Finds how the lines of a CSV file are split: by which delimiter, and which of its first rows is the header. */
import { splitFields } from '../csv-fields.ts'
import { MAX_COLUMNS, MAX_RECORD_BYTES } from '../limits.ts'
import { inputInvalid } from '../problem-report.ts'
import { type ReadAt, splitRecords } from '../record-splitter.ts'
import type { PlainFile } from '../source/unpack.ts'
import { findHeader, HEADER_ROWS, type Header } from './header.ts'

const DELIMITERS = [',', ';', '\t', '|'] as const
const SEPARATOR_LINE = /^(?:\ufeff)?sep=(.)\r?$/i

export interface Dialect {
  readonly delimiter: string
  readonly header: Header
  /** The line of the header, and the records before the first row of data. */
  readonly headerLine: number
  readonly skipped: number
  readonly headerBytes: Buffer
}

interface FirstRow {
  readonly line: number
  readonly bytes: Buffer
  readonly cells: readonly string[]
}

/** Finds delimiter and header from the first bytes of the text. Throws `input-invalid` where there is no header. */
export async function dialectOf({ head: bytes, readAt, start, label }: PlainFile, path: string): Promise<Dialect> {
  const first = bytes.toString('utf8', start).split('\n', 1)[0] ?? ''
  const isTabs = /\.(?:tsv|tab)(?:\.gz|\.zst)?$/i.test(path) || /\\(?:time_period|time)\t/i.test(first)
  const named = SEPARATOR_LINE.exec(first.trimEnd())?.[1]
  const trials = await Promise.all(
    (named === undefined ? DELIMITERS : [named]).map(async (delimiter) => ({
      delimiter,
      rows: await firstRows(readAt, start, { delimiter, from: named === undefined ? 0 : 1 }),
    })),
  )
  const scored = trials.map((trial) => ({
    ...trial,
    score: scoreOf(trial.rows) + (isTabs && trial.delimiter === '\t' ? 5 : 0),
  }))
  const best = scored.reduce((a, b) => (b.score > a.score ? b : a))
  const header = findHeader(best.rows.map(({ cells }) => cells))
  const row = header === undefined ? undefined : best.rows[header.index]
  if (header === undefined || row === undefined) {
    throw inputInvalid(`${label}: the file holds no header row and no record, only blank lines`)
  }
  if (header.names.length > MAX_COLUMNS || row.cells.length > MAX_COLUMNS) {
    throw inputInvalid(
      `${label}, line ${row.line}, header row: more than ${MAX_COLUMNS.toLocaleString('en-US')} columns, which is the limit. ` +
        'The first row must name the fields, such as indicator_id,name,units',
    )
  }
  const skipped = (named === undefined ? 0 : 1) + header.index + header.span
  return { delimiter: best.delimiter, header, headerLine: row.line, skipped, headerBytes: row.bytes }
}

/** The first records of the file; faulty ones are left empty. */
async function firstRows(
  readAt: ReadAt,
  start: number,
  { delimiter, from }: { readonly delimiter: string; readonly from: number },
): Promise<FirstRow[]> {
  const rows: FirstRow[] = []
  const split = { delimiter: delimiter.charCodeAt(0), maxBytes: MAX_RECORD_BYTES, start }
  let index = 0
  for await (const { line, bytes, fault } of splitRecords(readAt, split)) {
    index += 1
    if (index <= from) continue
    const text = bytes
      .toString('utf8')
      .replace(/\r$/, '')
      .replace(/^\ufeff/, '')
    const fields = fault === undefined ? splitFields(text, delimiter) : { fields: [] }
    rows.push({ line, bytes: Buffer.from(bytes), cells: 'fields' in fields ? fields.fields : [] })
    if (rows.length > HEADER_ROWS) break
  }
  return rows
}

/** How well a delimiter explains the rows: how many columns most rows have, and how many rows have just so many. */
function scoreOf(rows: readonly FirstRow[]): number {
  const widths = rows.map(({ cells }) => cells.length).filter((width) => width > 0)
  if (widths.length === 0) return 0
  const counts = new Map<number, number>()
  for (const width of widths) counts.set(width, (counts.get(width) ?? 0) + 1)
  const [width, count] = [...counts].sort(([a, n], [b, m]) => m - n || b - a)[0] ?? [0, 0]
  const header = findHeader(rows.map(({ cells }) => cells))
  const isNamed = header !== undefined && header.names.length >= 2
  return (count / widths.length) * Math.log(width) + (isNamed ? 0.5 : 0)
}
