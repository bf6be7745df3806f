/** Turns a JSON-stat document (1.x and 2.0) into one record a series: its dimensions by code and name, its unit, its observations. */
import { isRecord } from '../../lib/json/json.ts'
import { parsePeriod } from '../layout/periods.ts'
import { inputInvalid } from '../problem-report.ts'
import type { RawRecord, ReadAt } from '../record-splitter.ts'
import { type Component, keyed, linesOf, type Names, readDocument, TIME_PERIOD } from './series-document.ts'

/** A dimension, with the units that its categories may have. */
interface Dimension extends Component {
  readonly units: ReadonlyMap<string, Names>
}

/** Whether the maps of a JSON document are those of JSON-stat. */
export function isJsonStat(paths: readonly string[]): boolean {
  return paths.some((path) => /^(?:[^.]+\.)?dimension\.[^.]+\.category$/.test(path))
}

/** Reads the series of the document as records, each a line of JSON. Throws `input-invalid` where it holds no data set. */
export async function jsonStatRecords(
  readAt: ReadAt,
  start: number,
  size: number,
  label: string,
): Promise<RawRecord[]> {
  const document = await readDocument(readAt, { start, size, label, what: 'JSON-stat' })
  const dataSets = dataSetsOf(document)
  if (dataSets.length === 0)
    throw inputInvalid(`${label}: the JSON-stat document has no data set with dimensions and values`)
  return linesOf(dataSets.flatMap((dataSet) => seriesOf(dataSet, label)))
}

/** The document itself, those that a collection holds, or, as of version 1, those that stand in it by name. */
function dataSetsOf(document: Names): Names[] {
  const isDataSet = (value: unknown): value is Names =>
    isRecord(value) && isRecord(value['dimension']) && 'value' in value
  if (isDataSet(document)) return [document]
  const { link } = document
  const items: unknown[] = isRecord(link) && Array.isArray(link['item']) ? link['item'] : []
  return [...Object.values(document), ...items].filter(isDataSet)
}

function seriesOf(dataSet: Names, label: string): Names[] {
  const described = isRecord(dataSet['dimension']) ? dataSet['dimension'] : {}
  const ids = textsOf(dataSet['id'] ?? described['id'])
  const role = rolesOf(dataSet['role'] ?? described['role'])
  const dimensions = ids.map((id) => dimensionOf(id, described[id], role('geo').includes(id)))
  const sizes = dimensions.map(({ values }) => values.length)
  if (dimensions.length === 0 || sizes.includes(0)) {
    throw inputInvalid(
      `${label}: the JSON-stat data set lists no categories for ${ids.find((_, at) => sizes[at] === 0) ?? 'its dimensions'}`,
    )
  }
  const time = timeOf(dimensions, role('time'))
  const others = dimensions.filter((_, place) => place !== time)
  const { label: name, source } = dataSet
  const base = {
    ...(typeof name === 'string' && name !== '' ? { 'dataset name': name } : {}),
    ...(typeof source === 'string' && source !== '' ? { source } : {}),
  }
  const groups = new Map<string, { readonly places: readonly number[]; readonly observations: Names[] }>()
  for (const [at, value] of valuesOf(dataSet['value'])) {
    const all = placesOf(at, sizes)
    const places = all.filter((_, place) => place !== time)
    const key = places.join(':')
    const group = groups.get(key) ?? { places, observations: [] }
    groups.set(key, group)
    const date = dimensions[time ?? -1]?.values[all[time ?? -1] ?? -1]
    if (date !== undefined && typeof value === 'number') group.observations.push({ date: dateOf(date), value })
  }
  return [...groups.values()].map(({ places, observations }) => ({
    ...base,
    ...keyed(others, places.map(String)),
    ...unitOf(others, places),
    observations,
  }))
}

/** The dimension of time: the one that the document names, else one of such a name, or whose categories all are periods. */
function timeOf(dimensions: readonly Dimension[], named: readonly string[]): number | undefined {
  const isPeriods = ({ values }: Dimension) => values.every((value) => parsePeriod(dateOf(value)) !== undefined)
  const tests = [
    ({ id }: Dimension) => named.includes(id),
    ({ id }: Dimension) => TIME_PERIOD.test(id),
    (one: Dimension) => one.values.length > 1 && isPeriods(one),
  ]
  for (const test of tests) {
    const found = dimensions.findIndex(test)
    if (found >= 0) return found
  }
  return undefined
}

/** A code such as "2024M01", or its label where the code is no period. */
function dateOf({ id, name }: Component['values'][number]): string {
  return parsePeriod(id) === undefined && parsePeriod(name) !== undefined ? name : id
}

function dimensionOf(id: string, given: unknown, isPlace: boolean): Dimension {
  const dimension = isRecord(given) ? given : {}
  const category = isRecord(dimension['category']) ? dimension['category'] : {}
  const labels = isRecord(category['label']) ? category['label'] : {}
  const codes = codesOf(category['index'] ?? Object.keys(labels))
  const name = dimension['label']
  const units = isRecord(category['unit']) ? Object.entries(category['unit']) : []
  return {
    id,
    name: typeof name === 'string' && name !== '' ? name : id,
    values: codes.map((code) => ({ id: code, name: typeof labels[code] === 'string' ? labels[code] : code })),
    isPlace,
    units: new Map(units.flatMap(([code, unit]) => (isRecord(unit) ? [[code, unit]] : []))),
  }
}

/** The codes of a dimension in their order: a list, or an object with the place of each. */
function codesOf(index: unknown): string[] {
  if (Array.isArray(index)) return textsOf(index)
  return isRecord(index) ? Object.keys(index).sort((a, b) => Number(index[a]) - Number(index[b])) : []
}

/** The unit of a series, where one of its categories has one. */
function unitOf(dimensions: readonly Dimension[], places: readonly number[]): Names {
  for (const [at, { values, units }] of dimensions.entries()) {
    const unit = units.get(values[places[at] ?? -1]?.id ?? '')
    const text = unit?.['label'] ?? unit?.['base'] ?? unit?.['symbol']
    if (typeof text === 'string' && text !== '') {
      const { multiplier } = unit ?? {}
      return { unit: text, ...(typeof multiplier === 'number' ? { 'unit multiplier': multiplier } : {}) }
    }
  }
  return {}
}

/** The values by their places: a list, or an object of those that there are. */
function* valuesOf(value: unknown): Generator<readonly [number, unknown]> {
  if (Array.isArray(value)) yield* value.entries()
  else if (isRecord(value)) for (const [at, one] of Object.entries(value)) yield [Number(at), one]
}

/** The places of a value in each dimension; the last dimension runs fastest. */
function placesOf(at: number, sizes: readonly number[]): number[] {
  let rest = at
  return sizes
    .map((size) => size)
    .reverse()
    .map((size) => {
      const place = rest % size
      rest = Math.floor(rest / size)
      return place
    })
    .reverse()
}

function rolesOf(role: unknown): (name: string) => readonly string[] {
  return (name) => (isRecord(role) ? textsOf(role[name]) : [])
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
