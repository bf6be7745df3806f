/** Adds up the results of the batches of a run, and builds the report of the run from the sums. */
import type { Source } from '../../classification/types.ts'
import type { BatchSummary, Warning } from '../../restate/contract.ts'
import type { NodeCounts } from '../client/nodes.ts'
import type { ProgressCounts } from '../ui/progress-text.ts'

/** The report of `classify --json`, whose property names must not change. */
export interface RunReport {
  readonly run_id: string
  readonly catalogue: string
  /** Name and version of the codebook, such as "economic-indicators@2". */
  readonly codebook: string
  readonly indicators: number
  readonly classified: number
  readonly unchanged: number
  readonly failed: number
  /** The number of indicators in `classified` and `unchanged` that earlier processes of the same run finished. */
  readonly resumed: number
  readonly needs_review: number
  /** The number of results that rest on a guess of rules or of the offline model, which nothing has checked. */
  readonly unverified: number
  /** The number of `unchanged` indicators whose stored result a person should look at. */
  readonly unchanged_needs_review: number
  /** The number of `unchanged` indicators whose stored result rests on a guess, which nothing has checked. */
  readonly unchanged_unverified: number
  readonly by_source: Record<Source, number>
  readonly model_requests: number
  readonly tokens: { input: number; cached: number; output: number }
  readonly cost_usd: number
  readonly elapsed_ms: number
  /** The pace of this process in indicators a minute; the work of earlier processes of the run is not counted. */
  readonly indicators_per_minute: number
  /** The pace of this process in model requests a minute; requests of earlier processes of the run are not counted. */
  readonly model_requests_per_minute: number
  readonly nodes: Readonly<Record<string, NodeCounts>>
  readonly warnings: readonly Warning[]
  readonly failures: readonly RunFailure[]
  /** This property is present only where the run has a cost limit. */
  readonly max_cost?: MaxCostReport
}

/** The indicators that failed for one reason. */
export interface RunFailure {
  readonly code: string
  readonly reason: string
  readonly indicator_ids: readonly string[]
}

export interface MaxCostReport {
  /** The cost limit of the whole run in US dollars. */
  readonly usd: number
  /**
   * The amount in US dollars that the whole run has spent, including the most that its failed batches may have cost.
   */
  readonly spent_usd: number
  /** Whether the run stopped because the cost limit was reached. */
  readonly reached: boolean
}

export interface RunTotals {
  /** Returns the sums that the progress line shows. */
  counts(): Pick<ProgressCounts, 'done' | 'failed' | 'resumed' | 'needsReview' | 'unverified'>
  /** Adds a batch that this process has finished. */
  addBatch(summary: BatchSummary): void
  /** Adds a batch with `indicators` indicators that an earlier process of the run has finished. */
  addEarlierBatch(summary: BatchSummary, indicators: number): void
  /** Adds indicators that failed and have no result. Failures with the same reason become one entry of the report. */
  addFailure(code: string, reason: string, ids: readonly string[]): void
  buildReport(run: {
    readonly runId: string
    readonly catalogue: string
    /** Name and version of the codebook. */
    readonly codebook: string
    readonly elapsedMs: number
    readonly nodes: Readonly<Record<string, NodeCounts>>
    readonly maxCost: MaxCostReport | undefined
  }): RunReport
}

export function createRunTotals(): RunTotals {
  const sums = {
    classified: 0,
    unchanged: 0,
    failed: 0,
    needs_review: 0,
    unverified: 0,
    unchanged_needs_review: 0,
    unchanged_unverified: 0,
    model_requests: 0,
    cost_usd: 0,
  }
  const bySource: Record<Source, number> = { rules: 0, reuse: 0, model: 0, escalation: 0, person: 0 }
  const tokens = { input: 0, cached: 0, output: 0 }
  const warnings = new Map<string, Warning>()
  const failures = new Map<string, { code: string; reason: string; indicator_ids: string[] }>()
  const earlier = { indicators: 0, modelRequests: 0 }

  function add(summary: BatchSummary): void {
    sums.classified += summary.classified
    sums.unchanged += summary.unchanged
    sums.needs_review += summary.needs_review
    sums.unverified += summary.unverified
    sums.unchanged_needs_review += summary.unchanged_needs_review ?? 0
    sums.unchanged_unverified += summary.unchanged_unverified ?? 0
    sums.model_requests += summary.model_requests
    sums.cost_usd += summary.cost_usd
    for (const source of Object.keys(bySource) as Source[]) bySource[source] += summary.by_source[source]
    for (const kind of ['input', 'cached', 'output'] as const) tokens[kind] += summary.tokens[kind]
    for (const warning of summary.warnings) {
      const known = warnings.get(warning.code)
      warnings.set(warning.code, { ...warning, count: warning.count + (known?.count ?? 0) })
    }
  }

  return {
    counts: () => ({
      done: sums.classified + sums.unchanged,
      failed: sums.failed,
      resumed: earlier.indicators,
      needsReview: sums.needs_review,
      unverified: sums.unverified,
    }),
    addBatch: add,
    addEarlierBatch(summary, indicators) {
      add(summary)
      earlier.indicators += indicators
      earlier.modelRequests += summary.model_requests
    },
    addFailure(code, reason, ids) {
      const failure = failures.get(reason) ?? { code, reason, indicator_ids: [] }
      for (const id of ids) failure.indicator_ids.push(id)
      failures.set(reason, failure)
      sums.failed += ids.length
    },
    buildReport({ runId, catalogue, codebook, elapsedMs, nodes, maxCost }) {
      const done = sums.classified + sums.unchanged
      const perMinute = (count: number) => Math.round((count / Math.max(elapsedMs, 1)) * 60_000)
      return {
        run_id: runId,
        catalogue,
        codebook,
        indicators: done + sums.failed,
        classified: sums.classified,
        unchanged: sums.unchanged,
        failed: sums.failed,
        resumed: earlier.indicators,
        needs_review: sums.needs_review,
        unverified: sums.unverified,
        unchanged_needs_review: sums.unchanged_needs_review,
        unchanged_unverified: sums.unchanged_unverified,
        by_source: bySource,
        model_requests: sums.model_requests,
        tokens,
        cost_usd: Number(sums.cost_usd.toFixed(6)),
        elapsed_ms: elapsedMs,
        indicators_per_minute: perMinute(done - earlier.indicators),
        model_requests_per_minute: perMinute(sums.model_requests - earlier.modelRequests),
        nodes,
        warnings: [...warnings.values()],
        failures: [...failures.values()],
        ...(maxCost === undefined ? {} : { max_cost: maxCost }),
      }
    },
  }
}
