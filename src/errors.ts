/** The failures of the service: one table of their codes, and the one class of error that carries a code. */

/** One row of the table: how far a failure reaches, with which HTTP status it ends an invocation, and whether Restate retries it. */
export interface FailureKind {
  /**
   * How far the failure reaches. `answer`: one question or one batch of input. `endpoint`: every question to the
   * model's endpoint. `run`: the whole run, since each later batch would meet the same failure.
   */
  readonly scope: 'answer' | 'endpoint' | 'run'
  /**
   * HTTP status of an invocation that ends with the failure. 503 and 504 mean that a program the work depends on gives
   * no answer.
   */
  readonly status: number
  /** `terminal`: the failure ends the invocation that meets it. `retryable`: Restate makes another attempt. */
  readonly retry: 'terminal' | 'retryable'
}

/** Every failure that one folder reports to another. The codes are stable: callers, dashboards and tests match on them. */
export const FAILURES = {
  /** The code `internal` marks a defect of this service. */
  internal: { scope: 'run', status: 500, retry: 'terminal' },
  'config-invalid': { scope: 'run', status: 500, retry: 'terminal' },
  'input-invalid': { scope: 'answer', status: 400, retry: 'terminal' },
  'input-not-found': { scope: 'answer', status: 404, retry: 'terminal' },
  'model-auth': { scope: 'run', status: 502, retry: 'terminal' },
  'model-not-found': { scope: 'run', status: 502, retry: 'terminal' },
  // The run may not spend what its next request could cost. Its batches end with what they have.
  'cost-limit': { scope: 'run', status: 402, retry: 'terminal' },
  // People have stopped or paused the run. Its batches end with what they have.
  'run-stopped': { scope: 'run', status: 409, retry: 'terminal' },
  'model-quota': { scope: 'run', status: 502, retry: 'terminal' },
  // The endpoint has answered the first requests of a run with nothing that could be used.
  'model-unusable': { scope: 'run', status: 502, retry: 'terminal' },
  // The endpoint asks for a wait that is longer than a run waits.
  'model-paused': { scope: 'run', status: 503, retry: 'terminal' },
  'model-bad-request': { scope: 'endpoint', status: 502, retry: 'terminal' },
  // A smaller request may pass.
  'model-too-long': { scope: 'endpoint', status: 502, retry: 'terminal' },
  // A batch ends with model-unavailable after its chunks have tried the endpoint for about a minute.
  'model-unavailable': { scope: 'endpoint', status: 503, retry: 'terminal' },
  // A model-timeout or model-rate-limited ends no invocation, because the chunk waits and asks again.
  'model-timeout': { scope: 'endpoint', status: 504, retry: 'retryable' },
  'model-rate-limited': { scope: 'endpoint', status: 429, retry: 'retryable' },
  // The flex tier has no capacity for a request now. It ends no invocation, because the chunk waits or asks in another tier.
  'model-no-capacity': { scope: 'endpoint', status: 429, retry: 'retryable' },
  'model-bad-answer': { scope: 'answer', status: 502, retry: 'terminal' },
  'model-cut-off': { scope: 'answer', status: 502, retry: 'terminal' },
  'model-refused': { scope: 'answer', status: 502, retry: 'terminal' },
  'database-unavailable': { scope: 'run', status: 503, retry: 'retryable' },
  'database-failed': { scope: 'run', status: 500, retry: 'terminal' },
  // With limiter-closed or interrupted the replica stops or the attempt was given up, so another attempt does the work.
  'limiter-closed': { scope: 'run', status: 503, retry: 'retryable' },
  interrupted: { scope: 'run', status: 503, retry: 'retryable' },
  // Only commands meet the failures below; no invocation ends with one of them.
  'ingress-unavailable': { scope: 'run', status: 503, retry: 'retryable' },
  // The guard refuses the caller: it has no token, an unknown one, or one without the right.
  'not-allowed': { scope: 'run', status: 403, retry: 'terminal' },
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
 * Whether the failure `code` means that the model's endpoint gives no answers at all, as in an outage or a timeout. The
 * same question may be answered later, and splitting it into smaller ones would not help. `code` may be a text that is
 * no code.
 */
export function isEndpointAway(code: string): boolean {
  return isOfEndpoint(code) && failureOf(code).status >= 503
}

/**
 * Whether a batch that meets the failure `code` ends early with what it has, because the failure is its own run's alone: other runs may
 * ask the same.
 */
export function endsWithWhatItHas(code: string | undefined): boolean {
  return code === 'cost-limit' || code === 'run-stopped'
}

/**
 * Whether the failure `code` lies with the model's endpoint, so that it says nothing about the indicators that were
 * asked about.
 */
export function isOfEndpoint(code: string): boolean {
  return failureOf(code).scope === 'endpoint'
}

/** An error with a stable code, a sentence for people and its cause. The message never holds a secret. */
export class ServiceError extends Error {
  readonly code: ErrorCode
  /**
   * The lines of the message. A terminal shows each as one line: a newline inside one came from outside, such as from a quoted
   * value, and must not begin a line that looks like one of this program.
   */
  readonly lines: readonly string[]
  /** Milliseconds that the refusing server asks its callers to wait; undefined where it names no time. */
  readonly retryAfterMs: number | undefined
  /** The id that the model's endpoint gave to the request that failed, for its support; undefined where it gave none. */
  requestId: string | undefined

  /** A message of several lines is given as its lines. */
  constructor(
    code: ErrorCode,
    message: string | readonly string[],
    options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    const lines = typeof message === 'string' ? [message] : message
    super(lines.join('\n'), options.cause === undefined ? {} : { cause: options.cause })
    this.lines = lines
    this.name = 'ServiceError'
    this.code = code
    this.retryAfterMs = options.retryAfterMs
  }
}

export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof ServiceError
}

/** The lines of the message of any value that was thrown; one, unless a ServiceError has several. */
export function linesOf(error: unknown): readonly string[] {
  return isServiceError(error) ? error.lines : [messageOf(error)]
}

/** The message of any value that was thrown, whether or not it is an Error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
