/** Reads CSV and its kin (RFC 4180, with semicolons, tabs or bars too) as a table; one broken row costs no other. */
import { splitFields } from '../csv-fields.ts'
import { MAX_COLUMNS, MAX_RECORD_BYTES } from '../limits.ts'
import { pluralise, showValue } from '../problem-report.ts'
import { encodingFault, faultMessage } from '../record-faults.ts'
import { type RawRecord, splitRecords } from '../record-splitter.ts'
import { BROKEN_BYTES_HINT } from '../source/file-detection.ts'
import type { PlainFile } from '../source/unpack.ts'
import { dialectOf } from './dialect.ts'
import { type FaultyRow, type RowOutcome, type Table, type TableOptions, tableColumns } from './types.ts'

/** The most rows below a table that only name its source and date, and the most bytes of one. */
const MAX_FOOTERS = 20
const MAX_FOOTER_BYTES = 2_000
const SOURCE_LINE =
  /^(?:sources?|notes?|fonte?s?|fuentes?|notas?|quellen?|anmerkung(?:en)?|bron|källa|kilde|źródło|legend|footnotes?|last updated?)\s*:/i

export async function openDelimited(file: PlainFile, { path }: TableOptions): Promise<Table> {
  const dialect = await dialectOf(file, path)
  const { delimiter, header } = dialect
  const packed = packedDimensions(header.names[0] ?? '')
  const named = tableColumns([...packed, ...header.names.slice(1)], header.facts)
  const width = header.names.length
  const split = { delimiter: delimiter.charCodeAt(0), maxBytes: MAX_RECORD_BYTES, start: file.start }

  async function* rows(): AsyncGenerator<RowOutcome> {
    let index = 0
    let isAfterBlank = false
    let footers: RowOutcome[] = []
    for await (const record of splitRecords(file.readAt, split)) {
      index += 1
      if (index <= dialect.skipped) continue
      const row: RowOutcome | 'blank' = rowOf(record, delimiter, header.names)
      if (row === 'blank') {
        isAfterBlank = true
        continue
      }
      // Below the table, behind a blank line, publishers name source and date in a cell. What is followed by rows is no footer.
      isAfterBlank = isFooter(row, record, width) && (isAfterBlank || isSourceLine(row))
      if (isAfterBlank && footers.length < MAX_FOOTERS) {
        footers.push({ ...row, bytes: Buffer.from(record.bytes) })
        continue
      }
      yield* footers
      footers = []
      yield packed.length > 1 && row.kind === 'row' ? { ...row, cells: unpackCells(row.cells, packed.length) } : row
    }
  }

  return {
    format: 'csv',
    ...named,
    header: dialect.headerBytes,
    headerLine: dialect.headerLine,
    isJson: false,
    notes: header.notes,
    rows,
  }
}

/**
 * The dimensions that Eurostat packs into one column, with the name of what stands to its right: "freq,unit,geo\\TIME_PERIOD". Any
 * other name is its own.
 */
function packedDimensions(name: string): string[] {
  const dimensions = /^([\w,]+)\\(?:time_period|time)$/i.exec(name.trim())?.[1]
  return dimensions === undefined ? [name] : dimensions.split(',')
}

function unpackCells(cells: readonly unknown[], count: number): unknown[] {
  const parts = String(cells[0]).split(',')
  return [...Array.from({ length: count }, (_, place) => parts[place]?.trim() ?? ''), ...cells.slice(1)]
}

/** Whether the row has no more than a cell or two at its beginning, in a table of more columns. */
function isFooter(row: RowOutcome, { bytes }: RawRecord, width: number): boolean {
  if (width < 3) return false
  const cells = row.kind === 'row' ? row.cells : (row.cells ?? [])
  const filled = cells.filter((cell) => String(cell).trim() !== '').length
  return (
    bytes.length < MAX_FOOTER_BYTES &&
    filled > 0 &&
    filled <= (cells.length < width ? 2 : 1) &&
    String(cells[0]).trim() !== ''
  )
}

/** Whether the row begins with a word that publishers put below a table, so that it needs no blank line above it. */
function isSourceLine(row: RowOutcome): boolean {
  return SOURCE_LINE.test(String(row.cells?.[0] ?? '').trim())
}

function rowOf(record: RawRecord, delimiter: string, columns: readonly string[]): RowOutcome | 'blank' {
  const { line, bytes } = record
  const invalid = (field: string, message: string, hint?: string): FaultyRow => {
    return { kind: 'invalid', line, bytes, field, message, hint, isOpenQuote: record.fault === 'open-quote' }
  }
  const fault = faultMessage(record, MAX_RECORD_BYTES)
  if (fault !== undefined) return invalid('', fault)
  const encoding = encodingFault(bytes)
  if (encoding !== undefined) return invalid(fieldOfFault(bytes, delimiter, columns), encoding, BROKEN_BYTES_HINT)
  const split = splitFields(withoutReturn(bytes.toString('utf8')), delimiter)
  if ('fault' in split) return invalid(columns[split.column] ?? `column ${split.column + 1}`, split.fault)
  const cells = split.fields
  const filled = cells.filter((cell) => cell.trim() !== '').length
  if (filled === 0) return 'blank'
  const extra = cells.slice(columns.length).findIndex((cell) => cell.trim() !== '')
  if (extra < 0 && cells.length >= columns.length) {
    return { kind: 'row', line, bytes, cells, hasControls: bytes.includes(0) }
  }
  return { ...invalid('', widthFault(cells, extra, columns.length)), cells }
}

function widthFault(cells: readonly string[], extra: number, width: number): string {
  const got = cells.length > MAX_COLUMNS ? `more than ${MAX_COLUMNS} cells` : pluralise(cells.length, 'cell')
  const value = showValue(cells[extra >= 0 ? width + extra : cells.length - 1])
  const where = extra >= 0 ? 'the first extra cell is' : 'the last cell is'
  return (
    `${got} where the header has ${width}; ${where} ${value}. ` +
    'A text with a comma or a line break needs quotes around it'
  )
}

/**
 * Returns the name of the column that holds a byte that is not UTF-8. The row is decoded as Latin-1, which turns each byte
 * into one character, so that no column shifts.
 */
function fieldOfFault(bytes: Buffer, delimiter: string, columns: readonly string[]): string {
  const split = splitFields(withoutReturn(bytes.toString('latin1')), delimiter)
  const place =
    'fault' in split
      ? split.column
      : split.fields.findIndex((field) => encodingFault(Buffer.from(field, 'latin1')) !== undefined)
  return columns[place] ?? `column ${place + 1}`
}

/** `text` without the carriage return of a CRLF line end. */
function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text
}
