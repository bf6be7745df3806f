/** The codes of every failure that crosses a folder's border. Stable: callers and tests match on them. */
export type ErrorCode =
  | 'config-invalid'
  | 'input-invalid'
  | 'model-auth'
  | 'model-not-found'
  | 'model-bad-request'
  | 'model-rate-limited'
  | 'model-quota'
  | 'model-unavailable'
  | 'model-timeout'
  | 'model-bad-answer'
  | 'model-cut-off'
  | 'model-refused'
  | 'database-unavailable'
  | 'database-failed'
  | 'limiter-closed'
  | 'ingress-unavailable'
  | 'admin-failed'
  | 'cluster-failed'
  | 'port-taken'
  | 'embedded-failed'
  | 'interrupted'

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
