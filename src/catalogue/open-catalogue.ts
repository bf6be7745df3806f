/**
 * A catalogue file in two passes: the first checks every record, so that nothing is sent before the whole file is
 * known to be good; the second gives the records. Memory does not grow with the file but for some 30 bytes an id.
 */
import { createHash, type Hash } from 'node:crypto'
import type { Indicator } from '../classification/types.ts'
import { createCsvDecoder } from './csv-decoder.ts'
import { DuplicateIndex } from './duplicate-index.ts'
import { checkHead, formatOf } from './file-detection.ts'
import { openSource, type Source } from './input-file.ts'
import { inputInvalid, ProblemList, pluralise, showValue } from './problem-report.ts'
import { type Checked, checkRecord } from './record-check.ts'
import { createJsonlDecoder, type Decoder } from './record-decoder.ts'
import { type RawRecord, splitRecords } from './record-splitter.ts'
import type { Catalogue, CatalogueEntry, CatalogueFormat, CatalogueOptions, Problem } from './types.ts'
import { MAX_RECORD_BYTES } from './types.ts'
import { WarningCounts } from './warning-counts.ts'

const STOPPED =
  'Reading stopped at the quote that does not close: what follows it cannot be told from the text inside it'

interface Layout {
  readonly source: Source
  readonly format: CatalogueFormat
  /** Length of the byte order mark. */
  readonly start: number
}

interface FirstPass {
  readonly seen: DuplicateIndex
  /** SHA-256 of all indicators in order, hex. */
  readonly fingerprint: string
  readonly warnings: WarningCounts
}

interface CheckedRecord {
  readonly record: RawRecord
  readonly checked: Checked
  readonly hint: string | undefined
  readonly decoder: Decoder
}

/**
 * Reads and checks a whole catalogue; `-` is standard input. The caller closes what it gets.
 * Throws ServiceError `input-invalid` with every problem found (the first 20 in words) and the way out; the signal's
 * reason when that is aborted.
 */
export async function openCatalogue(path: string, options: CatalogueOptions = {}): Promise<Catalogue> {
  const source = await openSource(path, { stdin: options.stdin, tmpDir: options.tmpDir, signal: options.signal })
  try {
    const start = checkHead(source.head, source.label)
    if (source.head.length === start) throw inputInvalid(`${source.label}: the file is empty`)
    const layout = { source, start, format: options.format ?? formatOf(path, source.head) }
    const { seen, fingerprint, warnings } = await checkAll(layout, options)
    const count = Math.min(seen.count, options.limit ?? seen.count)
    return {
      label: source.label,
      format: layout.format,
      count,
      fingerprint,
      warnings: warnings.toWarnings(),
      indicators: () => entriesOf(layout, seen, count),
      close: source.close,
    }
  } catch (error) {
    await source.close()
    throw error
  }
}

/** Groups of at most `size`, in order. Holds one group at a time. */
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

/** Every record that is not blank, decoded and checked. */
async function* checkedRecords(layout: Layout): AsyncGenerator<CheckedRecord> {
  const { source, format, start } = layout
  const decoder = format === 'csv' ? createCsvDecoder(source.label, source.head) : createJsonlDecoder(source.label)
  const split = { delimiter: decoder.delimiter, maxBytes: MAX_RECORD_BYTES, start }
  for await (const record of splitRecords(source.readAt, split)) {
    const decoded = decoder.decode(record)
    if (decoded.kind === 'blank') continue
    const { line } = record
    if (decoded.kind === 'record') {
      yield { record, checked: checkRecord(decoded.value, line, decoder.namesFields), hint: undefined, decoder }
    } else {
      const problems = [{ line, field: decoded.field, message: decoded.message }]
      yield { record, checked: { ok: false, problems }, hint: decoded.hint, decoder }
    }
  }
}

async function checkAll(layout: Layout, options: CatalogueOptions): Promise<FirstPass> {
  const { label } = layout.source
  const problemList = new ProblemList(label)
  const warnings = new WarningCounts()
  const seen = new DuplicateIndex()
  const content = createHash('sha256')
  let records = 0

  for await (const { record, checked, hint, decoder } of checkedRecords(layout)) {
    options.signal?.throwIfAborted()
    records += 1
    const problems = checked.ok
      ? noteIndicator({ seen, content, warnings }, checked.normalised.indicator, record.line)
      : checked.problems
    if (problems.length === 0) {
      if (checked.ok) warnings.note(checked.normalised.warnings)
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

  if (problemList.count > 0 && (options.skipInvalid !== true || seen.count === 0)) throw problemList.toError()
  if (records === 0) {
    const what = layout.format === 'csv' ? 'no row below the header' : 'no record, only blank lines'
    throw inputInvalid(`${label}: the file holds ${what}; a catalogue needs at least one indicator`)
  }
  return { seen, fingerprint: content.digest('hex'), warnings }
}

interface Notes {
  readonly seen: DuplicateIndex
  readonly content: Hash
  readonly warnings: WarningCounts
}

/** Notes the indicator; a problem where its id stands earlier with other content. */
function noteIndicator({ seen, content, warnings }: Notes, indicator: Indicator, line: number): Problem[] {
  const json = JSON.stringify(indicator)
  const earlier = seen.add(indicator.indicator_id, json, line)
  if (earlier === undefined) {
    content.update(json)
    return []
  }
  if (earlier.isSameContent) {
    warnings.noteDuplicate()
    return []
  }
  const message = `${showValue(indicator.indicator_id)} stands on line ${earlier.line} already, with other content`
  return [{ line, field: 'indicator_id', message }]
}

/** The records that the first pass accepted, each checked to be what it was then. */
async function* entriesOf(layout: Layout, seen: DuplicateIndex, count: number): AsyncGenerator<CatalogueEntry> {
  let given = 0
  if (count === 0) return
  for await (const { record, checked } of checkedRecords(layout)) {
    if (!checked.ok) continue
    const { indicator } = checked.normalised
    const first = seen.get(indicator.indicator_id, JSON.stringify(indicator))
    if (first?.line !== record.line) continue
    if (!first.isSameContent) break
    given += 1
    yield { line: record.line, indicator }
    if (given === count) return
  }
  throw inputInvalid(
    `${layout.source.label}: the file has changed since it was checked: ` +
      `${pluralise(given, 'indicator')} of ${count.toLocaleString('en-US')} were read. Run again when nothing writes to it`,
  )
}
