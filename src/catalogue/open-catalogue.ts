/** Opens a catalogue file: checks every record first, so that nothing of an invalid file is sent, then hands out its indicators. */
import { createHash, type Hash } from 'node:crypto'
import { basename } from 'node:path'
import { cleanText } from '../classification/clean-text.ts'
import type { Indicator } from '../classification/types.ts'
import { DuplicateIndex } from './duplicate-index.ts'
import { openTable } from './formats/open-table.ts'
import type { Table } from './formats/types.ts'
import { bytesOf, ownColumns, unknownFields, unusedKeys } from './layout/left-over.ts'
import { createRecordReader, type ReadRecord, type RecordReader, shownField } from './layout/read-records.ts'
import { type Plan, planReading } from './plan.ts'
import { inputInvalid, type Problem, ProblemList, pluralise, showValue } from './problem-report.ts'
import { reportReading } from './reading-report.ts'
import { type Checked, checkRecord } from './record-check.ts'
import { openInputFile } from './source/input-file.ts'
import { type PlainFile, unpack } from './source/unpack.ts'
import type { Catalogue, CatalogueEntry, CatalogueOptions, CatalogueRow, Wanted } from './types.ts'
import { WarningCounts } from './warning-counts.ts'

const STOPPED =
  'Reading stopped at the quote that is not closed, because the rest of the file may be part of the quoted text'
const LEAVE_OUT = 'To leave out the records that cannot be read, and use the others: --skip-invalid'
/** The endings of a file's name that say how it is packed and written, and not what is in it. */
const ENDINGS = /(?:\.(?:gz|zst|zstd|csv|tsv|tab|txt|jsonl|ndjson|json|xlsx|parquet))+$/i

/** The opened catalogue file, with how it is read. */
interface Opened {
  readonly file: PlainFile
  readonly table: Table
  readonly plan: Plan
  readonly reader: RecordReader
  /** The names of columns of which nothing is read, which the warning about them names. */
  readonly unused: ReadonlySet<string>
}

/** What the first reading of the catalogue found, which checks every record. */
interface FirstPass {
  readonly index: DuplicateIndex
  /** SHA-256 over all indicators in order, in hexadecimal. */
  readonly fingerprint: string
  readonly warnings: WarningCounts
}

/** One record with the outcome of its check. */
interface CheckedRecord {
  readonly record: ReadRecord
  readonly checked: Checked
}

/**
 * Opens and checks a whole catalogue; the path `-` is standard input. The caller closes the result. Throws ServiceError
 * `input-invalid`, which lists the first problems and says how to correct them, or the abort reason of `options.signal`.
 */
export async function openCatalogue(path: string, options: CatalogueOptions = {}): Promise<Catalogue> {
  const { tmpDir, signal, reading = {}, format } = options
  const input = await openInputFile(path, { stdin: options.stdin, stream: options.stream, tmpDir, signal })
  const file = await unpack(input, { tmpDir, signal, encoding: reading.encoding })
  try {
    if (file.size <= file.start) throw inputInvalid(`${file.label}: the file is empty`)
    const table = await openTable(file, { path, format, sheet: reading.sheet, records: reading.records, signal })
    const plan = await planReading(table, file.label, reading)
    const name = path === '-' ? 'standard input' : basename(path).replace(ENDINGS, '')
    const reader = createRecordReader(table, plan, name)
    const opened = { file, table, plan, reader, unused: unusedKeys(table, plan) }
    const own = ownColumns(table, plan)
    const { index, fingerprint, warnings } = await checkAll(opened, options)
    const count = Math.min(index.count, options.limit ?? index.count)
    return {
      label: file.label,
      format: table.format,
      count,
      fingerprint,
      warnings: warnings.toWarnings(),
      reading: reportReading(file, table, plan),
      indicators: (wanted) => entriesOf(opened, index, count, count === index.count ? wanted : undefined),
      rowColumns: own.map((place) => table.columns[place] ?? ''),
      rows: () => rowsOf({ ...opened, reader: createRecordReader(table, plan, name, { isWhole: true }) }, own),
      close: file.close,
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Groups `items` into arrays of `size`, of which the last may be shorter. Only one array is held in memory. */
export async function* batchesOf<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`size must be a whole number from 1, got ${size}`)
  let batch: T[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** Reads and checks every record of the catalogue. */
async function* checkedRecords({ table, plan, reader }: Opened, wanted?: Wanted): AsyncGenerator<CheckedRecord> {
  for await (const record of reader.records(wanted)) {
    const { line, outcome } = record
    if (outcome.kind === 'record') {
      const { indicator_id: id } = outcome.value
      if (wanted !== undefined && typeof id === 'string' && !wanted(cleanText(id))) continue
      const checked = checkRecord(outcome.value, line, outcome.keys)
      yield { record, checked: checked.ok ? checked : withColumns(checked.problems, plan, table) }
    } else {
      const problems = [{ line, field: outcome.field, message: outcome.message }]
      yield { record, checked: { ok: false, problems } }
    }
  }
}

/** The problems with the columns from which their fields are read. */
function withColumns(problems: readonly Problem[], plan: Plan, { columns }: Table): Checked {
  return { ok: false, problems: problems.map((one) => ({ ...one, field: shownField(one.field, plan, columns) })) }
}

/**
 * Reads and checks the whole catalogue once. Throws `input-invalid` where it has problems and `skipInvalid` does not allow to
 * leave them out.
 */
async function checkAll(opened: Opened, options: CatalogueOptions): Promise<FirstPass> {
  const { table, reader } = opened
  const { label } = opened.file
  const problemList = new ProblemList(label)
  const warnings = new WarningCounts()
  const index = new DuplicateIndex()
  const content = createHash('sha256')
  let records = 0

  for await (const { record, checked } of checkedRecords(opened)) {
    options.signal?.throwIfAborted()
    records += 1
    const { outcome } = record
    const problems = checked.ok
      ? noteIndicator({ index, content, warnings }, checked.normalised.indicator, record)
      : checked.problems
    if (problems.length === 0) {
      if (checked.ok)
        warnings.note({
          ...checked.normalised.warnings,
          unknownFields: unknownFields(record, opened.table, opened.unused),
        })
      if (outcome.kind === 'record' && outcome.hasControls) warnings.noteControls()
      if (outcome.kind === 'record' && outcome.isCut) warnings.noteCut()
      continue
    }
    problemList.add(problems)
    if (outcome.kind === 'invalid' && outcome.hint !== undefined) problemList.hint(outcome.hint)
    if (options.skipInvalid === true) {
      warnings.noteSkipped()
      await options.onInvalid?.({ line: record.line, problems, bytes: bytesOf(record, table), header: table.header })
    } else if (outcome.kind === 'invalid' && outcome.isOpenQuote) {
      problemList.hint(STOPPED)
      break
    }
  }

  if (options.skipInvalid !== true && index.count > 0) problemList.hint(LEAVE_OUT)
  if (problemList.count > 0 && (options.skipInvalid !== true || index.count === 0)) throw problemList.toError()
  if (records === 0) {
    const what = table.isJson ? 'no record, only blank lines' : 'no row below the header'
    throw inputInvalid(`${label}: the file holds ${what}; a catalogue needs at least one indicator`)
  }
  warnings.noteReader(reader)
  return { index, fingerprint: content.digest('hex'), warnings }
}

/** What the first reading of the catalogue collects from its indicators. */
interface Notes {
  readonly index: DuplicateIndex
  readonly content: Hash
  readonly warnings: WarningCounts
}

/**
 * Adds an indicator to the notes of the first reading. Returns a problem where an earlier record has the same id with other
 * content.
 */
function noteIndicator(
  { index, content, warnings }: Notes,
  indicator: Indicator,
  { line, place }: ReadRecord,
): Problem[] {
  const json = JSON.stringify(indicator)
  const earlier = index.add(indicator.indicator_id, json, place)
  if (earlier === undefined) {
    content.update(json)
    return []
  }
  if (earlier.isSameContent) {
    warnings.noteDuplicate()
    return []
  }
  const where = place === line ? `on line ${earlier.line}` : `by record ${earlier.line}`
  const message = `${showValue(indicator.indicator_id)} is already used ${where}, with other content`
  return [{ line, field: 'indicator_id', message }]
}

/**
 * Reads the valid records a second time, or those of them whose id is wanted. Throws `input-invalid` where a record differs from what
 * the first reading checked, unless only some are wanted.
 */
async function* entriesOf(
  opened: Opened,
  index: DuplicateIndex,
  count: number,
  wanted?: Wanted,
): AsyncGenerator<CatalogueEntry> {
  const { plan, table, file } = opened
  let given = 0
  if (count === 0) return
  const changed = () =>
    inputInvalid(
      `${file.label}: the file has changed since it was checked: ` +
        `${pluralise(given, 'indicator')} of ${count.toLocaleString('en-US')} were read. Run again when no program writes to it`,
    )
  for await (const { record, checked } of checkedRecords(opened, wanted)) {
    if (!checked.ok) continue
    const { indicator } = checked.normalised
    const first = index.get(indicator.indicator_id, JSON.stringify(indicator))
    if (first?.line !== record.place) continue
    if (!first.isSameContent) throw changed()
    given += 1
    const kept = Object.fromEntries(
      plan.keep.map((place) => [table.columns[place] ?? '', record.cells?.[place] ?? null]),
    )
    yield { line: record.line, indicator, kept }
    if (given === count) return
  }
  if (wanted === undefined) throw changed()
}

/** Reads every row again, with the id of what it became. */
async function* rowsOf(opened: Opened, own: readonly number[]): AsyncGenerator<CatalogueRow> {
  for await (const { record, checked } of checkedRecords(opened)) {
    const indicator_id = checked.ok ? checked.normalised.indicator.indicator_id : undefined
    const { line, cells } = record
    yield { line, indicator_id, cells: cells === undefined ? undefined : own.map((place) => cells[place]) }
  }
}

/** Yields the indicators of a catalogue, or those of them whose id is wanted, without their line numbers. */
export async function* indicatorsOf(catalogue: Catalogue, wanted?: Wanted): AsyncGenerator<Indicator> {
  for await (const { indicator } of catalogue.indicators(wanted)) yield indicator
}
