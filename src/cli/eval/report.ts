/** The report of `eval`: the scores, which model answered, and what its answers cost. */
import type { Source } from '../../classification/types.ts'
import type { FirstReadingScore } from '../../eval/first-readings.ts'
import type { ScoredRow } from '../../eval/prediction.ts'
import type { Recall } from '../../eval/recall.ts'
import type { Score } from '../../eval/score.ts'
import type { BatchSummary } from '../../restate/contract.ts'

/** The report of `eval --json`, whose property names must not change. */
export interface Report extends Score {
  readonly gold: string
  readonly mode: string
  /** The codebook by which the labels were given, such as "economic-indicators@2". */
  readonly codebook: string
  readonly codebook_version: string
  readonly prompt: { readonly version: string; readonly static_tokens_estimated: number }
  /** How often the shortlists of code fields hold the code that a person gave. */
  readonly shortlists: readonly Recall[]
  readonly pack?: number
  readonly first_readings?: FirstReadingScore | null
  readonly model: ModelReport | null
  /** What a replay's file leaves unanswered; absent where no file was replayed, and where nothing is left. */
  readonly unanswered?: LeftUnanswered
  readonly cost: Pick<CostReport, 'requests_per_1000' | 'cost_usd_per_1000'> & Partial<CostReport>
}

/** The fields that a file of recorded answers was asked for and leaves unanswered, and the records that have such a field. */
export interface LeftUnanswered {
  readonly fields: number
  readonly records: number
  readonly file: string
}

export interface ModelReport {
  /** The names of the models, as the model endpoint gave them in its answers. */
  readonly names: readonly string[]
  /** True where the offline model gave any of the answers, so that the scores do not describe a live language model. */
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
  readonly unverified: number
  /** Why requests count as free; absent where every price is known. */
  readonly unknown_price?: string
}

/** The results of sending all labelled records through the service with one pack size. */
export interface ServiceRun {
  /** The number of records in one request to the model. */
  readonly pack: number
  readonly model: ModelReport
  readonly cost: CostReport
  readonly scored: readonly ScoredRow[]
}

/** Returns the cost of an evaluation that uses the rules alone, which is 0 because no request is sent. */
export function noCost(): Pick<CostReport, 'model_requests' | 'requests_per_1000' | 'cost_usd' | 'cost_usd_per_1000'> {
  return { model_requests: 0, requests_per_1000: 0, cost_usd: 0, cost_usd_per_1000: 0 }
}

/** Adds up the cost of classifying `records` records from the summaries of their batches. */
export function costOf(summaries: readonly BatchSummary[], records: number): CostReport {
  const sum = (value: (summary: BatchSummary) => number) =>
    summaries.reduce((total, summary) => total + value(summary), 0)
  const requests = sum((summary) => summary.model_requests)
  const usd = sum((summary) => summary.cost_usd)
  const unpriced = summaries.flatMap(({ warnings }) => warnings).find(({ code }) => code === 'no-price')
  const bySource = (source: Source) => sum((summary) => summary.by_source[source])
  return {
    model_requests: requests,
    requests_per_1000: Number(((requests / records) * 1_000).toFixed(1)),
    cost_usd: Number(usd.toFixed(6)),
    cost_usd_per_1000: Number(((usd / records) * 1_000).toFixed(6)),
    tokens: {
      input: sum((summary) => summary.tokens.input),
      cached: sum((summary) => summary.tokens.cached),
      output: sum((summary) => summary.tokens.output),
    },
    by_source: {
      rules: bySource('rules'),
      reuse: bySource('reuse'),
      model: bySource('model'),
      escalation: bySource('escalation'),
      person: bySource('person'),
    },
    needs_review: sum((summary) => summary.needs_review),
    unverified: sum((summary) => summary.unverified),
    ...(unpriced === undefined ? {} : { unknown_price: unpriced.message }),
  }
}
