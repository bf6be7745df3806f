/** Recognises refusals whose status says too little: a wrong key under 400, a proxy's 403, a redirect, a context that is too short. */
import type { ErrorCode } from '../../errors.ts'

/** What is known of a refusal: its HTTP status and its body. `said` holds the endpoint's own words without secrets; "" for a page of HTML. */
export interface Refusal {
  readonly status: number
  /** The codes and types of its body. */
  readonly kinds: readonly string[]
  readonly said: string
}

/** Where the request went, for messages. */
export interface RefusedAt {
  readonly host: string
  readonly baseUrl: string
  readonly model: string
}

/** Texts and codes of refusals for a question that is longer than the model's context. */
const CONTEXT =
  /context[ _](?:length|window|size)|maximum (?:context|prompt|input|sequence) length|prompt is too long|input (?:is|was) too long|too many (?:input )?tokens|input token count .{0,80}exceeds|exceeds? the (?:available )?(?:context|maximum number of tokens)|\bn_ctx\b/i
const CONTEXT_CODES = /^(?:context_length_exceeded|exceed_context_size_error|context_window_exceeded|prompt_too_long)$/
/** Texts and codes of refusals for a key, which some endpoints send with status 400 or 403. */
const WRONG_KEY =
  /\bapi[ _-]?key\b.{0,40}\b(?:not valid|invalid|incorrect|expired|missing|not found)\b|\b(?:invalid|incorrect|missing|wrong) (?:\w+ )?api[ _-]?key\b/i
const KEY_CODES = /^(?:invalid_api_key|api_key_invalid|invalid_authentication(?:_error)?|unauthenticated)$/i

/** Whether the endpoint refused a question because it is longer than the model's context. */
function isContextExceeded({ status, kinds, said }: Refusal): boolean {
  if (![400, 413, 422, 500].includes(status)) return false
  return kinds.some((kind) => CONTEXT_CODES.test(kind)) || (status !== 500 && CONTEXT.test(said))
}

/** Words and codes of refusals for want of capacity in the flex tier: OpenAI's and Azure's 429, Groq's 498. */
const NO_CAPACITY =
  /\bresources?[ _](?:is |are )?(?:temporarily )?unavailable\b|\bcapacity[ _]exceeded\b|\bno (?:\w+ )?capacity\b|\b(?:insufficient|not enough) (?:\w+ )?(?:capacity|resources)\b/i

/** Whether the flex tier refused a request because all of its capacity is taken, which says nothing of the account's rate. */
export function isOutOfCapacity({ status, kinds, said }: Refusal): boolean {
  if (![429, 498, 503].includes(status)) return false
  return status === 498 || [...kinds, said].some((text) => NO_CAPACITY.test(text))
}

/** Codes of a content filter's refusal: OpenAI's, Azure's, Alibaba's and others. */
const FILTER_CODES =
  /^(?:content_filter(?:ed)?|content_policy_violation|responsibleaipolicyviolation|data_?inspection_?failed|moderation_blocked|content_moderation|sensitive_content)$/i
/** Words of such refusals where no code tells. */
const FILTER_WORDS =
  /\bcontent (?:management )?policy\b|\b(?:triggered|blocked by|filtered by) (?:the |our |a )?(?:content|safety) (?:filter|system)|\bresult of our safety system\b|\b(?:input|prompt|content) (?:was|has been|is) flagged\b|\binappropriate content\b/i

/** Whether a content filter refused a question for its words, so that another question may pass. */
export function isFiltered({ status, kinds, said }: Refusal): boolean {
  if (kinds.some((kind) => FILTER_CODES.test(kind))) return true
  return (status === 400 || status === 403 || status === 422) && FILTER_WORDS.test(said)
}

/** The failure that such a refusal is; undefined for all others. */
export function readRefusal(refusal: Refusal, at: RefusedAt): { code: ErrorCode; message: string } | undefined {
  const { status, kinds, said } = refusal
  const saying = said === '' ? '' : `: ${said}`
  if (status >= 300 && status < 400) {
    // A permanent redirect will be the same for every request; others may come from a proxy's page that goes away.
    const code = status === 301 || status === 308 ? 'model-not-found' : 'model-unavailable'
    const why = 'it is not followed, because it would send the prompt there'
    const message = `the model endpoint ${at.baseUrl} redirects (${status})${saying}; ${why}: check OPENAI_BASE_URL`
    return { code, message }
  }
  if (isContextExceeded(refusal)) {
    const way = 'smaller requests are tried; a lower pack or a model with a longer context avoids this'
    return {
      code: 'model-too-long',
      message: `the request is longer than the context of model "${at.model}" (${status}); ${way}${saying}`,
    }
  }
  const isKeyRefused = kinds.some((kind) => KEY_CODES.test(kind)) || WRONG_KEY.test(said)
  if ((status === 400 || status === 403) && isKeyRefused) {
    const message = `the model endpoint ${at.host} refused the API key (${status}): check OPENAI_API_KEY${saying}`
    return { code: 'model-auth', message }
  }
  // An endpoint says why it refuses a key; a page or nothing at all comes from something on the way to it.
  if (status === 403 && said === '' && kinds.length === 0) {
    const message = `a proxy or firewall before the model endpoint ${at.host} refused the request (403): check the network's way there`
    return { code: 'model-unavailable', message }
  }
  return undefined
}
