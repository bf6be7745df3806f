/** Takes out of a text what looks like a secret, for messages that quote a text whose secrets are not known. */

/** The text in place of a secret. */
export const SECRET_MARK = '[redacted]'

/** Texts that look like a provider's key, also those that OpenAI echoes half masked ("sk-test-****23"). */
const KEY_LIKE = /(?<![A-Za-z0-9])(?:sk|rk|gsk|xai)-[\w.*-]{4,}/g
/** The value of an authorization header. */
const BEARER = /\b(Bearer|Basic)\s+[^\s"',;]+/gi
/** User and password in a URL. */
const URL_CREDENTIALS = /(:\/\/)[^/\s@"']+@/g

/** `text` without anything that looks like a key, an authorization header or credentials in a URL. */
export function hideSecretLike(text: string): string {
  return text
    .replace(BEARER, `$1 ${SECRET_MARK}`)
    .replace(KEY_LIKE, SECRET_MARK)
    .replace(URL_CREDENTIALS, `$1${SECRET_MARK}@`)
}
