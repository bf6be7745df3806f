/** The last step of a batch: builds every result and saves the batch in one go. */
import { createHash } from 'node:crypto'
import { buildClassification, type SourcedDecision } from '../../classification/merge.ts'
import type { Classification, Source } from '../../classification/types.ts'
import type { Metrics } from '../../metrics.ts'
import type {
  BatchTotals,
  ClaimsToEnd,
  ModelRequestRecord,
  ResultToSave,
  Store,
  StoredAnswer,
} from '../../store/types.ts'
import type { BatchRequest, BatchResponse, BatchSummary, TokenPrice, Warning } from '../contract.ts'
import { markOlderWord } from './human-answer.ts'
import { type BatchOptions, type Plan, questionAt, type Way } from './plan.ts'
import { type Prepared, prepare } from './prepare.ts'

export interface SaveDeps {
  readonly store: Store
  readonly metrics: Metrics
  readonly priceOf: (model: string) => TokenPrice | null
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
  /** What other batches answered, by position of those who waited for it. */
  readonly awaited: ReadonlyMap<number, StoredAnswer>
  /** Positions whose answers are stored already. */
  readonly shared: ReadonlySet<number>
  /** Claims that end with this save. */
  readonly end: ClaimsToEnd | null
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
    answers: answersOf(plan, input.decisions, new Set([...open, ...input.shared])),
    requests: input.requests,
    totals,
    ...(input.options.overridePerson === true ? { overriddenHumanAnswers: overriddenOf(plan, prepared, open) } : {}),
    end: input.end,
  })

  for (const { classification } of saved) {
    deps.metrics.results.inc({ source: classification.source, status: classification.status })
  }
  deps.metrics.unchanged.inc(totals.unchanged)
  return {
    run_id: runId,
    results: built.map((one) => one.classification),
    summary: summaryOf(totals, [...plan.warnings, ...offlineWarnings(saved), ...notionalCosts(deps, input.requests)]),
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
  const built = buildClassification({
    indicator: one.indicator,
    reading: questionAt(input.plan.ways, position)?.reading ?? one.reading,
    mode: input.options.mode,
    decision,
    ...(missing === undefined ? {} : { noAnswerReason: `${missing.code}: ${missing.message}` }),
    runId: input.runId,
    classifiedAt: input.classifiedAt,
  })
  const classification = way.kind === 'reuse' ? markOlderWord(built, way.answer) : built
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
  const asked = way.kind === 'follow' ? way.leader : position
  const askedWay = input.plan.ways[asked]
  const answer = askedWay?.kind === 'reuse' ? askedWay.answer : input.awaited.get(asked)
  if (answer !== undefined) {
    const { decision, source, model } = answer
    return { decision: { decision, model, source: source === 'person' ? 'person' : 'reuse' }, askedModel: primary }
  }
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
export function answersOf(
  plan: Plan,
  decisions: ReadonlyMap<number, AskedDecision>,
  open: ReadonlySet<number>,
): StoredAnswer[] {
  const { models, codebookVersion, promptVersion, ways } = plan
  const byShape = new Map<string, StoredAnswer>()
  for (const [position, { decision, source, model, askedModel }] of decisions) {
    const question = questionAt(ways, position)
    if (question === undefined || source === 'reuse' || open.has(position)) continue
    if (askedModel !== (source === 'escalation' ? models.escalation : models.primary)) continue
    const { shape, shapeHash } = question
    byShape.set(shapeHash, { shapeHash, shape, decision, source, model, codebookVersion, promptVersion })
  }
  return [...byShape.values()]
}

/** The shapes that got an answer of their own though a person may have answered them. */
function overriddenOf(plan: Plan, prepared: readonly Prepared[], open: ReadonlySet<number>): string[] {
  const hashes = prepared.flatMap((one, position) => {
    const way = plan.ways[position]
    if (way === undefined || way.kind === 'unchanged') return []
    return open.has(way.kind === 'follow' ? way.leader : position) ? [] : [one.personHash]
  })
  return [...new Set(hashes)]
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

/** A warning where costs are those of another model, because the one that answered is free. */
function notionalCosts(deps: SaveDeps, requests: readonly ModelRequestRecord[]): Warning[] {
  const free = requests.flatMap(({ model, costUsd }) => {
    const pricedAs = costUsd > 0 ? deps.priceOf(model)?.priced_as : undefined
    return pricedAs === undefined ? [] : [pricedAs]
  })
  if (free[0] === undefined) return []
  const message = `what ${free[0]} would cost; the offline model is free`
  return [{ code: 'notional-cost', message, count: free.length }]
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
