/** Reads periods that stand in two columns: the year in one, and the quarter, the month or the half of the year in the other. */
import { isTimeName } from '../mapping/synonyms.ts'
import { monthNumber, plainText } from './month-names.ts'
import { type Period, parsePeriod } from './periods.ts'

const YEAR = /^\d{4}(?:\.0)?$/
/** Names of columns whose plain numbers are quarters or months. */
const QUARTER = /(?<!\p{L})(?:quarters?|qtr|trim|trimestre|trimester|quartal|kwartal|kwartaal|kvartal)(?!\p{L})/iu
const MONTH =
  /(?<!\p{L})(?:months?|mth|mes|mois|monat|maand|mese|miesiac|maned|manad|kuukausi|mesic|luna|bulan|месяц|місяць|月)(?!\p{L})/iu

/** Whether the name of a column says that it may hold parts of years: elsewhere "M1" is an amount of money, and MAR a country. */
export function isPartName(name: string): boolean {
  const plain = plainText(name)
  return isTimeName(name) || QUARTER.test(plain) || MONTH.test(plain)
}

/** The part of a year that a text names, as it stands behind the year: "Q1", "M02", "S1"; "" for the year as a whole; undefined for no part. */
export function yearPart(text: string, columnName: string): string | undefined {
  const plain = plainText(text)
  if (plain === '' || plain.length > 20) return undefined
  const [, letter = '', digits = ''] = /^([qtmhsw]?)\s?0?(\d{1,2})(?:\.0)?$/.exec(plain) ?? []
  const number = Number(digits)
  if (digits === '') {
    const month = monthNumber(plain)
    return month === undefined ? undefined : partOf('M', month)
  }
  if (letter === 'm' || (letter === '' && MONTH.test(plainText(columnName)))) return partOf('M', number)
  if (letter === 'q' || letter === 't' || (letter === '' && QUARTER.test(plainText(columnName))))
    return partOf('Q', number)
  return letter === 'h' || letter === 's' ? partOf('S', number) : undefined
}

const MOST = { M: 12, Q: 4, S: 2 } as const

/** The number behind the last part is the whole year, as the thirteenth month of the Bureau of Labor Statistics is. */
function partOf(letter: keyof typeof MOST, number: number): string | undefined {
  if (letter === 'M' && number === 13) return ''
  return number >= 1 && number <= MOST[letter] ? `${letter}${number}` : undefined
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
