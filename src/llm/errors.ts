/** Failures of a model request that carry more than a code: what was billed, and what the headers said of the rate. */
import { type ErrorCode, ServiceError } from '../errors.ts'
import type { ServiceTier } from '../lib/service-tiers.ts'
import type { RateSignals } from '../rate/types.ts'
import type { Usage } from './types.ts'

/** The tokens, cost and time of a billed request. `model` is the name that the endpoint gave in its answer, where one came. */
export interface PaidUsage {
  readonly usage: Usage
  readonly costUsd: number
  readonly model: string
  readonly latencyMs: number
  /** Whether any of the tokens is an estimate. */
  readonly isEstimated: boolean
  /** The service tier by which the request is billed; absent where nobody has spoken of tiers. */
  readonly serviceTier?: ServiceTier | undefined
}

/** The codes of failures of requests that the model may have worked for. */
export type PaidCode = Extract<
  ErrorCode,
  'model-cut-off' | 'model-refused' | 'model-bad-answer' | 'model-timeout' | 'model-unavailable' | 'interrupted'
>

/** The error for a request that failed although it was billed, or may be. The totals of the run must still count `paid`. */
export class PaidRequestError extends ServiceError {
  readonly paid: PaidUsage

  constructor(code: PaidCode, message: string, paid: PaidUsage, options: { cause?: unknown } = {}) {
    super(code, message, options)
    this.name = 'PaidRequestError'
    this.paid = paid
  }
}

/** The error for an answer that was billed but cannot be used: cut off, refused, malformed or empty. */
export class PaidAnswerError extends PaidRequestError {
  /** Whether the same question may pass when it is asked again, because the client has raised the bound on its answer. */
  readonly mayRepeat: boolean

  constructor(
    code: Extract<ErrorCode, 'model-cut-off' | 'model-refused' | 'model-bad-answer' | 'model-unavailable'>,
    message: string,
    paid: PaidUsage,
    mayRepeat = false,
  ) {
    super(code, message, paid)
    this.name = 'PaidAnswerError'
    this.mayRepeat = mayRepeat
  }
}

/**
 * Whether a model has answered, although its answer cannot be used: it was cut off, withheld or malformed. What came without any
 * words of a model says nothing of how the endpoint takes our requests.
 */
export function isOfModel(error: unknown): boolean {
  return error instanceof PaidAnswerError && error.code !== 'model-unavailable'
}

/** Whether the same question may pass when it is asked again at once; see `PaidAnswerError`. */
export function mayRepeat(error: unknown): boolean {
  return error instanceof PaidAnswerError && error.mayRepeat
}

/** The bill of the request that `error` reports; null for a request that was not billed, as where it was refused. */
export function paidUsageOf(error: unknown): PaidUsage | null {
  return error instanceof PaidRequestError ? error.paid : null
}

/** The error for HTTP 429. `rate` holds the limits that the response's headers named. */
export class RateLimitedError extends ServiceError {
  readonly rate: RateSignals

  constructor(message: string, options: { cause?: unknown; retryAfterMs?: number }, rate: RateSignals) {
    super('model-rate-limited', message, options)
    this.name = 'RateLimitedError'
    this.rate = rate
  }
}

/** The limits that the headers of a 429 named; null for an error that is no 429. */
export function rateOf(error: unknown): RateSignals | null {
  return error instanceof RateLimitedError ? error.rate : null
}
