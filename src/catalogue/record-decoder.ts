/** From the bytes of a record to the raw indicator in it: what both formats share, and JSON Lines. */
import { isUtf8 } from 'node:buffer'
import { messageOf } from '../errors.ts'
import { isRecord } from '../lib/json.ts'
import { CONVERT_HINT } from './file-detection.ts'
import { inputInvalid, printable, showValue } from './problem-report.ts'
import type { RawRecord } from './record-splitter.ts'
import { MAX_RECORD_BYTES } from './types.ts'

export type Decoded =
  | { readonly kind: 'blank' }
  | { readonly kind: 'record'; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: 'invalid'; readonly field: string; readonly message: string; readonly hint?: string }

export interface Decoder {
  /** Byte around which quotes count, for `splitRecords`. */
  readonly delimiter: number | undefined
  /** Whether a missing field is told with the fields that are there: in CSV the header has been checked. */
  readonly namesFields: boolean
  /** The header row as it stands in the file, once it has been read. */
  readonly header: Buffer | undefined
  /** Throws `input-invalid` where the fault is the file's and not one record's. */
  decode(record: RawRecord): Decoded
}

export const BLANK: Decoded = { kind: 'blank' }

export function invalid(field: string, message: string, hint?: string): Decoded {
  return hint === undefined ? { kind: 'invalid', field, message } : { kind: 'invalid', field, message, hint }
}

export function faultMessage(record: RawRecord): string | undefined {
  if (record.fault === undefined) return undefined
  const value = `it begins with ${showValue(record.bytes.toString('utf8', 0, 400))}`
  const bound = `${MAX_RECORD_BYTES.toLocaleString('en-US')} bytes`
  if (record.fault === 'too-long') return `longer than the bound of ${bound}; ${value}`
  return `a quote opens and does not close before the end of the file or the bound of ${bound}; ${value}`
}

/** A message about the first byte that is not UTF-8, or undefined. */
export function encodingFault(bytes: Buffer): string | undefined {
  if (isUtf8(bytes)) return undefined
  const text = bytes.toString('utf8')
  let at = 0
  let from = 0
  for (;;) {
    // Decoding puts U+FFFD where a byte does not fit; one that stands in the file itself is three bytes EF BF BD.
    const found = text.indexOf('\ufffd', from)
    at += Buffer.byteLength(text.slice(from, found))
    if (bytes.toString('hex', at, at + 3) !== 'efbfbd') break
    at += 3
    from = found + 1
  }
  const byte = bytes.toString('hex', at, at + 1).toUpperCase()
  const around = bytes.toString('latin1', Math.max(0, at - 20), at + 20)
  return `byte 0x${byte} is not UTF-8, near ${showValue(around)}`
}

/** JSON Lines: one object a line. */
export function createJsonlDecoder(label: string): Decoder {
  let isFirst = true

  function decode(record: RawRecord): Decoded {
    const fault = faultMessage(record)
    if (fault !== undefined) return invalid('', fault)
    const encoding = encodingFault(record.bytes)
    if (encoding !== undefined) return invalid('', encoding, CONVERT_HINT)
    const text = record.bytes.toString('utf8').trim()
    if (text === '') return BLANK
    if (isFirst) refuseOtherJson(text)
    isFirst = false
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (error) {
      return invalid('', `not valid JSON: ${jsonFault(error)}; got ${showValue(text)}`)
    }
    if (!isRecord(value)) return invalid('', `must be one JSON object, got ${showValue(value)}`)
    return { kind: 'record', value }
  }

  /** One large JSON value would else give a problem for each of its lines. */
  function refuseOtherJson(text: string): void {
    if (text.startsWith('[')) {
      throw inputInvalid(
        `${label}: the file is a JSON array; JSON Lines has one object a line. Convert it: jq -c '.[]' FILE > NEW-FILE`,
      )
    }
    if (text === '{') {
      throw inputInvalid(
        `${label}: the file is JSON over several lines; JSON Lines has one object a line. ` +
          'Convert it: jq -c . FILE > NEW-FILE',
      )
    }
  }

  return { delimiter: undefined, namesFields: true, header: undefined, decode }
}

/** What V8 says of malformed JSON without its quotation of the text, which is shown once, cut and escaped. */
export function jsonFault(error: unknown): string {
  const message = messageOf(error)
    .replace(/, (?:\.\.\.)?".*$/s, '')
    .replace(/ in JSON(?= at position)/, '')
    .replace(/ \(line \d+ column \d+\)$/, '')
  return printable(message)
}
