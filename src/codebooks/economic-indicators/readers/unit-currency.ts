/** Reads the currency of a units text from an ISO code, a name or a sign. */
import { CURRENCY_CODES } from '../currency-codes.ts'
import { currenciesOfPlaces, type OwnCurrency } from './currency-places.ts'
import { CURRENCY_WORDS, WORDLIKE_CODES } from './currency-words.ts'
import { MONEY_LETTERS, SCALE_WORDS, UNIT_FILLER } from './unit-words.ts'

/** The entries for international dollars and national currency. They count before any ISO code, so that "PPP USD" is INTL. */
const GENERAL_CURRENCIES = CURRENCY_WORDS.slice(0, 2)

/** A currency as it was read, with whether it is certain: a word that several currencies share may be a guess. */
export interface CurrencyRead {
  readonly currency: string
  readonly isCertain: boolean
}

/**
 * Returns the currency of `numerator`: an ISO code, LCU or INTL; null where the text names none. Where several currencies share
 * the name, such as "pesos", the indicator's own currency code decides, else the country that its texts point to.
 */
export function readCurrency(numerator: string, own: OwnCurrency): CurrencyRead | null {
  const lower = numerator.toLowerCase()
  for (const { pattern, code } of GENERAL_CURRENCIES) if (pattern.test(lower)) return certain(code ?? 'LCU')
  const written = readCode(numerator)
  if (written !== null) return certain(written)
  const word = CURRENCY_WORDS.find(({ pattern }) => pattern.test(lower))
  if (word === undefined) return null
  const { code, shared } = word
  if (shared === undefined) {
    return code === null ? { currency: own.code ?? 'LCU', isCertain: own.code !== null } : certain(code)
  }
  if (own.code !== null && shared.has(own.code)) return certain(own.code)
  const places = currenciesOfPlaces(own, shared)
  return {
    currency: places[0] ?? code ?? own.code ?? 'LCU',
    isCertain: own.code === null && code !== null && places.every((place) => place === code),
  }
}

function certain(currency: string): CurrencyRead {
  return { currency, isCertain: true }
}

/**
 * Returns a currency code that stands alone and in capitals. A code that is also a word counts only where all other words of
 * the text are words of units.
 */
function readCode(numerator: string): string | null {
  const tokens = numerator.match(/[\p{L}\p{M}]+\.?|\d+/gu) ?? []
  for (const [position, token] of tokens.entries()) {
    const code = token.replace(/\.$/, '')
    if (!CURRENCY_CODES.has(code)) continue
    if (!WORDLIKE_CODES.has(code)) return code
    const isAmongUnitWords = tokens.every((other, at) => {
      if (at === position) return true
      if (/^(?:19|20)\d\d$/.test(other)) return true
      if (/^\d+$/.test(other)) return /^10+$/.test(other) && at + 1 < tokens.length
      const word = other.toLowerCase().replace(/\.$/, '')
      return UNIT_FILLER.test(word) || SCALE_WORDS.has(word) || MONEY_LETTERS.has(word)
    })
    if (isAmongUnitWords) return code
  }
  return null
}
