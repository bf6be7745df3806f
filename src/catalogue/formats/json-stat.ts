/** Turns a JSON-stat document (1.x and 2.0) into one record a series: its dimensions by code and name, its unit, its observations. */
import { isRecord } from '../../lib/json/json.ts'
import { parsePeriod } from '../layout/periods.ts'
import { inputInvalid } from '../problem-report.ts'
import {
  type Component,
  type DocumentKind,
  groupSeries,
  keyed,
  type Names,
  type Observed,
  TIME_PERIOD,
} from './series-document.ts'

export const JSON_STAT: DocumentKind = {
  name: 'JSON-stat',
  isOne: (paths) => paths.some((path) => /^(?:[^.]+\.)?dimension\.[^.]+\.category$/.test(path)),
  seriesOf: seriesOfDocument,
}

/** A dimension, with the units that its categories may have. */
interface Dimension extends Component {
  readonly units: ReadonlyMap<string, Names>
}

function seriesOfDocument(document: Names, label: string): Names[] {
  const dataSets = dataSetsOf(document)
  if (dataSets.length === 0)
    throw inputInvalid(`${label}: the JSON-stat document has no data set with dimensions and values`)
  return dataSets.flatMap((dataSet) => seriesOf(dataSet, label))
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
  function* observed(): Generator<Observed> {
    for (const [at, value] of valuesOf(dataSet['value'])) {
      const places = placesOf(at, sizes)
      const date = dimensions[time]?.values[places[time] ?? -1]
      yield [places, date === undefined || typeof value !== 'number' ? [] : [{ date: dateOf(date), value }]]
    }
  }
  return groupSeries(observed(), time).map(({ places, observations }) => ({
    ...base,
    ...keyed(others, places),
    ...unitOf(others, places),
    observations,
  }))
}

/** The place of the dimension of time, -1 without one: the one that is named, else one of such a name, or whose categories all are periods. */
function timeOf(dimensions: readonly Dimension[], named: readonly string[]): number {
  const isPeriods = ({ values }: Dimension) => values.every((value) => parsePeriod(dateOf(value)) !== undefined)
  const tests = [
    ({ id }: Dimension) => named.includes(id),
    ({ id }: Dimension) => TIME_PERIOD.test(id),
    (one: Dimension) => one.values.length > 1 && isPeriods(one),
  ]
  return tests.map((test) => dimensions.findIndex(test)).find((place) => place >= 0) ?? -1
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
    .toReversed()
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
