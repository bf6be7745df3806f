/** Reads the Retry-After header of HTTP, by which a server says how long a caller has to wait. */

/**
 * Milliseconds of wait in the value of a Retry-After header, which is a number of seconds or an HTTP date; undefined
 * for any other text. Never negative. `nowMs` is the wall clock in milliseconds.
 */
export function parseRetryAfterMs(text: string, nowMs: number): number | undefined {
  if (/^\s*\d+(?:\.\d+)?\s*$/.test(text)) return Number(text) * 1_000
  // Date.parse reads "-5" and the like as a year, so only a text that begins with a weekday is taken for a date.
  const dateMs = /^\s*[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs)
}
