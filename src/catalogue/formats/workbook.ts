/** Reads a sheet of an Excel workbook as a table. A workbook is read whole, so its size is bounded. */
import { readXlsx } from 'hucre/xlsx'
import { messageOf } from '../../errors.ts'
import { inputInvalid, printable, showValue } from '../problem-report.ts'
import type { PlainFile } from '../source/unpack.ts'
import { findHeader, HEADER_ROWS } from './header.ts'
import { type RowOutcome, type Table, type TableOptions, uniqueNames } from './types.ts'

/** The most bytes of a workbook, packed and unpacked, because it is held in memory. */
export const MAX_WORKBOOK_BYTES = 67_108_864
export const MAX_UNPACKED_BYTES = 536_870_912
const END_OF_DIRECTORY = Buffer.from('504b0506', 'hex')
const ENTRY = 0x02014b50
const MAX_NAMES = 8

type Sheet = Awaited<ReturnType<typeof readXlsx>>['sheets'][number]

export async function openWorkbook(file: PlainFile, options: TableOptions): Promise<Table> {
  const bytes = await readWhole(file)
  const sheets = await readSheets(bytes, file.label)
  const sheet = chooseSheet(sheets, options.sheet, file.label)
  const rows = sheet.rows.map((cells) => cells.map(plainCell))
  const texts = rows.slice(0, HEADER_ROWS).map((cells) => cells.map((cell) => (cell === undefined ? '' : String(cell))))
  const header = findHeader(texts)
  if (header === undefined)
    throw inputInvalid(`${file.label}, sheet "${printable(sheet.name)}": the sheet has no header row`)
  const { columns, repeated } = uniqueNames(header.names)
  const first = header.index + header.span
  const sections = sectionRows(sheet, columns.length)
  const others = sheets.filter((one) => one !== sheet && one.rows.length > 1).map(({ name }) => printable(name))
  const notes = [
    ...header.notes,
    ...(others.length === 0
      ? []
      : [`sheet "${printable(sheet.name)}" read; others: ${others.slice(0, MAX_NAMES).join(', ')} (--sheet NAME)`]),
  ]

  async function* outcomes(): AsyncGenerator<RowOutcome> {
    for (const [index, cells] of rows.entries()) {
      if (index < first || cells.every((cell) => cell === undefined || String(cell).trim() === '')) continue
      const isSection = sections.has(index)
      yield { kind: 'row', line: index + 1, cells, bytes: undefined, hasControls: false, isSection }
    }
  }

  return {
    format: 'xlsx',
    columns,
    keys: columns,
    repeated,
    header: undefined,
    headerLine: header.index + 1,
    isJson: false,
    notes,
    rows: outcomes,
  }
}

async function readWhole({ readAt, size, label }: PlainFile): Promise<Buffer> {
  if (size > MAX_WORKBOOK_BYTES) throw tooLarge(label)
  const bytes = Buffer.alloc(size)
  for (let at = 0; at < size; ) {
    const read = await readAt(bytes, at, size - at, at)
    if (read === 0) break
    at += read
  }
  if (unpackedSize(bytes) > MAX_UNPACKED_BYTES) throw tooLarge(label)
  return bytes
}

function tooLarge(label: string) {
  const [packed, unpacked] = [MAX_WORKBOOK_BYTES, MAX_UNPACKED_BYTES].map((bytes) => `${bytes / 1_048_576} MiB`)
  return inputInvalid(
    `${label}: a workbook may have ${packed}, and ${unpacked} unpacked. Save the sheet as "CSV UTF-8"`,
  )
}

/** The sum of the sizes that the directory of a ZIP archive names; the reader unpacks no part beyond its own limit. */
function unpackedSize(bytes: Buffer): number {
  const end = bytes.lastIndexOf(END_OF_DIRECTORY)
  if (end < 0 || end + 20 > bytes.length) return 0
  let sum = 0
  for (let at = bytes.readUInt32LE(end + 16); at + 46 <= bytes.length && bytes.readUInt32LE(at) === ENTRY; ) {
    const packed = bytes.readUInt32LE(at + 20)
    const unpacked = bytes.readUInt32LE(at + 24)
    // The reader holds a part to the size that it names, so a part that names none could become any size.
    sum += unpacked === 0 && packed > 2 ? Number.POSITIVE_INFINITY : unpacked
    at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  return sum
}

async function readSheets(bytes: Buffer, label: string): Promise<Sheet[]> {
  try {
    const { sheets } = await readXlsx(bytes)
    return sheets.filter(({ veryHidden }) => veryHidden !== true)
  } catch (error) {
    throw inputInvalid(
      `${label}: the workbook cannot be read: ${printable(messageOf(error))}. Open it, and save it anew as .xlsx or "CSV UTF-8"`,
      error,
    )
  }
}

/** The named sheet, else the first that is not hidden and has the most rows. */
function chooseSheet(sheets: readonly Sheet[], wanted: string | undefined, label: string): Sheet {
  const names = sheets.map(({ name }) => showValue(name)).slice(0, MAX_NAMES)
  if (wanted !== undefined) {
    const found = sheets.find(({ name }) => name === wanted) ?? sheets[/^\d+$/.test(wanted) ? Number(wanted) - 1 : -1]
    if (found !== undefined) return found
    throw inputInvalid(`${label}: --sheet ${showValue(wanted)} is not in the workbook; it has ${names.join(', ')}`)
  }
  const shown = sheets.filter(({ hidden, rows }) => hidden !== true && rows.length > 0)
  const best = shown.toSorted((a, b) => b.rows.length - a.rows.length)[0]
  if (best === undefined) throw inputInvalid(`${label}: the workbook has no sheet with rows`)
  return best
}

/** The rows that are the title of a section: cells merged over most of the table's width. */
function sectionRows({ merges = [] }: Sheet, width: number): Set<number> {
  const wide = merges.filter(({ startRow, endRow, startCol, endCol }) => {
    return startRow === endRow && endCol - startCol + 1 >= Math.max(2, 0.6 * width)
  })
  return new Set(wide.map(({ startRow }) => startRow))
}

/** A cell as text or number; days as YYYY-MM-DD. */
function plainCell(value: unknown): string | number | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString().slice(0, 10)
  return undefined
}
