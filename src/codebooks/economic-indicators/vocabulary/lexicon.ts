/** The vocabulary by phrase, and the longest phrase of it that stands at a place of a text. */
import { CURRENCY_CODES } from '../currency-codes.ts'
import { FORMS } from './forms.ts'
import { MONEY_HEADS } from './heads-money.ts'
import { PEOPLE_HEADS } from './heads-people.ts'
import { PHYSICAL_HEADS } from './heads-physical.ts'
import { GOODS, PRICE_HEADS } from './heads-prices.ts'
import { BRACKET_STEMS, MODIFIERS, UNIT_WORDS } from './modifiers.ts'
import { type Entry, type HeadTable, parseAnswers, splitPhrases, stemsOf } from './notation.ts'
import { PLACES } from './places.ts'

/** A phrase of the vocabulary with the number of stems that it covers. */
export interface Found {
  readonly entry: Entry
  readonly length: number
}

const ENTRIES = new Map<string, Entry>()
/** The most stems of a phrase that begins with a stem. Most stems begin only phrases of one. */
const LONGEST = new Map<string, number>()

function add(phrase: string, entry: Entry): void {
  const stems = stemsOf(phrase.toLowerCase())
  const [first = ''] = stems
  const key = stems.join(' ')
  const before = ENTRIES.get(key)
  // A head that stands in several rows of the tables may have the answers of each.
  const answers = before?.answers && entry.answers ? [...before.answers, ...entry.answers] : entry.answers
  if (before === undefined || before.answers) ENTRIES.set(key, { ...entry, answers })
  LONGEST.set(first, Math.max(LONGEST.get(first) ?? 0, stems.length))
}

function addTable(table: HeadTable, role: Entry['role']): void {
  for (const [written, phrases] of table) {
    const { answers, decidesAlone } = parseAnswers(written)
    for (const phrase of splitPhrases(phrases)) add(phrase, { role, answers, decidesAlone })
  }
}

for (const table of [MONEY_HEADS, PRICE_HEADS, PEOPLE_HEADS, PHYSICAL_HEADS]) addTable(table, 'head')
addTable(FORMS, 'form')
for (const phrase of splitPhrases(GOODS))
  if (!ENTRIES.has(phrase)) add(phrase, { role: 'good', answers: null, decidesAlone: false })
for (const phrase of [...MODIFIERS, ...PLACES, UNIT_WORDS].flatMap(splitPhrases)) {
  if (!ENTRIES.has(stemsOf(phrase).join(' '))) add(phrase, { role: 'modifier', answers: null, decidesAlone: false })
}

/** Every stem that stands anywhere in the vocabulary, or that only units and brackets hold. */
const STEMS: ReadonlySet<string> = new Set(
  [...ENTRIES.keys(), ...splitPhrases(BRACKET_STEMS).map((phrase) => stemsOf(phrase).join(' '))].flatMap((key) =>
    key.split(' '),
  ),
)

/** Returns the longest phrase of the vocabulary that begins at `start`; null where the word there is not known. */
export function phraseAt(stems: readonly string[], start: number): Found | null {
  const longest = Math.min(LONGEST.get(stems[start] ?? '') ?? 0, stems.length - start)
  for (let length = longest; length > 0; length -= 1) {
    const entry = ENTRIES.get(length === 1 ? (stems[start] ?? '') : stems.slice(start, start + length).join(' '))
    if (entry !== undefined) return { entry, length }
  }
  return null
}

/** Whether a word may stand in brackets, in the whole of a percentage or in units: any word of the vocabulary, or a number. */
export function isKnownStem(stem: string): boolean {
  return STEMS.has(stem) || isNumber(stem) || isCurrencyCode(stem)
}

/** Whether a word is a currency code, which rules see in lower case. */
export function isCurrencyCode(stem: string): boolean {
  return stem.length === 3 && CURRENCY_CODES.has(stem.toUpperCase())
}

/** Whether a word is a number, a year or a span such as "10y", which changes no answer. */
export function isNumber(stem: string): boolean {
  return /^\d[\d.,]*(?:st|nd|rd|th|y|yr|m|q[1-4])?$/.test(stem)
}
