/** The last step of a batch: builds every result and saves the batch in one transaction. */
import { toResultBody } from '../../classification/result-body.ts'
import type { Schemes } from '../../classification/scheme.ts'
import { endsWithWhatItHas } from '../../errors.ts'
import type { Metrics } from '../../metrics.ts'
import type { Store } from '../../store/types.ts'
import type { BatchRequest, BatchResponse, PriceOf } from '../contract.ts'
import { auditsOf } from './audits.ts'
import { claimsToEnd, claimsToRelease } from './claims.ts'
import { batchIdOf } from './plan.ts'
import { type Prepared, prepare, prepareOptionsOf } from './prepare.ts'
import { schemeOfPlan } from './resolve.ts'
import { answersToStore, type BuiltResult, buildResult, reusedShapes, unkeptDecisions } from './results.ts'
import {
  countOnce,
  openOfUnchanged,
  sumUp,
  toTotalsBody,
  warnOfChangedDecisions,
  warnOfEstimates,
  warnOfNotionalCosts,
  warnOfOfflineModel,
  warnOfOtherTiers,
  warnOfUnknownPrices,
} from './summary.ts'
import { type Batch, type BatchState, type Plan, unjudgedPositions } from './types.ts'

export interface SaveDeps {
  readonly store: Store
  readonly schemes: Schemes
  readonly metrics: Metrics
  /** The price of a model; null where no price is known. */
  readonly priceOf: PriceOf
}

export interface SaveInput extends Pick<Batch, 'runId' | 'catalogue' | 'options' | 'plan' | 'owner' | 'part'> {
  readonly request: BatchRequest
  readonly state: BatchState
  /**
   * When the batch was classified, ISO 8601. The journal holds the time, so that a second attempt does not make the
   * results look newer.
   */
  readonly classifiedAt: string
  /** Whether the caller takes the results; without them the answer has the summary alone. */
  readonly wantsResults: boolean
}

/** Saves the batch and returns its response. A second attempt saves the same rows, so it changes nothing. */
export async function saveResults(deps: SaveDeps, input: SaveInput): Promise<BatchResponse> {
  const { request, runId, plan, options, state } = input
  const { answers, claimed, shared } = state
  const scheme = await schemeOfPlan(deps.schemes, plan)
  const { prepared } = await prepare(scheme, request, plan.models.primary, prepareOptionsOf(plan, options))
  const built = plan.ways.map((_, position) => buildResult({ ...input, scheme }, prepared[position], position))
  const unsettled = unsettledPositions(plan, state)
  const settled = built.map((one, position) => {
    return unsettled.has(askedPosition(plan, position)) ? { ...one, toSave: null } : one
  })
  const saved = settled.flatMap(({ toSave }) => toSave ?? [])
  const unchanged = plan.ways.flatMap((way) => (way.kind === 'unchanged' ? [way.classification] : []))
  const totals = sumUp(unchanged.length, saved, answers.requests)
  const counted = countOnce(
    input,
    settled.map(({ toSave }) => toSave),
  )

  await deps.store.saveBatch({
    runId,
    scope: { catalogue: input.catalogue, codebook: plan.codebook.name },
    batchId: plan.batchId ?? idOfEarlierBatch(input, prepared),
    runStartedAt: plan.runStartedAt,
    sequence: plan.sequence,
    results: saved,
    // Answers to some of the fields asked are stored as well, because they are paid for.
    answers: answersToStore(plan, unkeptDecisions(answers), new Set([...unjudgedPositions(answers), ...shared])),
    reused: reusedShapes(plan, state),
    invocationId: input.owner,
    requests: answers.requests.filter(({ booked }) => booked !== true),
    totals: sumUp(counted.unchanged.length, counted.anew, answers.requests),
    audits: auditsOf({ ...input, scheme }, prepared, settled),
    ...(options.overridePerson === true ? { overriddenHumanAnswers: overriddenBy(plan, prepared, unsettled) } : {}),
    end: claimed.length > 0 ? claimsToEnd(input, answers, claimed) : null,
  })
  const released = claimsToRelease(input, answers, claimed)
  if (released.length > 0) await deps.store.releaseClaims(input.owner, released)

  for (const { classification } of saved) {
    deps.metrics.results.inc({ source: classification.source, status: classification.status })
  }
  deps.metrics.unchanged.inc(totals.unchanged)
  const warnings = [
    ...plan.warnings,
    ...warnOfChangedDecisions(plan.changedDecisions?.filter((position) => settled[position]?.toSave != null).length),
    ...warnOfOfflineModel(saved, scheme),
    ...warnOfNotionalCosts(answers.requests, deps.priceOf),
    ...warnOfUnknownPrices(answers.requests, deps.priceOf),
    ...warnOfEstimates(answers.requests),
    ...warnOfOtherTiers(answers.requests, options.serviceTier),
  ]
  // A driver submits a batch again that was stopped, and what the run classified in it before is no less of the run.
  const isAgain = input.part !== undefined && options.audit !== 'all'
  const again = isAgain ? counted.ofRun.map((classification) => ({ classification })) : []
  const open = openOfUnchanged(isAgain ? counted.unchanged : [...counted.unchanged, ...counted.ofRun])
  // What an audit left open is classified by a batch of the file, which says what came of it.
  const told = options.audit === 'all' ? saved.filter(({ unanswered }) => !unanswered) : saved
  const { bySource, needsReview, unverified } = sumUp(0, [...told, ...again], [])
  const classified = totals.classified + again.length
  const summary = {
    ...toTotalsBody({ ...totals, classified, bySource, needsReview, unverified }),
    ...{ unchanged: unchanged.length - again.length, ...open, warnings },
  }
  const resultsOf = (of: readonly BuiltResult[]) =>
    input.wantsResults
      ? { results: of.map(({ classification }) => toResultBody(classification, scheme)) }
      : { results: [], results_left_out: of.length }
  if (answers.failure === null || !endsWithWhatItHas(answers.failure.code)) {
    return { run_id: runId, ...resultsOf(built), summary }
  }
  const isOpen = (_: unknown, position: number) => unsettled.has(askedPosition(plan, position))
  const openIds = built.filter(isOpen).map(({ classification }) => classification.indicator_id)
  const stopped = { ...answers.failure, indicator_ids: openIds }
  return { run_id: runId, ...resultsOf(built.filter((_, position) => !isOpen(_, position))), summary, stopped }
}

/**
 * Positions that stay unsaved where the run fails, so that the next run asks about them: positions without an answer,
 * positions whose answer the escalation model was to judge, and positions that still wait for another batch.
 */
function unsettledPositions(plan: Plan, { answers, awaited }: BatchState): ReadonlySet<number> {
  if (answers.failure === null) return new Set()
  const waiting = plan.ways.flatMap(({ kind }, position) => {
    return kind === 'await' && !awaited.has(position) && !answers.decisions.has(position) ? [position] : []
  })
  return new Set([...answers.unanswered.keys(), ...unjudgedPositions(answers), ...waiting])
}

/**
 * The position whose answer decides the indicator at `position`: that of its leader where it follows one of the same
 * shape.
 */
function askedPosition(plan: Plan, position: number): number {
  const resolution = plan.ways[position]
  return resolution?.kind === 'follow' ? resolution.leader : position
}

/** Hashes of the shapes whose human answers this batch replaces by a model's answer. */
function overriddenBy(plan: Plan, prepared: readonly Prepared[], unsettled: ReadonlySet<number>): string[] {
  const hashes = prepared.flatMap((one, position) => {
    const kind = plan.ways[position]?.kind
    if (kind === undefined || kind === 'unchanged' || unsettled.has(askedPosition(plan, position))) return []
    return one.humanHashes
  })
  return [...new Set(hashes)]
}

/** The id of a batch whose plan does not name it. Batches of the releases before catalogues keep the id that they had. */
function idOfEarlierBatch({ plan, catalogue }: SaveInput, prepared: readonly Prepared[]): string {
  const ids = prepared.map((one) => one.indicator.indicator_id)
  return batchIdOf(plan.earlierReadings === undefined ? [catalogue, plan.codebook.name, ids] : ids)
}
