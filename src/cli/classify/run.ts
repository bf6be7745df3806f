/** Runs a whole catalogue through the service, batch by batch: the work behind the commands `classify` and `demo`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../errors.ts'
import { type BatchResponse, DEFAULT_CATALOGUE, type ResultBody } from '../../restate/contract.ts'
import type { PlannedBatch } from '../audits/audit-stages.ts'
import { BatchFailedError, createBatchClient } from '../client/batches.ts'
import { createLeaving } from '../client/leaving.ts'
import { createOutgoing, idsOf, type OutgoingBatch } from '../client/run-batch.ts'
import { codeOf, stopReasonOf } from '../runs/batch-failures.ts'
import type { CostLimit } from '../runs/cost-limit.ts'
import type { ProgressCounts } from '../ui/progress-text.ts'
import { watchRun } from '../waiting/run-watches.ts'
import { createBatchWindow } from './batch-window.ts'
import { boundGarbage } from './heap.ts'
import type { RunBill } from './run-cost.ts'
import type { RunJournal } from './run-journal.ts'
import { createRunTotals, type RunReport } from './run-report.ts'

export interface RunOptions {
  /** The base URLs of the Restate nodes. */
  readonly urls: readonly string[]
  /** The admin URLs of the nodes, by which a stall is explained; without them less is said of it. */
  readonly adminUrls?: readonly string[]
  /** The milliseconds for which a batch is offered to Restate nodes that do not answer. */
  readonly patienceMs: number
  /** Name and version of the codebook, for the report. */
  readonly codebook: string
  /** Whether an earlier process began the run and this process resumes it. */
  readonly isResumed?: boolean
  readonly say: (line: string) => void
  /**
   * The run calls this function at its start, when a batch begins or ends, and when the model has answered more
   * indicators.
   */
  readonly onProgress: (counts: ProgressCounts) => void
  /** Takes the results of a batch before it counts as done; a resumed run brings again what was not taken. Without it none are asked for. */
  readonly onResults?: ((results: readonly ResultBody[], batch: OutgoingBatch) => void | Promise<void>) | undefined
  /** Whether what came of a batch of an earlier process was taken; without it everything was. */
  readonly wasTaken?: (index: number) => boolean
  /** Resolves when a batch may be submitted, also one that a pause ended: at once unless the run is paused, and also when it has to end. */
  readonly untilWanted?: () => Promise<void>
  /** The first Ctrl+C, or the command `stop`, aborts this signal: no further batch is submitted, and the batches in flight are waited for. */
  readonly stopSubmitting: AbortSignal
  /** Whether people have stopped the run, so that the service starts no request of it any more. */
  readonly isWithheld?: () => boolean
  /** Asks the service now what is wanted of the run. */
  readonly look?: () => Promise<void>
  /** The second Ctrl+C aborts this signal: the run no longer waits for the batches in flight. In a pause the first is enough. */
  readonly abandon: AbortSignal
  /** The most that the whole run may cost, which the service keeps; without it nothing limits the cost. */
  readonly limit?: CostLimit | undefined
  /** Reads what the service has booked for the run, at its end; a run that ended early may still have requests on their way. */
  readonly readBill?: ((endedEarly: boolean) => Promise<RunBill | undefined>) | undefined
  /** The requests that were booked before this process began. */
  readonly requestsBefore?: number | undefined
}

type StoppedBatch = NonNullable<BatchResponse['stopped']>

/** Replicas forget within some seconds that a run was stopped or paused; a batch is tried again after this many milliseconds. */
const STOP_FORGOTTEN_MS = 1_000

/**
 * Submits every batch of `planBatches` that the journal does not list as done. The function that it gets resolves when no
 * batch is in flight, with whether further batches are submitted. A failed batch does not reject: the report lists its
 * indicators under the reason. Rejects where `batches` cannot be read to the end, but only after the batches in flight
 * have ended. Where the journal cannot be written, no further batch is submitted.
 */
export async function runCatalogue(
  journal: RunJournal,
  planBatches: (drained: () => Promise<boolean>) => AsyncIterable<PlannedBatch>,
  options: RunOptions,
): Promise<RunReport> {
  const startedAt = performance.now()
  const { run_id: runId, batch_size: batchSize } = journal.header
  const { urls, adminUrls = [], isResumed = false, limit, onResults } = options
  const client = createBatchClient({ ...options, wantsResults: onResults !== undefined, part: journal.part })
  const totals = createRunTotals()
  const window = createBatchWindow({ batchSize })
  const inFlight = new Set<Promise<void>>()
  let indicatorsInFlight = 0
  /** The reason why no further batch is submitted; undefined while batches are still submitted. */
  let stopReason: string | undefined
  let isMaxCostReached = false

  const reportProgress = () => {
    options.onProgress(watch.see({ ...totals.counts(), inFlight: inFlight.size }, indicatorsInFlight))
  }
  const watch = watchRun({ urls, adminUrls, runId, isResumed, onChange: () => reportProgress() })
  const leaving = createLeaving({ ...options, runId, pauses: watch.pauses })

  /**
   * Waits until the journal is written. A failure stops the run but loses no work, because a resumed run finds the
   * batch by its idempotency key.
   */
  const note = async (written: Promise<void>) => {
    await written.catch((error: unknown) => {
      if (stopReason === undefined)
        options.say(`The progress of the run cannot be written to DATA_DIR: ${messageOf(error)}`)
      stopReason ??= `its progress cannot be written to DATA_DIR (${messageOf(error)})`
    })
  }
  /** The indicators of audits that count as failed. The batches of the file that hold them as well are not submitted any more. */
  const failedAudits = new Set<string>()
  const addFailure = (code: string, reason: string, { ids, isAudit }: OutgoingBatch) => {
    totals.addFailure(code, reason, ids)
    if (isAudit) for (const id of ids) failedAudits.add(id)
  }
  const noteStopped = ({ code, message, indicator_ids: ids }: StoppedBatch, { isAudit }: OutgoingBatch) => {
    const isByPeople = code === 'run-stopped'
    if (!isByPeople) {
      isMaxCostReached = true
      stopReason ??= `--max-cost was reached (${message})`
    }
    // The batches of the file name the indicators of audits as not submitted.
    if (!isAudit) totals.addFailure(code, isByPeople ? message : (stopReason ?? message), ids)
  }
  /**
   * Whether a batch that was stopped goes on, as a resumed run would: its answers are stored and are not asked again. The limit was raised
   * meanwhile, the run was paused, or the stop was that of an earlier process. A pause is waited for.
   */
  const goesOn = async ({ code }: StoppedBatch, maxUsd: number | undefined) => {
    if (code !== 'run-stopped') return !isStopped() && (await limit?.isRaisedAbove(maxUsd ?? 0)) === true
    await options.look?.()
    await options.untilWanted?.()
    if (!isStopped()) await sleep(STOP_FORGOTTEN_MS)
    return !isStopped()
  }
  const deliver = async (results: readonly ResultBody[], batch: OutgoingBatch) => {
    try {
      await onResults?.(results, batch)
    } catch (error) {
      stopReason ??= `its results cannot be written (${messageOf(error)})`
      throw error
    }
  }
  /** Submits a batch until it has ended, and delivers its results, which are out of memory before the journal is written. */
  const exchange = async (batch: OutgoingBatch) => {
    let submittedAt = performance.now()
    let failures = journal.failures(batch.index)
    let maxUsd = await limit?.now()
    const build = () => batch.request({ failures, maxUsd })
    const again = async () => {
      failures += 1
      await note(journal.noteFailed(batch.index))
      return build()
    }
    let answer = await client.submit(build(), leaving.signal, again)
    while (answer.stopped !== undefined && (await goesOn(answer.stopped, maxUsd))) {
      maxUsd = await limit?.now()
      submittedAt = performance.now()
      answer = await client.submit(await again(), leaving.signal, again)
    }
    const { summary, results, stopped } = answer
    await deliver(results, batch)
    return { summary, stopped, submittedAt }
  }
  const submit = async (batch: OutgoingBatch) => {
    const { index, ids } = batch
    try {
      const { summary, stopped, submittedAt } = await exchange(batch)
      // A batch that was stopped counts as failed, so that a resumed run submits it again under a new key.
      await note(stopped === undefined ? journal.noteDone(index, summary) : journal.noteFailed(index))
      totals.addBatch(summary, batch)
      if (stopped !== undefined) noteStopped(stopped, batch)
      const { model, escalation } = summary.by_source
      // An audit keeps no guesses of the offline model, which the service counts as answers all the same.
      watch.batchEnded(batch.isAudit ? ids.length - summary.unchanged : model + escalation)
      window.noteEnd(submittedAt)
    } catch (error) {
      watch.batchEnded(ids.length)
      if (leaving.signal.aborted) {
        addFailure('interrupted', 'the run was interrupted while the batch was in flight', batch)
        return
      }
      stopReason ??= stopReasonOf(error)
      // A batch without an answer may still be running, so it keeps its idempotency key, by which a resumed run finds
      // its result. Only a batch that failed is noted, and gets a new key.
      if (error instanceof BatchFailedError) await note(journal.noteFailed(index))
      // An audit that failed leaves its indicators to the batches of the file, unless the run ends with it.
      if (!batch.isAudit || stopReason !== undefined) addFailure(codeOf(error), messageOf(error), batch)
    }
  }
  const begin = (batch: OutgoingBatch) => {
    const { length } = batch.ids
    const task = submit(batch).finally(() => {
      inFlight.delete(task)
      indicatorsInFlight -= length
      reportProgress()
      boundGarbage()
    })
    inFlight.add(task)
    indicatorsInFlight += length
    reportProgress()
  }
  /** Resolves with true when a batch in flight has ended, and with false where no batch is in flight. */
  const waitForOneEnd = async () => {
    if (inFlight.size === 0) return false
    await Promise.race(inFlight)
    return true
  }
  const isStopped = () => stopReason !== undefined || options.stopSubmitting.aborted

  reportProgress()
  await note(journal.notePart())
  const unsubmitted: string[] = []
  const drained = async () => {
    await Promise.all(inFlight)
    return !isStopped()
  }
  try {
    for await (const planned of planBatches(drained)) {
      const { index, indicators, isAudit } = planned
      const earlier = journal.done(index)
      if (earlier !== undefined && (isAudit || options.wasTaken?.(index) !== false)) {
        totals.addEarlierBatch(earlier, { ids: idsOf(indicators), isAudit })
        continue
      }
      while (inFlight.size >= window.size) await waitForOneEnd()
      await options.untilWanted?.()
      // A stopped run reads its catalogue to the end, because the report names every indicator that was not submitted.
      if (!isStopped()) begin(createOutgoing(journal.header, planned))
      else if (!isAudit) unsubmitted.push(...idsOf(indicators).filter((id) => !failedAudits.has(id)))
    }
  } finally {
    await Promise.all(inFlight)
    leaving.end()
    watch.stop()
  }
  if (unsubmitted.length > 0) {
    if (stopReason !== undefined)
      totals.addFailure('not-submitted', `not submitted, because ${stopReason}`, unsubmitted)
    else totals.addFailure('interrupted', 'not submitted, because the run was interrupted', unsubmitted)
  }
  const maxUsd = await limit?.now()
  const bill = await options.readBill?.(stopReason !== undefined)
  const stop = isMaxCostReached ? bill?.stop : undefined
  return totals.buildReport({
    runId,
    catalogue: journal.header.catalogue ?? DEFAULT_CATALOGUE,
    codebook: options.codebook,
    elapsedMs: Math.round(performance.now() - startedAt),
    nodes: client.nodes,
    maxCost: maxUsd === undefined ? undefined : { usd: maxUsd, reached: isMaxCostReached, ...stop },
    bill,
    ...(options.requestsBefore === undefined ? {} : { requestsBefore: options.requestsBefore }),
  })
}
