/** Removes API keys and other secrets from texts of the model endpoint: messages, causes, stacks and answers. */
import { hideSecretLike, SECRET_MARK } from '../../lib/secret-like.ts'
import { visibleText } from '../../lib/visible-text.ts'

/** The least length of a key that is redacted: a shorter one is a dummy such as "x", and replacing it would garble every sentence. */
const SHORTEST_SECRET = 4
/** Characters of a text of the endpoint that are looked at for an excerpt. */
const MOST_LOOKED_AT = 10_000

/**
 * `text` without the given secrets, also where they are encoded for JSON, for a URL or in base64, and without anything
 * that looks like a key, an authorization header or credentials in a URL. Secrets shorter than 4 characters stay.
 */
export function redact(text: string, secrets: readonly string[]): string {
  return hideSecretLike(redactExact(text, secrets))
}

/** The first `longest` characters of a text of the endpoint on one line, without secrets, for messages that show what came. */
export function excerptOf(text: string, secrets: readonly string[], longest: number): string {
  // A secret is redacted before the text is cut, so that no half of it is left.
  const redacted = redact(text.slice(0, MOST_LOOKED_AT), secrets)
  const line = visibleText(redacted.replace(/\s+/g, ' ').trim())
  return line.length <= longest ? line : `${line.slice(0, longest)}…`
}

/** Replaces the given secrets and nothing else, for texts whose other words must stay, such as a model's answer. */
export function redactExact(text: string, secrets: readonly string[]): string {
  let result = text
  for (const form of secrets.filter((secret) => secret.length >= SHORTEST_SECRET).flatMap(formsOf)) {
    if (result.includes(form)) result = result.replaceAll(form, SECRET_MARK)
  }
  return result
}

/**
 * A copy of `error` to be the cause of a `ServiceError`, with its name, its redacted stack, and a redacted message that
 * includes its own causes. The SDK's error itself holds the endpoint's body and headers, which may repeat the key.
 */
export function redactedCause(error: unknown, secrets: readonly string[]): Error {
  const cause = new Error(redact(describe(error), secrets))
  const stack = error instanceof Error ? error.stack : undefined
  if (error instanceof Error) cause.name = error.constructor.name
  cause.stack = stack === undefined ? cause.message : redact(stack, secrets)
  return cause
}

/**
 * The messages of `error` and of its causes, such as "Connection error.: fetch failed: connect ECONNREFUSED ::1:80".
 */
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
