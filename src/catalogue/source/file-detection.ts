/** Detects from its first bytes what a file is: packed, a workbook, a Parquet file, text in UTF-16, or nothing that is read. */
import { inputInvalid, printable } from '../problem-report.ts'

/** How many bytes from the beginning of a file are read to detect its format and encoding. */
export const HEAD_BYTES = 65_536

export const BROKEN_BYTES_HINT =
  'Most of the file is UTF-8. Give --encoding windows-1252 (or another name) where it is not, or --skip-invalid to leave such rows out'

/** A file counts as binary where more than this part of its first bytes are control characters, 0 to 1. */
const MAX_CONTROL_SHARE = 0.05
/** So many are a slip in a text, however short the file is. */
const FEW_CONTROLS = 8

/** A file that is no text itself, and is read all the same. */
export type Container = 'gzip' | 'zstd' | 'xlsx' | 'parquet'

const CONTAINERS: readonly { readonly hex: string; readonly container: Container }[] = [
  { hex: '1f8b', container: 'gzip' },
  { hex: '28b52ffd', container: 'zstd' },
  { hex: '50415231', container: 'parquet' },
]

/** The first bytes of binary formats that are not read, each with the name of the format and how to convert such a file. */
const REFUSED: readonly { readonly hex: string; readonly what: string; readonly wayOut: string }[] = [
  { hex: 'd0cf11e0', what: 'an old or an encrypted Excel workbook', wayOut: 'Save it as .xlsx without a password' },
  { hex: '53514c69746520666f726d6174', what: 'an SQLite database', wayOut: 'Export it as CSV or JSON Lines' },
  { hex: 'fffe0000', what: 'UTF-32LE', wayOut: 'Convert it: iconv -f UTF-32LE -t UTF-8 FILE > NEW-FILE' },
  { hex: '0000feff', what: 'UTF-32BE', wayOut: 'Convert it: iconv -f UTF-32BE -t UTF-8 FILE > NEW-FILE' },
  { hex: '25504446', what: 'a PDF document', wayOut: 'Look for the same table as CSV or Excel workbook' },
]

/** The container by the first bytes; undefined for what may be text. Throws for an archive that is no workbook. */
export function containerOf(head: Buffer, label: string): Container | undefined {
  const start = head.toString('hex', 0, 16)
  const known = CONTAINERS.find(({ hex }) => start.startsWith(hex))
  if (known !== undefined) return known.container
  if (!start.startsWith('504b0304')) return undefined
  // The names of the parts of a workbook stand in the clear in front of each; the first ones are within the first bytes.
  const names = head.toString('latin1')
  if (names.includes('[Content_Types].xml') || names.includes('xl/')) return 'xlsx'
  throw inputInvalid(
    `${label}: the file is a ZIP archive, and no Excel workbook. Unpack it: unzip FILE; and give the table in it`,
  )
}

/** Throws ServiceError `input-invalid` for a file that is binary, or of a kind that is not read. */
export function refuseUnreadable(head: Buffer, label: string): void {
  if (containerOf(head, label) !== undefined) return
  const start = head.toString('hex', 0, 16)
  const known = REFUSED.find(({ hex }) => start.startsWith(hex))
  if (known !== undefined) throw inputInvalid(`${label}: the file is ${known.what}, which is not read. ${known.wayOut}`)
  if (utf16Of(head) !== undefined || !isBinary(head)) return
  const example = printable(head.toString('latin1', 0, 12))
  throw inputInvalid(
    `${label}: the file is binary, not text; it begins with "${example}". ` +
      'A catalogue is CSV, JSON, JSON Lines, an Excel workbook (.xlsx) or Parquet',
  )
}

/** Whether the file begins with a JSON object or array, and not with a name in brackets. */
export function looksLikeJson(head: Buffer): boolean {
  const start = /^(?:\u00ef\u00bb\u00bf)?\s*[[{]\s*(?:["{[\]}\d-]|true\b|false\b|null\b|$)/
  return start.test(head.toString('latin1', 0, 1024))
}

/** The name of a UTF-16 encoding as TextDecoder knows it, or undefined. */
export function utf16Of(head: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const mark = head.toString('hex', 0, 4)
  if (mark.startsWith('fffe') && mark !== 'fffe0000') return 'utf-16le'
  if (mark.startsWith('feff')) return 'utf-16be'
  // Latin text in UTF-16 without a byte order mark has a zero in every second byte and nowhere else.
  const pairs = Math.min(head.length >> 1, 512)
  let zerosEven = 0
  let zerosOdd = 0
  for (let pair = 0; pair < pairs; pair += 1) {
    if (head[2 * pair] === 0) zerosEven += 1
    if (head[2 * pair + 1] === 0) zerosOdd += 1
  }
  if (pairs < 4) return undefined
  if (zerosEven === 0 && zerosOdd > 0.6 * pairs) return 'utf-16le'
  if (zerosOdd === 0 && zerosEven > 0.6 * pairs) return 'utf-16be'
  return undefined
}

/** Whether the lines of the file end with a carriage return alone, as old Macs wrote them. */
export function isOldMac(head: Buffer): boolean {
  return head.includes(0x0d) && !head.includes(0x0a) && /[^\r]\r+[^\r]/.test(head.toString('latin1'))
}

/** Whether the first bytes of the file hold more control characters than a text has. Single ones cost a field of one record. */
function isBinary(head: Buffer): boolean {
  let controls = 0
  for (const byte of head) {
    if (byte < 0x20 && (byte < 0x09 || byte > 0x0d)) controls += 1
  }
  return controls > Math.max(FEW_CONTROLS, MAX_CONTROL_SHARE * head.length)
}
