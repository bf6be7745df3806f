/** Opens a catalogue file: checks every record first, so that nothing of an invalid file is sent, then hands out its indicators. */
import { createHash, type Hash } from 'node:crypto'
import type { Indicator } from '../classification/types.ts'
import { createCsvDecoder } from './csv-decoder.ts'
import { DuplicateIndex } from './duplicate-index.ts'
import { formatOf, refuseUnreadable } from './file-detection.ts'
import { type InputFile, openInputFile } from './input-file.ts'
import { createJsonlDecoder } from './jsonl-decoder.ts'
import { inputInvalid, ProblemList, pluralise, showValue } from './problem-report.ts'
import { type Checked, checkRecord } from './record-check.ts'
import type { Decoder } from './record-decoder.ts'
import { type RawRecord, splitRecords } from './record-splitter.ts'
import type { Catalogue, CatalogueEntry, CatalogueFormat, CatalogueOptions, Problem } from './types.ts'
import { WarningCounts } from './warning-counts.ts'

const STOPPED =
  'Reading stopped at the quote that is not closed, because the rest of the file may be part of the quoted text'

/** The opened catalogue file, with its format. */
interface Layout {
  readonly source: InputFile
  readonly format: CatalogueFormat
  /** The position in bytes at which the first record begins, which is the length of the byte order mark. */
  readonly start: number
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
  readonly record: RawRecord
  readonly checked: Checked
  /** A sentence on how to convert the file, where a conversion would correct the record; else undefined. */
  readonly hint: string | undefined
  readonly hasControls: boolean
  readonly decoder: Decoder
}

/**
 * Opens and checks a whole catalogue; the path `-` is standard input. The caller closes the result. Throws ServiceError
 * `input-invalid`, which lists the first problems and says how to correct them, or the abort reason of `options.signal`.
 */
export async function openCatalogue(path: string, options: CatalogueOptions = {}): Promise<Catalogue> {
  const source = await openInputFile(path, { stdin: options.stdin, tmpDir: options.tmpDir, signal: options.signal })
  try {
    const start = refuseUnreadable(source.head, source.label)
    if (source.head.length === start) throw inputInvalid(`${source.label}: the file is empty`)
    const layout = { source, start, format: options.format ?? formatOf(path, source.head) }
    const { index, fingerprint, warnings } = await checkAll(layout, options)
    const count = Math.min(index.count, options.limit ?? index.count)
    return {
      label: source.label,
      format: layout.format,
      count,
      fingerprint,
      warnings: warnings.toWarnings(),
      indicators: () => entriesOf(layout, index, count),
      close: source.close,
    }
  } catch (error) {
    await source.close()
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

/** Decodes and checks every record of the catalogue that is not blank. */
async function* checkedRecords(layout: Layout): AsyncGenerator<CheckedRecord> {
  const { source, format, start } = layout
  const decoder = format === 'csv' ? createCsvDecoder(source.label, source.head) : createJsonlDecoder(source.label)
  const split = { delimiter: decoder.delimiter, maxBytes: decoder.maxBytes, start }
  for await (const record of splitRecords(source.readAt, split)) {
    const decoded = decoder.decode(record)
    if (decoded.kind === 'blank') continue
    const { line } = record
    if (decoded.kind === 'record') {
      const checked = checkRecord(decoded.value, line, decoder.namesFields)
      yield { record, checked, hint: undefined, hasControls: decoded.hasControls, decoder }
    } else {
      const problems = [{ line, field: decoded.field, message: decoded.message }]
      yield { record, checked: { ok: false, problems }, hint: decoded.hint, hasControls: false, decoder }
    }
  }
}

/**
 * Reads and checks the whole catalogue once. Throws `input-invalid` where it has problems and `skipInvalid` does not allow to
 * leave them out.
 */
async function checkAll(layout: Layout, options: CatalogueOptions): Promise<FirstPass> {
  const { label } = layout.source
  const problemList = new ProblemList(label)
  const warnings = new WarningCounts()
  const index = new DuplicateIndex()
  const content = createHash('sha256')
  let records = 0

  for await (const { record, checked, hint, hasControls, decoder } of checkedRecords(layout)) {
    options.signal?.throwIfAborted()
    records += 1
    const problems = checked.ok
      ? noteIndicator({ index, content, warnings }, checked.normalised.indicator, record.line)
      : checked.problems
    if (problems.length === 0) {
      if (checked.ok) warnings.note(checked.normalised.warnings)
      if (hasControls) warnings.noteControls()
      continue
    }
    problemList.add(problems)
    if (hint !== undefined) problemList.hint(hint)
    if (options.skipInvalid === true) {
      warnings.noteSkipped()
      const bytes = Buffer.from(record.bytes)
      await options.onInvalid?.({ line: record.line, problems, bytes, header: decoder.header })
    } else if (record.fault === 'open-quote') {
      problemList.hint(STOPPED)
      break
    }
  }

  if (problemList.count > 0 && (options.skipInvalid !== true || index.count === 0)) throw problemList.toError()
  if (records === 0) {
    const what = layout.format === 'csv' ? 'no row below the header' : 'no record, only blank lines'
    throw inputInvalid(`${label}: the file holds ${what}; a catalogue needs at least one indicator`)
  }
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
function noteIndicator({ index, content, warnings }: Notes, indicator: Indicator, line: number): Problem[] {
  const json = JSON.stringify(indicator)
  const earlier = index.add(indicator.indicator_id, json, line)
  if (earlier === undefined) {
    content.update(json)
    return []
  }
  if (earlier.isSameContent) {
    warnings.noteDuplicate()
    return []
  }
  const message = `${showValue(indicator.indicator_id)} is already used on line ${earlier.line}, with other content`
  return [{ line, field: 'indicator_id', message }]
}

/** Reads the valid records a second time. Throws `input-invalid` where a record differs from what the first reading checked. */
async function* entriesOf(layout: Layout, index: DuplicateIndex, count: number): AsyncGenerator<CatalogueEntry> {
  let given = 0
  if (count === 0) return
  for await (const { record, checked } of checkedRecords(layout)) {
    if (!checked.ok) continue
    const { indicator } = checked.normalised
    const first = index.get(indicator.indicator_id, JSON.stringify(indicator))
    if (first?.line !== record.line) continue
    if (!first.isSameContent) break
    given += 1
    yield { line: record.line, indicator }
    if (given === count) return
  }
  throw inputInvalid(
    `${layout.source.label}: the file has changed since it was checked: ` +
      `${pluralise(given, 'indicator')} of ${count.toLocaleString('en-US')} were read. Run again when no program writes to it`,
  )
}

/** Yields the indicators of a catalogue without their line numbers. */
export async function* indicatorsOf(catalogue: Catalogue): AsyncGenerator<Indicator> {
  for await (const { indicator } of catalogue.indicators()) yield indicator
}
