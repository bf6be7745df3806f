/** Reads the names of periods as publishers write them above columns and beside observations: the first day, and how long it is. */
import { parseDate } from '../../lib/dates.ts'
import { monthNumber } from './calendar-words.ts'

/** How long a period is: a year, half a year, a quarter, a month, a week, a day. */
export type PeriodLength = 'A' | 'S' | 'Q' | 'M' | 'W' | 'D'

export interface Period {
  /** The first day as YYYY-MM-DD. */
  readonly date: string
  readonly length: PeriodLength
}

/** The words for a length, as the field `periodicity` of an indicator takes them. */
export const LENGTH_NAMES: Readonly<Record<PeriodLength, string>> = {
  A: 'Annual',
  S: 'Semi-annual',
  Q: 'Quarterly',
  M: 'Monthly',
  W: 'Weekly',
  D: 'Daily',
}

/** The lengths from the shortest to the longest. */
export const LENGTHS: readonly PeriodLength[] = ['D', 'W', 'M', 'Q', 'S', 'A']

const MAX_LENGTH = 40
const FIRST_YEAR = 1500
const LAST_YEAR = 2200

/** Spellings that only tables have, turned into ones that `parseDate` knows. */
const SPELLINGS: readonly (readonly [RegExp, (match: RegExpExecArray) => string | undefined])[] = [
  [/^(.+?)\s*\[yr\s?\d{4}\]$/, (m) => m[1]],
  [/^(?:yr|x|y|f|year |fy|cy)\s?(\d{4})$/, (m) => m[1]],
  [/^(\d{4})\.0$/, (m) => m[1]],
  [/^(\d{4})(\d{2})(\d{2})$/, (m) => `${m[1]}-${m[2]}-${m[3]}`],
  [/^(\d{4})(\d{2})$/, (m) => `${m[1]}-${m[2]}`],
  [/^(\d{4})[/-](\d{2}|\d{4})$/, (m) => (isNextYear(m[1], m[2]) ? m[1] : undefined)],
  [/^(\d{4})[-: ]?q([1-4])$/, (m) => `${m[1]}-Q${m[2]}`],
  [/^(\d{4})[-. ]?m(\d{1,2})$/, (m) => `${m[1]}M${m[2]}`],
  [/^(\d{4})[-: ]?t([1-4])$/, (m) => `${m[1]}-Q${m[2]}`],
  [/^(\d{4})[-. ]?a1?$/, (m) => m[1]],
  [/^(\d{4})-w(\d{1,2})$/, (m) => `${m[1]}-W${m[2]}`],
  [/^(\d{4})-[sb]([12])$/, (m) => `${m[1]}S${m[2]}`],
  [/^(\d{1,2})[/.](\d{4})$/, (m) => `${m[2]}-${(m[1] ?? '').padStart(2, '0')}`],
  [/^([a-z]{3,9})[-/ ](\d{4})$/, (m) => `${m[1]} ${m[2]}`],
]

function isNextYear(first = '', second = ''): boolean {
  return Number(second) === (second.length === 4 ? Number(first) + 1 : (Number(first) + 1) % 100)
}

/** Reads a period; undefined where the text names none. Days such as 1/2/2024 need `order`, which says what stands first. */
export function parsePeriod(text: string, order?: 'day' | 'month'): Period | undefined {
  const given = text.trim().toLowerCase()
  if (given === '' || given.length > MAX_LENGTH || !/\d/.test(given)) return undefined
  let spelled = monthSpelled(given) ?? given
  for (const [form, spell] of SPELLINGS) {
    const match = form.exec(spelled)
    const known = match === null ? undefined : spell(match)
    if (known === undefined) continue
    spelled = known.toLowerCase()
    break
  }
  const slashed = order === undefined ? null : /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(spelled)
  if (slashed !== null) {
    const [, first = '', second = '', year = ''] = slashed
    const [day, month] = order === 'day' ? [first, second] : [second, first]
    spelled = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  }
  const date = parseDate(spelled)
  const year = Number(date?.slice(0, 4))
  return date === undefined || year < FIRST_YEAR || year > LAST_YEAR ? undefined : { date, length: lengthOf(spelled) }
}

/** A month by its name in any language, such as "março 2024" or "2024 janv."; undefined for any other text. */
function monthSpelled(text: string): string | undefined {
  const [, name, year] = /^(\p{L}[\p{L}\p{M}]{2,14})\.?[-/ ](?:de )?(\d{4})$/u.exec(text) ?? []
  const [, first, behind] = /^(\d{4})[-/ ](\p{L}[\p{L}\p{M}]{2,14})\.?$/u.exec(text) ?? []
  const spelled = name ?? behind
  const month = spelled === undefined ? undefined : monthNumber(spelled)
  return month === undefined ? undefined : `${year ?? first}m${month}`
}

function lengthOf(text: string): PeriodLength {
  if (/^(?:fy ?)?\d{4}$/.test(text)) return 'A'
  if (/q/.test(text) && /q[1-4]/.test(text)) return 'Q'
  if (/[hs][12](?!\d)/.test(text)) return 'S'
  if (/w\d/.test(text)) return 'W'
  if (/^\d{4}-?m\d{1,2}$|^\d{4}[-/]\d{1,2}$|^[a-z]+\.?[- ]\d{4}$|^\d{4}[- ][a-z]+$/.test(text)) return 'M'
  return 'D'
}

/** Whether day or month stands first in dates such as 1/2/2024, by one of them that is above 12; the month where none is. */
export function slashOrder(texts: Iterable<string>): 'day' | 'month' {
  for (const text of texts) {
    const [, first, second] = /^\s*(\d{1,2})\/(\d{1,2})\/\d{4}\s*$/.exec(text) ?? []
    if (Number(first) > 12) return 'day'
    if (Number(second) > 12) return 'month'
  }
  return 'month'
}

const DAY_MS = 86_400_000
/** The longest gap in days between two dates of a length. */
const GAPS: readonly (readonly [number, PeriodLength])[] = [
  [4, 'D'],
  [10, 'W'],
  [45, 'M'],
  [120, 'Q'],
  [250, 'S'],
  [Number.POSITIVE_INFINITY, 'A'],
]

/** The length of periods that are named by days, by the usual gap between them; undefined for fewer than three. */
export function lengthByGaps(dates: readonly string[]): PeriodLength | undefined {
  const days = [...new Set(dates)].map((date) => Date.parse(date) / DAY_MS).sort((a, b) => a - b)
  const gaps = days.slice(1).map((day, index) => day - (days[index] ?? day))
  if (gaps.length < 2) return undefined
  const middle = gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 0
  return GAPS.find(([most]) => middle <= most)?.[1]
}
