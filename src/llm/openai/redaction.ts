/** Keeps keys out of every message, cause, stack and log line of the model side. */

const MARK = '[redacted]'
/** The least length of a key that is redacted: a shorter one is a dummy such as "x", and replacing it would garble every sentence. */
const SHORTEST_SECRET = 4

/** Texts that look like a provider's key, also those that OpenAI echoes half masked ("sk-test-****23"). */
const KEY_LIKE = /(?<![A-Za-z0-9])(?:sk|rk|gsk|xai)-[\w.*-]{4,}/g
const BEARER = /\b(Bearer|Basic)\s+[^\s"',;]+/gi
const URL_CREDENTIALS = /(:\/\/)[^/\s@"']+@/g

/**
 * `text` without the given secrets (also as JSON, URL and base64 write them) and without anything that looks like a
 * key, a bearer header or credentials in a URL. Secrets shorter than 4 characters are dummies and stay.
 */
export function redact(text: string, secrets: readonly string[]): string {
  return redactExact(text, secrets)
    .replace(BEARER, `$1 ${MARK}`)
    .replace(KEY_LIKE, MARK)
    .replace(URL_CREDENTIALS, `$1${MARK}@`)
}

/** Replaces the given secrets and nothing else, for texts whose other words must stay, such as a model's answer. */
export function redactExact(text: string, secrets: readonly string[]): string {
  let result = text
  for (const form of secrets.filter((secret) => secret.length >= SHORTEST_SECRET).flatMap(formsOf)) {
    if (result.includes(form)) result = result.replaceAll(form, MARK)
  }
  return result
}

/**
 * A stand-in for `error` as the `cause` of ours: same name, redacted message and stack, the messages of its own causes
 * appended. The SDK's error itself holds the upstream's body and headers, which may echo the key.
 */
export function redactedCause(error: unknown, secrets: readonly string[]): Error {
  const cause = new Error(redact(describe(error), secrets))
  const stack = error instanceof Error ? error.stack : undefined
  if (error instanceof Error) cause.name = error.constructor.name
  cause.stack = stack === undefined ? cause.message : redact(stack, secrets)
  return cause
}

/** The message of `error` and of what caused it, such as "Connection error.: fetch failed: connect ECONNREFUSED ::1:80". */
export function describe(error: unknown): string {
  const parts: string[] = []
  let current = error
  for (let depth = 0; depth < 5 && current !== undefined && current !== null; depth += 1) {
    const code = codeOf(current)
    const message = current instanceof Error && current.message !== '' ? current.message : code
    const text = message ?? (current instanceof Error ? current.name : String(current))
    parts.push(code === undefined || text.includes(code) ? text : `${text} (${code})`)
    current = current instanceof Error ? current.cause : undefined
  }
  return parts.join(': ')
}

function codeOf(value: unknown): string | undefined {
  const code = typeof value === 'object' && value !== null && 'code' in value ? value.code : undefined
  return typeof code === 'string' ? code : undefined
}

function formsOf(secret: string): string[] {
  const forms = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
  ]
  return [...new Set(forms)]
}
