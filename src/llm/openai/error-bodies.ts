/** Writes the body of every refusal in OpenAI's form, whatever form the endpoint uses.
 *
 * The SDK drops the text of bodies in another form ({"detail": [...]}, a list, plain text), and so the name of the
 * parameter that an endpoint refused.
 */
import { isRecord, parseJson } from '../../lib/json/json.ts'
import { redact } from './redaction.ts'

/** The properties in which endpoints put the text of an error. */
export const MESSAGES = ['message', 'error', 'msg', 'status_msg', 'error_msg', 'detail'] as const
/** Characters of a plain body that are kept as its message. */
const LONGEST_BODY = 4_000

/** The body of a refusal as {message, type, code, param}, without `secrets`. */
export function normalise(text: string, secrets: readonly string[]): Record<string, string | null> {
  const parsed = parseJson(text)
  const root = Array.isArray(parsed) ? parsed[0] : parsed
  const error = isRecord(root) && isRecord(root.error) ? root.error : root
  const field = (name: string) => {
    const value = isRecord(error) ? error[name] : undefined
    return typeof value === 'string' ? redact(value, secrets) : null
  }
  // An HTML page comes from a proxy and says nothing that helps, so its text is left out.
  const plain = /^\s*</.test(text) ? '' : redact(text, secrets).slice(0, LONGEST_BODY)
  return {
    message: MESSAGES.map(field).find((said) => said !== null) ?? plain,
    // Gemini puts a word such as RESOURCE_EXHAUSTED into `status`, and the number of the HTTP status into `code`.
    type: field('type') ?? field('status'),
    code: field('code') ?? innerCodeOf(error),
    param: field('param'),
    retry_delay: isRecord(error) ? (delayOf(error) ?? delayOf(isRecord(root) ? root : {})) : null,
  }
}

/** The code behind the error, where Azure says which of its filters refused. */
function innerCodeOf(error: unknown): string | null {
  const inner = isRecord(error) && isRecord(error.innererror) ? error.innererror.code : undefined
  return typeof inner === 'string' ? inner : null
}

/** The wait that a body names outside its message, as text: Gemini's RetryInfo ("22s"), or a model server's estimate in seconds. */
function delayOf(body: Record<string, unknown>): string | null {
  const { details, estimated_time: seconds } = body
  if (typeof seconds === 'number' && seconds > 0) return `${seconds.toFixed(1)}s`
  const delays = (Array.isArray(details) ? details : []).flatMap((one: unknown) => {
    return isRecord(one) && typeof one.retryDelay === 'string' ? [one.retryDelay] : []
  })
  return delays[0] ?? null
}
