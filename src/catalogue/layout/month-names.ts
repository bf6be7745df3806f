/** The names of months, long and short, in the languages in which statistics are published. */

/** The languages whose names of months are read, long and short. */
const LANGUAGES = [
  'en',
  'es',
  'fr',
  'de',
  'pt',
  'it',
  'nl',
  'pl',
  'sv',
  'da',
  'nb',
  'fi',
  'cs',
  'sk',
  'hu',
  'ro',
  'tr',
  'id',
  'ru',
  'uk',
]
let months: ReadonlyMap<string, number> | undefined

/** The number of the month with this plain name, 1 to 12; undefined for any other text. */
export function monthNumber(name: string): number | undefined {
  months ??= monthNames()
  return months.get(name)
}

function monthNames(): Map<string, number> {
  const names = new Map<string, number>()
  for (const language of LANGUAGES) {
    for (const month of ['long', 'short'] as const) {
      const format = new Intl.DateTimeFormat(language, { month, timeZone: 'UTC' })
      for (let number = 1; number <= 12; number += 1) {
        const name = plainText(format.format(Date.UTC(2024, number - 1, 15)))
        if (/\p{L}/u.test(name) && !names.has(name)) names.set(name, number)
      }
    }
  }
  return names
}

/** A text without accents, case and the point of a short name. */
export function plainText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/\.$/, '')
    .trim()
    .toLowerCase()
}
