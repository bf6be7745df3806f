/** Sums a batch up: its totals for the database, and its summary and warnings for the caller. */
import type { Classification, Scheme, Source } from '../../classification/types.ts'
import { isOfflineGuess } from '../../lib/model-names.ts'
import type { ServiceTier } from '../../lib/service-tiers.ts'
import type { BatchTotals, ModelRequestRecord, ResultToSave } from '../../store/types.ts'
import type { BatchSummary, PriceOf, Warning } from '../contract.ts'
import type { Batch } from './types.ts'

type Counted = Pick<ResultToSave, 'classification'>

export interface CountedOnce {
  /** What the run classified, in this batch or in an earlier submission of it. */
  readonly anew: readonly Counted[]
  /** The results of earlier runs that still hold. */
  readonly unchanged: readonly Classification[]
  /** The results among `anew` that an earlier submission of the batch made. */
  readonly ofRun: readonly Classification[]
}

/**
 * What a batch counts for its run, in which every indicator counts once. A run that draws its audits sends an audited indicator
 * again with a batch of the file: the audit counts what it classified, and the batch of the file everything else, also what the
 * audit found unchanged or left open. `toSave` is what the batch saves, by position.
 */
export function countOnce(
  { plan, options, runId }: Pick<Batch, 'plan' | 'options' | 'runId'>,
  toSave: readonly (ResultToSave | null)[],
): CountedOnce {
  const audited = new Set(plan.audited)
  const isAudit = options.audit === 'all'
  const anew: Counted[] = []
  const unchanged: Classification[] = []
  const ofRun: Classification[] = []
  for (const [position, way] of plan.ways.entries()) {
    const isOfAudit = audited.has(position)
    if (options.audit === 'none' && isOfAudit) continue
    const saved = toSave[position]
    if (way.kind !== 'unchanged') {
      if (saved && !(isAudit && saved.unanswered)) anew.push(saved)
    } else if (isAudit ? isOfAudit : way.classification.run_id === runId) {
      anew.push(way)
      ofRun.push(way.classification)
    } else if (!isAudit) unchanged.push(way.classification)
  }
  return { anew, unchanged, ofRun }
}

export function sumUp(
  unchanged: number,
  saved: readonly Counted[],
  requests: readonly ModelRequestRecord[],
): BatchTotals {
  const bySource: Record<Source, number> = { rules: 0, reuse: 0, model: 0, escalation: 0, person: 0 }
  for (const { classification } of saved) bySource[classification.source] += 1
  const sum = (read: (request: ModelRequestRecord) => number) =>
    requests.reduce((total, request) => total + read(request), 0)
  const estimated = requests.filter((request) => request.estimated === true)
  const costOf = (some: readonly ModelRequestRecord[]) => some.reduce((total, { costUsd }) => total + costUsd, 0)
  const ofTier = (tier: ServiceTier) => {
    const some = requests.filter(({ serviceTier }) => serviceTier === tier)
    return { requests: some.length, costUsd: costOf(some) }
  }
  return {
    indicators: saved.length + unchanged,
    classified: saved.length,
    unchanged,
    needsReview: saved.filter(({ classification }) => classification.status === 'needs-review').length,
    unverified: saved.filter(({ classification }) => classification.status === 'unverified').length,
    bySource,
    modelRequests: requests.length,
    inputTokens: sum((request) => request.inputTokens),
    cachedInputTokens: sum((request) => request.cachedInputTokens),
    outputTokens: sum((request) => request.outputTokens),
    costUsd: costOf(requests),
    estimatedRequests: estimated.length,
    estimatedCostUsd: costOf(estimated),
    serviceTiers: { flex: ofTier('flex'), priority: ofTier('priority') },
  }
}

/** Gives the totals the property names of the API. */
export function toTotalsBody(totals: BatchTotals): Omit<BatchSummary, 'warnings'> {
  return {
    indicators: totals.indicators,
    classified: totals.classified,
    unchanged: totals.unchanged,
    needs_review: totals.needsReview,
    unverified: totals.unverified,
    by_source: totals.bySource,
    model_requests: totals.modelRequests,
    tokens: { input: totals.inputTokens, cached: totals.cachedInputTokens, output: totals.outputTokens },
    cost_usd: totals.costUsd,
    ...(totals.estimatedRequests === 0
      ? {}
      : { estimated: { model_requests: totals.estimatedRequests, cost_usd: totals.estimatedCostUsd } }),
    ...tiersBody(totals.serviceTiers),
  }
}

/** What other tiers than the standard one took, where it is anything. */
function tiersBody({
  flex,
  priority,
}: NonNullable<BatchTotals['serviceTiers']> = {}): Pick<BatchSummary, 'service_tiers'> {
  const bodyOf = (name: string, tier: typeof flex) =>
    tier === undefined || tier.requests === 0
      ? {}
      : { [name]: { model_requests: tier.requests, cost_usd: tier.costUsd } }
  const tiers = { ...bodyOf('flex', flex), ...bodyOf('priority', priority) }
  return Object.keys(tiers).length === 0 ? {} : { service_tiers: tiers }
}

/** Counts what the stored results of unchanged indicators leave open. */
export function openOfUnchanged(
  unchanged: readonly Pick<Classification, 'status'>[],
): Pick<BatchSummary, 'unchanged_needs_review' | 'unchanged_unverified'> {
  return {
    unchanged_needs_review: unchanged.filter(({ status }) => status === 'needs-review').length,
    unchanged_unverified: unchanged.filter(({ status }) => status === 'unverified').length,
  }
}

/** Warns where results replaced those that people had decided, because the texts of their records have changed since. */
export function warnOfChangedDecisions(count = 0): Warning[] {
  const message = 'decided by people before, and decided anew because they have changed since; their history keeps both'
  return count === 0 ? [] : [{ code: 'changed-decision', message, count }]
}

/** Warns where the offline model answered, so that nobody takes its answers for those of a real model. */
export function warnOfOfflineModel(saved: readonly ResultToSave[], { code }: Pick<Scheme, 'code'>): Warning[] {
  const count = saved.filter(({ classification: { model } }) => isOfflineGuess(model)).length
  const answers = code === null ? 'fillers' : "the rules' guesses, and fillers where no rule reads a field"
  const message = `answered by the offline model: ${answers}, not a model's judgement`
  return count === 0 ? [] : [{ code: 'offline-model', message, count }]
}

/** Warns where the costs are those of another model, because the model that answered is free. */
export function warnOfNotionalCosts(requests: readonly ModelRequestRecord[], priceOf: PriceOf): Warning[] {
  const pricedAs = requests.flatMap(({ model, costUsd, serviceTier }) => {
    const name = costUsd > 0 ? priceOf(model, serviceTier)?.priced_as : undefined
    return name === undefined ? [] : [name]
  })
  if (pricedAs[0] === undefined) return []
  const message = `what ${pricedAs[0]} would cost; the offline model is free`
  return [{ code: 'notional-cost', message, count: pricedAs.length }]
}

/** Warns where tokens are an estimate, so that nobody takes the cost for what the provider bills. */
export function warnOfEstimates(requests: readonly ModelRequestRecord[]): Warning[] {
  const estimated = requests.filter((request) => request.estimated === true)
  const unanswered = estimated.filter(({ outcome }) => outcome !== 'ok').length
  if (estimated.length === 0) return []
  const why =
    unanswered === estimated.length ? 'no answer came, though it may be billed' : 'the endpoint did not name them'
  const message = `request whose tokens are an estimate (${why}), and with them its cost`
  return [{ code: 'estimated-usage', message, count: estimated.length }]
}

/** Warns where requests count as free because nobody has set the price of the model that answered. */
export function warnOfUnknownPrices(requests: readonly ModelRequestRecord[], priceOf: PriceOf): Warning[] {
  const unpriced = requests.filter(({ model, costUsd, inputTokens, serviceTier }) => {
    return inputTokens > 0 && costUsd === 0 && priceOf(model, serviceTier) === null
  })
  const [first] = unpriced
  if (first === undefined) return []
  const message = `the price of ${first.model} is not known (OPENAI_PRICES), so its requests count as free`
  return [{ code: 'no-price', message, count: unpriced.length }]
}

/** Warns where requests were billed in another service tier than the run asked for, so that nobody counts on the price of that one. */
export function warnOfOtherTiers(requests: readonly ModelRequestRecord[], asked: ServiceTier | null): Warning[] {
  if (asked === null || asked === 'standard') return []
  const others = requests.filter(({ costUsd, serviceTier }) => costUsd > 0 && serviceTier !== asked)
  if (others.length === 0) return []
  const message = `request in the service tier ${asked} that was billed in another one`
  return [{ code: 'other-tier', message, count: others.length }]
}
