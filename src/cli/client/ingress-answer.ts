/** Reads the answers of a Restate ingress.
 *
 * This is the one place that tells a service's own failure from an ingress in trouble, knows the forms of Restate's
 * 404, and reads how long a busy ingress asks its callers to wait.
 */
import { z } from 'zod'
import type { ErrorCode } from '../../errors.ts'
import { parseJson } from '../../lib/json.ts'
import { parseRetryAfterMs } from '../../lib/retry-after.ts'
import { parseFailure } from '../../restate/contract.ts'
import type { HttpAnswer } from './http.ts'

export type IngressAnswer =
  /** The handler's result. */
  | { readonly kind: 'ok'; readonly body: unknown }
  /** A repetition of the same request would fail in the same way. `code` is null where the failure names none. */
  | { readonly kind: 'failed'; readonly code: ErrorCode | null; readonly status: number; readonly message: string }
  /** A person has cancelled or killed the invocation. */
  | { readonly kind: 'cancelled' }
  /** Restate knows no such service: its deployment is not registered yet, or never will be. */
  | { readonly kind: 'unknown-service'; readonly message: string }
  /** Restate knows the service without this handler, as in an earlier release. */
  | { readonly kind: 'unknown-handler'; readonly message: string }
  /** The ingress takes no more requests for now. `waitMs` is undefined where it names no time. */
  | { readonly kind: 'busy'; readonly waitMs: number | undefined; readonly message: string }
  /** The ingress answered that it is in trouble: another node, or the same one later, may do the work. */
  | { readonly kind: 'away'; readonly message: string }
  /** No whole answer came, because the connection failed. */
  | { readonly kind: 'unreachable'; readonly message: string }

/** Characters of a message that are shown, since the answer of a gateway may be a whole page. */
const MAX_MESSAGE_LENGTH = 300

/** The body of Restate's errors. */
const errorSchema = z.object({ message: z.string() })

/** Restate's words for the end of a cancelled or killed invocation; they carry none of the service's codes. */
const ENDED_BY_A_PERSON = /^(?:cancell?ed|killed)\b/i

/** Says what an answer means for its caller. `nowMs` is the wall clock in milliseconds, for a Retry-After that is a date. */
export function readIngressAnswer({ status, headers, text }: HttpAnswer, nowMs = Date.now()): IngressAnswer {
  if (status >= 200 && status < 300) return { kind: 'ok', body: parseJson(text) }
  const fullMessage = errorSchema.safeParse(parseJson(text)).data?.message ?? text.slice(0, MAX_MESSAGE_LENGTH)
  const { code, message } = parseFailure(fullMessage)
  const isOfInvocation = headers['x-restate-error-source'] === 'invocation'
  const withStatus = `HTTP ${status}${fullMessage === '' ? '' : `: ${fullMessage.slice(0, MAX_MESSAGE_LENGTH)}`}`
  if (status === 404 && code === null) {
    return { kind: /\bhandler\b/i.test(fullMessage) ? 'unknown-handler' : 'unknown-service', message: fullMessage }
  }
  if (status === 409 && ENDED_BY_A_PERSON.test(fullMessage)) return { kind: 'cancelled' }
  if (isOfInvocation) return { kind: 'failed', code, status, message }
  if (status === 429) {
    const waitMs = parseRetryAfterMs(headers['retry-after'] ?? '', nowMs)
    return { kind: 'busy', waitMs, message: withStatus }
  }
  if (status >= 500) return { kind: 'away', message: withStatus }
  return { kind: 'failed', code, status, message }
}
