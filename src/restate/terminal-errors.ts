/** Which errors end an invocation at once, which are tried again, and which are defects that get a few attempts. */
import { RestateError, TerminalError } from '@restatedev/restate-sdk'
import { FAILURES, isServiceError, messageOf } from '../errors.ts'
import { joinLines, visibleText } from '../lib/visible-text.ts'
import { formatFailure } from './contract.ts'

/**
 * A defect's message is cut to this many characters, because it may hold a whole document, as the message of a ZodError
 * does.
 */
const MAX_DEFECT_LENGTH = 600

/**
 * The `asTerminalError` option of every service: the error with which Restate ends the invocation, or undefined where
 * Restate tries again. A programming error ends the invocation on its first attempt, since another attempt on the same
 * input would meet it again.
 */
export function asTerminalError(error: unknown): TerminalError | undefined {
  if (isServiceError(error)) {
    const { retry, status } = FAILURES[error.code]
    if (retry === 'retryable') return undefined
    return new TerminalError(formatFailure(error.code, joinLines(error.lines)), { errorCode: status })
  }
  const isProgrammingError =
    error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
  return isProgrammingError ? toTerminalDefect(error) : undefined
}

/**
 * Whether `error` is neither a ServiceError nor an error of the Restate SDK, so that nobody knows whether another
 * attempt may succeed. A failure that passes by itself, such as a database that is away, a replica that stops or an
 * attempt that is suspended, is always a ServiceError or an error of the SDK.
 */
export function isDefect(error: unknown): boolean {
  return !isServiceError(error) && !(error instanceof RestateError)
}

/** Builds the terminal error that ends an invocation because of the defect `error`. */
export function toTerminalDefect(error: unknown): TerminalError {
  return new TerminalError(describeDefect(error), { errorCode: FAILURES.internal.status })
}

/**
 * Describes a defect to callers and to `npm run queue` in one line, such as "internal: SyntaxError: Unexpected end".
 */
export function describeDefect(error: unknown): string {
  const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : ''
  const line = visibleText(`${name}${messageOf(error)}`.replace(/\s+/g, ' ').trim())
  return formatFailure('internal', line.slice(0, MAX_DEFECT_LENGTH))
}
