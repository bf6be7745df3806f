/** The failures of the service: one table of their codes, and the one class of error that carries a code. */

/** What a failure says of, whether a retry may mend it, and what HTTP tells of it. */
export interface FailureKind {
  /**
   * `answer`: one question or one batch of input. `endpoint`: the model's endpoint, whatever it is asked.
   * `run`: everything, so that each later batch would meet it as well.
   */
  readonly scope: 'answer' | 'endpoint' | 'run'
  /** HTTP status of an invocation that ends with it. 503 and 504: the other side is away. */
  readonly status: number
  /** `terminal`: an invocation that meets it ends with it. `retryable`: Restate tries the invocation again. */
  readonly retry: 'terminal' | 'retryable'
}

/** Every failure that crosses a folder's border. The codes are stable: callers, dashboards and tests match on them. */
export const FAILURES = {
  /** A defect of ours, or something that carries no code. */
  internal: { scope: 'run', status: 500, retry: 'terminal' },
  'config-invalid': { scope: 'run', status: 500, retry: 'terminal' },
  'input-invalid': { scope: 'answer', status: 400, retry: 'terminal' },
  'input-not-found': { scope: 'answer', status: 404, retry: 'terminal' },
  'model-auth': { scope: 'run', status: 502, retry: 'terminal' },
  'model-not-found': { scope: 'run', status: 502, retry: 'terminal' },
  'model-quota': { scope: 'run', status: 502, retry: 'terminal' },
  'model-bad-request': { scope: 'endpoint', status: 502, retry: 'terminal' },
  // A chunk has tried for a minute before its batch meets this one.
  'model-unavailable': { scope: 'endpoint', status: 503, retry: 'terminal' },
  // These two end no invocation: the chunk waits and asks again.
  'model-timeout': { scope: 'endpoint', status: 504, retry: 'retryable' },
  'model-rate-limited': { scope: 'endpoint', status: 429, retry: 'retryable' },
  'model-bad-answer': { scope: 'answer', status: 502, retry: 'terminal' },
  'model-cut-off': { scope: 'answer', status: 502, retry: 'terminal' },
  'model-refused': { scope: 'answer', status: 502, retry: 'terminal' },
  'database-unavailable': { scope: 'run', status: 503, retry: 'retryable' },
  'database-failed': { scope: 'run', status: 500, retry: 'terminal' },
  // This replica is ending; another one takes the work over.
  'limiter-closed': { scope: 'run', status: 503, retry: 'retryable' },
  interrupted: { scope: 'run', status: 503, retry: 'retryable' },
  // The rest is met by commands alone, never inside an invocation.
  'ingress-unavailable': { scope: 'run', status: 503, retry: 'retryable' },
  'admin-failed': { scope: 'run', status: 502, retry: 'terminal' },
  'cluster-failed': { scope: 'run', status: 500, retry: 'terminal' },
  'port-taken': { scope: 'run', status: 500, retry: 'terminal' },
  'embedded-failed': { scope: 'run', status: 500, retry: 'terminal' },
} as const satisfies Readonly<Record<string, FailureKind>>

export type ErrorCode = keyof typeof FAILURES

/** The row of `code`; that of `internal` for a text that is no code. */
export function failureOf(code: string): FailureKind {
  return isErrorCode(code) ? FAILURES[code] : FAILURES.internal
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(FAILURES, code)
}

/** An error with a stable code, a sentence for people and its cause. The message never holds a secret. */
export class ServiceError extends Error {
  readonly code: ErrorCode
  /** For rate limits: how long the other side asks us to wait. Milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'ServiceError'
    this.code = code
    this.retryAfterMs = options.retryAfterMs
  }
}

export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof ServiceError
}

/** The sentence of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
