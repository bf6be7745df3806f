/** Whether every word of a units text was read, so that a unit with a foreign word beside a known one is not sure. */
import { isKnownStem } from '../vocabulary/lexicon.ts'
import { stem } from '../vocabulary/notation.ts'
import { CURRENCY_WORDS } from './currency-words.ts'
import { COUNT, DURATION, INDEX, PHYSICAL, RATIO_WORD, SCALE_WORDS } from './unit-words.ts'

const KINDS: readonly RegExp[] = [PHYSICAL, COUNT, DURATION, INDEX, RATIO_WORD]
/** Words of prices, places of work and ways of counting that units hold beside what is measured. */
const BESIDES = new Set(
  'de des del der dos ths thsd thd mrd mio mln bln mill bill bil mil rmill bu kilowatthour megawatthour c x age route pure alcohol chain linked reference rebased'.split(
    ' ',
  ),
)

/** Whether the reader of units knows a lower-case word: as a multiplier, a kind of unit or a currency. */
function isUnitWord(word: string): boolean {
  if (SCALE_WORDS.has(word) || BESIDES.has(word) || isKnownStem(stem(word))) return true
  return KINDS.some((kind) => kind.test(word)) || CURRENCY_WORDS.some(({ pattern }) => pattern.test(word))
}

/** Letters that stand for a unit, a multiplier or a word of grammar, such as "t", "k" and "a". Any other single letter is not read. */
const KNOWN_LETTERS = /^[tgmlhdkbyjwxcsrpauv]$/
/** Single letters that are a unit and a multiplier, or two units, so that they are not read where nothing stands beside them. */
const AMBIGUOUS_ALONE = /^(?!t)\p{L}$|^pounds?$|^(?!r )\p{L}\.? (?:thous|mill|bill|trill|m$|mn|bn)/u
/** Abbreviations of single letters with dots, such as "p.a.", that are known. */
const KNOWN_ABBREVIATION =
  /^(?:u\.s|u\.s\.a|u\.k|p\.a|s\.a|n\.s\.a|s\.a\.a\.r|c\.i\.f|f\.o\.b|l\.e|n\.a|m\.t|d\.w\.t)\.?$/
const ABBREVIATION = /(?<![\p{L}.])\p{L}(?:\.\p{L})+\.?(?!\p{L})/gu

/** Whether a units text, in lower case and normalised, holds no word, letter or abbreviation that the reader does not know. */
export function areAllWordsRead(text: string): boolean {
  if (AMBIGUOUS_ALONE.test(text)) return false
  if (!(text.match(ABBREVIATION) ?? []).every((found) => KNOWN_ABBREVIATION.test(found))) return false
  const letters = text.replace(ABBREVIATION, ' ').match(/(?<![\p{L}\p{N}'’])\p{L}(?![\p{L}\p{N}\p{M}])/gu) ?? []
  if (!letters.every((letter) => KNOWN_LETTERS.test(letter) || !/[a-z]/.test(letter))) return false
  return (text.match(/[\p{L}\p{N}\p{M}]{2,}/gu) ?? []).every(isUnitWord)
}
