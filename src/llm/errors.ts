/** Failures of the model side that carry more than a code. */
import { type ErrorCode, ServiceError } from '../errors.ts'
import type { RateSignals } from '../rate/types.ts'
import type { Usage } from './types.ts'

/** What an answer cost, whether or not it was of use. `model` is as the endpoint named it. */
export interface PaidUsage {
  readonly usage: Usage
  readonly costUsd: number
  readonly model: string
  readonly latencyMs: number
}

/**
 * An answer that was billed and is of no use: code model-cut-off, model-refused or model-bad-answer. `paid` is what the
 * run's totals must still count.
 */
export class PaidAnswerError extends ServiceError {
  readonly paid: PaidUsage

  constructor(
    code: Extract<ErrorCode, 'model-cut-off' | 'model-refused' | 'model-bad-answer'>,
    message: string,
    paid: PaidUsage,
  ) {
    super(code, message)
    this.name = 'PaidAnswerError'
    this.paid = paid
  }
}

/** What `error` cost, or null where nothing was billed (as far as we know: a timed-out request may still be). */
export function paidUsageOf(error: unknown): PaidUsage | null {
  return error instanceof PaidAnswerError ? error.paid : null
}

/** A refusal for rate (429), with what the endpoint's headers said. */
export class RateLimitedError extends ServiceError {
  readonly rate: RateSignals

  constructor(message: string, options: { cause?: unknown; retryAfterMs?: number }, rate: RateSignals) {
    super('model-rate-limited', message, options)
    this.name = 'RateLimitedError'
    this.rate = rate
  }
}

/** What the endpoint's headers said in a refusal for rate; null for any other failure. */
export function rateOf(error: unknown): RateSignals | null {
  return error instanceof RateLimitedError ? error.rate : null
}
