/** Makes text from outside safe to store in the database, to print on a terminal and to send to a model. */

/**
 * The unsafe characters: control characters except tab and newline, because PostgreSQL refuses NUL and terminals obey the
 * rest; characters that set the direction of text, because a reader then sees another text than is stored; and lone
 * surrogates, because UTF-8 cannot encode them.
 */
const UNSAFE = /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu

/**
 * Replaces each unsafe character of `text` by a space and trims the result. Cleaning a cleaned text changes nothing.
 */
export function cleanText(text: string): string {
  return text.replace(UNSAFE, ' ').trim()
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
