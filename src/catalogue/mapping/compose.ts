/** Makes ids and names of several columns where no single one has them: series of observations, and lists that have no id. */
import { observationColumns } from '../layout/types.ts'
import { cellText, labelText } from './cell-text.ts'
import { isCodes } from './profile.ts'
import { isGenericName, type MappedField, matchesOf } from './synonyms.ts'
import type { FieldMapping, MappingTask } from './types.ts'

/** The fields whose texts tell rows apart that have the same name, in the order in which they stand in a made id. */
const TELLING: readonly MappedField[] = ['name', 'units', 'periodicity', 'source_name', 'country', 'dataset']
/** A code of which more values than this stand twice is no id, 0 to 1. */
const MOSTLY_UNIQUE = 0.9
/** Names of columns that do not say what is measured, so that the name of the file says more. */
const BARE = /^(?:price|value|close|rate|index|total|amount|count|number|level|observation)s?$/i
const NOTHING = /^(?:_[ztux]|not applicable|not specified|total|all|_t|n\/?a|none)$/i

/** The id of a record that no single column gives; undefined where the mapped one is enough. */
export function composeId(task: MappingTask, fields: ReadonlyMap<MappedField, FieldMapping>): FieldMapping | undefined {
  const id = fields.get('indicator_id')
  if (id?.origin === 'option') return undefined
  const { layout } = task
  if (layout.kind === 'wide-rows')
    return { field: 'indicator_id', source: { columns: [], made: 'measure' }, origin: 'made' }
  if (layout.kind === 'tall') return tallId(task, layout.key, layout.values.length > 1, id)
  if (layout.kind === 'wide') {
    if (id !== undefined && tellsApart(task, id.source.columns)) return withCountry(task, id)
    const isMixed = new Set(layout.periods.map(({ period }) => period.length)).size > 1
    const made = dimensionsId(task, id)
    // Where years, quarters and months stand side by side, a series may have a row for each.
    return isMixed && made !== undefined ? { ...made, source: { ...made.source, made: 'periods' } } : made
  }
  if (id !== undefined) return isRepeated(task, id) ? dimensionsId(task, id) : undefined
  const columns = TELLING.flatMap((field) => fields.get(field)?.source.columns ?? [])
  return columns.length === 0
    ? undefined
    : { field: 'indicator_id', source: { columns: [...new Set(columns)] }, origin: 'made' }
}

/** Whether a code stands in many rows, so that it cannot be meant as the id of one. */
function isRepeated({ columns, profiles }: MappingTask, { source }: FieldMapping): boolean {
  const [place = -1] = source.columns
  const profile = profiles[place]
  const isExact = columns[place]?.toLowerCase() === 'indicator_id'
  return !isExact && profile !== undefined && profile.count > 4 && profile.distinct < MOSTLY_UNIQUE * profile.count
}

/** A table of several countries repeats its codes for each, also where the sample holds only one. */
function withCountry(task: MappingTask, id: FieldMapping): FieldMapping | undefined {
  const country = countryCode(task)
  if (country === undefined || id.source.columns.includes(country)) return undefined
  // Codes that differ although the countries differ too are keys of series, which need nothing more.
  if ((task.profiles[country]?.distinct ?? 0) > 1) return undefined
  return { ...id, source: { columns: [...id.source.columns, country] }, origin: 'made' }
}

function countryCode({ columns, profiles }: MappingTask): number | undefined {
  const places = columns.flatMap((name, place) => {
    const isCountry = matchesOf(name).some(({ field }) => field === 'country')
    return isCountry && (profiles[place]?.count ?? 0) > 0 ? [place] : []
  })
  return places.toSorted((a, b) => (profiles[a]?.averageLength ?? 0) - (profiles[b]?.averageLength ?? 0))[0]
}

/** The id of a row that its code does not give: the code, and as many other columns as it takes to tell the rows apart. */
function dimensionsId(task: MappingTask, id: FieldMapping | undefined): FieldMapping | undefined {
  const { columns, profiles } = task
  const observed = new Set(observationColumns(task.layout))
  const least = [...(id?.source.columns ?? [])]
  const country = countryCode(task)
  if (country !== undefined && !least.includes(country)) least.push(country)
  let chosen = least
  const others = columns.flatMap((_, place) => {
    const profile = profiles[place]
    const isOther = observed.has(place) || chosen.includes(place) || profile === undefined || profile.count === 0
    return isOther || profile.averageLength > 100 ? [] : [place]
  })
  const codesFirst = others.toSorted((a, b) => Number(isCodes(profiles[b])) - Number(isCodes(profiles[a])))
  // Without a code of its own a row is told by all that it is measured by, also by what is the same in the first rows.
  if (id === undefined) chosen = [...chosen, ...codesFirst.filter((place) => isCodes(profiles[place]))]
  for (const place of codesFirst) {
    if (chosen.length > 0 && tellsApart(task, chosen)) break
    if (!chosen.includes(place)) chosen = [...chosen, place]
  }
  // Rows that nothing tells apart are numbered, so that more columns would only make the ids longer.
  const places = least.length > 0 && !tellsApart(task, chosen) ? least : chosen
  return places.length === 0 ? undefined : { field: 'indicator_id', source: { columns: places }, origin: 'made' }
}

/** The id of a series of observations: the column that tells all of them apart, or all columns of the key, codes instead of names. */
function tallId(
  task: MappingTask,
  key: readonly number[],
  hasMeasures: boolean,
  id: FieldMapping | undefined,
): FieldMapping {
  const made = hasMeasures ? ({ made: 'measure' } as const) : {}
  const field = 'indicator_id'
  const isFull = (place: number) => task.profiles[place]?.filled === 1
  const own = (id?.source.columns ?? []).filter(isFull)
  if (own.length > 0 && sameSeries(task, own, key)) {
    return hasMeasures
      ? { field, source: { columns: own, ...made }, origin: 'made' }
      : { field, source: { columns: own }, origin: 'name' }
  }
  const first = own.filter((place) => key.includes(place))
  const codes = key.filter((place) => !first.includes(place) && !isNameOfOther(task, place, key))
  const full = key.filter(isFull)
  const isFullEnough = codes.some((place) => !isFull(place)) && full.length > 0 && sameSeries(task, full, key)
  const named = isFullEnough ? full.filter((place) => !first.includes(place)) : codes
  const columns = [...first, ...named]
  if (columns.length === 0 && !hasMeasures) return { field, source: { columns: [], made: 'file' }, origin: 'made' }
  return { field, source: { columns, ...made }, origin: 'made' }
}

/** Whether the columns tell apart all that the key tells apart. */
function sameSeries({ rows }: MappingTask, columns: readonly number[], key: readonly number[]): boolean {
  const seen = new Map<string, string>()
  for (const cells of rows) {
    const own = textOf(cells, columns)
    const whole = textOf(cells, key)
    if ((seen.get(own) ?? whole) !== whole) return false
    seen.set(own, whole)
  }
  return true
}

/** Whether the column says in words what another column of the key says in a code. */
function isNameOfOther(task: MappingTask, place: number, key: readonly number[]): boolean {
  const { profiles } = task
  // A code is no name of another code, however alike they run in the first rows.
  if (isCodes(profiles[place])) return false
  const length = profiles[place]?.averageLength ?? 0
  return key.some((other) => {
    const code = profiles[other]
    if (other === place || code === undefined) return false
    const isShorter = code.averageLength < length || (code.averageLength === length && other < place)
    if (!isShorter || code.distinct !== profiles[place]?.distinct) return false
    // Columns with a single value say nothing about each other but by their names.
    if (code.distinct === 1) return Math.abs(other - place) === 1 && isCodes(code) && !isCodes(profiles[place])
    return sameSeries(task, [other], [place])
  })
}

function textOf(cells: readonly unknown[], columns: readonly number[]): string {
  return JSON.stringify(columns.map((place) => cellText(cells[place]).trim()))
}

function tellsApart({ rows }: MappingTask, columns: readonly number[]): boolean {
  return new Set(rows.map((cells) => textOf(cells, columns))).size === rows.length
}

/** The name of a record that no column gives: what is measured, in the words of the key, or the name of the measure or the file. */
export function composeName(
  task: MappingTask,
  fields: ReadonlyMap<MappedField, FieldMapping>,
): FieldMapping | undefined {
  const { layout, columns } = task
  const doubt = 'no column is called a name'
  if (layout.kind === 'long') return undefined
  if (layout.kind === 'wide-rows') {
    const [only = -1, other] = layout.series
    const isBare = other === undefined && BARE.test(columns[only] ?? '')
    if (isBare) return { field: 'name', source: { columns: [], made: 'file' }, origin: 'made', doubt }
    return { field: 'name', source: { columns: [], made: 'measure' }, origin: 'made' }
  }
  if (layout.kind === 'tall' && layout.values.length > 1)
    return { field: 'name', source: { columns: [], made: 'measure' }, origin: 'made' }
  const key =
    layout.kind === 'tall' ? layout.key : columns.flatMap((_, place) => (isDimension(task, place) ? [place] : []))
  const other = new Set([...fields.values()].flatMap((one) => (isOther(one) ? one.source.columns : [])))
  const telling = key.filter((place) => {
    return !other.has(place) && !isGenericName(columns[place] ?? '') && saysSomething(task, place)
  })
  const told = telling.filter(
    (place) => !telling.some((other) => other !== place && isNameOfOther(task, other, [place])),
  )
  // Where some of it is said in words, the codes beside them say no more.
  const inWords = told.filter((place) => !isCodes(task.profiles[place]) && (task.profiles[place]?.numbers ?? 0) < 0.5)
  const words = inWords.length > 0 ? inWords : told
  const own = layout.kind === 'tall' ? columns[layout.values[0] ?? -1] : undefined
  if (own !== undefined && telling.length === 0 && !matchesValue(own))
    return { field: 'name', source: { columns: [], made: 'measure' }, origin: 'made' }
  if (words.length > 0) return { field: 'name', source: { columns: words }, origin: 'made', doubt }
  return { field: 'name', source: { columns: [], made: 'file' }, origin: 'made', doubt }
}

/** Whether the field says something else than what is measured, and is surely read from its column. */
function isOther({ field, doubt }: FieldMapping): boolean {
  return doubt === undefined && field !== 'indicator_id' && field !== 'name'
}

function matchesValue(name: string): boolean {
  return /^(?:obs[_ ]?)?value$|^observation value$/i.test(name)
}

function isDimension({ layout, profiles }: MappingTask, place: number): boolean {
  return layout.kind === 'wide' && !observationColumns(layout).includes(place) && (profiles[place]?.count ?? 0) > 0
}

/** Whether the column holds more than marks for "not applicable" and "total". */
function saysSomething({ rows }: MappingTask, place: number): boolean {
  return rows.some((cells) => {
    const text = labelText(cellText(cells[place]).trim())
    return text !== '' && !NOTHING.test(text)
  })
}

/** Whether a text of a key says nothing, so that a made name leaves it out. */
export function saysNothing(text: string): boolean {
  return NOTHING.test(text)
}
