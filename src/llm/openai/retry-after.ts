/** Reads how long an endpoint asks its clients to wait, from the headers of a refusal. */
import { parseRetryAfterMs } from '../../lib/retry-after.ts'

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** A duration in OpenAI's form, such as "6m0s". */
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g
/** The longest wait in milliseconds that is passed on: one day. */
const LONGEST_MS = 86_400_000

/** The milliseconds of a duration such as "12ms", "6m0s", "1h2m3.5s" or bare seconds; undefined for another text. */
export function parseResetMs(text: string): number | undefined {
  const trimmed = text.trim()
  if (/^\d+(?:\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1_000
  if (!DURATION.test(trimmed)) return undefined
  let total = 0
  for (const [, amount, unit] of trimmed.matchAll(DURATION_PART)) total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0)
  return total
}

/**
 * Milliseconds to wait by `retry-after-ms`, else by `retry-after` (seconds or an HTTP date), else by
 * `x-ratelimit-reset-*`, and at most one day; undefined where no header names a wait. `now` is the wall clock in
 * milliseconds since 1970.
 */
export function retryAfterMsOf(headers: Headers, now: number): number | undefined {
  const wait = fromRetryAfterMs(headers) ?? fromRetryAfter(headers, now) ?? fromRateLimitReset(headers)
  return wait === undefined ? undefined : Math.min(LONGEST_MS, Math.max(0, Math.ceil(wait)))
}

function fromRetryAfterMs(headers: Headers): number | undefined {
  const text = headers.get('retry-after-ms')?.trim()
  return text !== undefined && /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined
}

function fromRetryAfter(headers: Headers, now: number): number | undefined {
  const text = headers.get('retry-after')
  if (text === null) return undefined
  return parseResetMs(text) ?? parseRetryAfterMs(text, now)
}

/** The reset time of the budget that is used up; where no header names one as used up, the earliest reset time. */
function fromRateLimitReset(headers: Headers): number | undefined {
  const budgets = ['requests', 'tokens'].flatMap((kind) => {
    const resetMs = parseResetMs(headers.get(`x-ratelimit-reset-${kind}`) ?? '')
    if (resetMs === undefined) return []
    return [{ resetMs, usedUp: headers.get(`x-ratelimit-remaining-${kind}`)?.trim() === '0' }]
  })
  const usedUp = budgets.filter((budget) => budget.usedUp).map((budget) => budget.resetMs)
  if (usedUp.length > 0) return Math.max(...usedUp)
  return budgets.length === 0 ? undefined : Math.min(...budgets.map((budget) => budget.resetMs))
}
