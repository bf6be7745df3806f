/** Reads the `x-ratelimit-*` headers of a response, in OpenAI's form. A value that makes no sense counts as missing. */
import type { RateSignal, RateSignals } from '../../rate/types.ts'
import { parseResetMs } from './retry-after.ts'

/** A whole number that is short enough to be exact. */
const WHOLE = /^\d{1,12}$/
/** The longest reset in milliseconds that is believed: one day. */
const LONGEST_RESET_MS = 86_400_000

/** Reads the limits that the headers name, and never throws. A limit of 0 would stop every request, so it counts as not named. */
export function parseRateHeaders(headers: Headers): RateSignals {
  return { requests: signalOf(headers, 'requests'), tokens: signalOf(headers, 'tokens') }
}

function signalOf(headers: Headers, kind: 'requests' | 'tokens'): RateSignal {
  const limit = wholeOf(headers.get(`x-ratelimit-limit-${kind}`))
  const resetMs = parseResetMs((headers.get(`x-ratelimit-reset-${kind}`) ?? '').slice(0, 40))
  return {
    limit: limit === 0 ? null : limit,
    remaining: wholeOf(headers.get(`x-ratelimit-remaining-${kind}`)),
    resetMs: resetMs === undefined || resetMs > LONGEST_RESET_MS ? null : resetMs,
  }
}

function wholeOf(text: string | null): number | null {
  const trimmed = text?.trim() ?? ''
  return WHOLE.test(trimmed) ? Number(trimmed) : null
}
