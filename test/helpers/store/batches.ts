/** Builds batches for the tests of the store. No two fields of a kind have the same value, so that a swapped column shows. */
import type { Classification, Decision, Indicator, Labels } from '../../../src/classification/types.ts'
import type {
  AnswerToStore,
  BatchToSave,
  BatchTotals,
  ModelRequestRecord,
  ResultScope,
  ResultToSave,
} from '../../../src/store/types.ts'

/** The catalogue and the codebook of what these helpers build. */
export const SCOPE: ResultScope = { catalogue: 'default', codebook: 'economic-indicators' }

/** A label of each kind: texts, a number, several texts in a multi-label field, and none. */
export const LABELS: Labels = {
  type: 'price',
  family: 'price-value',
  temporal_aggregation: 'period-average',
  orientation: 'neutral',
  unit_kind: 'currency',
  unit_scale: 1e6,
  unit_per: null,
  topics: ['energy', 'food & drink'],
}

/** The labels of a classification of this type. */
export const typed = (type: string) => ({ labels: { ...LABELS, type } })

export function classification(id: string, more: Partial<Classification> = {}): Classification {
  return {
    indicator_id: id,
    name: `Name of ${id}`,
    catalogue: SCOPE.catalogue,
    codebook: 'economic-indicators@2',
    codebook_hash: 'hash of the codebook',
    labels: LABELS,
    field_confidence: { type: 0.87, unit_kind: 1 },
    field_source: { type: 'model', unit_kind: 'unit-from-text' },
    confidence: 0.87,
    source: 'model',
    status: 'needs-review',
    issues: [{ code: 'low-confidence', message: 'The model was not sure.' }],
    reason: 'It says price.',
    model: 'offline-rules',
    prompt_version: 'p7',
    run_id: 'run-1',
    classified_at: '2026-01-02T03:04:05.678Z',
    ...more,
  }
}

export function result(
  id: string,
  more: Partial<Classification> = {},
  indicator: Partial<Indicator> = {},
): ResultToSave {
  return {
    indicator: {
      indicator_id: id,
      name: `Name of ${id}`,
      sample_values: [{ date: '2024-01-01', value: 1.5 }],
      ...indicator,
    },
    classification: classification(id, more),
    inputHash: `hash of ${id}`,
    mode: 'hybrid',
    askedModel: 'gpt-6-luna',
    unanswered: false,
  }
}

export function answer(shapeHash: string, more: Partial<AnswerToStore> = {}, reason = 'It says price.'): AnswerToStore {
  const decision: Decision = {
    labels: { type: 'price', temporal_aggregation: 'period-average', orientation: 'neutral' },
    confidence: { type: 0.9, temporal_aggregation: 0.8, orientation: 0.7 },
    reason,
  }
  return {
    shapeHash,
    shape: `shape of ${shapeHash}`,
    decision,
    source: 'model',
    model: 'offline-rules',
    codebook: 'economic-indicators@2',
    codebookHash: 'hash of the codebook',
    promptVersion: 'p7',
    ...more,
  }
}

export function request(requestId: string, more: Partial<ModelRequestRecord> = {}): ModelRequestRecord {
  return {
    requestId,
    requestedAt: '2026-01-02T03:04:05.000Z',
    model: 'offline-rules',
    tier: 'primary',
    indicators: 10,
    inputTokens: 1_200,
    cachedInputTokens: 1_024,
    outputTokens: 250,
    costUsd: 0.000_123,
    latencyMs: 812.5,
    outcome: 'answered',
    ...more,
  }
}

export function totals(indicators: number, more: Partial<BatchTotals> = {}): BatchTotals {
  return {
    indicators,
    classified: indicators,
    unchanged: 0,
    needsReview: 1,
    unverified: 7,
    bySource: { rules: 1, reuse: 2, model: 3, escalation: 4, person: 5 },
    modelRequests: 6,
    inputTokens: 7_000,
    cachedInputTokens: 800,
    outputTokens: 90,
    costUsd: 0.1,
    estimatedRequests: 0,
    estimatedCostUsd: 0,
    ...more,
  }
}

export function batch(
  runStartedAt: string,
  results: readonly ResultToSave[],
  more: Partial<BatchToSave> = {},
): BatchToSave {
  return {
    runId: 'run-1',
    scope: SCOPE,
    batchId: 'inv_1',
    runStartedAt,
    results,
    answers: [],
    requests: [],
    totals: totals(results.length),
    end: null,
    ...more,
  }
}
