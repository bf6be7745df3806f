/** How the batches of a run would get their results: by the service, which knows what is stored, or as if nothing were. */
import { createHash } from 'node:crypto'
import { type BatchDryRun, type Candidate, dryRunBatch } from '../../classification/estimate.ts'
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import { readIndicator } from '../../classification/rules.ts'
import { shapeOf } from '../../classification/shape.ts'
import type { Indicator } from '../../classification/types.ts'
import { type EstimateResponse, estimateResponseSchema } from '../../restate/contract.ts'
import type { ServiceClient } from '../client/service.ts'
import type { RunHeader } from './run-journal.ts'

export type Asked = Pick<RunHeader, 'force' | 'options'>

/** As in the plan step of a batch, with an empty database. */
export function coldFacts(indicators: readonly Indicator[], { options }: Asked, model: string): BatchDryRun {
  const candidates = indicators.map((indicator): Candidate => {
    const reading = readIndicator(indicator)
    const shape = shapeOf(indicator, reading, { model, promptVersion: PROMPT_VERSION })
    const shapeHash = createHash('sha256').update(shape).digest('hex')
    return { indicator, reading, shapeHash, stored: null }
  })
  return dryRunBatch(candidates, options)
}

/** Undefined where the service is of a release that makes no estimates. Rejects where it does not answer. */
export async function storedFacts(
  service: ServiceClient,
  indicators: readonly Indicator[],
  { force, options }: Asked,
  signal: AbortSignal,
): Promise<EstimateResponse | undefined> {
  const { mode, reuse, pack } = options
  const body = { indicators, force, options: { mode, reuse, ...(pack === undefined ? {} : { pack }) } }
  return await service.ask({ handler: 'estimate', body, schema: estimateResponseSchema, signal })
}
