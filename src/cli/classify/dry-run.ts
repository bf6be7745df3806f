/** Dry runs of batches: they predict what rules, stored answers and the model would decide, without asking the model.
 *
 * The service makes a dry run with its stored answers. Without a service the dry run is cold, which means that it
 * assumes an empty database.
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

/** The options of a run that influence the result of a dry run. */
export type RunRequest = Pick<RunHeader, 'force' | 'options'>

/** Makes a dry run in this process, which decides as the service would decide with an empty database. */
export function dryRunCold(indicators: readonly Indicator[], { options }: RunRequest, model: string): BatchDryRun {
  const candidates = indicators.map((indicator): Candidate => {
    const reading = readIndicator(indicator)
    const shapeHash = sha256(shapeOf(indicator, reading, { model, promptVersion: PROMPT_VERSION }))
    return { indicator, reading, shapeHash, stored: null }
  })
  return dryRunBatch(candidates, options)
}

/**
 * Asks the service for a dry run, whose answer also holds the model, its prices and the tokens that earlier requests
 * used. Resolves with undefined where an older release of the service makes no estimates. Rejects with ServiceError
 * where the service does not answer.
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
