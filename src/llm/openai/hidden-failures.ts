/** Finds failures that an endpoint reports inside an answer with status 200, and the reason that a gateway puts behind its own message. Pure. */
import { isRecord, parseJson } from '../../lib/json/json.ts'
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

/** Statuses by the words that stand in the place of a number. */
const WORDS: readonly (readonly [RegExp, number])[] = [
  [/^(?:rate_limit|resource_exhausted|too_many_requests|insufficient_quota|billing)/i, 429],
  [/^(?:invalid_api_key|unauthenticated|authentication)/i, 401],
  [/^(?:permission_denied|forbidden)/i, 403],
  [/^(?:model_not_found|not_found)/i, 404],
  [/^(?:context_length|content_filter|invalid_request|invalid_argument|bad_?request)/i, 400],
]

/** The failure in the body of a 200; null where the body is an answer, or no JSON at all. */
export function failureInside(text: string): HiddenFailure | null {
  if (!text.includes('"error"')) return null
  const body = parseJson(text)
  if (!isRecord(body)) return null
  const choice: unknown = Array.isArray(body.choices) ? body.choices[0] : undefined
  if (isRecord(choice)) {
    if (isError(choice.error)) return failureOf(choice.error)
    if (choice.finish_reason !== 'error') return null
    return failureOf(isError(body.error) ? body.error : { message: 'the answer ended with finish reason "error"' })
  }
  if (isError(body.error)) return failureOf(body.error)
  return body.object === 'error' ? failureOf(body) : null
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
  const numbers = [given.code, given.status, given.status_code, given.http_status].map(Number)
  const status = numbers.find((one) => Number.isInteger(one) && one >= 400 && one <= 599)
  const words = [given.code, given.type, given.status].filter((one) => typeof one === 'string')
  const named = WORDS.find(([word]) => words.some((one) => word.test(one)))
  return { status: status ?? named?.[1] ?? UNNAMED, text: JSON.stringify({ error: given }) }
}
