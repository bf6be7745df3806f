/** What JSON documents of whole data sets, SDMX-JSON and JSON-stat, have in common: they are read whole, and give a record a series. */
import { isRecord } from '../../lib/json/json.ts'
import { isGenericName } from '../mapping/synonyms.ts'
import { inputInvalid } from '../problem-report.ts'
import type { RawRecord } from '../record-splitter.ts'
import type { PlainFile } from '../source/unpack.ts'

/** The structure may stand behind the data, so the document is read whole; a larger one is refused. */
const MAX_DOCUMENT_BYTES = 134_217_728

/** The dimension that says which period an observation is of. */
export const TIME_PERIOD = /^(?:TIME_PERIOD|TIME|YEAR|DATE|PERIOD)$/i

export type Names = Readonly<Record<string, unknown>>

export interface DocumentKind {
  readonly name: string
  /** Whether the lists and maps of a document, by their paths, are those of this kind. */
  readonly isOne: (paths: readonly string[]) => boolean
  /** The series of the document. Throws `input-invalid` where it lacks what its kind needs. */
  readonly seriesOf: (document: Names, label: string) => Names[]
}

/** A dimension or an attribute, with its codes and what they mean. */
export interface Component {
  readonly id: string
  readonly name: string
  readonly values: readonly { readonly id: string; readonly name: string }[]
  /** Whether the document says that it tells where, and so nothing of what is measured. */
  readonly isPlace?: boolean
}

/** Reads the series of a document as records, each a line of JSON. Throws `input-invalid` where it is too large or no such document. */
export async function seriesRecords(file: PlainFile, { name, seriesOf }: DocumentKind): Promise<RawRecord[]> {
  const series = seriesOf(await readDocument(file, name), file.label)
  return series.map((record, index) => ({
    line: index + 1,
    bytes: Buffer.from(JSON.stringify(record)),
    fault: undefined,
  }))
}

async function readDocument({ readAt, start, size, label }: PlainFile, what: string): Promise<Names> {
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

/** Where an observation stands in each dimension, and its point, where it has one. */
export type Observed = readonly [places: readonly number[], points: readonly Names[]]

/** What observations have that differ in their time alone. */
interface Series {
  /** The place of the series in each dimension but that of the time. */
  readonly places: readonly number[]
  readonly observations: Names[]
}

/** Puts observations together to series; the dimension at the place `time` is that of the time. */
export function groupSeries(observations: Iterable<Observed>, time: number): Series[] {
  const found = new Map<string, Series>()
  for (const [all, points] of observations) {
    const places = all.filter((_, dimension) => dimension !== time)
    const key = places.join(':')
    const series = found.get(key) ?? { places, observations: [] }
    found.set(key, series)
    series.observations.push(...points)
  }
  return [...found.values()]
}

/** The dimensions of a series: the codes joined as its key, and each by code and by name. */
export function keyed(dimensions: readonly Component[], places: readonly number[]): Names {
  const found = dimensions.map(({ id, name, values, isPlace }, index) => ({
    id,
    name,
    isPlace,
    value: values[places[index] ?? 0],
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
