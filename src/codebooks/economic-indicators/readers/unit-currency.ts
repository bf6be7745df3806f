/** Reads the currency of a units text from an ISO code, a name or a sign. */
import { CURRENCY_CODES } from '../currency-codes.ts'
import { CURRENCY_WORDS, WORDLIKE_CODES } from './currency-words.ts'
import { MONEY_LETTERS, SCALE_WORDS, UNIT_FILLER } from './unit-words.ts'

/** The entries for international dollars and national currency. They count before any ISO code, so that "PPP USD" is INTL. */
const GENERAL_CURRENCIES = CURRENCY_WORDS.slice(0, 2)

/**
 * Returns the currency of `numerator`: an ISO code, LCU, INTL, or null where the text names none. `ownCode`, the indicator's
 * own currency code, decides names that several currencies share, such as "pesos"; without `ownCode` such a name counts as
 * LCU.
 */
export function readCurrency(numerator: string, ownCode: string | null): string | null {
  const lower = numerator.toLowerCase()
  for (const { pattern, code } of GENERAL_CURRENCIES) if (pattern.test(lower)) return code
  const written = readCode(numerator)
  if (written !== null) return written
  for (const { pattern, code } of CURRENCY_WORDS) if (pattern.test(lower)) return code ?? ownCode ?? 'LCU'
  return null
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
