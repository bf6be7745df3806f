/** Turns an SDMX-JSON document (1.0 and 2.0) into one record a series: its dimensions by code and name, its attributes, its observations. */
import { isRecord } from '../../lib/json/json.ts'
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

export const SDMX_JSON: DocumentKind = {
  name: 'SDMX-JSON',
  isOne: (paths) => {
    const has = (pattern: RegExp) => paths.some((path) => pattern.test(path))
    return has(/^(?:data\.)?dataSets$/) && has(/^(?:data\.)?structures?(?:\.|$)/)
  },
  seriesOf: seriesOfDocument,
}

function seriesOfDocument(document: Names, label: string): Names[] {
  const data = isRecord(document['data']) ? document['data'] : document
  const structures = listOf(data['structures'] ?? data['structure'] ?? document['structure'])
  return listOf(data['dataSets']).flatMap((dataSet) => {
    const structure = structures[numberOf(dataSet['structure'])] ?? structures[0]
    if (structure === undefined) throw inputInvalid(`${label}: the SDMX-JSON document has no structure of its series`)
    return seriesOf(dataSet, structure)
  })
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
        ...keyed(ofSeries, placesOf(key)),
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
  const others = dimensions.filter((_, place) => place !== time)
  function* observed(): Generator<Observed> {
    for (const [key, point] of flat) {
      const places = placesOf(key)
      yield [places, pointOf(dimensions[time], places[time], point)]
    }
  }
  return groupSeries(observed(), time).map(({ places, observations }) => ({
    ...base,
    ...keyed(others, places),
    observations,
  }))
}

/** The places in the dimensions, as the key of a series or an observation has them: "0:3:1". */
function placesOf(key: string): number[] {
  return key.split(':').map(numberOf)
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

function pointOf(time: Component | undefined, at: unknown, point: unknown): Names[] {
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
