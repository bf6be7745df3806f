/** Words the faults in the bytes of a record: too long, not closed, not UTF-8, no JSON. */
import { isUtf8 } from 'node:buffer'
import { messageOf } from '../errors.ts'
import { printable, showValue } from './problem-report.ts'
import type { RawRecord } from './record-splitter.ts'

/**
 * Returns the message about a record whose end the splitter could not find, or undefined where the record has no such fault.
 */
export function faultMessage(record: RawRecord, maxBytes: number): string | undefined {
  if (record.fault === undefined) return undefined
  const value = `it begins with ${showValue(record.bytes.toString('utf8', 0, 400))}`
  const limit = `${maxBytes.toLocaleString('en-US')} bytes`
  if (record.fault === 'open-value') return `not closed before the end of the document; ${value}`
  if (record.fault === 'too-long') return `longer than the limit of ${limit}; ${value}`
  return `a quote is opened and not closed before the end of the file or the limit of ${limit}; ${value}`
}

/** Returns the message about the first byte of a record that is not UTF-8, or undefined where every byte is. */
export function encodingFault(bytes: Buffer): string | undefined {
  if (isUtf8(bytes)) return undefined
  const text = bytes.toString('utf8')
  let at = 0
  let from = 0
  for (;;) {
    // Decoding writes U+FFFD for a byte that is not UTF-8. A U+FFFD that stands in the file itself has the bytes EF BF BD and
    // is no fault.
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

/**
 * Returns V8's message about malformed JSON without the text that V8 quotes, because the caller quotes that text itself, cut
 * and escaped.
 */
export function jsonFault(error: unknown): string {
  const message = messageOf(error)
    .replace(/, (?:\.\.\.)?".*$/s, '')
    .replace(/ in JSON(?= at position)/, '')
    .replace(/ \(line \d+ column \d+\)$/, '')
  return printable(message)
}
