/** Reads periods that stand in two columns: the year in one, and the quarter, the month or the half of the year in the other. */
import { isTimeName } from '../mapping/synonyms.ts'
import { monthNumber, saysUnit } from './calendar-words.ts'
import { type Period, parsePeriod } from './periods.ts'

type Unit = 'M' | 'Q' | 'S'
const MOST: Readonly<Record<Unit, number>> = { M: 12, Q: 4, S: 2 }
/** What the letter in front of a number says: "T2" is a quarter, too, and "H1" half a year. */
const LETTERS: Readonly<Record<string, Unit>> = { m: 'M', q: 'Q', t: 'Q', h: 'S', s: 'S' }
const MAX_LENGTH = 20
const YEAR = /^\d{4}(?:\.0)?$/

/** Whether the name of a column says that it may hold parts of years: elsewhere "M1" is an amount of money, and MAR a country. */
export function isPartName(name: string): boolean {
  return isTimeName(name) || saysUnit(name, 'quarter') || saysUnit(name, 'month')
}

/** The part of a year that a text names, as it stands behind the year: "Q1", "M02", "S1"; "" for the year as a whole; undefined for no part. */
export function yearPart(text: string, columnName: string): string | undefined {
  const plain = text.normalize('NFKC').trim()
  if (plain.length > MAX_LENGTH) return undefined
  const numbered = /^([qtmhs]?)\s?0?(\d{1,2})(?:\.0?)?$/i.exec(plain)
  if (numbered === null) {
    const month = monthNumber(plain)
    return month === undefined ? undefined : `M${month}`
  }
  const [, letter = '', digits = ''] = numbered
  const unit = letter === '' ? unitOf(columnName) : LETTERS[letter.toLowerCase()]
  const number = Number(digits)
  // The thirteenth month of the Bureau of Labor Statistics is the whole year.
  if (unit === 'M' && number === 13) return ''
  return unit !== undefined && number >= 1 && number <= MOST[unit] ? `${unit}${number}` : undefined
}

/** What the plain numbers in a column are. */
function unitOf(columnName: string): Unit | undefined {
  if (saysUnit(columnName, 'month')) return 'M'
  return saysUnit(columnName, 'quarter') ? 'Q' : undefined
}

/** Whether the text is a year alone. */
export function isYear(text: string): boolean {
  return YEAR.test(text.trim()) && parsePeriod(text.trim().slice(0, 4)) !== undefined
}

/** The period of a year and its part; undefined where they name none, and for the year as a whole among its parts. */
export function periodInYear(year: string, part: string, columnName: string): Period | undefined {
  const found = yearPart(part, columnName)
  return found === undefined || found === '' || !isYear(year)
    ? undefined
    : parsePeriod(`${year.trim().slice(0, 4)}${found}`)
}
