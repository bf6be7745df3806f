/** Whether every word of a units text was read, so that a unit with a foreign word beside a known one is not sure. */
import { isKnownStem } from '../vocabulary/lexicon.ts'
import { stem } from '../vocabulary/notation.ts'
import { CURRENCY_WORDS } from './currency-words.ts'
import { COUNT, DURATION, INDEX, PHYSICAL, RATIO_WORD, SCALE_WORDS } from './unit-words.ts'

const KINDS: readonly RegExp[] = [PHYSICAL, COUNT, DURATION, INDEX, RATIO_WORD]
/** Words of prices, places of work and ways of counting that units hold beside what is measured. */
const BESIDES = new Set(
  'de des del der dos ths thsd thd mrd mio mln bln mill bill bil mil rmill bu kilowatthour megawatthour c x age route pure alcohol'.split(
    ' ',
  ),
)

/** Whether the reader of units knows a lower-case word: as a multiplier, a kind of unit or a currency. */
function isUnitWord(word: string): boolean {
  if (SCALE_WORDS.has(word) || BESIDES.has(word) || isKnownStem(stem(word))) return true
  return KINDS.some((kind) => kind.test(word)) || CURRENCY_WORDS.some(({ pattern }) => pattern.test(word))
}

/** Whether a units text, in lower case and normalised, holds no word that the reader does not know. */
export function areAllWordsRead(text: string): boolean {
  return (text.match(/[\p{L}\p{N}\p{M}]{2,}/gu) ?? []).every(isUnitWord)
}
