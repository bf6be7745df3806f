/** classify-api/estimate: how a batch would get its results now. Reads only: nothing is asked, claimed or written. */
import { type Candidate, factsOf, type Habits, prefixTokens } from '../classification/estimate.ts'
import type { ModelUse, Store } from '../store/types.ts'
import type { BatchRequest, EstimateResponse, TokenPrice } from './contract.ts'
import { isWorthAsking, type Models, stillHolds } from './plan.ts'
import { prepare } from './prepare.ts'

export interface EstimateDeps {
  readonly store: Store
  readonly models: Models
  readonly priceOf: (model: string) => TokenPrice | null
}

/** Fewer indicators than this say little of the next ones. */
const ENOUGH_INDICATORS = 20

export async function estimateBatch(deps: EstimateDeps, request: BatchRequest): Promise<EstimateResponse> {
  const { store, models, priceOf } = deps
  const { mode = 'hybrid', reuse = true } = request.options ?? {}
  const { prepared } = prepare(request, models.primary)
  const [latest, answers, use] = await Promise.all([
    request.force === true ? null : store.findLatest(prepared.map((one) => one.indicator.indicator_id)),
    reuse && mode !== 'rules' ? store.findAnswers([...new Set(prepared.map((one) => one.shapeHash))]) : null,
    store.findModelUse(models.primary),
  ])
  const candidates = prepared.map((one): Candidate => {
    const known = latest?.get(one.indicator.indicator_id)
    const answer = answers?.get(one.shapeHash)
    const isAnswered = answer !== undefined && !isWorthAsking(answer, one, mode, models.escalation)
    const byAnswer = isAnswered ? (answer.source === 'person' ? 'person' : 'reuse') : null
    const stored = known !== undefined && stillHolds(known, one, mode, models.primary) ? 'unchanged' : byAnswer
    return { indicator: one.indicator, reading: one.reading, shapeHash: one.shapeHash, stored }
  })
  const { asks, ...counts } = factsOf(candidates, { mode, reuse })
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
