/** Estimates what a catalogue would take with an empty database, without a service and without asking anybody. */
import { packRuleOf } from '../../classification/chunks.ts'
import type { Indicator } from '../../classification/types.ts'
import type { Config } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { createAuditQuestions, readAuditOutlook } from '../audits/earnable.ts'
import { dryRunCold } from '../classify/dry-run.ts'
import { coldBasis, isGuessing } from '../classify/estimate.ts'
import { createEstimateSum, type EstimateSum } from '../classify/estimate-sum.ts'
import { findLocalScheme } from '../classify/run-codebook.ts'
import type { RunRequest } from '../client/run-batch.ts'

const REQUEST: RunRequest = { force: false, options: { mode: 'hybrid', reuse: true, trust: 'catalogue' } }

/** Sums up what the batches would take by the default codebook and options. */
export async function estimateCold(
  batches: AsyncIterable<readonly Indicator[]>,
  config: Config,
  signal: AbortSignal,
): Promise<ReturnType<EstimateSum['total']>> {
  const scheme = await findLocalScheme({ given: undefined, earlier: null })
  if (scheme === undefined) throw new ServiceError('internal', 'The default codebook is not built in')
  const basis = coldBasis(config, scheme)
  const sum = createEstimateSum({ reuse: true, pack: packRuleOf(undefined) })
  const { model } = basis
  const run = { request: REQUEST, scheme, isGuessing: isGuessing(undefined, config, model) }
  const audits = createAuditQuestions(run, await readAuditOutlook(undefined, run, signal), { model, signal })
  for await (const batch of batches) {
    signal.throwIfAborted()
    sum.add(dryRunCold(batch, REQUEST, { scheme, model }), basis)
    await audits.add(batch)
  }
  sum.addAudits(audits.beside(sum.indicators, sum.spared), basis)
  return sum.total({ rpm: config.rate.rpm, tpm: null, safety: config.rate.safety })
}
