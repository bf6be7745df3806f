/** Reads CSV and its kin (RFC 4180, with semicolons, tabs or bars too) as a table; one broken row costs no other. */
import { splitFields } from '../csv-fields.ts'
import { MAX_COLUMNS, MAX_RECORD_BYTES } from '../limits.ts'
import { inputInvalid, pluralise, showValue } from '../problem-report.ts'
import { encodingFault, faultMessage } from '../record-faults.ts'
import { type RawRecord, splitRecords } from '../record-splitter.ts'
import { BROKEN_BYTES_HINT, looksLikeJson } from '../source/file-detection.ts'
import type { PlainFile } from '../source/unpack.ts'
import { dialectOf } from './dialect.ts'
import { type FaultyRow, type RowOutcome, type Table, type TableOptions, uniqueNames } from './types.ts'

const IS_JSON = 'The file looks like JSON: give it the extension .json or .jsonl'

export async function openDelimited(file: PlainFile, _options: TableOptions): Promise<Table> {
  const head = file.head.subarray(file.start)
  if (looksLikeJson(head)) {
    const first = showValue(head.toString('utf8').split('\n', 1)[0] ?? '')
    throw inputInvalid(`${file.label}, line 1, header row: ${first}. ${IS_JSON}`)
  }
  const dialect = await dialectOf(head, file.label)
  const { delimiter, header } = dialect
  const { columns, repeated } = uniqueNames(header.names)
  const split = { delimiter: delimiter.charCodeAt(0), maxBytes: MAX_RECORD_BYTES, start: file.start }

  async function* rows(): AsyncGenerator<RowOutcome> {
    let index = 0
    let isAfterBlank = false
    for await (const record of splitRecords(file.readAt, split)) {
      index += 1
      if (index <= dialect.skipped) continue
      const row: RowOutcome | 'blank' | 'short' = rowOf(record, delimiter, columns)
      if (row === 'blank') {
        isAfterBlank = true
        continue
      }
      // Below the table, behind a blank line, some publishers name source and date in a cell or two.
      const isFooter: boolean = isAfterBlank && row === 'short'
      isAfterBlank = isFooter
      if (isFooter) continue
      yield row === 'short' ? shortRow(record, delimiter, columns) : row
    }
  }

  return {
    format: 'csv',
    columns,
    keys: columns,
    repeated,
    header: dialect.headerBytes,
    headerLine: dialect.headerLine,
    isJson: false,
    notes: header.notes,
    rows,
  }
}

/** Reads one row; "short" is one that has fewer cells than the header and not more than two that are filled. */
function rowOf(record: RawRecord, delimiter: string, columns: readonly string[]): RowOutcome | 'blank' | 'short' {
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
  if (cells.length < columns.length && filled <= 2) return 'short'
  const extra = cells.slice(columns.length).findIndex((cell) => cell.trim() !== '')
  if (extra < 0 && cells.length >= columns.length) {
    return { kind: 'row', line, bytes, cells, hasControls: bytes.includes(0) }
  }
  return invalid('', widthFault(cells, extra, columns.length))
}

/** A short row in the middle of the table is a broken one. */
function shortRow({ line, bytes }: RawRecord, delimiter: string, columns: readonly string[]): FaultyRow {
  const split = splitFields(withoutReturn(bytes.toString('utf8')), delimiter)
  const cells = 'fields' in split ? split.fields : []
  return { kind: 'invalid', line, bytes, field: '', message: widthFault(cells, -1, columns.length) }
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
