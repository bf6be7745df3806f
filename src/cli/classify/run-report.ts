/** Adds up the results of the batches of a run, and builds the report of the run from the sums. */
import type { Source } from '../../classification/types.ts'
import type { BatchSummary, EvidenceResponse, TierSums, Warning } from '../../restate/contract.ts'
import type { NodeCounts } from '../client/nodes.ts'
import type { OutgoingBatch } from '../client/run-batch.ts'
import type { StoppedBy } from '../runs/hold.ts'
import type { ProgressCounts } from '../ui/progress-text.ts'
import { createTierSums, inMicros, type RunBill, type RunCostStop } from './run-cost.ts'

/** The report of `classify --json`, whose property names must not change. */
export interface RunReport {
  readonly run_id: string
  readonly catalogue: string
  /** Name and version of the codebook, such as "economic-indicators@2". */
  readonly codebook: string
  readonly indicators: number
  readonly classified: number
  readonly unchanged: number
  /** The number of `classified` indicators about which the model was asked blind, to check the rules. */
  readonly audited: number
  /** What the audits of the catalogue show of the rules, field by field; absent where the run does not audit. */
  readonly evidence?: EvidenceResponse
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
  /**
   * The requests to the model, their tokens and their cost, as the service has booked them for the whole run: with requests that failed,
   * and with those of batches that never ended.
   */
  readonly model_requests: number
  readonly tokens: { input: number; cached: number; output: number }
  readonly cost_usd: number
  /** The requests whose tokens are an estimate, and what of `cost_usd` is for them; absent where there are none. */
  readonly estimated?: { readonly model_requests: number; readonly cost_usd: number }
  /** What of the requests and of `cost_usd` the service tiers flex and priority took; absent where that is nothing. */
  readonly service_tiers?: TierSums
  readonly elapsed_ms: number
  /** The pace of this process in indicators a minute; the work of earlier processes of the run is not counted. */
  readonly indicators_per_minute: number
  /** The pace of this process in model requests a minute; requests of earlier processes of the run are not counted. */
  readonly model_requests_per_minute: number
  readonly nodes: Readonly<Record<string, NodeCounts>>
  readonly warnings: readonly Warning[]
  readonly failures: readonly RunFailure[]
  /** The file that the run has written; absent where it writes none, or not yet. */
  readonly out?: OutReport
  /** The table that the run writes to; absent where it writes to none. */
  readonly to?: ToReport
  /** What ended the run early: the command `stop`, or another process that took the run; absent where nothing did. */
  readonly stopped_by?: StoppedBy
  /** This property is present only where the run has a cost limit. */
  readonly max_cost?: MaxCostReport
}

/** The indicators that failed for one reason. */
export interface RunFailure {
  readonly code: string
  readonly reason: string
  readonly indicator_ids: readonly string[]
}

/** What the file of --out holds. */
export interface OutReport {
  readonly file: string
  readonly format: string
  readonly rows: number
  /** The rows of records that were left out or failed. */
  readonly without_result: number
}

/** The table of --to, and the rows in it that this process of the run changed or added. */
export interface ToReport {
  readonly database: string
  readonly table: string
  readonly rows_written: number
}

export interface MaxCostReport extends Partial<RunCostStop> {
  /** The cost limit of the whole run in US dollars. */
  readonly usd: number
  /** The amount in US dollars that the whole run has spent. Requests in flight count at the most that they can cost. */
  readonly spent_usd: number
  /** Whether the run stopped because the cost limit was reached. */
  readonly reached: boolean
}

type CountedBatch = Pick<OutgoingBatch, 'ids' | 'isAudit'>

export interface RunTotals {
  /** Returns the sums that the progress line shows. */
  counts(): Pick<ProgressCounts, 'done' | 'failed' | 'resumed' | 'needsReview' | 'unverified'>
  /** Adds a batch that this process has finished. Audits come before the batches of the file that hold the same indicators. */
  addBatch(summary: BatchSummary, batch?: CountedBatch): void
  /** Adds a batch that an earlier process of the run has finished. */
  addEarlierBatch(summary: BatchSummary, batch: CountedBatch): void
  /**
   * Adds indicators that failed, without those that have a result by an audit. Failures with the same reason become one entry
   * of the report.
   */
  addFailure(code: string, reason: string, ids: readonly string[]): void
  buildReport(run: {
    readonly runId: string
    readonly catalogue: string
    /** Name and version of the codebook. */
    readonly codebook: string
    readonly elapsedMs: number
    readonly nodes: Readonly<Record<string, NodeCounts>>
    readonly maxCost: Omit<MaxCostReport, 'spent_usd'> | undefined
    /** What the service has booked; where it could not be asked, the batches of the run are summed up. */
    readonly bill?: RunBill | undefined
    /** The requests that were booked before this process began. */
    readonly requestsBefore?: number
  }): RunReport
}

/** Warnings about the input of a batch. The batches of the file bring every indicator, so that those of audits count nothing. */
const ABOUT_INPUT: ReadonlySet<string> = new Set(['unknown-field', 'dropped-sample-value'])

export function createRunTotals(): RunTotals {
  const sums = {
    /** Indicators that are classified or unchanged. */
    done: 0,
    unchanged: 0,
    audited: 0,
    failed: 0,
    needs_review: 0,
    unverified: 0,
    unchanged_needs_review: 0,
    unchanged_unverified: 0,
    model_requests: 0,
    cost_usd: 0,
    estimated: { model_requests: 0, cost_usd: 0 },
  }
  const bySource: Record<Source, number> = { rules: 0, reuse: 0, model: 0, escalation: 0, person: 0 }
  const tokens = { input: 0, cached: 0, output: 0 }
  const tiers = createTierSums()
  const warnings = new Map<string, Warning>()
  const failures = new Map<string, { code: string; reason: string; indicator_ids: string[] }>()
  const earlier = { indicators: 0, modelRequests: 0 }
  /** The indicators that have a result by an audit. The batches of the file bring them again, and they count once. */
  const doneByAudit = new Set<string>()

  /** Counts the indicators of a batch that were not counted before, and returns their number. */
  function count({ classified, unchanged }: BatchSummary, batch: CountedBatch | undefined): number {
    const { ids = [], isAudit = false } = batch ?? {}
    if (isAudit) sums.audited += classified
    // An audit in which a model only guessed keeps no result, and the batches of the file classify its indicators.
    if (isAudit && classified + unchanged < ids.length) return 0
    const before = ids.filter((id) => doneByAudit.has(id)).length
    const added = Math.max(0, classified + unchanged - before)
    sums.done += added
    sums.unchanged += Math.min(added, Math.max(0, unchanged - before))
    if (isAudit) for (const id of ids) doneByAudit.add(id)
    return added
  }

  function add(summary: BatchSummary, batch?: CountedBatch): number {
    const added = count(summary, batch)
    sums.needs_review += summary.needs_review
    sums.unverified += summary.unverified
    sums.unchanged_needs_review += summary.unchanged_needs_review ?? 0
    sums.unchanged_unverified += summary.unchanged_unverified ?? 0
    sums.model_requests += summary.model_requests
    sums.cost_usd += summary.cost_usd
    tiers.add(summary.service_tiers)
    sums.estimated.model_requests += summary.estimated?.model_requests ?? 0
    sums.estimated.cost_usd += summary.estimated?.cost_usd ?? 0
    for (const source of Object.keys(bySource) as Source[]) bySource[source] += summary.by_source[source]
    for (const kind of ['input', 'cached', 'output'] as const) tokens[kind] += summary.tokens[kind]
    for (const warning of summary.warnings) {
      if (batch?.isAudit === true && ABOUT_INPUT.has(warning.code)) continue
      const known = warnings.get(warning.code)
      warnings.set(warning.code, { ...warning, count: warning.count + (known?.count ?? 0) })
    }
    return added
  }

  return {
    counts: () => ({
      done: sums.done,
      failed: sums.failed,
      resumed: earlier.indicators,
      needsReview: sums.needs_review,
      unverified: sums.unverified,
    }),
    addBatch(summary, batch) {
      add(summary, batch)
    },
    addEarlierBatch(summary, batch) {
      earlier.indicators += add(summary, batch)
      earlier.modelRequests += summary.model_requests
    },
    addFailure(code, reason, ids) {
      const without = ids.filter((id) => !doneByAudit.has(id))
      if (without.length === 0) return
      const failure = failures.get(reason) ?? { code, reason, indicator_ids: [] }
      for (const id of without) failure.indicator_ids.push(id)
      failures.set(reason, failure)
      sums.failed += without.length
    },
    buildReport({ runId, catalogue, codebook, elapsedMs, nodes, maxCost, ...booked }) {
      const { done } = sums
      const { model_requests, cost_usd } = booked.bill ?? sums
      const { estimated } = booked.bill ?? { estimated: sums.estimated.model_requests > 0 ? sums.estimated : undefined }
      const serviceTiers = inMicros(booked.bill === undefined ? tiers.sums() : booked.bill.service_tiers)
      const inUsd = (usd: number) => Number(usd.toFixed(6))
      const perMinute = (count: number) => Math.round((count / Math.max(elapsedMs, 1)) * 60_000)
      return {
        run_id: runId,
        catalogue,
        codebook,
        indicators: done + sums.failed,
        classified: done - sums.unchanged,
        unchanged: sums.unchanged,
        audited: sums.audited,
        failed: sums.failed,
        resumed: earlier.indicators,
        needs_review: sums.needs_review,
        unverified: sums.unverified,
        unchanged_needs_review: sums.unchanged_needs_review,
        unchanged_unverified: sums.unchanged_unverified,
        by_source: bySource,
        model_requests,
        tokens: booked.bill?.tokens ?? tokens,
        cost_usd: inUsd(cost_usd),
        ...(estimated === undefined ? {} : { estimated: { ...estimated, cost_usd: inUsd(estimated.cost_usd) } }),
        ...(serviceTiers === undefined ? {} : { service_tiers: serviceTiers }),
        elapsed_ms: elapsedMs,
        indicators_per_minute: perMinute(done - earlier.indicators),
        model_requests_per_minute: perMinute(
          Math.max(0, model_requests - (booked.requestsBefore ?? earlier.modelRequests)),
        ),
        nodes,
        warnings: [...warnings.values()],
        failures: [...failures.values()],
        ...(maxCost === undefined ? {} : { max_cost: { ...maxCost, spent_usd: inUsd(cost_usd) } }),
      }
    },
  }
}
