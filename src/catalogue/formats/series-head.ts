/** Finds the head of a table whose columns are series: rows that each say one thing of all of them, above rows that begin with a period. */
import { isObservation } from '../layout/observations.ts'
import { parsePeriod, slashOrder } from '../layout/periods.ts'
import { isTimeName, isValueName } from '../mapping/synonyms.ts'

type Cells = readonly string[]

/** What the head says of the series, one text for each column of the table. */
export interface SeriesFact {
  readonly name: string
  readonly cells: Cells
}

export interface SeriesHead {
  /** The place of the head among the rows, and how many rows it takes. */
  readonly index: number
  readonly span: number
  /** The names of the columns; the first one holds the periods. */
  readonly names: readonly string[]
  readonly facts: readonly SeriesFact[]
}

/** The part of the columns of which a row of the head says something, 0 to 1; flags beside the values have no names. */
const MIN_FILLED = 0.5
/** A row below the names without a word in front of it must say something of nearly all series to be their units. */
const NEARLY_ALL = 0.8
/** How many rows of the head may say nothing, one after the other. */
const MAX_EMPTY = 2
const CODE = /^(?=.*[\d_.])\S{2,80}$/

/**
 * Finds the head; undefined for a table with one row of names. It has at least two rows that say in their first cell what they hold,
 * or below the names, which stand beside the name of the time, rows without such a word.
 */
export function findSeriesHead(rows: readonly Cells[]): SeriesHead | undefined {
  const first = firstPeriod(rows)
  if (first === undefined) return undefined
  const width = Math.max(...rows.slice(first).map(({ length }) => length))
  const isFact = (cells: Cells) => {
    const texts = textsOf(cells, width)
    return texts.length >= Math.max(1, MIN_FILLED * (width - 1)) && !texts.every(isObservation)
  }
  let start = first
  // A row may say nothing of any series; what stands above the first that says something is no part of the head.
  for (let row = first - 1; row >= 0 && row >= start - 1 - MAX_EMPTY; row -= 1) if (isFact(rows[row] ?? [])) start = row
  const head = rows.slice(start, first)
  const labels = head.map((cells) => labelOf(cells))
  const named = head.filter((cells, row) => labels[row] !== '' && isFact(cells)).length
  if (head.length < 2 || (named < 2 && !hasUnits(head, labels, width))) return undefined
  const facts = factsOf(head, labels, width)
  const time = labels.findIndex((label) => isTimeName(label))
  // A column of values beside one of dimensions is a table of observations.
  if (time >= 0 && head[time]?.some(isValueName)) return undefined
  const names = head[time >= 0 ? time : head.findIndex((cells) => isDistinct(cells, width))] ?? head[0] ?? []
  const columns = Array.from({ length: width }, (_, place) => (names[place] ?? '').trim())
  return {
    index: start,
    span: head.length,
    names: [time >= 0 ? (labels[time] ?? '') : 'period', ...columns.slice(1)],
    facts,
  }
}

/** The first of the rows that begin with a period and go on with observations, where there are two of them at least. */
function firstPeriod(rows: readonly Cells[]): number | undefined {
  const order = slashOrder(rows.map(([cell = '']) => cell))
  const isDated = ([cell = '', ...others]: Cells) => {
    const texts = others.map((text) => text.trim())
    return parsePeriod(cell, order) !== undefined && texts.some((text) => text !== '' && isObservation(text))
  }
  const first = rows.findIndex(isDated)
  const dates = rows
    .slice(first)
    .map(([cell = '']) => cell.trim())
    .filter((cell) => cell !== '')
  return first > 1 && isDated(rows[first + 1] ?? []) && new Set(dates).size === dates.length ? first : undefined
}

function labelOf([cell = '']: Cells): string {
  return cell.trim().replace(/:$/, '').trimEnd()
}

/** What a row of the head says of the series. */
function textsOf(cells: Cells, width: number): string[] {
  return cells
    .slice(1, width)
    .map((cell) => cell.trim())
    .filter((text) => text !== '')
}

function hasUnits(head: readonly Cells[], [label = '', ...below]: readonly string[], width: number): boolean {
  const isFull = (cells: Cells) => textsOf(cells, width).length >= NEARLY_ALL * (width - 1)
  return isTimeName(label) && below.every((one) => one === '') && head.every(isFull)
}

function isDistinct(cells: Cells, width: number): boolean {
  const texts = textsOf(cells, width)
  return texts.length > 0 && new Set(texts).size === texts.length
}

/** The facts by what their rows are called; rows that have no name, and that of the time, are called by what they hold. */
function factsOf(head: readonly Cells[], labels: readonly string[], width: number): SeriesFact[] {
  const guesses = ['unit', 'note']
  const taken = new Set<string>()
  return head.flatMap((cells, row): SeriesFact[] => {
    if (cells.every((cell) => cell.trim() === '')) return []
    const label = labels[row] ?? ''
    const own = textsOf(cells, width).every((text) => CODE.test(text)) ? 'series code' : 'series name'
    const isNamed = label !== '' && !isTimeName(label)
    const guess = taken.has(own) || !isDistinct(cells, width) ? (guesses.shift() ?? `row ${row + 1}`) : own
    const name = isNamed ? label : guess
    taken.add(name)
    return [{ name, cells: Array.from({ length: width }, (_, place) => (cells[place] ?? '').trim()) }]
  })
}
