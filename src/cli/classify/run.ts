/** Classifies a whole catalogue through the ingress: the work behind `classify` and `demo`. */
import { randomBytes } from 'node:crypto'
import type { Classification, Indicator, Source } from '../../classification/types.ts'
import { isServiceError, messageOf } from '../../errors.ts'
import type { Warning } from '../../restate/contract.ts'
import { watchAnswers } from '../client/answer-watch.ts'
import { BatchFailedError, createBatchClient } from '../client/batches.ts'
import type { NodeCounts } from '../client/nodes.ts'
import { createWindow } from './batch-window.ts'
import type { Reservation, Spending } from './cost-budget.ts'
import type { RunJournal } from './run-journal.ts'
import { createTotals } from './run-report.ts'

export interface RunOptions {
  readonly urls: readonly string[]
  readonly patienceMs: number
  /** Whether an earlier process began the run. */
  readonly isResumed?: boolean
  readonly say: (line: string) => void
  /** Called at the start, and when a batch begins and ends. */
  readonly onProgress: (counts: RunCounts) => void
  readonly onResults?: (results: readonly Classification[]) => void
  /** Aborted by the first Ctrl+C: nothing more is submitted, what is in flight ends. */
  readonly stopSubmitting: AbortSignal
  /** Aborted by the second: nothing is waited for. */
  readonly abandon: AbortSignal
  /** The bound on the cost of the run; undefined: none. */
  readonly spending?: Spending | undefined
}

export interface RunCounts {
  readonly total: number
  readonly done: number
  readonly failed: number
  /** Part of `done`: done before this process took the run up. */
  readonly resumed: number
  readonly needsReview: number
  /** Indicators of open batches that the model has answered. */
  readonly answered: number
  /** Open batches. */
  readonly inFlight: number
}

/** The report of `classify --json`; the names are fixed. */
export interface RunReport {
  readonly run_id: string
  readonly indicators: number
  readonly classified: number
  readonly unchanged: number
  readonly failed: number
  /** Part of classified and unchanged: done before this process took the run up. */
  readonly resumed: number
  readonly needs_review: number
  readonly by_source: Record<Source, number>
  readonly model_requests: number
  readonly tokens: { input: number; cached: number; output: number }
  readonly cost_usd: number
  readonly elapsed_ms: number
  readonly indicators_per_minute: number
  /** Requests a minute of this process's part of the run. */
  readonly model_requests_per_minute: number
  readonly nodes: Readonly<Record<string, NodeCounts>>
  readonly warnings: readonly Warning[]
  readonly failures: readonly Failure[]
  /** Only where a bound was given. `spent_usd`: of the whole run, with what failed batches may have cost. */
  readonly max_cost?: { readonly usd: number; readonly spent_usd: number; readonly reached: boolean }
}

export interface Failure {
  readonly code: string
  readonly reason: string
  readonly indicator_ids: readonly string[]
}

export function newRunId(): string {
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  return `run-${time}-${randomBytes(4).toString('hex')}`
}

/**
 * Submits what the journal does not know as done. Never rejects for a batch: what failed is in the report, by reason.
 * Rejects where the catalogue cannot be read; what is in flight has ended by then.
 * Where the journal cannot be written nothing more is submitted.
 */
export async function runCatalogue(
  journal: RunJournal,
  total: number,
  batches: AsyncIterable<readonly Indicator[]>,
  options: RunOptions,
): Promise<RunReport> {
  const startedAt = performance.now()
  const { run_id: runId, force, options: asked } = journal.header
  const { spending } = options
  let resumed = 0
  let resumedRequests = 0
  let isMaxCostReached = false
  const client = createBatchClient(options)
  const totals = createTotals()
  const failures = new Map<string, { code: string; reason: string; indicator_ids: string[] }>()
  const inFlight = new Set<Promise<void>>()
  const unsubmitted: string[] = []
  /** Why nothing more is submitted. */
  let stopReason: string | undefined

  let indicatorsInFlight = 0
  const progress = () =>
    options.onProgress({
      total,
      done: totals.classified + totals.unchanged,
      failed: totals.failed,
      resumed,
      needsReview: totals.needs_review,
      answered: watch.openAnswers(indicatorsInFlight),
      inFlight: inFlight.size,
    })
  const { urls, isResumed = false } = options
  const watch = watchAnswers({ urls, runId, isResumed, onChange: progress })
  const fail = (code: string, reason: string, ids: readonly string[]) => {
    const failure = failures.get(reason) ?? { code, reason, indicator_ids: [] }
    for (const id of ids) failure.indicator_ids.push(id)
    failures.set(reason, failure)
    totals.failed += ids.length
  }
  // What cannot be written down is done all the same: a resume finds it under its key. But going on blindly is no way.
  const keep = async (noted: Promise<void>) => {
    await noted.catch((error: unknown) => {
      if (stopReason === undefined) options.say(`DATA_DIR cannot keep what is done: ${messageOf(error)}`)
      stopReason ??= `DATA_DIR cannot keep what is done (${messageOf(error)})`
    })
  }
  const window = createWindow({ batchSize: journal.header.batch_size })
  const submit = async (index: number, indicators: readonly Indicator[], reserved: Reservation | null) => {
    const submittedAt = performance.now()
    try {
      const { mode, reuse, pack, override_person } = asked
      const body = {
        indicators,
        run_id: runId,
        force,
        options: {
          mode,
          reuse,
          ...(pack === undefined ? {} : { pack }),
          ...(override_person === undefined ? {} : { override_person }),
        },
      }
      // Failed work runs again under a new key: under the old one Restate would give the old failure.
      const retry = journal.failures(index)
      const idempotencyKey = retry === 0 ? `${runId}-${index}` : `${runId}-${index}-retry-${retry}`
      const response = await client.submit({ idempotencyKey, body }, options.abandon)
      await keep(journal.noteDone(index, response.summary))
      totals.add(response.summary)
      watch.batchEnded(response.summary.by_source.model + response.summary.by_source.escalation)
      reserved?.settle(response.summary.cost_usd)
      window.ended(submittedAt)
      options.onResults?.(response.results)
    } catch (error) {
      reserved?.settle(null)
      watch.batchEnded(indicators.length)
      const code = error instanceof BatchFailedError || isServiceError(error) ? error.code : 'internal'
      if (options.abandon.aborted) return fail('interrupted', 'interrupted while it was under way', idsOf(indicators))
      // Whoever ends one batch means the run: nothing more is submitted.
      if (code === 'cancelled') stopReason ??= 'the run was cancelled'
      const isHopeless = error instanceof BatchFailedError ? error.stopsTheRun : code === 'ingress-unavailable'
      if (isHopeless) stopReason ??= 'every batch would fail the same way'
      // Without an answer the batch may still be under way: the same key finds it again.
      if (error instanceof BatchFailedError) await keep(journal.noteFailed(index, reserved?.usd))
      fail(code, messageOf(error), idsOf(indicators))
    }
  }

  progress()
  const untilOneEnds = async () => {
    if (inFlight.size === 0) return false
    await Promise.race(inFlight)
    return true
  }
  /** Room for what the batch may cost; null where there is none, or no bound. */
  const admit = async (indicators: readonly Indicator[]): Promise<Reservation | null> => {
    if (spending === undefined) return null
    const reserved = await spending.admit(indicators, untilOneEnds)
    if (reserved === null && stopReason === undefined) {
      isMaxCostReached = true
      const spent = `USD ${spending.spentUsd.toFixed(6)} of --max-cost ${spending.maxUsd} is spent`
      stopReason = `${spent} and the next batch might cost more than what is left`
    }
    return reserved
  }
  let next = 0
  try {
    for await (const indicators of batches) {
      const index = next
      next += 1
      const earlier = journal.done(index)
      if (earlier !== undefined) {
        totals.add(earlier)
        resumed += indicators.length
        resumedRequests += earlier.model_requests
        continue
      }
      while (inFlight.size >= window.size) await untilOneEnds()
      const isStopped = stopReason !== undefined || options.stopSubmitting.aborted
      const reserved = isStopped ? null : await admit(indicators)
      if (stopReason !== undefined || options.stopSubmitting.aborted) {
        // Read to the end even then: the report names every indicator that is left.
        unsubmitted.push(...idsOf(indicators))
        continue
      }
      const task = submit(index, indicators, reserved).finally(() => {
        inFlight.delete(task)
        indicatorsInFlight -= indicators.length
        progress()
      })
      inFlight.add(task)
      indicatorsInFlight += indicators.length
      progress()
    }
  } finally {
    await Promise.all(inFlight)
    watch.stop()
  }
  if (unsubmitted.length > 0) {
    if (stopReason !== undefined) fail('not-submitted', `not submitted, because ${stopReason}`, unsubmitted)
    else fail('interrupted', 'not submitted, because the run was interrupted', unsubmitted)
  }

  const elapsedMs = Math.round(performance.now() - startedAt)
  const done = totals.classified + totals.unchanged
  const perMinute = (count: number) => Math.round((count / Math.max(elapsedMs, 1)) * 60_000)
  return {
    run_id: runId,
    indicators: done + totals.failed,
    classified: totals.classified,
    unchanged: totals.unchanged,
    failed: totals.failed,
    resumed,
    needs_review: totals.needs_review,
    by_source: totals.by_source,
    model_requests: totals.model_requests,
    tokens: totals.tokens,
    cost_usd: Number(totals.cost_usd.toFixed(6)),
    elapsed_ms: elapsedMs,
    indicators_per_minute: perMinute(done - resumed),
    model_requests_per_minute: perMinute(totals.model_requests - resumedRequests),
    nodes: client.nodes,
    warnings: [...totals.warnings.values()],
    failures: [...failures.values()],
    ...(spending === undefined ? {} : { max_cost: spendingReport(spending, isMaxCostReached) }),
  }
}

function spendingReport({ maxUsd, spentUsd }: Spending, reached: boolean) {
  return { usd: maxUsd, spent_usd: Number(spentUsd.toFixed(6)), reached }
}

function idsOf(indicators: readonly Indicator[]): string[] {
  return indicators.map((one) => one.indicator_id)
}
