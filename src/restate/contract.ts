/** The contract between the Restate services and their callers: service names, bodies, and codes in messages of failures. */
import { type ErrorCode, failureOf, isErrorCode } from '../errors.ts'

export * from '../classification/batch-request.ts'
export { DEFAULT_PACK } from '../classification/chunks.ts'
export type { ResultBody } from '../classification/result-body.ts'
export { CALLER_HEADER, CLASSIFY_API } from './api-handlers.ts'
export * from './contract/batch.ts'
export * from './contract/budget.ts'
export * from './contract/codebook.ts'
export * from './contract/estimate.ts'
export * from './contract/evidence.ts'
export * from './contract/health.ts'
export * from './contract/review.ts'
export * from './contract/runs.ts'
export * from './contract/status.ts'
export * from './contract/why.ts'

export const CLASSIFIER = 'classifier'
/** A header of batches: the start of the process that submits a run, so that a resumed run tries the endpoint anew. */
export const PART_HEADER = 'x-run-part'
/**
 * A header of batches whose caller needs no results, because they are stored all the same: with "none" the answer has the summary
 * alone, which is a hundredth of it. Replicas of earlier releases answer with the results.
 */
export const RESULTS_HEADER = 'x-results'
/** A header of batches: the run of a batch whose body names none, so that a caller can name it once for all its batches. */
export const RUN_HEADER = 'x-run-id'

/**
 * Puts the code of a failure in front of its sentence, as in "model-auth: the endpoint refused the key", because
 * Restate passes only the message on.
 */
export function formatFailure(code: ErrorCode, message: string): string {
  return `${code}: ${message}`
}

export interface ParsedFailure {
  /**
   * The code of the failure; null where the message begins with none, because Restate itself or an operator ended the
   * invocation.
   */
  readonly code: ErrorCode | null
  readonly message: string
}

/**
 * Splits the message of a failed invocation into its code and its sentence, which is the whole text where there is no
 * code.
 */
export function parseFailure(message: string): ParsedFailure {
  const [, code = '', sentence = ''] = /^([a-z-]+): ([\s\S]*)$/.exec(message) ?? []
  return isErrorCode(code) ? { code, message: sentence } : { code: null, message }
}

/** Whether every later batch would fail with the same code, so that a client stops submitting batches. */
export function stopsTheRun(code: ErrorCode | null): boolean {
  if (code === null) return false
  const { scope, retry } = failureOf(code)
  return scope !== 'answer' && retry === 'terminal'
}
