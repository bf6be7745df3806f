/** What a log shows of an error. The sentence of an error may quote a record, an answer or an endpoint, and logs hold none of these. */
import { isErrorCode, isServiceError } from '../errors.ts'

/** What stands in the log in the place of an error. */
export interface LoggedError {
  readonly type: string
  readonly code?: string
  /** Absent where the sentence may quote. */
  readonly message?: string
  /** The stack without the lines of the message. */
  readonly stack?: string
  readonly cause?: LoggedError
}

/** Failures whose sentences name what a model, an endpoint or a caller said. */
const QUOTING_CODE = /^(?:model|input)-|^internal$/
/** The code that stands before the sentence of a failure of an invocation. */
const LEADING_CODE = /^([a-z]+(?:-[a-z]+)*): /
/** The most errors that are followed from cause to cause. */
const MOST_CAUSES = 4

/** Describes an error without a sentence that may quote. */
export function describeForLog(error: unknown, causes = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = codeOf(error)
  const stack = error.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n')
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    ...(mayQuote(error, code) ? {} : { message: error.message }),
    ...(stack === undefined || stack === '' ? {} : { stack }),
    ...(error.cause === undefined || causes >= MOST_CAUSES ? {} : { cause: describeForLog(error.cause, causes + 1) }),
  }
}

function codeOf(error: Error): string | undefined {
  if (isServiceError(error)) return error.code
  const leading = LEADING_CODE.exec(error.message)?.[1]
  if (leading !== undefined && isErrorCode(leading)) return leading
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Defects of the program name properties and no values; of errors with a code, those of the network name addresses alone. */
function mayQuote(error: Error, code: string | undefined): boolean {
  if (code === undefined) {
    return !(error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
  }
  if (isErrorCode(code)) return QUOTING_CODE.test(code)
  return !/^E[A-Z]+$/.test(code)
}
