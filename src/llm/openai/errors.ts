/** Maps every failure of an OpenAI-compatible endpoint to a code of the service and a sentence that says what to check. */
import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai'
import { type ErrorCode, ServiceError } from '../../errors.ts'
import { isRecord } from '../../lib/json/json.ts'
import { RateLimitedError } from '../errors.ts'
import { isAccountClosed } from './account-states.ts'
import { parseRateHeaders } from './headers.ts'
import { describe, excerptOf, redact, redactedCause } from './redaction.ts'
import { isFiltered, isOutOfCapacity, readRefusal } from './refusals.ts'
import { resetMsOf, retryAfterMsOf } from './retry-after.ts'

export interface EndpointContext {
  /** Host and port of the endpoint, for messages. */
  readonly host: string
  /** The address of the endpoint without credentials and query, for messages. */
  readonly baseUrl: string
  readonly model: string
  /** The environment variable that names the model, for messages. */
  readonly modelVariable: 'OPENAI_MODEL' | 'OPENAI_ESCALATION_MODEL'
  readonly timeoutMs: number
  /** Whether the request asked for the flex tier, which has time-outs and refusals of its own. */
  readonly isFlex?: boolean
  readonly secrets: readonly string[]
  /** The proxy through which the endpoint is reached and the variable that names it, for messages; undefined where there is none. */
  readonly proxy?: string | undefined
}

/** Characters of the endpoint's own message that a message of ours quotes. */
const UPSTREAM_MESSAGE_LENGTH = 300
/** The same of an account's state, whose reason may stand behind addresses of help pages. */
const ACCOUNT_MESSAGE_LENGTH = 420
/** Characters of the endpoint's own message by which an account's state is judged. */
const LONGEST_JUDGED = 4_000
/** Errors of requests that reached no server: a closed port, an unknown host name, no route, a certificate that is refused. */
const UNREACHABLE =
  /\b(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT)\b|\bbad port\b|[\w -]*\bcertificate\b[\w -]*/
/** Messages of refusals for a request that is larger than a whole minute's token budget. */
const TOO_LARGE = /request too large|must be reduced|reduce your (?:prompt|message|input)/i
/** The text of a refusal for an answer that did not fit its bound on completion tokens. */
const CUT_OFF = /could not finish the message because/i
/** Texts of refusals for a model that the endpoint does not have. */
const NO_SUCH_MODEL = /invalid model|unknown model|model\b.{0,80}\b(?:does not exist|not found|not exist)/i
/** Codes of refusals for a model that the endpoint does not have. */
const MODEL_CODES = new Set(['model_not_found', 'invalid_model'])

/** Words of a server whose model is not in memory yet; it answers as soon as it is. */
const LOADING = /\bloading (?:the )?model\b|\bmodel\b.{0,200}\b(?:is )?(?:still |currently )?loading\b/i
/** A server that loads its model, and says nothing of how long, is asked again after this many milliseconds. */
const LOADING_MS = 5_000
/** A run does not wait for longer than this many milliseconds: a wait beyond it ends the run, which can be resumed. */
const LONGEST_WAIT_MS = 3_600_000

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
    const variable = context.isFlex === true ? 'OPENAI_FLEX_TIMEOUT_MS' : 'OPENAI_TIMEOUT_MS'
    const advice = `raise ${variable}, or look at the endpoint (it may bill a request that timed out)`
    return fail('model-timeout', `the model endpoint ${host} did not answer within ${context.timeoutMs} ms: ${advice}`)
  }
  if (error instanceof APIError && !(error instanceof APIConnectionError) && typeof error.status === 'number') {
    const headers = error.headers instanceof Headers ? error.headers : new Headers()
    const { code, message } = failureOfStatus(error, error.status, context)
    const retryAfterMs = waitOf(error, code, headers, Date.now())
    if (retryAfterMs !== undefined && retryAfterMs > LONGEST_WAIT_MS) {
      return fail('model-paused', `${message}; ${longWait(retryAfterMs, Date.now())}`)
    }
    if (code === 'model-rate-limited') {
      const options = { cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
      return new RateLimitedError(redact(message, context.secrets), options, parseRateHeaders(headers))
    }
    return fail(code, message, retryAfterMs)
  }
  const through = context.proxy === undefined ? '' : ` through the proxy ${context.proxy}`
  const unreachable = UNREACHABLE.exec(describe(error))?.[0].trim()
  if (unreachable !== undefined) {
    const check =
      context.proxy === undefined ? 'check OPENAI_BASE_URL' : 'check the proxy, NO_PROXY and OPENAI_BASE_URL'
    return fail(
      'model-unavailable',
      `the model endpoint ${context.baseUrl} cannot be reached${through} (${unreachable}): ${check}`,
    )
  }
  // fetch reports a connection that breaks in the middle of a body as a plain TypeError, which ends here as well.
  return fail(
    'model-unavailable',
    `the connection to the model endpoint ${host}${through} broke off: ${describe(error)}`,
  )
}

/**
 * The wait that a refusal names, in its headers or its body. It counts where the endpoint is sure to answer after it: where it
 * limits the rate, has no capacity, or says by 503 that it will be back. Any other failure has a bounded number of tries.
 */
function waitOf(error: APIError, code: ErrorCode, headers: Headers, now: number): number | undefined {
  const isBackLater = code === 'model-unavailable' && error.status === 503
  if (code !== 'model-rate-limited' && code !== 'model-no-capacity' && !isBackLater) return undefined
  const body: unknown = error.error
  const { message = '', retry_delay: delay } = isRecord(body) ? body : {}
  const named = retryAfterMsOf(headers, now, String(delay ?? message))
  // Endpoints name the resets of the account's limits in every answer, and mean a wait by them only where they limit the rate.
  const reset = code === 'model-rate-limited' ? resetMsOf(headers) : undefined
  return named ?? reset ?? (isBackLater && LOADING.test(String(message)) ? LOADING_MS : undefined)
}

function longWait(ms: number, now: number): string {
  const until = new Date(now + ms).toISOString().slice(0, 16).replace('T', ' ')
  return `it asks to wait ${(ms / 3_600_000).toFixed(1)} h, until ${until} UTC: resume the run then`
}

function failureOfStatus(
  error: APIError,
  status: number,
  context: EndpointContext,
): { code: ErrorCode; message: string } {
  const { host, model, baseUrl } = context
  const said = upstreamMessage(error, context.secrets, UPSTREAM_MESSAGE_LENGTH)
  const saying = said === '' ? '' : `: ${said}`
  const kinds = [error.code, error.type].filter((kind) => typeof kind === 'string')
  const isKind = (known: ReadonlySet<string>) => kinds.some((kind) => known.has(kind))
  const badInput = status === 400 || status === 422
  if (isAccountClosed({ status, kinds, said: upstreamMessage(error, context.secrets, LONGEST_JUDGED) })) {
    const named = redact([status, ...kinds.slice(0, 1)].join(' ').slice(0, 80), context.secrets)
    const words = upstreamMessage(error, context.secrets, ACCOUNT_MESSAGE_LENGTH)
    const message = `the account at the model endpoint ${host} does not serve (${named}): check its billing and limits`
    return { code: 'model-quota', message: words === '' ? message : `${message}: ${words}` }
  }
  if (status === 401) {
    return { code: 'model-auth', message: `the model endpoint ${host} refused the API key (401): check OPENAI_API_KEY` }
  }
  const recognised = readRefusal({ status, kinds, said }, context)
  if (recognised !== undefined) return recognised
  if (status === 404 || isKind(MODEL_CODES) || (badInput && NO_SUCH_MODEL.test(said))) {
    const check = `check ${context.modelVariable} and OPENAI_BASE_URL`
    const message = `the model endpoint ${baseUrl} knows no model "${model}" (${status}): ${check}`
    return { code: 'model-not-found', message: said === '' ? message : `${message}; it said: ${said}` }
  }
  if (isFiltered({ status, kinds, said })) {
    return { code: 'model-refused', message: `the content filter of the model endpoint ${host} refused${saying}` }
  }
  if (status === 403) {
    const check = 'check OPENAI_API_KEY and what it may use'
    return { code: 'model-auth', message: `the model endpoint ${host} refused the API key (403): ${check}${saying}` }
  }
  if (status === 429 && TOO_LARGE.test(said)) {
    // Waiting does not help a request that is larger than the budget of a minute; a smaller question may fit.
    return { code: 'model-too-long', message: `the request is too large for the limits at ${host} (429)${saying}` }
  }
  if (context.isFlex === true && isOutOfCapacity({ status, kinds, said })) {
    return { code: 'model-no-capacity', message: `${host} has no capacity in the flex tier now (${status})${saying}` }
  }
  if (status === 429) {
    return { code: 'model-rate-limited', message: `the model endpoint ${host} limits the rate (429)${saying}` }
  }
  if (badInput && CUT_OFF.test(said)) {
    const way = 'OPENAI_MAX_ANSWER_TOKENS raises it'
    return {
      code: 'model-cut-off',
      message: `the answer of model "${model}" did not fit its token bound (${way})${saying}`,
    }
  }
  if (status >= 500 || status < 400 || [408, 409, 425].includes(status)) {
    return { code: 'model-unavailable', message: `the model endpoint ${host} failed (${status})${saying}` }
  }
  return { code: 'model-bad-request', message: `the model endpoint ${host} refused the request (${status})${saying}` }
}

/**
 * Whether a request was refused in a way that another form of it may pass: for its parameters, or for a reason that is not
 * recognised.
 */
export function isFormRefused(error: unknown, failure: ServiceError): error is APIError {
  if (!(error instanceof APIError) || failure.code !== 'model-bad-request') return false
  return error.status === 400 || error.status === 422
}

/** The endpoint's own message on one line. */
function upstreamMessage(error: APIError, secrets: readonly string[], longest: number): string {
  const body: unknown = error.error
  return excerptOf(isRecord(body) && typeof body.message === 'string' ? body.message : '', secrets, longest)
}
