/** Reads the records of JSON Lines, of a JSON document and of SDMX-JSON as a table whose columns are the values of the records. */
import { type BoundedJson, boundJson } from '../../lib/json/bounded-json.ts'
import { passingBytes, textOf } from '../../lib/json/bounded-text.ts'
import { isRecord } from '../../lib/json/json.ts'
import { fieldText, flatKeys } from '../../lib/json/json-cursor.ts'
import type { JsonAny, JsonShape } from '../../lib/json/json-shape.ts'
import { MAX_LINE_BYTES, MAX_RECORD_BYTES } from '../limits.ts'
import { showValue } from '../problem-report.ts'
import { encodingFault, faultMessage, jsonFault } from '../record-faults.ts'
import type { RawRecord } from '../record-splitter.ts'
import { BROKEN_BYTES_HINT } from '../source/file-detection.ts'
import type { FaultyRow, RowFilter, RowOutcome, Table } from './types.ts'

const CONTROLS = /\p{Cc}/gu
const MAX_DEPTH = 4
const MAX_JSON_COLUMNS = 2_000
/** Of so many kinds of records the keys are known, so that they are not read only to find columns. */
const MAX_KEYS_SEEN = 1_000
/**
 * The most bytes of a value while it is not known what it is for; the smaller bounds are for records whose values are too large
 * together, so that what nobody reads hides no column.
 */
const UNKNOWN_BYTES = [262_144, 16_384, 1_024]
const UNKNOWN_VALUES = 20_000

type Records = () => AsyncGenerator<RawRecord> | AsyncIterable<RawRecord>

interface JsonColumn {
  readonly name: string
  readonly path: readonly string[]
}

export interface JsonTableOptions {
  /** What was found out about where the records lie, in sentences. */
  readonly notes?: readonly string[]
  readonly signal?: AbortSignal | undefined
}

/** Opens a table of records. */
export async function openJsonTable(
  format: 'json' | 'jsonl',
  records: Records,
  { notes = [], signal }: JsonTableOptions = {},
): Promise<Table> {
  const { columns: found, isWhole } = await findColumns(records, signal)
  const most = MAX_JSON_COLUMNS.toLocaleString('en-US')

  async function* rows(shapes?: ReadonlyMap<string, JsonShape>, filter?: RowFilter): AsyncGenerator<RowOutcome> {
    for await (const record of records()) {
      const text = filter === undefined ? undefined : fieldText(record.bytes, filter.key)
      if (text !== undefined && filter?.isWanted(text) === false) continue
      const row = decodeRecord(record, shapes)
      if (row === 'blank') continue
      if (row.kind === 'invalid') yield row
      else {
        const { value, hasControls } = row
        const cells = found.map(({ path }) => valueAt(value, path))
        yield { kind: 'row', line: record.line, bytes: record.bytes, cells, hasControls, keys: Object.keys(value) }
      }
    }
  }

  return {
    format,
    columns: found.map(({ name }) => name),
    keys: found.map(({ path }) => path[0] ?? ''),
    repeated: new Map(),
    header: undefined,
    headerLine: undefined,
    isJson: true,
    notes: isWhole
      ? notes
      : [...notes, `the records have more than ${most} different keys, and only the first are columns`],
    rows,
  }
}

type DecodedRecord =
  | FaultyRow
  | { readonly kind: 'value'; readonly value: Readonly<Record<string, unknown>>; readonly hasControls: boolean }

function decodeRecord(record: RawRecord, shapes?: ReadonlyMap<string, JsonShape>): DecodedRecord | 'blank' {
  const { line, bytes } = record
  const faulty = (field: string, message: string, hint?: string): FaultyRow => {
    return { kind: 'invalid', line, bytes, field, message, hint }
  }
  const fault = faultMessage(record, MAX_LINE_BYTES)
  if (fault !== undefined) return faulty('', fault)
  const encoding = encodingFault(bytes)
  if (encoding !== undefined) return faulty('', encoding, BROKEN_BYTES_HINT)
  const text = bytes.toString('utf8').trim()
  if (text === '') return 'blank'
  const decoded = decodeObject(text, shapes)
  if ('value' in decoded) return { kind: 'value', value: decoded.value, hasControls: false }
  // JSON has no control characters. Here each counts as a space, because that is what becomes of them in any text.
  const plain = text.replaceAll(CONTROLS, ' ')
  const mended = plain === text ? decoded : decodeObject(plain, shapes)
  if ('value' in mended) return { kind: 'value', value: mended.value, hasControls: true }
  return faulty(decoded.field, decoded.message)
}

type DecodedObject =
  | { readonly value: Readonly<Record<string, unknown>> }
  | { readonly field: string; readonly message: string }

function decodeObject(text: string, shapes: ReadonlyMap<string, JsonShape> | undefined): DecodedObject {
  const bytes = passingBytes(text)
  const bounded = shapes === undefined ? boundUnknown(bytes) : boundJson(bytes, { kind: 'fields', fields: shapes })
  if (bounded.kind === 'refused') return { field: bounded.path.join('.'), message: bounded.message }
  const kept = bounded.kind === 'kept' ? bounded.bytes : bytes
  if (kept.length > MAX_RECORD_BYTES) {
    const limit = `${MAX_RECORD_BYTES.toLocaleString('en-US')} bytes`
    return { field: '', message: `longer than the limit of ${limit}; it begins with ${showValue(text)}` }
  }
  try {
    const value: unknown = JSON.parse(kept === bytes ? text : textOf(kept))
    return isRecord(value) ? { value } : { field: '', message: `must be one JSON object, got ${showValue(value)}` }
  } catch (error) {
    return { field: '', message: `not valid JSON: ${jsonFault(error)}; got ${showValue(text)}` }
  }
}

/** Keeps every value of the record that is not too large to be meant. */
function boundUnknown(bytes: Uint8Array): BoundedJson {
  let bounded: BoundedJson = { kind: 'kept', bytes }
  for (const maxBytes of UNKNOWN_BYTES) {
    const others: JsonAny = { kind: 'any', maxBytes, maxValues: UNKNOWN_VALUES, beyond: 'null' }
    bounded = boundJson(bytes, { kind: 'fields', fields: new Map(), others })
    if (bounded.kind !== 'kept' || bounded.bytes.length <= MAX_RECORD_BYTES) break
  }
  return bounded
}

/** Finds the keys of all records, because a column that only later records have would otherwise be lost. */
async function findColumns(
  records: Records,
  signal: AbortSignal | undefined,
): Promise<{ readonly columns: readonly JsonColumn[]; readonly isWhole: boolean }> {
  const found = new Map<string, JsonColumn>()
  const seen = new Set<string>()
  for await (const record of records()) {
    signal?.throwIfAborted()
    const keys = flatKeys(record.bytes)
    // Most records have the keys of one before, and so no column that this one had not.
    if (keys !== undefined && seen.has(keys)) continue
    const row = decodeRecord(record)
    if (row === 'blank' || row.kind !== 'value') continue
    collect(row.value, [], found)
    if (keys !== undefined && seen.size < MAX_KEYS_SEEN) seen.add(keys)
    if (found.size > MAX_JSON_COLUMNS) break
  }
  return { columns: [...found.values()].slice(0, MAX_JSON_COLUMNS), isWhole: found.size <= MAX_JSON_COLUMNS }
}

function collect(
  value: Readonly<Record<string, unknown>>,
  path: readonly string[],
  found: Map<string, JsonColumn>,
): void {
  for (const [key, inner] of Object.entries(value)) {
    const here = [...path, key]
    if (isRecord(inner) && here.length < MAX_DEPTH && Object.keys(inner).length > 0) collect(inner, here, found)
    else {
      const name = here.join('.')
      if (!found.has(name)) found.set(name, { name, path: here })
    }
  }
}

/** The value at a path. Of a list of objects it is the list of their values there. */
function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value
  for (const key of path) {
    if (!isRecord(at) || !Object.hasOwn(at, key)) return undefined
    at = at[key]
  }
  return isRecord(at) ? undefined : at
}
