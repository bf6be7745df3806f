/** Dry runs of batches: they predict what rules, stored answers and the model would decide, without asking the model.
 *
 * The service makes a dry run with its stored answers. Without a service the dry run is cold, which means that it
 * assumes an empty database.
 */
import { indicatorsOf } from '../../catalogue/open-catalogue.ts'
import type { Catalogue } from '../../catalogue/types.ts'
import { type BatchDryRun, type Candidate, dryRunBatch } from '../../classification/estimate.ts'
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import { promptItemOf, questionOf, questionShapeOf } from '../../classification/question.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Indicator } from '../../classification/types.ts'
import { NO_TRUST, type Trust, withTrust } from '../../evidence/gate/trust.ts'
import { sha256 } from '../../lib/sha256.ts'
import { type EstimateResponse, estimateResponseSchema } from '../../restate/contract.ts'
import { bodyOf, type RunRequest } from '../client/run-batch.ts'
import type { ServiceClient } from '../client/service.ts'

/** The codebook and the name of the model of a dry run in this process. */
export interface ColdBasis {
  readonly scheme: PreparedScheme
  readonly model: string
  /** What rules may decide alone where the run goes by the evidence of the catalogue; nothing by default. */
  readonly trust?: Trust
}

/**
 * Makes a dry run in this process, which decides as the service would decide with an empty database. Unless the run trusts the
 * shipped evidence, rules then decide nothing alone, so that an audit asks about no more than this dry run says.
 */
export function dryRunCold(
  indicators: readonly Indicator[],
  { options }: RunRequest,
  { scheme, model, trust: earned = NO_TRUST }: ColdBasis,
): BatchDryRun {
  const { mode, trust } = options
  const candidates = indicators.map((record): Candidate => {
    const found = scheme.code?.read(record) ?? {}
    const reading = trust === 'shipped' ? found : withTrust(found, earned)
    const question = questionOf(scheme, record, reading, { mode })
    const shape = questionShapeOf(scheme, record, reading, { mode, model, promptVersion: PROMPT_VERSION })
    const item = question === null ? null : promptItemOf('k0', question, mode)
    return { item, shapeHash: sha256(shape), stored: null }
  })
  return dryRunBatch(scheme.codebook, candidates, options)
}

/**
 * Asks the service for a dry run, whose answer also holds the model, its prices and the tokens that earlier requests
 * used. `isAudit` tells whether the model is asked blind about all indicators. Resolves with undefined where an older release
 * of the service makes no estimates. Rejects with ServiceError where the service does not answer.
 */
export async function dryRunByService(
  service: ServiceClient,
  indicators: readonly Indicator[],
  request: RunRequest,
  signal: AbortSignal,
  isAudit = false,
): Promise<EstimateResponse | undefined> {
  const body = bodyOf(request, indicators, isAudit)
  return await service.ask({ handler: 'estimate', body, schema: estimateResponseSchema, signal })
}

/**
 * Makes a dry run of the first indicator, in whose answer the service names its model and prices; resolves with
 * undefined for an empty catalogue.
 */
export async function dryRunFirst(
  service: ServiceClient,
  catalogue: Catalogue,
  request: RunRequest,
  signal: AbortSignal,
) {
  for await (const indicator of indicatorsOf(catalogue)) {
    return await dryRunByService(service, [indicator], request, signal)
  }
  return undefined
}
