/** Reads how long an endpoint asks its clients to wait, from the headers of a refusal. */
import { parseRetryAfterMs } from '../../lib/network/retry-after.ts'

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** A duration in OpenAI's form, such as "6m0s". */
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g
/** The longest wait in milliseconds that is passed on: one day. */
const LONGEST_MS = 86_400_000
/**
 * The longest reset in milliseconds that is believed of a budget that a header names as used up. Some endpoints put a point in
 * time in its place, or the end of the month.
 */
const LONGEST_RESET_MS = 3_600_000
/** The longest reset that is believed where no header says which budget is used up; the limits are by the minute. */
const LONGEST_UNSAID_RESET_MS = 60_000
/**
 * Words of a refusal before the wait that they name, as OpenAI ("try again in 1m7.2s"), Gemini ("retry in 22.6s", "will reset after
 * 18h4m0s") and others ("wait 2 hours and 5 minutes") write it.
 */
const BEFORE_WAIT =
  /\b(?:(?:try again|retry|resets?|available(?: again)?)(?: in| after)|wait(?: for)?)(?: about| approximately| another)? (?=\d)/i
/** A part of a duration in words, such as "2 hours", "5 min" or "22.6s". */
const WORD_PART =
  /(\d{1,12}(?:\.\d{1,12})?) ?(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])(?:,? and |, | )?/iy

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
 * Milliseconds to wait by `retry-after-ms`, else by `retry-after` (seconds or an HTTP date), else by `body`, the delay or the
 * words of the refusal's body, and at most one day; undefined where none of them names a wait. A wait of 0, in the past or below
 * is none, because the request was refused now. `now` is the wall clock in milliseconds since 1970.
 */
export function retryAfterMsOf(headers: Headers, now: number, body: string): number | undefined {
  const wait = positive(fromRetryAfterMs(headers)) ?? positive(fromRetryAfter(headers, now)) ?? positive(fromBody(body))
  return wait === undefined ? undefined : Math.min(LONGEST_MS, Math.ceil(wait))
}

function positive(wait: number | undefined): number | undefined {
  return wait !== undefined && wait > 0 ? wait : undefined
}

function fromRetryAfterMs(headers: Headers): number | undefined {
  const text = headers.get('retry-after-ms')?.trim()
  return text !== undefined && /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined
}

function fromRetryAfter(headers: Headers, now: number): number | undefined {
  const text = headers.get('retry-after')
  if (text === null) return undefined
  return parseResetMs(text) ?? parseRetryAfterMs(text, now) ?? durationAt(text.replace(/^ *(?:in|after) /i, ''), 0)
}

function fromBody(body: string): number | undefined {
  const before = BEFORE_WAIT.exec(body)
  const inWords = before === null ? undefined : durationAt(body, before.index + before[0].length)
  return parseResetMs(body.slice(0, 40)) ?? inWords
}

/** The milliseconds of the duration in words that begins at a place of `text`; undefined where none does. */
function durationAt(text: string, start: number): number | undefined {
  const part = new RegExp(WORD_PART)
  part.lastIndex = start
  let total: number | undefined
  for (let found = part.exec(text); found !== null; found = part.exec(text)) {
    const [, amount, unit = ''] = found
    const short = /^(?:ms|milli)/i.test(unit) ? 'ms' : unit.slice(0, 1).toLowerCase()
    total = (total ?? 0) + Number(amount) * (UNIT_MS[short] ?? 0)
  }
  return total
}

/**
 * Milliseconds to wait by `x-ratelimit-reset-*`: until the budget that is used up is back; where no header says which one is, the
 * earliest reset. Undefined where they name no wait.
 */
export function resetMsOf(headers: Headers): number | undefined {
  const budgets = ['requests', 'tokens'].flatMap((kind) => {
    const resetMs = positive(parseResetMs(headers.get(`x-ratelimit-reset-${kind}`) ?? ''))
    if (resetMs === undefined || resetMs > LONGEST_RESET_MS) return []
    return [{ resetMs, remaining: headers.get(`x-ratelimit-remaining-${kind}`)?.trim() }]
  })
  const usedUp = budgets.filter(({ remaining }) => remaining === '0').map(({ resetMs }) => resetMs)
  if (usedUp.length > 0) return Math.ceil(Math.max(...usedUp))
  const unsaid = budgets.flatMap(({ resetMs, remaining }) => (remaining === undefined ? [resetMs] : []))
  const earliest = Math.min(...unsaid)
  return earliest <= LONGEST_UNSAID_RESET_MS ? Math.ceil(earliest) : undefined
}
