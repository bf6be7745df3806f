/** Turns an SDMX-JSON document (1.0 and 2.0) into one record a series: its dimensions by code and name, its attributes, its observations. */
import { isRecord } from '../../lib/json/json.ts'
import { isGenericName } from '../mapping/synonyms.ts'
import { inputInvalid } from '../problem-report.ts'
import type { RawRecord, ReadAt } from '../record-splitter.ts'

/** The structure may stand behind the data, so the document is read whole; a larger one is refused. */
export const MAX_SDMX_BYTES = 134_217_728

/** The dimension that says which period an observation is of. */
const TIME_PERIOD = /^(?:TIME_PERIOD|TIME|YEAR|DATE|PERIOD)$/i

interface Component {
  readonly id: string
  readonly name: string
  readonly values: readonly { readonly id: string; readonly name: string }[]
}

type Names = Readonly<Record<string, unknown>>

/** Whether the lists of a JSON document are those of SDMX-JSON. */
export function isSdmxJson(paths: readonly string[]): boolean {
  const has = (pattern: RegExp) => paths.some((path) => pattern.test(path))
  return has(/^(?:data\.)?dataSets$/) && has(/^(?:data\.)?structures?(?:\.|$)/)
}

/** Reads the series of the document as records, each a line of JSON. Throws `input-invalid` where the structure is missing. */
export async function sdmxRecords(readAt: ReadAt, start: number, size: number, label: string): Promise<RawRecord[]> {
  if (size > MAX_SDMX_BYTES) {
    const limit = `${(MAX_SDMX_BYTES / 1_048_576).toFixed(0)} MiB`
    throw inputInvalid(
      `${label}: an SDMX-JSON document may have ${limit}; ask the service for SDMX-CSV, which may be larger`,
    )
  }
  const bytes = Buffer.alloc(size - start)
  for (let at = 0; at < bytes.length; ) {
    const read = await readAt(bytes, at, bytes.length - at, start + at)
    if (read === 0) break
    at += read
  }
  const document = parse(bytes, label)
  const data = isRecord(document['data']) ? document['data'] : document
  const structures = listOf(data['structures'] ?? data['structure'] ?? document['structure'])
  const records = listOf(data['dataSets']).flatMap((dataSet) => {
    const structure = structures[numberOf(dataSet['structure'])] ?? structures[0]
    if (structure === undefined) throw inputInvalid(`${label}: the SDMX-JSON document has no structure of its series`)
    return seriesOf(dataSet, structure)
  })
  return records.map((record, index) => ({
    line: index + 1,
    bytes: Buffer.from(JSON.stringify(record)),
    fault: undefined,
  }))
}

function parse(bytes: Buffer, label: string): Names {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (isRecord(value)) return value
  } catch {
    // The same message serves both faults.
  }
  throw inputInvalid(`${label}: the SDMX-JSON document is no valid JSON. Download it anew`)
}

function seriesOf(dataSet: Names, structure: Names): Names[] {
  const dimensions = isRecord(structure['dimensions']) ? structure['dimensions'] : {}
  const attributes = isRecord(structure['attributes']) ? structure['attributes'] : {}
  const ofSeries = componentsOf(dimensions['series'])
  const ofObservation = componentsOf(dimensions['observation'])
  const ofDataSet = constantsOf(dataSet, [
    ...componentsOf(dimensions['dataSet']),
    ...componentsOf(attributes['dataSet']),
  ])
  const dataset = textOf(structure['name'] ?? structure['names'])
  const base = { ...ofDataSet, ...(dataset === '' ? {} : { 'dataset name': dataset }) }
  const series = isRecord(dataSet['series']) ? Object.entries(dataSet['series']) : []
  const flat = isRecord(dataSet['observations']) ? Object.entries(dataSet['observations']) : []
  const time = ofObservation.findIndex(({ id }) => TIME_PERIOD.test(id))
  const records = series.flatMap(([key, value]) => {
    if (!isRecord(value)) return []
    const points = isRecord(value['observations']) ? Object.entries(value['observations']) : []
    return [
      {
        ...base,
        ...keyed(ofSeries, key.split(':')),
        ...attributed(componentsOf(attributes['series']), value['attributes']),
        observations: points.flatMap(([at, point]) => pointOf(ofObservation[time], at, point)),
      },
    ]
  })
  return [...records, ...flatSeries(flat, ofObservation, time, base)]
}

/** Groups observations that stand under the places of all their dimensions, as AllDimensions gives them. */
function flatSeries(
  flat: readonly (readonly [string, unknown])[],
  dimensions: readonly Component[],
  time: number,
  base: Names,
): Names[] {
  const groups = new Map<string, { places: string[]; points: Names[] }>()
  for (const [key, point] of flat) {
    const places = key.split(':')
    const name = places.filter((_, place) => place !== time).join(':')
    const group = groups.get(name) ?? { places, points: [] }
    group.points.push(...pointOf(dimensions[time], places[time] ?? '', point))
    groups.set(name, group)
  }
  return [...groups.values()].map(({ places, points }) => ({
    ...base,
    ...keyed(
      dimensions.filter((_, place) => place !== time),
      places.filter((_, place) => place !== time),
    ),
    observations: points,
  }))
}

/** The dimensions of a series: the codes joined as its key, and each by code and by name. */
function keyed(dimensions: readonly Component[], places: readonly string[]): Names {
  const found = dimensions.map(({ id, name, values }, index) => ({ id, name, value: values[numberOf(places[index])] }))
  const telling = found.filter(({ id, name }) => !isGenericName(id) && !isGenericName(name))
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

function attributed(attributes: readonly Component[], given: unknown): Names {
  const places = Array.isArray(given) ? given : []
  const record: Record<string, unknown> = {}
  for (const [index, { id, values }] of attributes.entries()) {
    const place: unknown = places[index]
    // In SDMX-JSON 2.0 an attribute may stand as its own text.
    const value = typeof place === 'number' ? values[place]?.name : typeof place === 'string' ? place : undefined
    if (value !== undefined) record[id] = value
  }
  return record
}

function constantsOf(dataSet: Names, components: readonly Component[]): Names {
  const places = Array.isArray(dataSet['attributes']) ? dataSet['attributes'] : []
  return Object.fromEntries(
    components.flatMap(({ id, values }, index) => {
      const value = values.length === 1 ? values[0] : values[numberOf(places[index])]
      return value === undefined ? [] : [[id, value.name]]
    }),
  )
}

function pointOf(time: Component | undefined, at: string, point: unknown): Names[] {
  const date = time?.values[numberOf(at)]?.id
  const value: unknown = Array.isArray(point) ? point[0] : point
  return date === undefined || value === null || value === undefined ? [] : [{ date, value }]
}

function componentsOf(value: unknown): Component[] {
  return listOf(value).map((component) => {
    const id = String(component['id'] ?? '')
    const values = listOf(component['values']).map((one) => {
      const code = String(one['id'] ?? one['value'] ?? '')
      return { id: code, name: textOf(one['name'] ?? one['names']) || code }
    })
    return { id, name: textOf(component['name'] ?? component['names']) || id, values }
  })
}

/** A text, or the English one of a text in several languages. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (!isRecord(value)) return ''
  const text: unknown = value['en'] ?? Object.values(value)[0]
  return typeof text === 'string' ? text : ''
}

function listOf(value: unknown): Names[] {
  return (Array.isArray(value) ? value : [value]).filter(isRecord)
}

function numberOf(value: unknown): number {
  return typeof value === 'number' || (typeof value === 'string' && value !== '') ? Number(value) : 0
}
