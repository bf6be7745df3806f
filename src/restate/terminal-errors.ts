/** Which errors end an invocation at once, which are tried again, and which are defects that get a few attempts. */
import { RestateError, TerminalError } from '@restatedev/restate-sdk'
import { FAILURES, isServiceError, messageOf } from '../errors.ts'
import { formatFailure } from './contract.ts'

/** Characters that are kept of a defect's message, which may hold a whole document, as that of a ZodError does. */
const MAX_DEFECT_LENGTH = 600

/**
 * The `asTerminalError` option of every service. Undefined leaves the error retryable. A programming error ends the
 * invocation on its first attempt, since the same input would meet it again.
 */
export function asTerminalError(error: unknown): TerminalError | undefined {
  if (isServiceError(error)) {
    const { retry, status } = FAILURES[error.code]
    if (retry === 'retryable') return undefined
    return new TerminalError(formatFailure(error.code, error.message), { errorCode: status })
  }
  const isProgrammingError =
    error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
  return isProgrammingError ? toTerminalDefect(error) : undefined
}

/**
 * Whether an error has no code of the service and does not come from the Restate SDK, so that nobody knows whether
 * another attempt may mend it. A failure that passes by itself, such as a database that is away, a replica that closes or
 * an attempt that is suspended, always has one of the two.
 */
export function isDefect(error: unknown): boolean {
  return !isServiceError(error) && !(error instanceof RestateError)
}

/** The error with which a defect ends its invocation. */
export function toTerminalDefect(error: unknown): TerminalError {
  return new TerminalError(describeDefect(error), { errorCode: FAILURES.internal.status })
}

/** The failure's text for callers and `npm run queue`, which shows one line: "internal: SyntaxError: Unexpected end". */
export function describeDefect(error: unknown): string {
  const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : ''
  const line = `${name}${messageOf(error)}`.replace(/\s+/g, ' ').trim()
  return formatFailure('internal', line.slice(0, MAX_DEFECT_LENGTH))
}
