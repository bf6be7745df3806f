/** Reads a sheet of an Excel workbook as a table. A workbook is held in memory, so its size is bounded. */
import { readXlsx } from 'hucre/xlsx'
import { messageOf } from '../../errors.ts'
import { inputInvalid, printable, showValue } from '../problem-report.ts'
import type { PlainFile } from '../source/unpack.ts'
import { findHeader, HEADER_ROWS } from './header.ts'
import { type RowOutcome, type Table, type TableOptions, tableColumns } from './types.ts'

/** The most bytes of a workbook, packed and unpacked, because it is held in memory. */
const MAX_WORKBOOK_BYTES = 67_108_864
const MAX_UNPACKED_BYTES = 536_870_912
/** The most sheets of which the one with the most rows is found by itself, because each is read for it. */
const MAX_SHEETS = 100
const END_OF_DIRECTORY = Buffer.from('504b0506', 'hex')
const END_BYTES = 22
const ENTRY = 0x02014b50
const ENTRY_BYTES = 46
/** Stands for a size that is written in the extra field of 64 bits. */
const IN_EXTRA = 0xffff_ffff
const HAS_DESCRIPTOR = 8
const MAX_NAMES = 8

type Sheet = Awaited<ReturnType<typeof readXlsx>>['sheets'][number]
type SheetFilter = NonNullable<NonNullable<Parameters<typeof readXlsx>[1]>['sheets']>

/** What the workbook says of a sheet that is not read yet. */
interface SheetInfo {
  readonly name: string
  readonly index: number
  readonly hidden?: boolean
}

export async function openWorkbook(file: PlainFile, options: TableOptions): Promise<Table> {
  const bytes = await readWhole(file)
  const { sheet, others } = await chooseSheet(bytes, options.sheet, file.label)
  const rows = sheet.rows.map((cells) => cells.map(plainCell))
  const texts = rows.slice(0, HEADER_ROWS).map((cells) => cells.map((cell) => (cell === undefined ? '' : String(cell))))
  const header = findHeader(texts)
  if (header === undefined)
    throw inputInvalid(`${file.label}, sheet "${printable(sheet.name)}": the sheet has no header row`)
  const named = tableColumns(header.names, header.facts)
  const first = header.index + header.span
  const sections = sectionRows(sheet, header.names.length)
  const notes = [
    ...header.notes,
    ...(others.length === 0
      ? []
      : [
          `sheet "${printable(sheet.name)}" read; others: ${others
            .slice(0, MAX_NAMES)
            .map((name) => printable(name))
            .join(', ')} (--sheet NAME)`,
        ]),
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
    ...named,
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
  const end = bytes.length < END_BYTES ? -1 : bytes.lastIndexOf(END_OF_DIRECTORY, bytes.length - END_BYTES)
  if (end < 0) return 0
  const start = bytes.readUInt32LE(end + 16)
  // A directory that is itself described in 64 bits has more parts, or bytes, than a workbook may have.
  const isLarge =
    start === IN_EXTRA || bytes.readUInt32LE(end + 12) === IN_EXTRA || bytes.readUInt16LE(end + 10) === 0xffff
  let sum = isLarge ? Number.POSITIVE_INFINITY : 0
  for (let at = start; at + ENTRY_BYTES <= bytes.length && bytes.readUInt32LE(at) === ENTRY; ) {
    const extra = at + ENTRY_BYTES + bytes.readUInt16LE(at + 28)
    const afterExtra = Math.min(bytes.length, extra + bytes.readUInt16LE(at + 30))
    sum += sizeOfPart(bytes, at, bytes.subarray(extra, afterExtra))
    at = afterExtra + bytes.readUInt16LE(at + 32)
  }
  return sum
}

/** The size of one part. The reader holds a part to the size that is named, so a part that names none could become any size. */
function sizeOfPart(bytes: Buffer, at: number, extra: Buffer): number {
  const hasDescriptor = (bytes.readUInt16LE(at + 8) & HAS_DESCRIPTOR) !== 0
  const packed = bytes.readUInt32LE(at + 20)
  const named = bytes.readUInt32LE(at + 24)
  const unpacked = named === IN_EXTRA ? sizeInExtra(extra) : named
  const isUnnamed = unpacked === 0 && (packed > 2 || (packed === 0 && hasDescriptor))
  return isUnnamed ? Number.POSITIVE_INFINITY : unpacked
}

/** The size in the extra field of 64 bits, which some programs always write. */
function sizeInExtra(extra: Buffer): number {
  for (let field = 0; field + 4 <= extra.length; field += 4 + extra.readUInt16LE(field + 2)) {
    if (extra.readUInt16LE(field) === 1 && field + 12 <= extra.length) return Number(extra.readBigUInt64LE(field + 4))
  }
  return Number.POSITIVE_INFINITY
}

async function readSheets(bytes: Buffer, label: string, filter: SheetFilter): Promise<Sheet[]> {
  try {
    return (await readXlsx(bytes, { sheets: filter })).sheets
  } catch (error) {
    throw inputInvalid(
      `${label}: the workbook cannot be read: ${printable(messageOf(error))}. Open it, and save it anew as .xlsx or "CSV UTF-8"`,
      error,
    )
  }
}

/** The sheets by what the workbook says of them, but for those that only a program can show. */
async function listSheets(bytes: Buffer, label: string): Promise<SheetInfo[]> {
  const infos: SheetInfo[] = []
  await readSheets(bytes, label, ({ veryHidden, ...info }) => {
    if (veryHidden !== true) infos.push(info)
    return false
  })
  return infos
}

interface Chosen {
  readonly sheet: Sheet
  /** The names of the other sheets that have rows. */
  readonly others: readonly string[]
}

/** The named sheet, else the first that is not hidden and has the most rows. */
async function chooseSheet(bytes: Buffer, wanted: string | undefined, label: string): Promise<Chosen> {
  const infos = await listSheets(bytes, label)
  const names = infos.map(({ name }) => showValue(name)).slice(0, MAX_NAMES)
  if (wanted !== undefined) {
    const found = infos.find(({ name }) => name === wanted) ?? infos[/^\d+$/.test(wanted) ? Number(wanted) - 1 : -1]
    const [sheet] = found === undefined ? [] : await readSheets(bytes, label, [found.index])
    if (sheet !== undefined) return { sheet, others: [] }
    throw inputInvalid(`${label}: --sheet ${showValue(wanted)} is not in the workbook; it has ${names.join(', ')}`)
  }
  const shown = infos.filter(({ hidden }) => hidden !== true)
  if (shown.length > MAX_SHEETS)
    throw inputInvalid(
      `${label}: the workbook has ${shown.length} sheets, such as ${names.join(', ')}. Say which: --sheet NAME`,
    )
  let best: Sheet | undefined
  const filled: string[] = []
  // One after the other, because a sheet with one cell far away takes as much memory as one that is full.
  for (const { index } of shown) {
    const [sheet] = await readSheets(bytes, label, [index])
    if (sheet === undefined || sheet.rows.length === 0) continue
    if (sheet.rows.length > 1) filled.push(sheet.name)
    if (sheet.rows.length > (best?.rows.length ?? 0)) best = sheet
  }
  if (best === undefined) throw inputInvalid(`${label}: the workbook has no sheet with rows`)
  return { sheet: best, others: filled.filter((name) => name !== best.name) }
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
