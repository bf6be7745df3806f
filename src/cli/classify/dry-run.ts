/** Dry runs of batches: what rules, stored answers and the model would decide, without asking the model.
 *
 * The service knows what is stored; without a service the dry run is cold, as if the database were empty.
 */
import { type BatchDryRun, type Candidate, dryRunBatch } from '../../classification/estimate.ts'
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import { readIndicator } from '../../classification/rules.ts'
import { shapeOf } from '../../classification/shape.ts'
import type { Indicator } from '../../classification/types.ts'
import { sha256 } from '../../lib/sha256.ts'
import { type EstimateResponse, estimateResponseSchema } from '../../restate/contract.ts'
import type { ServiceClient } from '../client/service.ts'
import type { RunHeader } from './run-journal.ts'

/** The options of a run on which the outcome of its batches depends. */
export type RunRequest = Pick<RunHeader, 'force' | 'options'>

/** Decides as the plan step of a batch does on an empty database. */
export function dryRunCold(indicators: readonly Indicator[], { options }: RunRequest, model: string): BatchDryRun {
  const candidates = indicators.map((indicator): Candidate => {
    const reading = readIndicator(indicator)
    const shapeHash = sha256(shapeOf(indicator, reading, { model, promptVersion: PROMPT_VERSION }))
    return { indicator, reading, shapeHash, stored: null }
  })
  return dryRunBatch(candidates, options)
}

/**
 * Asks the service, which also tells its model, prices and experience with tokens. Resolves with undefined where the
 * service is of an earlier release that makes no estimates. Rejects with ServiceError where it does not answer.
 */
export async function dryRunByService(
  service: ServiceClient,
  indicators: readonly Indicator[],
  { force, options }: RunRequest,
  signal: AbortSignal,
): Promise<EstimateResponse | undefined> {
  const { mode, reuse, pack } = options
  const body = { indicators, force, options: { mode, reuse, ...(pack === undefined ? {} : { pack }) } }
  return await service.ask({ handler: 'estimate', body, schema: estimateResponseSchema, signal })
}
