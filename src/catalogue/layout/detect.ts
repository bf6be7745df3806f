/** Finds how a table lays out its records, by the names of its columns and a sample of its rows. */
import { cellText } from '../mapping/cell-text.ts'
import { type ColumnProfile, isUnique } from '../mapping/profile.ts'
import { isAttributeName, isTimeName, isValueName, matchesOf } from '../mapping/synonyms.ts'
import { decimalMarkOf, isMissing, isObservation } from './observations.ts'
import { parsePeriod, slashOrder } from './periods.ts'
import { keyOf } from './series-key.ts'
import type { Layout, Notation, TableSample, TallLayout, WideLayout, WideRowsLayout } from './types.ts'
import { isPartName, isYear, yearPart } from './year-parts.ts'

/** At least so many columns must be periods before a table counts as wide. */
const MIN_PERIODS = 2
const MOSTLY = 0.9
/** The code of a status, of which some tables have a row below each row of numbers. */
const STATUS = /^[A-Z]$/
/** The name of a period with what stands behind it where a column holds flags. */
const FLAG_NAME = /^(.*\d\]?)[\s_-]?(?:[A-Z]|flags?|notes?|footnotes?|status)$/i
/** The most columns that are measures of one table of observations. */
const MAX_VALUES_TAKEN = 2_000

export function detectLayout(sample: TableSample): Layout {
  const { columns } = sample
  if (columns.includes('indicator_id') && columns.includes('name') && !hasPeriods(sample)) return { kind: 'long' }
  return wideOf(sample) ?? tallOf(sample) ?? { kind: 'long' }
}

/** The layout of a table whose head says that its first column holds periods, and the others series. */
export function seriesLayout(sample: TableSample): WideRowsLayout | undefined {
  const isNumber = (cell: unknown) => {
    const text = cellText(cell)
    return !isMissing(text) && isObservation(text)
  }
  const series = [...sample.columns.keys()].filter((place) => {
    return place > 0 && sample.rows.some((cells) => isNumber(cells[place]))
  })
  if (series.length === 0) return undefined
  return { kind: 'wide-rows', times: [0], series, ...notationOf(sample, series, [0]) }
}

function hasPeriods({ columns }: TableSample): boolean {
  return columns.filter((name) => parsePeriod(name) !== undefined).length > MIN_PERIODS
}

function textsOf({ rows }: TableSample, places: readonly number[]): string[] {
  return rows.slice(0, 500).flatMap((cells) => places.map((place) => cellText(cells[place]).trim()))
}

function notationOf(sample: TableSample, values: readonly number[], time: readonly number[]): Notation {
  return { mark: decimalMarkOf(textsOf(sample, values)), order: slashOrder(textsOf(sample, time)) }
}

function wideOf(sample: TableSample): WideLayout | undefined {
  const order = slashOrder(sample.columns)
  const periods = [...sample.columns.entries()].flatMap(([column, name]) => {
    const period = parsePeriod(name, order)
    return period === undefined ? [] : [{ column, period }]
  })
  if (periods.length < MIN_PERIODS || new Set(periods.map(({ period }) => period.date)).size < MIN_PERIODS)
    return undefined
  const values = textsOf(
    sample,
    periods.map(({ column }) => column),
  ).filter((text) => text !== '' && !STATUS.test(text))
  if (values.length > 0 && values.filter(isObservation).length < 0.8 * values.length) return undefined
  const names = new Set(periods.map(({ column }) => sample.columns[column] ?? ''))
  const flags = [...sample.columns.entries()].flatMap(([place, name]) => {
    const over = FLAG_NAME.exec(name)?.[1]
    return over !== undefined && names.has(over) ? [place] : []
  })
  return { kind: 'wide', periods, flags, mark: decimalMarkOf(values), order }
}

/** The column that says when: by its name and its values, or the first column where all of it are periods. */
function timeColumn({ columns, profiles }: TableSample): number | undefined {
  const isTime = (place: number) => (profiles[place]?.periods ?? 0) >= MOSTLY || isMostlyPeriods(profiles[place])
  const named = [...columns.entries()].filter(([place, name]) => isTimeName(name) && isTime(place))
  // Of a code and a name of the same period, as "TIME_PERIOD" and "Time period", the first is the code.
  if (named[0] !== undefined) return named[0][0]
  const first = profiles[0]
  return first !== undefined && isTime(0) && first.distinct > 2 && first.numbers < 1 ? 0 : undefined
}

/** The column that says which part of the year it is, beside a column of years. */
function partColumn({ columns, rows }: TableSample, time: number): number | undefined {
  const textsAt = (place: number) => rows.map((cells) => cellText(cells[place]).trim()).filter((text) => text !== '')
  if (!textsAt(time).every(isYear)) return undefined
  const found = columns.findIndex((name, place) => {
    const texts = place === time || !isPartName(name) ? [] : textsAt(place)
    return texts.length === rows.length && texts.every((text) => yearPart(text, name) !== undefined)
  })
  return found < 0 ? undefined : found
}

/** A few rows may say something else, such as the row of transformations in FRED-MD. */
function isMostlyPeriods(profile: ColumnProfile | undefined): boolean {
  return (
    profile !== undefined && profile.count >= 2 && profile.count * (1 - profile.periods) <= 3 && profile.periods >= 0.5
  )
}

function tallOf(sample: TableSample): TallLayout | WideRowsLayout | undefined {
  const { columns, profiles } = sample
  const time = timeColumn(sample)
  if (time === undefined || isListOfRecords(sample, time)) return undefined
  const part = partColumn(sample, time)
  const times = part === undefined ? [time] : [time, part]
  const numbers = [...columns.entries()].filter(([place]) => !times.includes(place) && isMeasure(sample, place))
  const numeric = numbers.filter(([, name]) => !isTimeName(name) && !isAttributeName(name)).map(([place]) => place)
  const first = numbers.find(([, name]) => isValueName(name))?.[0]
  const values = first === undefined ? numeric.slice(0, MAX_VALUES_TAKEN) : [first]
  if (values.length === 0) return undefined
  const key = keyOf(sample, { times, values })
  const notation = notationOf(sample, values, [time])
  const isOnePerPeriod = part === undefined ? isUnique(profiles[time]) : isOneEach(sample, times)
  // Where every period stands once and no value is named, texts beside the series say nothing of the series.
  return first === undefined && (key.length === 0 || isOnePerPeriod)
    ? { kind: 'wide-rows', times, series: values, ...notation }
    : { kind: 'tall', times, values, key, ...notation }
}

/** Whether no two rows have the same texts in the columns. */
function isOneEach({ rows }: TableSample, places: readonly number[]): boolean {
  return new Set(rows.map((cells) => places.map((place) => cellText(cells[place])).join('|'))).size === rows.length
}

/** Whether the column holds observations: numbers, and not the codes of something. */
function isMeasure({ columns, profiles, rows }: TableSample, place: number): boolean {
  const profile = profiles[place]
  if (profile === undefined || profile.count === 0 || profile.lists > 0) return false
  const texts = rows
    .slice(0, 1_000)
    .map((cells) => cellText(cells[place]).trim())
    .filter((text) => text !== '')
  const numbers = texts.filter((text) => !isMissing(text))
  if (numbers.length === 0 || texts.filter(isObservation).length < MOSTLY * texts.length) return false
  const isCodeName = matchesOf(columns[place] ?? '').some(
    ({ field }) => field === 'indicator_id' || field === 'country' || field === 'scale',
  )
  return !isCodeName && !/(?:code|id|number|nr)$/i.test(columns[place] ?? '')
}

/** Whether each row is a record of its own although it has a date: its id or name stands only once. */
function isListOfRecords({ columns, profiles }: TableSample, time: number): boolean {
  const ids = columns.flatMap((name, place) => {
    const isOwn = matchesOf(name).some(({ field, isWeak }) => !isWeak && (field === 'indicator_id' || field === 'name'))
    return isOwn && place !== time ? [profiles[place]] : []
  })
  return ids.some((profile) => profile !== undefined && profile.count > 2 && isUnique(profile))
}
