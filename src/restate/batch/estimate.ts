/** The handler classify-api/estimate: how each indicator of a batch would get its result now, without asking a model, claiming or writing anything. */
import { type Candidate, dryRunBatch, prefixTokens, type UsageHistory } from '../../classification/estimate.ts'
import { promptItemOf } from '../../classification/question.ts'
import type { ServiceTier } from '../../lib/service-tiers.ts'
import type { ModelUse } from '../../store/types.ts'
import type { BatchRequest, EstimateResponse, PriceOf } from '../contract.ts'
import { readOptions } from './prepare.ts'
import { questionAt } from './questions.ts'
import { type ResolveDeps, resolveIndicators } from './resolve.ts'
import { labelsOfAnswers } from './types.ts'

export interface EstimateDeps extends ResolveDeps {
  readonly priceOf: PriceOf
  /** The service tier of a request that names none; undefined where none is configured. */
  readonly serviceTier?: ServiceTier | undefined
}

/** The average use of a model over fewer indicators than this does not predict the use of the next ones. */
const ENOUGH_INDICATORS = 20

export async function estimateBatch(deps: EstimateDeps, request: BatchRequest): Promise<EstimateResponse> {
  const { store, schemes, models, evidence, priceOf } = deps
  const options = readOptions(request)
  const tier = options.serviceTier ?? deps.serviceTier
  const [{ scheme, prepared, resolutions, changedDecisions }, use] = await Promise.all([
    resolveIndicators({ store, schemes, models, evidence }, request, options, request.run_id ?? 'estimate'),
    store.findModelUse(models.primary),
  ])
  const candidates = prepared.map(({ shapeHash }, position): Candidate => {
    const resolution = resolutions[position]
    if (resolution?.kind === 'unchanged') return { item: null, shapeHash, stored: 'unchanged' }
    if (resolution?.kind === 'reuse') {
      const isHuman = resolution.answers.some(({ source }) => source === 'person')
      return { item: null, shapeHash, stored: isHuman ? 'person' : 'reuse' }
    }
    const asked = resolution?.kind === 'follow' ? resolution.leader : position
    const question = questionAt(resolutions, asked)
    if (question === undefined) return { item: null, shapeHash, stored: null }
    // Only the escalation model is asked, which an estimate does not count.
    if (question.inDoubt === true) return { item: null, shapeHash, stored: 'reuse' }
    return {
      item: promptItemOf('k1', question, options.mode, labelsOfAnswers(question.answers)),
      shapeHash,
      stored: null,
    }
  })
  const { asks, ...counts } = dryRunBatch(scheme.codebook, candidates, options)
  return {
    model: models.primary,
    escalation_model: models.escalation,
    price: priceOf(models.primary, tier),
    escalation_price: models.escalation === null ? null : priceOf(models.escalation, tier),
    ...(tier === undefined ? {} : { service_tier: tier }),
    prefix_tokens: prefixTokens(scheme.codebook),
    habits: use === undefined ? null : usageHistoryOf(use),
    ...counts,
    changed_decisions: changedDecisions.length,
    limits_cost: true,
    asks: [...asks],
  }
}

/**
 * Output tokens and cached input of the model's recent requests; null where there were too few requests to predict the
 * next.
 */
function usageHistoryOf(use: ModelUse): UsageHistory | null {
  if (use.indicators < ENOUGH_INDICATORS || use.inputTokens === 0) return null
  return {
    output_per_indicator: use.outputTokens / use.indicators,
    cached_share: Math.min(1, use.cachedInputTokens / use.inputTokens),
    repeats: use.repeats,
  }
}
