/** Finds failures that an endpoint reports inside an answer with status 200, and the reason that a gateway puts behind its own message. Pure. */
import { isRecord, parseJson } from '../../lib/json/json.ts'
import { isAccountClosed } from './account-states.ts'
import { MESSAGES } from './error-bodies.ts'
import { excerptOf } from './redaction.ts'

/** A failure as the endpoint would have reported it with a status of its own. */
export interface HiddenFailure {
  readonly status: number
  /** The error as a JSON body of a refusal. */
  readonly text: string
}

/** The status where the error names none: that of a server which failed. */
const UNNAMED = 502
const LONGEST_REASON = 300
/** Characters of an error by whose words its status is judged. */
const LONGEST_JUDGED = 4_000

/** Statuses by the words that stand in the place of a number. */
const WORDS: readonly (readonly [RegExp, number])[] = [
  [/^(?:rate_limit|resource_exhausted|too_many_requests|insufficient_quota|billing)/i, 429],
  [/^(?:invalid_api_key|unauthenticated|authentication)/i, 401],
  [/^(?:permission_denied|forbidden)/i, 403],
  [/^(?:model_not_found|not_found)/i, 404],
  [/^(?:context_length|content_filter|invalid_request|invalid_argument|bad_?request)/i, 400],
]

/** The failure in the value of a 200's body; null where it is an answer, or no JSON object at all. */
export function failureInside(body: unknown): HiddenFailure | null {
  if (!isRecord(body)) return null
  const choice: unknown = Array.isArray(body.choices) ? body.choices[0] : undefined
  if (isRecord(choice)) {
    if (isError(choice.error)) return failureOf(choice.error)
    if (choice.finish_reason !== 'error') return null
    return failureOf(isError(body.error) ? body.error : { message: 'the answer ended with finish reason "error"' })
  }
  if (isError(body.error)) return failureOf(body.error)
  return Array.isArray(body.choices) && body.choices.length > 0 ? null : bareFailure(body)
}

/** A failure in the form of an endpoint's own, such as {code, msg}, {errors: [...]} or {detail}; null where a body has no words of one. */
function bareFailure(body: Record<string, unknown>): HiddenFailure | null {
  const inner = Array.isArray(body.errors) ? body.errors[0] : body.base_resp
  const said = isError(inner) ? inner : body
  if (typeof said === 'string') return failureOf(said)
  return MESSAGES.some((name) => typeof said[name] === 'string' && said[name] !== '') ? failureOf(said) : null
}

/** The reason of the provider behind a gateway, as OpenRouter passes it on in `metadata.raw`; null where there is none. */
export function reasonBehind(text: string, secrets: readonly string[]): string | null {
  if (!text.includes('"metadata"')) return null
  const body = parseJson(text)
  const error = isRecord(body) && isRecord(body.error) ? body.error : body
  const metadata = isRecord(error) && isRecord(error.metadata) ? error.metadata : {}
  const raw = typeof metadata.raw === 'string' ? (parseJson(metadata.raw) ?? metadata.raw) : metadata.raw
  const inner = isRecord(raw) && isRecord(raw.error) ? raw.error : raw
  const said = isRecord(inner) ? (inner.message ?? inner.detail) : inner
  if (typeof said !== 'string' || /^\s*</.test(said)) return null
  return excerptOf(said, secrets, LONGEST_REASON)
}

function isError(error: unknown): error is Record<string, unknown> | string {
  return isRecord(error) || (typeof error === 'string' && error !== '')
}

function failureOf(error: Record<string, unknown> | string): HiddenFailure {
  const given = typeof error === 'string' ? { message: error } : error
  const { code, status_code, http_status, http_code, statusCode } = given
  const numbers = [code, given.status, status_code, http_status, http_code, statusCode].map(Number)
  const status = numbers.find((one) => Number.isInteger(one) && one >= 400 && one <= 599)
  const words = [given.code, given.type, given.status].filter((one) => typeof one === 'string')
  const named = WORDS.find(([word]) => words.some((one) => word.test(one)))
  const text = JSON.stringify({ error: given })
  return { status: status ?? named?.[1] ?? statusSaid(text.slice(0, LONGEST_JUDGED), words), text }
}

/** The status that the words of an error tell of, where it names none, or a number of the endpoint's own. */
function statusSaid(said: string, kinds: readonly string[]): number {
  if (isAccountClosed({ status: 403, kinds, said })) return 403
  return /\brate[ _-]?limit|\btoo many requests\b/i.test(said) ? 429 : UNNAMED
}
