/** Decodes the rows of a CSV file (RFC 4180) to raw indicators. The first row names the fields, and quotes inside quotes are doubled. */

import { SAMPLES_SHAPE } from '../classification/indicator.ts'
import { boundJson } from '../lib/json/bounded-json.ts'
import { CONVERT_HINT, looksLikeJson } from './file-detection.ts'
import { inputInvalid, pluralise, showValue } from './problem-report.ts'
import {
  BLANK,
  boundFault,
  type Decoded,
  type Decoder,
  encodingFault,
  faultMessage,
  invalid,
  jsonFault,
} from './record-decoder.ts'
import type { RawRecord } from './record-splitter.ts'
import { MAX_COLUMNS, MAX_RECORD_BYTES } from './types.ts'

const REQUIRED = ['indicator_id', 'name'] as const
const DELIMITERS = [',', ';', '\t'] as const
const MAX_SHOWN_COLUMNS = 8
const IS_JSON = 'The file looks like JSON: give it the extension .jsonl'
const NAME_FIELDS = 'The first row must name the fields, such as indicator_id,name,units'

/** The fields of a row, or the fault that prevents splitting the row, with the column of the fault (counted from 0). */
type Fields = { readonly fields: readonly string[] } | { readonly fault: string; readonly column: number }

/**
 * Creates a decoder that takes the first row that is not blank as the header. `head` is the beginning of the file, from which
 * the decoder detects the delimiter.
 */
export function createCsvDecoder(label: string, head: Buffer): Decoder {
  const delimiter = delimiterOf(head)
  let columns: readonly string[] | undefined
  let header: Buffer | undefined

  function decode(record: RawRecord): Decoded {
    if (columns === undefined) return decodeHeader(record)
    const fault = faultMessage(record, MAX_RECORD_BYTES)
    if (fault !== undefined) return invalid('', fault)
    const encoding = encodingFault(record.bytes)
    if (encoding !== undefined) return invalid(fieldOfFault(record.bytes), encoding, CONVERT_HINT)
    const split = splitFields(withoutReturn(record.bytes.toString('utf8')), delimiter)
    if ('fault' in split) return invalid(columnName(split.column), split.fault)
    return decodeRow(split.fields, columns, record.bytes.includes(0))
  }

  function decodeHeader(record: RawRecord): Decoded {
    const at = `${label}, line ${record.line}, header row`
    const fault = faultMessage(record, MAX_RECORD_BYTES)
    if (fault !== undefined) throw inputInvalid(`${at}: ${fault}`)
    const encoding = encodingFault(record.bytes)
    if (encoding !== undefined) throw inputInvalid(`${at}: ${encoding}. ${CONVERT_HINT}`)
    if (looksLikeJson(record.bytes))
      throw inputInvalid(`${at}: ${showValue(record.bytes.toString('utf8'))}. ${IS_JSON}`)
    const split = splitFields(withoutReturn(record.bytes.toString('utf8')), delimiter)
    if ('fault' in split) throw inputInvalid(`${at}, column ${split.column + 1}: ${split.fault}`)
    if (split.fields.every(isBlank)) return BLANK
    columns = readHeader(split.fields, at)
    header = Buffer.from(record.bytes)
    return BLANK
  }

  function columnName(column: number): string {
    return columns?.[column] || `column ${column + 1}`
  }

  /**
   * Returns the name of the field that holds a byte that is not UTF-8. The row is decoded as Latin-1, which turns each byte
   * into one character, so that no column shifts.
   */
  function fieldOfFault(bytes: Buffer): string {
    const split = splitFields(withoutReturn(bytes.toString('latin1')), delimiter)
    if ('fault' in split) return columnName(split.column)
    return columnName(split.fields.findIndex((field) => encodingFault(Buffer.from(field, 'latin1')) !== undefined))
  }

  return {
    delimiter: delimiter.charCodeAt(0),
    maxBytes: MAX_RECORD_BYTES,
    namesFields: false,
    get header() {
      return header
    },
    decode,
  }
}

/**
 * Returns the field names of the header row, in lower case with underscores. Throws where a required field is missing or a
 * field stands twice.
 */
function readHeader(fields: readonly string[], at: string): string[] {
  if (fields.length > MAX_COLUMNS) {
    throw inputInvalid(
      `${at}: more than ${MAX_COLUMNS.toLocaleString('en-US')} columns, which is the limit. ${NAME_FIELDS}`,
    )
  }
  const names = fields.map((field) =>
    field
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, '_'),
  )
  const doubled = names.findIndex((name, index) => name !== '' && names.indexOf(name) < index)
  if (doubled >= 0) {
    const first = names.indexOf(names[doubled] ?? '')
    throw inputInvalid(
      `${at}: ${showValue(fields[doubled])} in column ${doubled + 1} names the same field as column ${first + 1}; ` +
        'rename or remove one of them',
    )
  }
  const missing = REQUIRED.filter((name) => !names.includes(name))
  if (missing.length > 0) {
    const shown = fields.slice(0, MAX_SHOWN_COLUMNS).map(showValue).join(', ')
    const rest = fields.length > MAX_SHOWN_COLUMNS ? ` and ${fields.length - MAX_SHOWN_COLUMNS} more` : ''
    throw inputInvalid(`${at}: no column ${missing.join(' and no column ')}; it has ${shown}${rest}. ${NAME_FIELDS}`)
  }
  return names
}

/** Turns the cells of one row into a raw indicator, which leaves out the blank cells. */
function decodeRow(cells: readonly string[], columns: readonly string[], hasControls: boolean): Decoded {
  if (cells.every(isBlank)) return BLANK
  const extra = cells.slice(columns.length).findIndex((cell) => !isBlank(cell))
  if (extra >= 0 || cells.length < columns.length) {
    const got = cells.length > MAX_COLUMNS ? `more than ${MAX_COLUMNS} cells` : pluralise(cells.length, 'cell')
    const value = showValue(cells[extra >= 0 ? columns.length + extra : cells.length - 1])
    const where = extra >= 0 ? 'the first extra cell is' : 'the last cell is'
    return invalid(
      '',
      `${got} where the header has ${columns.length}; ${where} ${value}. ` +
        'A text with a comma or a line break needs quotes around it',
    )
  }
  const value: Record<string, unknown> = {}
  for (const [index, name] of columns.entries()) {
    const cell = cells[index] ?? ''
    if (isBlank(cell)) continue
    if (name !== 'sample_values') {
      value[name === '' ? `column ${index + 1}` : name] = cell
      continue
    }
    const bounded = boundJson(Buffer.from(cell), SAMPLES_SHAPE)
    if (bounded.kind === 'refused') return boundFault([name, ...bounded.path], bounded.message)
    try {
      value[name] = JSON.parse(bounded.kind === 'kept' ? Buffer.from(bounded.bytes).toString() : cell)
    } catch (error) {
      return invalid(
        name,
        `must be a JSON array such as [{"date":"2024","value":1}]: ${jsonFault(error)}; got ${showValue(cell)}`,
      )
    }
  }
  return { kind: 'record', value, hasControls }
}

function isBlank(cell: string): boolean {
  return cell.trim() === ''
}

/** `text` without the carriage return of a CRLF line end. */
function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text
}

/** Splits a record into its cells. The split stops after MAX_COLUMNS + 1 cells, which is enough to refuse the record. */
export function splitFields(text: string, delimiter: string): Fields {
  const fields: string[] = []
  for (let at = 0; ; at += 1) {
    const column = fields.length
    if (text[at] === '"') {
      let value = ''
      let from = at + 1
      for (;;) {
        const quote = text.indexOf('"', from)
        if (quote < 0) return { fault: `a quote is opened and not closed, at ${showValue(text.slice(at))}`, column }
        value += text.slice(from, quote)
        at = quote + 1
        if (text[at] !== '"') break
        value += '"'
        from = at + 1
      }
      if (at < text.length && text[at] !== delimiter) {
        const near = showValue(text.slice(Math.max(0, at - 20), at + 20))
        return { fault: `text after a closing quote, near ${near}; a quote inside quotes is written twice`, column }
      }
      fields.push(value)
    } else {
      const found = text.indexOf(delimiter, at)
      const end = found < 0 ? text.length : found
      const value = text.slice(at, end)
      if (value.includes('"')) {
        return {
          fault: `a quote inside text without quotes, at ${showValue(value)}; write "…" around it, inner quotes twice`,
          column,
        }
      }
      fields.push(value)
      at = end
    }
    if (at >= text.length || fields.length > MAX_COLUMNS) return { fields }
  }
}

/** Returns the delimiter that splits the first line of the file into the required columns, or a comma where none does. */
function delimiterOf(head: Buffer): string {
  const text = head.toString('utf8').replace(/^\ufeff?\s*/, '')
  const line = text.slice(0, text.search(/[\r\n]|$/)).toLowerCase()
  const fits = (delimiter: string) => {
    const names = line.split(delimiter).map((name) =>
      name
        .replaceAll('"', '')
        .trim()
        .replace(/[\s-]+/g, '_'),
    )
    return REQUIRED.every((required) => names.includes(required))
  }
  return DELIMITERS.find(fits) ?? ','
}
