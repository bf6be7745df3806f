/** The last step of a batch: builds every result and saves the batch in one go. */
import { createHash } from 'node:crypto'
import { buildClassification, type SourcedDecision } from '../classification/merge.ts'
import type { Classification, Source } from '../classification/types.ts'
import type { Metrics } from '../metrics.ts'
import type { BatchTotals, ModelRequestRecord, ResultToSave, Store, StoredAnswer } from '../store/types.ts'
import type { BatchRequest, BatchResponse, BatchSummary, Warning } from './contract.ts'
import { type BatchOptions, type Plan, type Prepared, prepare, type Way } from './plan.ts'

export interface SaveDeps {
  readonly store: Store
  readonly metrics: Metrics
}

/** A decision with the model that was asked for it, as configured where its chunk ran. */
export interface AskedDecision extends SourcedDecision {
  readonly askedModel: string
}

export interface SaveInput {
  readonly request: BatchRequest
  readonly runId: string
  /** ISO 8601, journaled: a second attempt must not look newer than it is. */
  readonly classifiedAt: string
  readonly options: BatchOptions
  readonly plan: Plan
  /** Positions to leave unsaved, because what they need has failed. */
  readonly openPositions: readonly number[]
  readonly decisions: ReadonlyMap<number, AskedDecision>
  readonly unanswered: ReadonlyMap<number, { readonly code: string; readonly message: string }>
  readonly requests: readonly ModelRequestRecord[]
}

/** Idempotent: what a second attempt saves again is the same rows. */
export async function saveResults(deps: SaveDeps, input: SaveInput): Promise<BatchResponse> {
  const { request, runId, plan } = input
  const { prepared } = prepare(request, plan.models.primary)
  const built = plan.ways.map((way, position) => buildOne(input, way, prepared[position], position))
  const open = new Set(input.openPositions)
  const isOpen = (way: Way, position: number) => open.has(way.kind === 'follow' ? way.leader : position)
  const saved = built.flatMap(({ toSave }, position) => {
    const way = plan.ways[position]
    return toSave === null || way === undefined || isOpen(way, position) ? [] : [toSave]
  })
  const unchanged = plan.ways.filter((way) => way.kind === 'unchanged').length
  const totals = totalsOf(unchanged, saved, input.requests)

  await deps.store.saveBatch({
    runId,
    batchId: batchIdOf(prepared),
    runStartedAt: plan.runStartedAt,
    results: saved,
    answers: answersOf(input, open),
    requests: input.requests,
    totals,
  })

  for (const { classification } of saved) {
    deps.metrics.results.inc({ source: classification.source, status: classification.status })
  }
  deps.metrics.unchanged.inc(totals.unchanged)
  return {
    run_id: runId,
    results: built.map((one) => one.classification),
    summary: summaryOf(totals, [...plan.warnings, ...offlineWarnings(saved)]),
  }
}

/** Nobody must take the offline model's answers for a real model's. */
function offlineWarnings(saved: readonly ResultToSave[]): Warning[] {
  const count = saved.filter(({ classification: { model } }) => model?.startsWith('offline-') === true).length
  const message = "answered by the offline model: the rules' guesses, not a model's judgement"
  return count === 0 ? [] : [{ code: 'offline-model', message, count }]
}

interface Built {
  readonly classification: Classification
  /** Null where nothing changed. */
  readonly toSave: ResultToSave | null
}

function buildOne(input: SaveInput, way: Way, one: Prepared | undefined, position: number): Built {
  if (one === undefined) throw new RangeError(`the plan has more entries than the request: ${position}`)
  if (way.kind === 'unchanged') return { classification: way.classification, toSave: null }
  const { decision, askedModel, missing } = decisionFor(input, way, position)
  const classification = buildClassification({
    indicator: one.indicator,
    reading: way.kind === 'ask' ? way.reading : one.reading,
    mode: input.options.mode,
    decision,
    ...(missing === undefined ? {} : { noAnswerReason: `${missing.code}: ${missing.message}` }),
    runId: input.runId,
    classifiedAt: input.classifiedAt,
  })
  const toSave: ResultToSave = {
    indicator: one.indicator,
    classification,
    inputHash: one.inputHash,
    mode: input.options.mode,
    askedModel,
    unanswered: missing !== undefined,
  }
  return { classification, toSave }
}

interface Found {
  readonly decision: SourcedDecision | null
  /** Null where the rules settled it alone. */
  readonly askedModel: string | null
  readonly missing?: { readonly code: string; readonly message: string }
}

function decisionFor(input: SaveInput, way: Exclude<Way, { kind: 'unchanged' }>, position: number): Found {
  if (way.kind === 'rules') return { decision: null, askedModel: null }
  const { primary } = input.plan.models
  if (way.kind === 'reuse') {
    const { decision, source, model } = way.answer
    return { decision: { decision, model, source: source === 'person' ? 'person' : 'reuse' }, askedModel: primary }
  }
  const asked = way.kind === 'follow' ? way.leader : position
  const decision = input.decisions.get(asked)
  if (decision === undefined) {
    const missing = input.unanswered.get(asked) ?? { code: 'no-answer', message: 'no model answered' }
    return { decision: null, askedModel: primary, missing }
  }
  // An escalation's word is as good as the primary model that is configured beside it.
  const askedModel = decision.source === 'escalation' ? primary : decision.askedModel
  return { decision: way.kind === 'follow' ? { ...decision, source: 'reuse' } : decision, askedModel }
}

/** What was asked answers all of its shape from now on, if it was asked of the model that the shape names. */
function answersOf(input: SaveInput, open: ReadonlySet<number>): StoredAnswer[] {
  const { models, codebookVersion, promptVersion, ways } = input.plan
  const byShape = new Map<string, StoredAnswer>()
  for (const [position, { decision, source, model, askedModel }] of input.decisions) {
    const way = ways[position]
    if (way?.kind !== 'ask' || source === 'reuse' || open.has(position)) continue
    if (askedModel !== (source === 'escalation' ? models.escalation : models.primary)) continue
    const { shape, shapeHash } = way
    byShape.set(shapeHash, { shapeHash, shape, decision, source, model, codebookVersion, promptVersion })
  }
  return [...byShape.values()]
}

/** The same batch of a run, submitted again, replaces its totals: the id is what the batch holds. */
function batchIdOf(prepared: readonly Prepared[]): string {
  const ids = prepared.map((one) => one.indicator.indicator_id)
  return createHash('sha256').update(JSON.stringify(ids)).digest('hex').slice(0, 32)
}

function totalsOf(
  unchanged: number,
  saved: readonly ResultToSave[],
  requests: readonly ModelRequestRecord[],
): BatchTotals {
  const bySource: Record<Source, number> = { rules: 0, reuse: 0, model: 0, escalation: 0, person: 0 }
  for (const { classification } of saved) bySource[classification.source] += 1
  const sum = (read: (request: ModelRequestRecord) => number) =>
    requests.reduce((total, request) => total + read(request), 0)
  return {
    indicators: saved.length + unchanged,
    classified: saved.length,
    unchanged,
    needsReview: saved.filter(({ classification }) => classification.status === 'needs-review').length,
    bySource,
    modelRequests: requests.length,
    inputTokens: sum((request) => request.inputTokens),
    cachedInputTokens: sum((request) => request.cachedInputTokens),
    outputTokens: sum((request) => request.outputTokens),
    costUsd: sum((request) => request.costUsd),
  }
}

function summaryOf(totals: BatchTotals, warnings: readonly Warning[]): BatchSummary {
  return { ...toTotalsBody(totals), warnings }
}

/** Totals in the names of the API. */
export function toTotalsBody(totals: BatchTotals): Omit<BatchSummary, 'warnings'> {
  return {
    indicators: totals.indicators,
    classified: totals.classified,
    unchanged: totals.unchanged,
    needs_review: totals.needsReview,
    by_source: totals.bySource,
    model_requests: totals.modelRequests,
    tokens: { input: totals.inputTokens, cached: totals.cachedInputTokens, output: totals.outputTokens },
    cost_usd: totals.costUsd,
  }
}
