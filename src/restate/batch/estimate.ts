/** classify-api/estimate: how a batch would get its results now. Reads only: nothing is asked, claimed or written. */
import { type Candidate, factsOf, type Habits, prefixTokens } from '../../classification/estimate.ts'
import type { ModelUse, Store } from '../../store/types.ts'
import type { BatchRequest, EstimateResponse, TokenPrice } from '../contract.ts'
import { type Models, readOptions, readWays } from './plan.ts'

export interface EstimateDeps {
  readonly store: Store
  readonly models: Models
  readonly priceOf: (model: string) => TokenPrice | null
}

/** Fewer indicators than this say little of the next ones. */
const ENOUGH_INDICATORS = 20

export async function estimateBatch(deps: EstimateDeps, request: BatchRequest): Promise<EstimateResponse> {
  const { store, models, priceOf } = deps
  const options = readOptions(request)
  const [{ prepared, ways }, use] = await Promise.all([
    readWays({ store, models }, request, options),
    store.findModelUse(models.primary),
  ])
  const candidates = prepared.map(({ indicator, reading, shapeHash }, position): Candidate => {
    const way = ways[position]
    const byAnswer = way?.kind === 'reuse' ? (way.answer.source === 'person' ? 'person' : 'reuse') : null
    return { indicator, reading, shapeHash, stored: way?.kind === 'unchanged' ? 'unchanged' : byAnswer }
  })
  const { asks, ...counts } = factsOf(candidates, options)
  return {
    model: models.primary,
    escalation_model: models.escalation,
    price: priceOf(models.primary),
    escalation_price: models.escalation === null ? null : priceOf(models.escalation),
    prefix_tokens: prefixTokens(),
    habits: use === undefined ? null : habitsOf(use),
    ...counts,
    asks: [...asks],
  }
}

function habitsOf(use: ModelUse): Habits | null {
  if (use.indicators < ENOUGH_INDICATORS || use.inputTokens === 0) return null
  return {
    output_per_indicator: use.outputTokens / use.indicators,
    cached_share: Math.min(1, use.cachedInputTokens / use.inputTokens),
  }
}
