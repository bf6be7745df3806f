/** Prepares units texts and names for the unit reader: one spelling of numbers, letters and glued currency codes. */
import { CURRENCY_CODES } from '../currency-codes.ts'
import { CJK_WORDS } from './unit-words.ts'

/** Cuts `text` to `maxLength` characters. A longer text is no unit, and the bound keeps every pattern fast. */
export function cap(text: string, maxLength: number): string {
  return text.length > maxLength ? text.slice(0, maxLength) : text
}

/**
 * Gives the spellings of a units text one form: full-width signs become plain ones (NFKC), powers of ten and number words
 * become numbers, and separators between groups of digits go, so that "1,000" and "1,00,000" lose their commas.
 */
export function normaliseUnitText(raw: string, maxLength: number): string {
  const text = cap(raw, maxLength)
  const known = normalised.get(text)
  if (known !== undefined) return known
  const found = normalise(text)
  if (normalised.size >= MOST_KNOWN) normalised.clear()
  normalised.set(text, found)
  return found
}

/** Texts with their forms, because several readers of one record look at the same units, and a catalogue has few of them. */
const normalised = new Map<string, string>()
const MOST_KNOWN = 1_000

function normalise(raw: string): string {
  let text = raw
    // Powers are rewritten before NFKC, which would turn 10⁶ into 106.
    .replace(/(?<=10)[⁰-⁹²³]{1,2}/g, (power) => `^${power.normalize('NFKC')}`)
    .normalize('NFKC')
    .replace(/\b10(?:\^|\*\*)(\d{1,2})(?!\d)|\b1e(\d{1,2})\b/gi, (_, caret?: string, e?: string) => {
      return String(10 ** Number(caret ?? e))
    })
  for (const [pattern, word] of CJK_WORDS) text = text.replace(pattern, word)
  return (
    text
      .replace(/\b(10{3,6})(?=\p{L})/gu, '$1 ')
      // Brazilian tables write "c.m.u." for the current monetary unit.
      .replace(/\bc\.m\.u\.?(?![\p{L}])/giu, 'LCU')
      .replace(/(?<![\d.,])(\d{1,3})[,.'’ \u202f](\d{3})(?:[,.'’ \u202f](\d{3}))?(?![\d.,]?\d)/g, '$1$2$3')
      .replace(/(?<![\d.,])(\d{1,2}),(\d{2}),(\d{3})(?![\d.,]?\d)/g, '$1$2$3')
      .replace(/(^|[\s(])['’]0{3}s?\b|\b000s?\b/g, '$1 1000 ')
      .replace(/\s+/g, ' ')
      .trim()
  )
}

/** Multipliers that stand in one word with a currency code, such as T for a thousand in "TEUR". */
const GLUED_MULTIPLIERS: ReadonlyMap<string, string> = new Map([
  ['k', 'thousand'],
  ['K', 'thousand'],
  ['T', 'thousand'],
  ['MM', 'million'],
])

/** The currency for each country's letters in a quote of pence or cents, such as GBp, GBX, USc and ZAc. */
const MINOR_UNIT_CURRENCIES: ReadonlyMap<string, string> = new Map([
  ['GB', 'GBP'],
  ['US', 'USD'],
  ['ZA', 'ZAR'],
  ['EU', 'EUR'],
])

/**
 * Separates multipliers, currency codes and signs that stand in one word, such as "USDmn", "TEUR", "p/kWh", "GBp" and "MNOK".
 */
export function separateGluedParts(text: string): string {
  return (
    text
      .replace(/\b([A-Z]{3})(mn|bn|tn|m|k|mln|bln)\b/g, '$1 $2')
      .replace(/(?<![\p{L}])(MM|[kKT])([A-Z]{3})\b/gu, (whole, letters: string, code: string) =>
        CURRENCY_CODES.has(code) ? `${GLUED_MULTIPLIERS.get(letters) ?? ''} ${code}` : whole,
      )
      .replace(/^T€/, 'thousand €')
      // South African tables write R for rand before a multiplier, also in one word.
      .replace(/^R ?(?:MILL?|mill?)\b/, 'ZAR million')
      .replace(/^R (?=(?:thous|mill|bill|trill)|(?:m|bn)$)/i, 'ZAR ')
      .replace(/^S\/\.?(?= ?(?:\d|mil|bil|m\b|$))/i, 'soles ')
      .replace(/^(p|ct?) ?\/ ?(?=[kmg]wh|l\b|lit|kg|lb|the?rm|thm|unit)/i, (_, minor: string) =>
        minor.toLowerCase() === 'p' ? 'pence/' : 'cents/',
      )
      .replace(
        /^([A-Z]{2})(?:[cp]|X)(?= ?\/|$)/,
        (whole, country: string) => MINOR_UNIT_CURRENCIES.get(country) ?? whole,
      )
      .replace(/^M (?=\p{L}{4})/u, 'million ')
      .replace(/([$€£])(?=[a-z])/gi, '$1 ')
      .replace(/\bM([A-Z]{3}|kr)\b/g, (whole, code: string) =>
        code === 'kr' || CURRENCY_CODES.has(code) ? `M ${code}` : whole,
      )
  )
}

/** A units text that is split at "per" or "/" into numerator and denominator. */
export interface SplitUnit {
  readonly numerator: string
  /** The text after "per" or "/"; '' where the units text has neither. */
  readonly denominator: string
  /** The multiplier at the end or beginning of an oil unit such as "BBL/D/1K"; 1 for every other unit. */
  readonly factor: number
}

/**
 * Splits a units text into numerator and denominator, such as "USD/bbl", "EUR per MWh", "BBL/D/1K", "kb/d" and "USD a year".
 */
export function splitUnit(text: string): SplitUnit {
  const oil = /^(.{1,20}?)(?:\/(d|day))?\/ ?1 ?(k|m|million|thousand)$/i.exec(text)
  if (oil)
    return { numerator: oil[1] ?? '', denominator: oil[2] ?? '', factor: /^[kt]/i.test(oil[3] ?? '') ? 1e3 : 1e6 }
  const daily = /^(.{0,40}?)\b(k|m|mm)?b(?:bl)?\/?p?d$/i.exec(text)
  if (daily) {
    const letter = (daily[2] ?? '').toLowerCase()
    const factor = letter === 'k' ? 1e3 : letter === '' ? 1 : 1e6
    return { numerator: `${daily[1] ?? ''} barrels`, denominator: 'day', factor }
  }
  const line =
    /(?:^|\s)(?:per|pro|por|par|je|на)\s|\sto (?:one|1)\s|\/(?!\s*(?:or|and)\b)|\ba year\b|\bp\.?a\.?$/i.exec(text)
  if (!line) return { numerator: text, denominator: '', factor: 1 }
  const sign = line[0].toLowerCase()
  const implied = sign.includes('year') || sign.startsWith('p.') || sign.startsWith('pa') ? 'year' : ''
  const rest = text.slice(line.index + line[0].length).trim()
  return {
    numerator: text.slice(0, line.index).trim(),
    denominator: implied === '' || rest !== '' ? rest : implied,
    factor: 1,
  }
}
