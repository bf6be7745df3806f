/** Finds the multipliers that a name or description states, such as "(x 1,000)" or "in millions of euros", which the units may lack. */
import { UNIT_SCALES } from '../labels.ts'
import { normaliseUnitText } from './unit-normalise.ts'
import { SCALE_WORDS } from './unit-words.ts'

/** A multiplier that a text states. */
export interface StatedMultiplier {
  readonly scale: number
  /** Whether it stands where a unit stands: in a bracket, after "in", a comma or a currency sign. */
  readonly isClear: boolean
}

/** The most characters of a text in which multipliers are looked for. */
const MAX_LENGTH = 400
/** A number before a word for a multiplier, the word for it, a bare power of ten behind "x", or a letter behind the sign of a currency. */
const MULTIPLIER =
  /(?<![\p{L}\d.])(?:(\d{1,9}(?:\.\d+)?) ?)?(thousands?|thous|millions?|billions?|trillions?|crores?|lakhs?|mn|mln|mio|bn|bln|mrd)(?!\p{L})|(?:\(|\bin |[x×*$£€,;:] ?)(10{3}(?:0{3})?)(?! ?[-=.\d])|[$£€] ?(bn|mn?|k)(?!\p{L})|\br (m)(?!\p{L})/gu
/** What stands before a number that is no multiplier but a size or a divisor, as in "per million people" and "cities over one million". */
const BEFORE_A_SIZE =
  /(?:\bper|\/|\b(?:over|than|above|under|below|least|every|each|one|two|a|about|nearly|to|of)|[=<>≥≤]) ?$/
const BEFORE_A_UNIT = /(?:[([,;:/-] ?|\bin )(?:\p{L}{1,9}[.$]{0,2} ?|[$£€¥₹] ?){0,2}$/u
/** Three zeros alone, which stand for thousands. */
const THOUSANDS = /['’]0{3}s?(?!\d)|(?<![\d.,] ?)\b0{3}s\b/
const LETTERS: Readonly<Record<string, number>> = { bn: 1e9, mn: 1e6, m: 1e6, k: 1e3 }

/** Returns the multipliers that a name states. "20 million yuan or more" states a size and no multiplier. */
export function multipliersOfName(name: string): StatedMultiplier[] {
  const text = normaliseUnitText(name, MAX_LENGTH).toLowerCase()
  const found: StatedMultiplier[] = THOUSANDS.test(name) ? [{ scale: 1e3, isClear: true }] : []
  for (const match of text.matchAll(MULTIPLIER)) {
    const [, number, word, power, letter, rand] = match
    const before = text.slice(Math.max(0, match.index - 24), match.index)
    if (BEFORE_A_SIZE.test(before)) continue
    if (number !== undefined && !/^10+$/.test(number)) continue
    const factor = word === undefined ? 1 : Number(number ?? 1) * (SCALE_WORDS.get(word) ?? 1)
    const scale = factor * Number(power ?? 1) * (LETTERS[letter ?? rand ?? ''] ?? 1)
    const isClear = word === undefined || BEFORE_A_UNIT.test(before)
    if (UNIT_SCALES.some((known) => known === scale) && scale > 1) found.push({ scale, isClear })
  }
  return found
}

const DESCRIBED =
  /\bin (?:\p{L}[\p{L}.$]{0,12} ){0,2}?(thousand|million|billion|trillion|crore|lakh)s?\b(?! (?:people|inhabitants|or more))/gu

/** Returns the multipliers of a description, which count only behind "in", as in "expressed in millions of euros". */
export function multipliersOfDescription(description: string): number[] {
  const text = description.slice(0, MAX_LENGTH).toLowerCase()
  return [...text.matchAll(DESCRIBED)].map(([, word]) => SCALE_WORDS.get(word ?? '') ?? 1)
}
