/** The names of months, and the words for months and quarters, in the languages in which statistics are published. */
import { plainName } from '../mapping/synonyms.ts'

const LANGUAGES = [
  ...['en', 'es', 'fr', 'de', 'pt', 'it', 'nl', 'pl', 'sv', 'da'],
  ...['nb', 'fi', 'cs', 'sk', 'hu', 'ro', 'tr', 'id', 'ru', 'uk'],
]
/** What else stands above a column of them than the word in one of the languages. */
const FURTHER_WORDS = { month: ['months', 'mth', '月'], quarter: ['quarters', 'qtr', 'trim', 'trimester'] } as const
let months: ReadonlyMap<string, number> | undefined
let words: Readonly<Record<keyof typeof FURTHER_WORDS, ReadonlySet<string>>> | undefined

/** The number of the month with this name, long or short, 1 to 12; undefined for any other text. */
export function monthNumber(name: string): number | undefined {
  months ??= monthNames()
  return months.get(plainName(name))
}

function monthNames(): Map<string, number> {
  const names = new Map<string, number>()
  for (const language of LANGUAGES) {
    for (const month of ['long', 'short'] as const) {
      const format = new Intl.DateTimeFormat(language, { month, timeZone: 'UTC' })
      for (let number = 1; number <= 12; number += 1) {
        const name = plainName(format.format(Date.UTC(2024, number - 1, 15)))
        if (/\p{L}/u.test(name) && !names.has(name)) names.set(name, number)
      }
    }
  }
  return names
}

/** Whether the name of a column has the word for a month, or for a quarter. */
export function saysUnit(columnName: string, unit: keyof typeof FURTHER_WORDS): boolean {
  words ??= { month: wordsFor('month'), quarter: wordsFor('quarter') }
  const known = words[unit]
  return plainName(columnName)
    .split(' ')
    .some((word) => known.has(word))
}

function wordsFor(unit: keyof typeof FURTHER_WORDS): Set<string> {
  const names = LANGUAGES.map((language) => new Intl.DisplayNames(language, { type: 'dateTimeField' }).of(unit) ?? unit)
  return new Set([...names, ...FURTHER_WORDS[unit]].map(plainName))
}
