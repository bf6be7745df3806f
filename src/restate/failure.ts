/** The one place that decides whether an error ends an invocation or is worth another attempt. */
import { TerminalError } from '@restatedev/restate-sdk'
import { type ErrorCode, isServiceError, messageOf } from '../errors.ts'
import { formatFailure } from './contract.ts'

/**
 * Codes that no retry mends, with the HTTP status that the ingress answers. What is not here is retried: the database
 * being away and a replica that closes pass by themselves. (Rate limits, timeouts and refusals of the model never get
 * here: the chunk turns them into data.)
 */
const TERMINAL_STATUS: Partial<Record<ErrorCode, number>> = {
  'input-invalid': 400,
  'config-invalid': 500,
  'model-auth': 502,
  'model-not-found': 502,
  'model-bad-request': 502,
  'model-quota': 502,
  'model-unavailable': 503,
  'database-failed': 500,
}

/** For the `asTerminalError` option of a service: undefined keeps the error retryable. */
export function asTerminalError(error: unknown): TerminalError | undefined {
  if (isServiceError(error)) {
    const errorCode = TERMINAL_STATUS[error.code]
    return errorCode === undefined
      ? undefined
      : new TerminalError(formatFailure(error.code, error.message), { errorCode })
  }
  // A defect of ours: the same input would meet it again on every attempt, for ever.
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) {
    return new TerminalError(formatFailure('internal', messageOf(error)), { errorCode: 500 })
  }
  return undefined
}
