/** Maps every failure of an OpenAI-compatible endpoint to a code of the service and a sentence that says what to check. */
import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai'
import { type ErrorCode, ServiceError } from '../../errors.ts'
import { isRecord } from '../../lib/json.ts'
import { RateLimitedError } from '../errors.ts'
import { parseRateHeaders } from './headers.ts'
import { describe, redact, redactedCause } from './redaction.ts'
import { retryAfterMsOf } from './retry-after.ts'

export interface EndpointContext {
  /** Host and port of the endpoint, for messages. */
  readonly host: string
  /** The address of the endpoint without credentials and query, for messages. */
  readonly baseUrl: string
  readonly model: string
  /** The environment variable that names the model, for messages. */
  readonly modelVariable: 'OPENAI_MODEL' | 'OPENAI_ESCALATION_MODEL'
  readonly timeoutMs: number
  readonly secrets: readonly string[]
}

/** Characters of the endpoint's own message that a message of ours quotes. */
const UPSTREAM_MESSAGE_LENGTH = 300
/** Errors of requests that reached no server: a closed port, an unknown host name, no route, a certificate that is refused. */
const UNREACHABLE =
  /\b(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT)\b|\bbad port\b|[\w -]*\bcertificate\b[\w -]*/
/** Messages of refusals for a request that is larger than a whole minute's token budget. */
const TOO_LARGE = /request too large|must be reduced|reduce your (?:prompt|message|input)/i
/** The text of a refusal for an answer that did not fit its bound on completion tokens. */
const CUT_OFF = /could not finish the message because/i
/** Texts of refusals for a model that the endpoint does not have. */
const NO_SUCH_MODEL = /invalid model|unknown model|model\b.{0,80}\b(?:does not exist|not found|not exist)/i
/** Codes of a content filter's refusal. */
const CONTENT_CODES = new Set(['content_filter', 'content_policy_violation'])
/** Codes of a 429 for an account without credit, which no waiting mends. */
const QUOTA_CODES = new Set(['insufficient_quota'])
/** Codes of refusals for a model that the endpoint does not have. */
const MODEL_CODES = new Set(['model_not_found', 'invalid_model'])

/** Whether `error` says that a request reached no server, so that no model can have worked for it. */
export function isUnreachable(error: unknown): boolean {
  return UNREACHABLE.test(describe(error))
}

/** Turns anything that a request threw into a `ServiceError`. Neither its message nor its cause holds a secret. */
export function toServiceError(error: unknown, context: EndpointContext): ServiceError {
  if (error instanceof ServiceError) return error
  if (error instanceof SyntaxError) {
    // The message of a SyntaxError quotes a piece of the body, in which a piece of the key could stand unredacted.
    return new ServiceError('model-unavailable', `the model endpoint ${context.host} answered with broken JSON`)
  }
  const cause = redactedCause(error, context.secrets)
  const fail = (code: ErrorCode, message: string, retryAfterMs?: number) =>
    new ServiceError(code, redact(message, context.secrets), {
      cause,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    })
  const { host } = context
  if (error instanceof APIUserAbortError) {
    return fail('interrupted', `the request to the model endpoint ${host} was aborted by its caller`)
  }
  if (error instanceof APIConnectionTimeoutError) {
    return fail('model-timeout', `the model endpoint ${host} did not answer within ${context.timeoutMs} ms`)
  }
  if (error instanceof APIError && !(error instanceof APIConnectionError) && typeof error.status === 'number') {
    const headers = error.headers instanceof Headers ? error.headers : new Headers()
    const retryAfterMs = retryAfterMsOf(headers, Date.now())
    const { code, message } = failureOfStatus(error, error.status, context)
    if (code === 'model-rate-limited') {
      const options = { cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
      return new RateLimitedError(redact(message, context.secrets), options, parseRateHeaders(headers))
    }
    return fail(code, message, code === 'model-unavailable' ? retryAfterMs : undefined)
  }
  const unreachable = UNREACHABLE.exec(describe(error))?.[0].trim()
  if (unreachable !== undefined) {
    const check = 'check OPENAI_BASE_URL'
    return fail(
      'model-unavailable',
      `the model endpoint ${context.baseUrl} cannot be reached (${unreachable}): ${check}`,
    )
  }
  // fetch reports a connection that breaks in the middle of a body as a plain TypeError, which ends here as well.
  return fail('model-unavailable', `the connection to the model endpoint ${host} broke off: ${describe(error)}`)
}

function failureOfStatus(
  error: APIError,
  status: number,
  context: EndpointContext,
): { code: ErrorCode; message: string } {
  const { host, model, baseUrl } = context
  const said = upstreamMessage(error, context.secrets)
  const saying = said === '' ? '' : `: ${said}`
  const kinds = [error.code, error.type].filter((kind) => typeof kind === 'string')
  const isKind = (known: ReadonlySet<string>) => kinds.some((kind) => known.has(kind))
  const badInput = status === 400 || status === 422
  if (status === 401) {
    return { code: 'model-auth', message: `the model endpoint ${host} refused the API key (401): check OPENAI_API_KEY` }
  }
  if (status === 404 || isKind(MODEL_CODES) || (badInput && NO_SUCH_MODEL.test(said))) {
    const check = `check ${context.modelVariable} and OPENAI_BASE_URL`
    const message = `the model endpoint ${baseUrl} knows no model "${model}" (${status}): ${check}`
    return { code: 'model-not-found', message: said === '' ? message : `${message}; it said: ${said}` }
  }
  if (isKind(CONTENT_CODES)) {
    return { code: 'model-refused', message: `the content filter of the model endpoint ${host} refused${saying}` }
  }
  if (status === 403) {
    const check = 'check OPENAI_API_KEY and what it may use'
    return { code: 'model-auth', message: `the model endpoint ${host} refused the API key (403): ${check}${saying}` }
  }
  if (status === 402 || (status === 429 && isKind(QUOTA_CODES))) {
    const account = `the account at the model endpoint ${host}`
    return { code: 'model-quota', message: `${account} has no credit left (${status}): check its billing${saying}` }
  }
  if (status === 429 && TOO_LARGE.test(said)) {
    // Waiting does not help a request that is larger than the budget of a minute; a smaller question may fit.
    return { code: 'model-bad-request', message: `the request is too large for the limits at ${host} (429)${saying}` }
  }
  if (status === 429) {
    return { code: 'model-rate-limited', message: `the model endpoint ${host} limits the rate (429)${saying}` }
  }
  if (badInput && CUT_OFF.test(said)) {
    return { code: 'model-cut-off', message: `the answer of model "${model}" did not fit its token bound${saying}` }
  }
  if (status >= 500 || status < 400 || [408, 409, 425].includes(status)) {
    return { code: 'model-unavailable', message: `the model endpoint ${host} failed (${status})${saying}` }
  }
  return { code: 'model-bad-request', message: `the model endpoint ${host} refused the request (${status})${saying}` }
}

/** The endpoint's own message on one line. Secrets are redacted before the message is cut, so that no half of a key is left. */
export function upstreamMessage(error: APIError, secrets: readonly string[]): string {
  const body: unknown = error.error
  const said = isRecord(body) && typeof body.message === 'string' ? body.message : ''
  const line = redact(said, secrets).replace(/\s+/g, ' ').trim()
  return line.length <= UPSTREAM_MESSAGE_LENGTH ? line : `${line.slice(0, UPSTREAM_MESSAGE_LENGTH)}…`
}
