/** Detects format and encoding of a file from its first bytes, and refuses files that are not UTF-8 text. */
import { inputInvalid, printable } from './problem-report.ts'
import type { CatalogueFormat } from './types.ts'

/** How many bytes from the beginning of a file are read to detect its format and encoding. */
export const HEAD_BYTES = 65_536

export const CONVERT_HINT =
  'The file looks like Latin-1 (Windows-1252) or binary; only UTF-8 is read. Convert it: ' +
  'iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW-FILE'

/** A file counts as binary where more than this part of its first bytes are control characters, 0 to 1. */
const MAX_CONTROL_SHARE = 0.05
/** So many are a slip in a text, however short the file is. */
const FEW_CONTROLS = 8

/** The first bytes of common binary formats, each with the name of the format and how to convert such a file. */
const SIGNATURES: readonly { readonly hex: string; readonly what: string; readonly wayOut: string }[] = [
  { hex: '1f8b', what: 'gzip-compressed', wayOut: 'Unpack it first: gunzip -c FILE > NEW-FILE' },
  { hex: '28b52ffd', what: 'zstd-compressed', wayOut: 'Unpack it first: zstd -dc FILE > NEW-FILE' },
  { hex: '504b0304', what: 'a ZIP archive or an Excel workbook', wayOut: 'Unpack it, or save it as "CSV UTF-8"' },
  { hex: 'd0cf11e0', what: 'an old Excel workbook', wayOut: 'Save it as "CSV UTF-8"' },
  { hex: '50415231', what: 'a Parquet file', wayOut: 'Export it as CSV or JSON Lines' },
  { hex: '53514c69746520666f726d6174', what: 'an SQLite database', wayOut: 'Export it as CSV or JSON Lines' },
]

/**
 * Throws ServiceError `input-invalid` for a file that is binary or not in UTF-8, and returns the length of the file's byte
 * order mark, 0 or 3 bytes. A file with single bytes that are not UTF-8 passes, because the decoders report such bytes with
 * their line.
 */
export function refuseUnreadable(head: Buffer, label: string): number {
  const utf16 = utf16Of(head)
  if (utf16 !== undefined) {
    throw inputInvalid(
      `${label}: the file is ${utf16}; only UTF-8 is read. ` +
        `Convert it: iconv -f ${utf16.split(' ', 1)[0]} -t UTF-8 FILE > NEW-FILE`,
    )
  }
  const start = head.toString('hex', 0, 16)
  const known = SIGNATURES.find(({ hex }) => start.startsWith(hex))
  if (known !== undefined) throw inputInvalid(`${label}: the file is ${known.what}, not text. ${known.wayOut}`)
  if (isBinary(head)) {
    const example = printable(head.toString('latin1', 0, 12))
    throw inputInvalid(
      `${label}: the file is binary, not text; it begins with "${example}". ` +
        'A catalogue is CSV with a header row, or JSON Lines, in UTF-8',
    )
  }
  if (head.includes(0x0d) && !head.includes(0x0a) && /[^\r]\r+[^\r]/.test(head.toString('latin1'))) {
    throw inputInvalid(
      `${label}: the lines end with a carriage return alone, as old Macs wrote them. ` +
        "Convert it: tr '\\r' '\\n' < FILE > NEW-FILE",
    )
  }
  return start.startsWith('efbbbf') ? 3 : 0
}

/**
 * Returns the format by the extension of the file's name, or by the first character of the file where the extension is
 * unknown.
 */
export function formatOf(name: string, head: Buffer): CatalogueFormat {
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase()
  if (extension === 'csv' || extension === 'tsv' || extension === 'tab') return 'csv'
  if (extension === 'jsonl' || extension === 'ndjson' || extension === 'json') return 'jsonl'
  return looksLikeJson(head) ? 'jsonl' : 'csv'
}

/** Whether the first character of the file opens a JSON object or array. */
export function looksLikeJson(head: Buffer): boolean {
  return /^(?:\u00ef\u00bb\u00bf)?\s*[[{]/.test(head.toString('latin1', 0, 1024))
}

/** The name of a UTF-16 or UTF-32 encoding, such as "UTF-16LE (byte order mark FF FE)", or undefined. */
function utf16Of(head: Buffer): string | undefined {
  const mark = head.toString('hex', 0, 4)
  if (mark === 'fffe0000') return 'UTF-32LE (byte order mark FF FE 00 00)'
  if (mark === '0000feff') return 'UTF-32BE (byte order mark 00 00 FE FF)'
  if (mark.startsWith('fffe')) return 'UTF-16LE (byte order mark FF FE)'
  if (mark.startsWith('feff')) return 'UTF-16BE (byte order mark FE FF)'
  // Latin text in UTF-16 without a byte order mark has a zero in every second byte and nowhere else.
  const pairs = Math.min(head.length >> 1, 512)
  let zerosEven = 0
  let zerosOdd = 0
  for (let pair = 0; pair < pairs; pair += 1) {
    if (head[2 * pair] === 0) zerosEven += 1
    if (head[2 * pair + 1] === 0) zerosOdd += 1
  }
  if (pairs < 4) return undefined
  if (zerosEven === 0 && zerosOdd > 0.6 * pairs) return 'UTF-16LE (without a byte order mark)'
  if (zerosOdd === 0 && zerosEven > 0.6 * pairs) return 'UTF-16BE (without a byte order mark)'
  return undefined
}

/** Whether the first bytes of the file hold more control characters than a text has. Single ones cost a field of one record. */
function isBinary(head: Buffer): boolean {
  let controls = 0
  for (const byte of head) {
    if (byte < 0x20 && (byte < 0x09 || byte > 0x0d)) controls += 1
  }
  return controls > Math.max(FEW_CONTROLS, MAX_CONTROL_SHARE * head.length)
}
