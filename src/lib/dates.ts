/** Parses the dates of sample values, in the spellings that catalogues use, to ISO 8601. A period is named by its first day. */

/** The most characters of a date. A longer text is no date, and the bound keeps every pattern fast. */
const MAX_DATE_LENGTH = 40
const MIN_YEAR = 1500
const MAX_YEAR = 2200
const DAY_MS = 86_400_000

const MONTH_NAMES = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const

const TIME = /^[t ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:z|[+-]\d{2}:?\d{2})?$/

/** What most dates are: an ISO date and nothing else. */
const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/

type Reader = (match: RegExpExecArray) => string | undefined

/** The spellings of a date, each with its reader. The first spelling that fits decides, even where the date does not exist. */
const FORMS: readonly (readonly [RegExp, Reader])[] = [
  [/^(\d{4})$/, (m) => isoDate(num(m[1]), 1, 1)],
  [/^fy ?(\d{4})$/, (m) => isoDate(num(m[1]), 1, 1)],
  [/^(\d{4})[- ]?q([1-4])$/, (m) => isoDate(num(m[1]), num(m[2]) * 3 - 2, 1)],
  [/^q([1-4])[- /]?(\d{4})$/, (m) => isoDate(num(m[2]), num(m[1]) * 3 - 2, 1)],
  [/^(\d{4})[- ]?[hs]([12])$/, (m) => isoDate(num(m[1]), num(m[2]) * 6 - 5, 1)],
  [/^[hs]([12])[- /]?(\d{4})$/, (m) => isoDate(num(m[2]), num(m[1]) * 6 - 5, 1)],
  [/^(\d{4})-?w(\d{1,2})$/, (m) => isoWeek(num(m[1]), num(m[2]))],
  [/^(\d{4})[-/](\d{1,2})$/, (m) => isoDate(num(m[1]), num(m[2]), 1)],
  [/^(\d{4})-?m(\d{1,2})$/, (m) => isoDate(num(m[1]), num(m[2]), 1)],
  [/^([a-z]{3,9})\.?[- ](\d{4})$/, (m) => isoDate(num(m[2]), monthNumber(m[1]), 1)],
  [/^(\d{4})[- ]([a-z]{3,9})$/, (m) => isoDate(num(m[1]), monthNumber(m[2]), 1)],
  [/^(\d{1,2})[- ]([a-z]{3,9})[- ](\d{4})$/, (m) => isoDate(num(m[3]), monthNumber(m[2]), num(m[1]))],
  [/^([a-z]{3,9}) (\d{1,2}), ?(\d{4})$/, (m) => isoDate(num(m[3]), monthNumber(m[1]), num(m[2]))],
  [/^(\d{1,2})\.(\d{1,2})\.(\d{4})$/, (m) => isoDate(num(m[3]), num(m[2]), num(m[1]))],
  [/^(\d{4})\/(\d{1,2})\/(\d{1,2})$/, (m) => isoDate(num(m[1]), num(m[2]), num(m[3]))],
]

/**
 * Returns the ISO date `YYYY-MM-DD` of `text`, or undefined where the text names none. The reader knows "2024", "2023-Q1",
 * "Q1 2023", "2024H1", "2024-W05", "2024-05", "2024M05", "May 2024", "2024-05-31", "2024/05/31", "31.12.2024" and timestamps,
 * of which the date counts as written. Dates such as "01/02/2024" are refused, because the day or the month may stand first.
 */
export function parseDate(text: string): string | undefined {
  if (text.length > MAX_DATE_LENGTH) return undefined
  if (ISO_DAY.test(text)) return isoDate(num(text.slice(0, 4)), num(text.slice(5, 7)), num(text.slice(8)))
  const date = text.trim().toLowerCase()
  const day = /^(\d{4})-(\d{1,2})-(\d{1,2})(.*)$/.exec(date)
  if (day !== null) {
    const rest = day[4] ?? ''
    return rest === '' || TIME.test(rest) ? isoDate(num(day[1]), num(day[2]), num(day[3])) : undefined
  }
  for (const [form, read] of FORMS) {
    const match = form.exec(date)
    if (match !== null) return read(match)
  }
  return undefined
}

/** Returns the ISO date of a day that exists between MIN_YEAR and MAX_YEAR, else undefined. */
function isoDate(year: number, month: number, day: number): string | undefined {
  if (year < MIN_YEAR || year > MAX_YEAR || month < 1 || month > 12 || day < 1) return undefined
  if (day > 28 && day > daysOf(year, month)) return undefined
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}

/** How many days a month has: day 0 of the next month is the last one of this month. */
function daysOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

/** Returns the Monday of an ISO week, of which a year has 52 or 53. Week 1 is the week that holds 4 January. */
function isoWeek(year: number, week: number): string | undefined {
  if (year < MIN_YEAR || year > MAX_YEAR || week < 1) return undefined
  const monday = mondayOfWeekOne(year) + (week - 1) * 7 * DAY_MS
  if (monday >= mondayOfWeekOne(year + 1)) return undefined
  return new Date(monday).toISOString().slice(0, 10)
}

function mondayOfWeekOne(year: number): number {
  const fourth = Date.UTC(year, 0, 4)
  return fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY_MS
}

/** Returns the number of a month, 1 to 12, by its English name, its first three letters or "sept"; 0 for any other word. */
function monthNumber(word = ''): number {
  if (word === 'sept') return 9
  return MONTH_NAMES.findIndex((name) => name === word || name.slice(0, 3) === word) + 1
}

function num(digits = ''): number {
  return Number(digits)
}
