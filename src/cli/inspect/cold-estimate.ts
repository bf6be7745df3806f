/** Estimates what a catalogue would take with an empty database, without a service and without asking anybody. */
import { packRuleOf } from '../../classification/chunks.ts'
import type { Indicator } from '../../classification/types.ts'
import type { Config } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { dryRunCold, type RunRequest } from '../classify/dry-run.ts'
import { coldBasis } from '../classify/estimate.ts'
import { createEstimateSum, type EstimateSum } from '../classify/estimate-sum.ts'
import { findLocalScheme } from '../classify/run-codebook.ts'

const REQUEST: RunRequest = { force: false, options: { mode: 'hybrid', reuse: true, trust: 'catalogue' } }

/** Sums up what the batches would take by the default codebook and options. */
export async function estimateCold(
  batches: AsyncIterable<readonly Indicator[]>,
  config: Config,
  signal: AbortSignal,
): Promise<ReturnType<EstimateSum['total']>> {
  const scheme = await findLocalScheme({ given: undefined, earlier: null })
  if (scheme === undefined) throw new ServiceError('internal', 'The default codebook is not built in')
  const basis = await coldBasis(config, scheme)
  const sum = createEstimateSum({ reuse: true, pack: packRuleOf(undefined) })
  for await (const batch of batches) {
    signal.throwIfAborted()
    sum.add(dryRunCold(batch, REQUEST, { scheme, model: basis.model }), basis)
  }
  return sum.total({ rpm: config.rate.rpm, tpm: null, safety: config.rate.safety })
}
