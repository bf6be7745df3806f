/** Gives texts that mean the same one spelling, so that shapes of records can be compared. */

/** A text may grow by this factor, and by this many characters besides, which no text of words does. */
const MAX_GROWTH = 4
const FREE_GROWTH = 64

/**
 * Gives full-width signs, ligatures and other forms of a character one spelling (NFKC). One character may stand for eighteen, so
 * a text that would grow manifold is composed only (NFC).
 */
export function compatible(text: string): string {
  const most = MAX_GROWTH * text.length + FREE_GROWTH
  const spelt = growsBeyond(text, most) ? null : text.normalize('NFKC')
  return spelt !== null && spelt.length <= most ? spelt : text.normalize('NFC')
}

/** A long text is looked through in parts of so many characters, so that one that grows manifold is spelt out in part only. */
const PART = 500
/** At the end of a part its last letter is apart from its marks, which may join it to fewer characters: to at most so many fewer. */
const MOST_JOINED = 64

/** Whether a text would surely be longer than `most` characters; many of them are found by their first parts. */
function growsBeyond(text: string, most: number): boolean {
  let length = 0
  for (let start = 0; start + PART < text.length; start += PART) {
    length += text.slice(start, start + PART).normalize('NFKC').length - MOST_JOINED
    if (length > most) return true
  }
  return false
}

/** ASCII without control characters and without the one quote in it that has another spelling. */
const PLAIN = /^[ -_a-~]*$/

/**
 * Maps spellings of the same text to one spelling: case, white space, full-width signs and ligatures (NFKC), quotes and
 * dashes no longer differ. Returns null where there is no text. Answers of people are stored under texts of this form, so
 * a change of it would lose them.
 */
export function canonicalText(text: string | undefined): string | null {
  if (text === undefined) return null
  // Most texts are plain, and of them the rest would change nothing but their spaces.
  if (PLAIN.test(text)) return text.replace(/ {2,}/g, ' ').trim().toLowerCase()
  return compatible(text)
    .replace(/[\u2018-\u201b\u2032`´]/gu, "'")
    .replace(/[\u201c-\u201f\u2033«»]/gu, '"')
    .replace(/[\u2010-\u2015\u2212]/gu, '-')
    .replace(/\s+/gu, ' ')
    .trim()
    .toLowerCase()
}
