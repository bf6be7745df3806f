/** Interprets the answers of a Restate ingress, the HTTP entrance of a Restate node.
 *
 * Only this file distinguishes a failure of the service from a failure of the ingress, recognises the forms of
 * Restate's status 404, and reads how long a busy ingress asks its callers to wait.
 */
import { z } from 'zod'
import type { ErrorCode } from '../../errors.ts'
import { parseJson } from '../../lib/json/json.ts'
import { parseRetryAfterMs } from '../../lib/network/retry-after.ts'
import { parseFailure } from '../../restate/contract.ts'
import { lineOf } from './foreign-line.ts'
import { type GuardRefusal, readGuardRefusal } from './guard-refusal.ts'
import type { HttpAnswer } from './http.ts'

export type IngressAnswer =
  /** The service's handler succeeded, and `body` is its result. */
  | { readonly kind: 'ok'; readonly body: unknown }
  /**
   * The service's handler failed, and the same request would fail in the same way again. `code` is null where the
   * failure has no code.
   */
  | { readonly kind: 'failed'; readonly code: ErrorCode | null; readonly status: number; readonly message: string }
  /** The guard before the nodes refused the call, which would be refused again. */
  | { readonly kind: 'refused'; readonly refusal: GuardRefusal }
  /** A person has cancelled or killed the invocation. */
  | { readonly kind: 'cancelled' }
  /** Restate does not know the service, because its deployment is not registered, or not yet. */
  | { readonly kind: 'unknown-service'; readonly message: string }
  /** Restate knows the service but not this handler, as where the service is of an earlier release. */
  | { readonly kind: 'unknown-handler'; readonly message: string }
  /**
   * The ingress accepts no more requests for now. `waitMs` is undefined where the ingress does not say how long to
   * wait.
   */
  | { readonly kind: 'busy'; readonly waitMs: number | undefined; readonly message: string }
  /** The ingress answered that it has a failure of its own, so another node may do the work, or the same node later. */
  | { readonly kind: 'away'; readonly message: string }
  /** The connection failed, so no complete answer came. */
  | { readonly kind: 'unreachable'; readonly message: string }

/** A message is cut to this many characters, because a gateway may answer with a whole page. */
const MAX_MESSAGE_LENGTH = 300

/** The body with which Restate reports an error. */
const errorSchema = z.object({ message: z.string() })

/**
 * Restate's message for a cancelled or killed invocation, which is recognised by its text because it has no error code
 * of the service.
 */
const ENDED_BY_A_PERSON = /^(?:cancell?ed|killed)\b/i

/**
 * Interprets an answer for its caller. `nowMs` is the wall clock in milliseconds, from which a Retry-After date becomes
 * a wait.
 */
export function readIngressAnswer(answer: HttpAnswer, nowMs = Date.now()): IngressAnswer {
  const { status, headers, text } = answer
  if (status >= 200 && status < 300) return { kind: 'ok', body: parseJson(text) }
  const refusal = readGuardRefusal(answer)
  if (refusal !== undefined) return { kind: 'refused', refusal }
  const said = errorSchema.safeParse(parseJson(text)).data?.message ?? text.slice(0, MAX_MESSAGE_LENGTH)
  const fullMessage = lineOf(said)
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
