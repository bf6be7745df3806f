/** The last step of a batch: builds every result and saves the batch in one go. */
import { CODEBOOK_VERSION } from '../classification/codebook.ts'
import { buildClassification, type SourcedDecision } from '../classification/merge.ts'
import { PROMPT_VERSION } from '../classification/prompt.ts'
import type { Classification, Source } from '../classification/types.ts'
import type { Metrics } from '../metrics.ts'
import type { BatchTotals, ModelRequestRecord, ResultToSave, Store, StoredAnswer } from '../store/types.ts'
import type { BatchRequest, BatchResponse, BatchSummary, Warning } from './contract.ts'
import { type BatchOptions, type Plan, type Prepared, prepare, type Way } from './plan.ts'

export interface SaveDeps {
  readonly store: Store
  readonly models: { readonly primary: string }
  readonly metrics: Metrics
}

export interface SaveInput {
  readonly request: BatchRequest
  readonly runId: string
  readonly batchId: string
  readonly options: BatchOptions
  readonly plan: Plan
  readonly decisions: ReadonlyMap<number, SourcedDecision>
  readonly unanswered: ReadonlyMap<number, { readonly code: string; readonly message: string }>
  readonly requests: readonly ModelRequestRecord[]
}

/** Idempotent: what a second attempt saves again is the same rows. */
export async function saveResults(deps: SaveDeps, input: SaveInput): Promise<BatchResponse> {
  const { request, runId, plan } = input
  const { prepared } = prepare(request, deps.models.primary)
  const classifiedAt = new Date().toISOString()
  const built = plan.ways.map((way, position) => buildOne(input, deps, way, prepared[position], position, classifiedAt))
  const saved = built.flatMap((one) => (one.toSave === null ? [] : [one.toSave]))
  const totals = totalsOf(request.indicators.length, saved, input.requests)

  await deps.store.saveBatch({
    runId,
    batchId: input.batchId,
    runStartedAt: plan.runStartedAt,
    results: saved,
    answers: answersOf(input, prepared),
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
    summary: summaryOf(totals, plan.warnings),
  }
}

interface Built {
  readonly classification: Classification
  /** Null where nothing changed. */
  readonly toSave: ResultToSave | null
}

function buildOne(
  input: SaveInput,
  deps: SaveDeps,
  way: Way,
  one: Prepared | undefined,
  position: number,
  classifiedAt: string,
): Built {
  if (one === undefined) throw new RangeError(`the plan has more entries than the request: ${position}`)
  if (way.kind === 'unchanged') return { classification: way.classification, toSave: null }
  const { decision, missing } = decisionFor(input, way, position)
  const classification = buildClassification({
    indicator: one.indicator,
    reading: way.kind === 'ask' ? way.reading : one.reading,
    mode: input.options.mode,
    decision,
    ...(missing === undefined ? {} : { noAnswerReason: `${missing.code}: ${missing.message}` }),
    runId: input.runId,
    classifiedAt,
  })
  const toSave: ResultToSave = {
    indicator: one.indicator,
    classification,
    inputHash: one.inputHash,
    mode: input.options.mode,
    askedModel: way.kind === 'rules' ? null : deps.models.primary,
    unanswered: missing !== undefined,
  }
  return { classification, toSave }
}

function decisionFor(
  input: SaveInput,
  way: Exclude<Way, { kind: 'unchanged' }>,
  position: number,
): { decision: SourcedDecision | null; missing?: { readonly code: string; readonly message: string } } {
  if (way.kind === 'rules') return { decision: null }
  if (way.kind === 'reuse') {
    const { decision, source, model } = way.answer
    return { decision: { decision, model, source: source === 'person' ? 'person' : 'reuse' } }
  }
  const asked = way.kind === 'follow' ? way.leader : position
  const decision = input.decisions.get(asked)
  if (decision !== undefined) return { decision: way.kind === 'follow' ? { ...decision, source: 'reuse' } : decision }
  const missing = input.unanswered.get(asked) ?? { code: 'no-answer', message: 'no model answered' }
  return { decision: null, missing }
}

/** What was asked answers all of its shape from now on. */
function answersOf(input: SaveInput, prepared: readonly Prepared[]): StoredAnswer[] {
  const byShape = new Map<string, StoredAnswer>()
  for (const [position, { decision, source, model }] of input.decisions) {
    const one = prepared[position]
    if (one === undefined || source === 'reuse') continue
    byShape.set(one.shapeHash, {
      shapeHash: one.shapeHash,
      shape: one.shape,
      decision,
      source,
      model,
      codebookVersion: CODEBOOK_VERSION,
      promptVersion: PROMPT_VERSION,
    })
  }
  return [...byShape.values()]
}

function totalsOf(
  indicators: number,
  saved: readonly ResultToSave[],
  requests: readonly ModelRequestRecord[],
): BatchTotals {
  const bySource: Record<Source, number> = { rules: 0, reuse: 0, model: 0, escalation: 0, person: 0 }
  for (const { classification } of saved) bySource[classification.source] += 1
  const sum = (read: (request: ModelRequestRecord) => number) =>
    requests.reduce((total, request) => total + read(request), 0)
  return {
    indicators,
    classified: saved.length,
    unchanged: indicators - saved.length,
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
