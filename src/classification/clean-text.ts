/** Makes text from outside safe to store in the database, to print on a terminal and to send to a model. */

/**
 * The unsafe characters: control characters except tab and newline, because PostgreSQL refuses NUL and terminals obey the
 * rest; characters that set the direction of text, because a reader then sees another text than is stored; and lone
 * surrogates, because UTF-8 cannot encode them.
 */
const UNSAFE = /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu

/** Printable ASCII with tabs and newlines, in which nothing is unsafe and no mark stands: almost every text of a catalogue. */
const PLAIN = /^[\t\n -~]*$/

/**
 * The most marks over one letter, as Unicode's Stream-Safe Text Format has it. Sorting the marks of a letter, as every
 * normalisation does, takes time with the square of their number: a second for twenty thousand.
 */
const MOST_MARKS = 30
const MARKS = /\p{M}+/gu

/**
 * Replaces each unsafe character of `text` by a space, leaves out the marks over a letter that are too many, and trims the result. Cleaning a cleaned text
 * changes nothing.
 */
export function cleanText(text: string): string {
  // A plain text is looked through once, which takes a tenth of the time.
  if (PLAIN.test(text)) return text.trim()
  return text.replace(UNSAFE, ' ').replace(MARKS, cutMarks).trim()
}

function cutMarks(marks: string): string {
  return marks.length <= MOST_MARKS ? marks : Array.from(marks).slice(0, MOST_MARKS).join('')
}

/** Cleans `text` and makes one line of it, because a second line would look like output of this program where it is printed. */
export function oneLine(text: string): string {
  return cleanText(text).replace(/\s+/g, ' ')
}

/** Shortens `text` to at most `limit` UTF-16 units. An ellipsis marks the cut, which never splits a surrogate pair. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text
  const cut = text.slice(0, Math.max(0, limit - 1))
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`
}

/** The most characters of a text of a model that are read. */
export const MAX_TEXT_READ = 10_000

/** A word without case and outer spaces, in which spaces, hyphens and underscores are one; "" for what is no word. */
export function fold(value: unknown): string {
  const isWord = typeof value === 'string' || typeof value === 'number'
  return isWord
    ? String(value)
        .slice(0, MAX_TEXT_READ)
        .trim()
        .toLowerCase()
        .replace(/[\s_-]/g, '-')
    : ''
}
