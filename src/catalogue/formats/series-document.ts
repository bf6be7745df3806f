/** What JSON documents of whole data sets, SDMX-JSON and JSON-stat, have in common: they are read whole, and give a record a series. */
import { isRecord } from '../../lib/json/json.ts'
import { isGenericName } from '../mapping/synonyms.ts'
import { inputInvalid } from '../problem-report.ts'
import type { RawRecord, ReadAt } from '../record-splitter.ts'

/** The structure may stand behind the data, so the document is read whole; a larger one is refused. */
export const MAX_DOCUMENT_BYTES = 134_217_728

/** The dimension that says which period an observation is of. */
export const TIME_PERIOD = /^(?:TIME_PERIOD|TIME|YEAR|DATE|PERIOD)$/i

export type Names = Readonly<Record<string, unknown>>

/** A dimension or an attribute, with its codes and what they mean. */
export interface Component {
  readonly id: string
  readonly name: string
  readonly values: readonly { readonly id: string; readonly name: string }[]
  /** Whether the document says that it tells where, and so nothing of what is measured. */
  readonly isPlace?: boolean
}

/** Reads a document whole. Throws `input-invalid` where it is too large or no object of JSON. */
export async function readDocument(
  readAt: ReadAt,
  {
    start,
    size,
    label,
    what,
  }: { readonly start: number; readonly size: number; readonly label: string; readonly what: string },
): Promise<Names> {
  if (size > MAX_DOCUMENT_BYTES) {
    const limit = `${(MAX_DOCUMENT_BYTES / 1_048_576).toFixed(0)} MiB`
    throw inputInvalid(`${label}: ${what} documents may have ${limit}; ask the service for CSV, which may be larger`)
  }
  const bytes = Buffer.alloc(size - start)
  for (let at = 0; at < bytes.length; ) {
    const read = await readAt(bytes, at, bytes.length - at, start + at)
    if (read === 0) break
    at += read
  }
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (isRecord(value)) return value
  } catch {
    // The same message serves both faults.
  }
  throw inputInvalid(`${label}: the ${what} document is no valid JSON. Download it anew`)
}

/** The series as records, each a line of JSON. */
export function linesOf(records: readonly Names[]): RawRecord[] {
  return records.map((record, index) => ({
    line: index + 1,
    bytes: Buffer.from(JSON.stringify(record)),
    fault: undefined,
  }))
}

/** The dimensions of a series: the codes joined as its key, and each by code and by name. */
export function keyed(dimensions: readonly Component[], places: readonly string[]): Names {
  const found = dimensions.map(({ id, name, values, isPlace }, index) => ({
    id,
    name,
    isPlace,
    value: values[numberOf(places[index])],
  }))
  const telling = found.filter(
    ({ id, name, isPlace }) => isPlace !== true && !isGenericName(id) && !isGenericName(name),
  )
  const record: Record<string, unknown> = {
    'series key': found.map(({ value }) => value?.id ?? '').join('.'),
    'series name': telling.map(({ value }) => value?.name ?? '').join(', '),
  }
  for (const { id, name, value } of found) {
    record[id] = value?.id
    if (value !== undefined && value.name !== value.id) record[name === id ? `${id} name` : name] = value.name
  }
  return record
}

export function numberOf(value: unknown): number {
  return typeof value === 'number' || (typeof value === 'string' && value !== '') ? Number(value) : 0
}
