/** The failures of the service: one table of their codes, and the one class of error that carries a code. */

/** One row of the table: how far a failure reaches, with which HTTP status it ends an invocation, and whether Restate retries it. */
export interface FailureKind {
  /**
   * How far the failure reaches. `answer`: one question or one batch of input. `endpoint`: every question to the model's
   * endpoint. `run`: everything, so that each later batch would meet it as well.
   */
  readonly scope: 'answer' | 'endpoint' | 'run'
  /** HTTP status of an invocation that ends with the failure. 503 and 504 mean that the other side is away. */
  readonly status: number
  /** `terminal`: the failure ends the invocation that meets it. `retryable`: Restate makes another attempt. */
  readonly retry: 'terminal' | 'retryable'
}

/** Every failure that one folder reports to another. The codes are stable: callers, dashboards and tests match on them. */
export const FAILURES = {
  /** A defect of this service. */
  internal: { scope: 'run', status: 500, retry: 'terminal' },
  'config-invalid': { scope: 'run', status: 500, retry: 'terminal' },
  'input-invalid': { scope: 'answer', status: 400, retry: 'terminal' },
  'input-not-found': { scope: 'answer', status: 404, retry: 'terminal' },
  'model-auth': { scope: 'run', status: 502, retry: 'terminal' },
  'model-not-found': { scope: 'run', status: 502, retry: 'terminal' },
  'model-quota': { scope: 'run', status: 502, retry: 'terminal' },
  'model-bad-request': { scope: 'endpoint', status: 502, retry: 'terminal' },
  // It ends the batch, whose chunks have tried for about a minute by then.
  'model-unavailable': { scope: 'endpoint', status: 503, retry: 'terminal' },
  // A timeout and a refusal for rate end no invocation: the chunk waits and asks again.
  'model-timeout': { scope: 'endpoint', status: 504, retry: 'retryable' },
  'model-rate-limited': { scope: 'endpoint', status: 429, retry: 'retryable' },
  'model-bad-answer': { scope: 'answer', status: 502, retry: 'terminal' },
  'model-cut-off': { scope: 'answer', status: 502, retry: 'terminal' },
  'model-refused': { scope: 'answer', status: 502, retry: 'terminal' },
  'database-unavailable': { scope: 'run', status: 503, retry: 'retryable' },
  'database-failed': { scope: 'run', status: 500, retry: 'terminal' },
  // The replica ends or the attempt was given up: another attempt, perhaps on another replica, does the work.
  'limiter-closed': { scope: 'run', status: 503, retry: 'retryable' },
  interrupted: { scope: 'run', status: 503, retry: 'retryable' },
  // From here on: failures that only commands meet, never an invocation.
  'ingress-unavailable': { scope: 'run', status: 503, retry: 'retryable' },
  'admin-failed': { scope: 'run', status: 502, retry: 'terminal' },
  'cluster-failed': { scope: 'run', status: 500, retry: 'terminal' },
  'port-taken': { scope: 'run', status: 500, retry: 'terminal' },
  'embedded-failed': { scope: 'run', status: 500, retry: 'terminal' },
} as const satisfies Readonly<Record<string, FailureKind>>

export type ErrorCode = keyof typeof FAILURES

/** The row of `code`. A text that is no code gets the row of `internal`. */
export function failureOf(code: string): FailureKind {
  return isErrorCode(code) ? FAILURES[code] : FAILURES.internal
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(FAILURES, code)
}

/**
 * Whether the model's endpoint gives no answers at all, as an outage or a timeout does. The same question may be answered
 * later, and a smaller one would find the endpoint away as well. `code` may be a text that is no code.
 */
export function isEndpointAway(code: string): boolean {
  return isOfEndpoint(code) && failureOf(code).status >= 503
}

/** Whether a failure says nothing about the indicators of the question, because it is one of the model's endpoint. */
export function isOfEndpoint(code: string): boolean {
  return failureOf(code).scope === 'endpoint'
}

/** An error with a stable code, a sentence for people and its cause. The message never holds a secret. */
export class ServiceError extends Error {
  readonly code: ErrorCode
  /** Milliseconds for which the other side asks its callers to wait; undefined where it names no time. */
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

/** The message of any value that was thrown, whether or not it is an Error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
