/** Reads the multiplier of a units text, such as 1e6 from "USD Million" or 1e8 from "JPY 100 Million". */
import { UNIT_SCALES } from '../labels.ts'
import { MONEY_LETTERS, SCALE_WORDS } from './unit-words.ts'

/**
 * Short words that are multipliers only beside money, because elsewhere they mean something else: "mm" is also a millimetre,
 * "th" also an ordinal.
 */
const AMBIGUOUS_WORDS: ReadonlySet<string> = new Set(['mm', 'th', 'md', 'man', 'cr'])

/**
 * Returns the product of all multipliers in `numerator`, or the largest multiplier where the codebook has no scale of that
 * product. `isMoney` says whether the text names a currency, beside which single letters are multipliers too.
 */
export function readScale(numerator: string, isMoney: boolean): number {
  // The letters before a currency sign belong to a country, so they are removed: the B of "B$" is no billion.
  const tokens =
    numerator.replace(/(?<!\p{L})\p{Lu}{1,3}(?=[$£])/gu, '').match(/[\p{L}\p{M}]+\.?|\d+(?:\.\d+)?/gu) ?? []
  const factors: number[] = []
  for (const [position, raw] of tokens.entries()) {
    const token = raw.toLowerCase()
    const bare = token.endsWith('.') ? token.slice(0, -1) : token
    const next = tokens[position + 1]?.toLowerCase() ?? ''
    if (/^10{1,6}$/.test(token)) {
      if (tokens[position - 1]?.toLowerCase() !== 'in') factors.push(Number(token))
    } else if (bare === 'mil') {
      // "mil" is a thousand in Spanish, Portuguese and Romanian, and short for a million in English.
      const isThousand = /^(?:mill|m$|de$|pesos|rea|pers|pess|tone|uni)/.test(next) || /\br\$|\bbrl\b/i.test(numerator)
      factors.push(isThousand ? 1e3 : 1e6)
    } else if (bare === 'bin') {
      // "bin" is Turkish for a thousand, and an English word for a container.
      if (isMoney || /^(?:ton|adet|kişi|kg|metre|litre|konut|hane|kwh)/.test(next)) factors.push(1e3)
    } else if (AMBIGUOUS_WORDS.has(bare)) {
      if (isMoney || (bare === 'th' && next !== '')) factors.push(SCALE_WORDS.get(bare) ?? 1)
    } else {
      const scale = SCALE_WORDS.get(token) ?? SCALE_WORDS.get(bare) ?? (isMoney ? MONEY_LETTERS.get(bare) : undefined)
      if (scale !== undefined) factors.push(scale)
    }
  }
  const product = factors.reduce((all, factor) => all * factor, 1)
  if (isUnitScale(product)) return product
  const largest = Math.max(1, ...factors)
  return isUnitScale(largest) ? largest : 1
}

function isUnitScale(scale: number): boolean {
  return UNIT_SCALES.some((known) => known === scale)
}
