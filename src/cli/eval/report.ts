/** What `eval` reports beside the score: who answered and what it cost. */
import type { Source } from '../../classification/types.ts'
import type { ScoredRow } from '../../eval/score.ts'
import type { BatchSummary } from '../../restate/contract.ts'

export interface ModelReport {
  /** As the endpoint named them in its answers. */
  readonly names: readonly string[]
  /** True where the offline model had any part: its figures are no model's accuracy. */
  readonly is_offline: boolean
}

export interface CostReport {
  readonly model_requests: number
  readonly requests_per_1000: number
  readonly cost_usd: number
  readonly cost_usd_per_1000: number
  readonly tokens: { readonly input: number; readonly cached: number; readonly output: number }
  readonly by_source: Readonly<Record<Source, number>>
  readonly needs_review: number
}

export interface ServiceRun {
  readonly pack: number
  readonly model: ModelReport
  readonly cost: CostReport
  readonly scored: readonly ScoredRow[]
}

/** The rules ask nobody. */
export function noCost(): Pick<CostReport, 'model_requests' | 'requests_per_1000' | 'cost_usd' | 'cost_usd_per_1000'> {
  return { model_requests: 0, requests_per_1000: 0, cost_usd: 0, cost_usd_per_1000: 0 }
}

export function costOf(summaries: readonly BatchSummary[], indicators: number): CostReport {
  const sum = (value: (summary: BatchSummary) => number) => summaries.reduce((all, one) => all + value(one), 0)
  const requests = sum((one) => one.model_requests)
  const usd = sum((one) => one.cost_usd)
  const bySource = (source: Source) => sum((one) => one.by_source[source])
  return {
    model_requests: requests,
    requests_per_1000: Number(((requests / indicators) * 1_000).toFixed(1)),
    cost_usd: Number(usd.toFixed(6)),
    cost_usd_per_1000: Number(((usd / indicators) * 1_000).toFixed(6)),
    tokens: {
      input: sum((one) => one.tokens.input),
      cached: sum((one) => one.tokens.cached),
      output: sum((one) => one.tokens.output),
    },
    by_source: {
      rules: bySource('rules'),
      reuse: bySource('reuse'),
      model: bySource('model'),
      escalation: bySource('escalation'),
      person: bySource('person'),
    },
    needs_review: sum((one) => one.needs_review),
  }
}
