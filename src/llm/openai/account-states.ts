/** Recognises refusals for the state of an account, such as one without credit, which no waiting ends. Pure. */

import type { Refusal } from './refusals.ts'

/** Statuses under which endpoints report the state of an account. */
const STATUSES: ReadonlySet<number> = new Set([400, 401, 402, 403, 429])

/**
 * Codes and types of such refusals: of OpenAI, Anthropic, OpenRouter, DeepSeek, Moonshot (Kimi), Alibaba, Groq and others. A
 * suffix such as "_error" does not matter.
 */
const CODES =
  /^(?:billing_not_active|billing_hard_limit_reached|billing_limit_(?:reached|exceeded)|billing|insufficient_(?:user_)?(?:quota|balance|credits?|funds)|(?:out_of|no)_credits?|credit_balance_too_low|credits?_(?:exhausted|required)|payment_required|quota_exhausted|spend(?:ing)?_(?:limit|cap)_(?:reached|exceeded)|access_terminated|account_(?:deactivated|disabled|suspended|terminated|closed|blocked|not_active|inactive)|organization_(?:deactivated|disabled|suspended|restricted)|exceeded_current_quota|arrearage|blocked_api_access)(?:_error)?$/

/**
 * Words of such refusals where no code tells. "You exceeded your current quota, please check your plan and billing details"
 * is not one of them, because Gemini says it of the rate of a minute as well.
 */
const WORDS =
  /\bcredit balance is (?:too low|insufficient|exhausted|negative)\b|\binsufficient (?:account )?(?:balance|credits?|funds|quota)\b|\b(?:out of|not enough|no|run out of|requires more) credits?\b|\bbilling (?:is )?(?:hard limit|not active|disabled|not enabled)\b|\bbilling hard limit\b|\baccess (?:has been |is |was )?terminated\b|\b(?:account|organi[sz]ation|project|workspace)(?: \S+){0,6}? (?:is|has been|was) (?:not active|inactive|suspended|deactivated|disabled|terminated|closed|blocked|in arrears|restricted)\b|\b(?:spend(?:ing)?|usage|monthly) (?:limit|cap) (?:has been |is |was )?(?:reached|exceeded|hit)\b|\b(?:reached|exceeded|hit) (?:your|the|its) (?:(?:specified|monthly|organi[sz]ation's|workspace) )*(?:spend(?:ing)?|usage|API usage) (?:limits?|cap)\b|\bpayment (?:is )?(?:required|overdue|past due)\b/i

/** A limit of 0 in Gemini's words: the project may not use the model at all. */
const LIMIT_OF_ZERO = /\blimit: 0(?![\d.])/

/** Whether the refusal tells of an account that will not serve until a person has put it right. */
export function isAccountClosed({ status, kinds, said }: Refusal): boolean {
  if (status === 402) return true
  if (!STATUSES.has(status)) return false
  if (kinds.some((kind) => CODES.test(codeOf(kind)))) return true
  return WORDS.test(said) || (status === 429 && isEveryLimitZero(said))
}

/** Gemini lists every limit that was exceeded; one that is not 0 is there again after a while. */
function isEveryLimitZero(said: string): boolean {
  const limits = said.match(/\blimit: \d[\d.]*/g) ?? []
  return limits.length > 0 && limits.every((limit) => LIMIT_OF_ZERO.test(limit))
}

/** Codes are compared in one form, as endpoints write insufficient_quota, InsufficientQuota and insufficient-quota. */
function codeOf(kind: string): string {
  return kind
    .slice(0, 100)
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[\s.-]+/g, '_')
}
