/** Decides, by the table of failures, whether an error ends an invocation or is worth another attempt. */
import { TerminalError } from '@restatedev/restate-sdk'
import { FAILURES, isServiceError, messageOf } from '../errors.ts'
import { formatFailure } from './contract.ts'

/** For the `asTerminalError` option of a service: undefined keeps the error retryable. */
export function asTerminalError(error: unknown): TerminalError | undefined {
  if (isServiceError(error)) {
    const { retry, status } = FAILURES[error.code]
    if (retry === 'retryable') return undefined
    return new TerminalError(formatFailure(error.code, error.message), { errorCode: status })
  }
  // A defect of ours: the same input would meet it again on every attempt, for ever.
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) {
    const { status } = FAILURES.internal
    return new TerminalError(formatFailure('internal', messageOf(error)), { errorCode: status })
  }
  return undefined
}
