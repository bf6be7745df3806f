/** Text from outside, made safe to store, to print and to send on. */

// C0 except tab and newline (Postgres refuses NUL), DEL and C1 (terminals obey them), bidi embeddings, overrides and
// isolates (what is read is not what is stored), and under the `u` flag the surrogates that stand alone.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu

/** `text` with each unsafe character replaced by a space, then trimmed. Idempotent. */
export function cleanText(text: string): string {
  return text.replace(UNSAFE, ' ').trim()
}

/** `text` of at most `limit` UTF-16 units, an ellipsis in place of what was cut. Never splits a surrogate pair. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text
  const cut = text.slice(0, Math.max(0, limit - 1))
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`
}
