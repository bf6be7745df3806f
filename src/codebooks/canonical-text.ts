/** Gives texts that mean the same one spelling, so that shapes of records can be compared. */

/** A text may grow by this factor, and by this many characters besides, which no text of words does. */
const MAX_GROWTH = 4
const FREE_GROWTH = 64

/**
 * Gives full-width signs, ligatures and other forms of a character one spelling (NFKC). One character may stand for eighteen, so
 * a text that would grow manifold is composed only (NFC).
 */
export function compatible(text: string): string {
  const spelt = text.normalize('NFKC')
  return spelt.length <= MAX_GROWTH * text.length + FREE_GROWTH ? spelt : text.normalize('NFC')
}

/**
 * Maps spellings of the same text to one spelling: case, white space, full-width signs and ligatures (NFKC), quotes and
 * dashes no longer differ. Returns null where there is no text. Answers of people are stored under texts of this form, so
 * a change of it would lose them.
 */
export function canonicalText(text: string | undefined): string | null {
  if (text === undefined) return null
  return compatible(text)
    .replace(/[\u2018-\u201b\u2032`´]/gu, "'")
    .replace(/[\u201c-\u201f\u2033«»]/gu, '"')
    .replace(/[\u2010-\u2015\u2212]/gu, '-')
    .replace(/\s+/gu, ' ')
    .trim()
    .toLowerCase()
}
