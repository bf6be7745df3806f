/** Gives texts that mean the same one spelling, so that shapes of records can be compared. */

/**
 * Maps spellings of the same text to one spelling: case, white space, full-width signs and ligatures (NFKC), quotes and
 * dashes no longer differ. Returns null where there is no text. Answers of people are stored under texts of this form, so
 * a change of it would lose them.
 */
export function canonicalText(text: string | undefined): string | null {
  if (text === undefined) return null
  return text
    .normalize('NFKC')
    .replace(/[\u2018-\u201b\u2032`´]/gu, "'")
    .replace(/[\u201c-\u201f\u2033«»]/gu, '"')
    .replace(/[\u2010-\u2015\u2212]/gu, '-')
    .replace(/\s+/gu, ' ')
    .trim()
    .toLowerCase()
}
