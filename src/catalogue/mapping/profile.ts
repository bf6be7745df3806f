/** Measures what the columns of a table hold, by a sample of its rows: how full, how varied, codes or words, numbers or dates. */
import { isMissing, parseObservation } from '../layout/observations.ts'
import { parsePeriod } from '../layout/periods.ts'
import { cellText } from './cell-text.ts'

export interface ColumnProfile {
  /** The part of the rows that have a value, 0 to 1. */
  readonly filled: number
  /** How many rows have a value, and how many different values these are. */
  readonly count: number
  readonly distinct: number
  readonly averageLength: number
  readonly averageWords: number
  /** The parts of the values that are codes, numbers, and names of periods, 0 to 1. */
  readonly codes: number
  readonly numbers: number
  readonly periods: number
  /** The part of the values that are lists, or objects, of JSON. */
  readonly lists: number
  /** Whether the values are the numbers of the rows, which say nothing about them. */
  readonly isCounter: boolean
}

const CODE = /^(?=.{1,80}$)(?:[\p{Lu}\d]{1,12}|[^\s,;]*[_.:/\\|@\d-][^\s,;]*)$/u
const EMPTY: ColumnProfile = {
  filled: 0,
  count: 0,
  distinct: 0,
  averageLength: 0,
  averageWords: 0,
  codes: 0,
  numbers: 0,
  periods: 0,
  lists: 0,
  isCounter: false,
}

/** Measures the column at each place of `width`; `rows` are the cells of the sample. */
export function profileColumns(width: number, rows: readonly (readonly unknown[])[]): ColumnProfile[] {
  return Array.from({ length: width }, (_, place) => profileOf(rows.map((cells) => cells[place])))
}

function profileOf(cells: readonly unknown[]): ColumnProfile {
  const texts = cells.map((cell) => cellText(cell).trim()).filter((text) => text !== '')
  const count = texts.length
  if (count === 0) return EMPTY
  const distinct = new Set(texts)
  const share = (test: (text: string) => boolean) => texts.filter(test).length / count
  const length = texts.reduce((sum, text) => sum + text.length, 0)
  const words = texts.reduce((sum, text) => sum + text.slice(0, 400).split(/\s+/).length, 0)
  return {
    filled: count / cells.length,
    count,
    distinct: distinct.size,
    averageLength: length / count,
    averageWords: words / count,
    codes: share((text) => CODE.test(text)),
    numbers: share(
      (text) => !isMissing(text) && (parseObservation(text, '.') ?? parseObservation(text, ',')) !== undefined,
    ),
    periods: share((text) => parsePeriod(text, 'month') !== undefined || parsePeriod(text, 'day') !== undefined),
    lists: cells.filter((cell) => typeof cell === 'object' && cell !== null).length / count,
    isCounter: count > 2 && texts.every((text, index) => Number(text) === Number(texts[0]) + index),
  }
}

/** Whether each value of the column stands only once. */
export function isUnique(profile: ColumnProfile | undefined): boolean {
  const { count, distinct } = profile ?? EMPTY
  return count > 0 && distinct === count
}

/** Whether the column holds codes and no words. */
export function isCodes(profile: ColumnProfile | undefined): boolean {
  if (profile === undefined) return false
  const { codes, averageWords, count } = profile
  return count > 0 && codes >= 0.9 && averageWords < 8
}
