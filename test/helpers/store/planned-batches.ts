/** Batches that a test plans, answers and saves step by step on a real database, without Restate and without a model. */
import assert from 'node:assert/strict'
import { packRuleOf } from '../../../src/classification/chunks.ts'
import { answerKeys } from '../../../src/classification/prompt.ts'
import { DEFAULT_CODEBOOK, type Schemes } from '../../../src/classification/scheme.ts'
import type { Decision, Labels } from '../../../src/classification/types.ts'
import type { Codebook } from '../../../src/codebooks/codebook.ts'
import { createMetrics } from '../../../src/metrics.ts'
import { createEvidence } from '../../../src/restate/batch/audits.ts'
import { gatherReplies, noAnswers } from '../../../src/restate/batch/gather.ts'
import { planBatch } from '../../../src/restate/batch/plan.ts'
import { catalogueOf } from '../../../src/restate/batch/prepare.ts'
import { questionAt } from '../../../src/restate/batch/questions.ts'
import { schemeOfPlan } from '../../../src/restate/batch/resolve.ts'
import { saveResults } from '../../../src/restate/batch/save.ts'
import type { BatchOptions, BatchState, Plan } from '../../../src/restate/batch/types.ts'
import type { ChunkReply } from '../../../src/restate/chunk-contract.ts'
import { type BatchRequest, type BatchResponse, batchRequestSchema } from '../../../src/restate/contract.ts'
import type { Store } from '../../../src/store/types.ts'
import { OPEN_ADMISSION } from '../open-admission.ts'

/** The rules go by the shipped evidence and nothing is audited, unless a test says otherwise. */
const OPTIONS: BatchOptions = {
  mode: 'hybrid',
  reuse: true,
  force: false,
  overridePerson: false,
  pack: packRuleOf(10),
  target: null,
  audit: 'none',
  maxCostUsd: null,
  serviceTier: null,
  tierFallback: false,
}

export interface PlannedBatch {
  readonly request: BatchRequest
  readonly runId: string
  readonly options: BatchOptions
  readonly plan: Plan
}

export interface BatchPlanner {
  /**
   * Plans a batch of a run of its own, with `model` configured and no escalation model. `more` holds further properties of
   * the request, such as the codebook.
   */
  plan(
    indicators: readonly object[],
    options?: Partial<BatchOptions>,
    model?: string,
    more?: Pick<BatchRequest, 'catalogue' | 'codebook'>,
  ): Promise<PlannedBatch>
  /**
   * Saves the batch as if the model had answered every question, by the codebook and the prompt of the plan: that the
   * indicator is an index, or by another codebook the first value of each field. `reply` changes what each chunk replies.
   */
  finish(planned: PlannedBatch, reply?: Partial<ChunkReply>): Promise<BatchResponse>
}

/** A planner for batches by the codebooks in `schemes`. */
export function createBatchPlanner(store: Store, schemes: Schemes): BatchPlanner {
  const metrics = createMetrics()
  let runs = 0

  return {
    async plan(indicators, options = {}, model = 'm1', more = {}) {
      runs += 1
      const request = batchRequestSchema.parse({ indicators, ...more })
      const all = { ...OPTIONS, ...options }
      const runId = `run-${runs}`
      const deps = {
        store,
        schemes,
        models: { primary: model, escalation: null },
        evidence: createEvidence(store),
        admission: OPEN_ADMISSION,
      }
      const { signal } = new AbortController()
      const plan = await planBatch(deps, { request, runId, options: all, owner: runId, before: null, signal })
      assert.ok('ways' in plan)
      return { request, runId, options: all, plan }
    },

    async finish({ request, runId, options, plan }, reply = {}) {
      const { codebook } = await schemeOfPlan(schemes, plan)
      const replies = plan.chunks.map((positions): ChunkReply => {
        const keys = answerKeys(positions.length)
        const decisions = positions.map((position, index) => {
          const labels = labelsFor(codebook, questionAt(plan.ways, position)?.fields ?? [])
          return { key: keys[index] ?? '', decision: decisionOn(labels), model: plan.models.primary }
        })
        const asked = { asked_model: plan.models.primary, codebook_hash: plan.codebook.hash }
        const prompt_version = plan.promptVersion
        return { ...asked, prompt_version, decisions, unanswered: [], requests: [], failure: null, ...reply }
      })
      const answers = noAnswers()
      gatherReplies(answers, plan, 'primary', plan.chunks, replies)
      const claimed = plan.claims === undefined ? [] : plan.chunks.flat()
      const state: BatchState = { answers, awaited: new Map(), claimed, shared: new Set() }
      const classifiedAt = new Date().toISOString()
      return await saveResults(
        { store, schemes, metrics, priceOf: () => null },
        {
          ...{ request, runId, catalogue: catalogueOf(request), options, plan, owner: runId, state, classifiedAt },
          wantsResults: true,
        },
      )
    },
  }
}

/** The labels of an index of which nothing tells the frequency, by field. */
const INDEX_LABELS: Labels = {
  type: 'index',
  temporal_aggregation: 'period-average',
  orientation: 'neutral',
  unit_kind: 'index',
  unit_scale: 1,
  unit_currency: null,
  unit_per: null,
  frequency: 'unknown',
}

function labelsFor(codebook: Codebook, fields: readonly string[]): Labels {
  return Object.fromEntries(
    fields.map((name) => {
      const field = codebook.field.get(name)
      const first = field?.type.kind === 'values' ? (field.type.values[0]?.value ?? null) : null
      const value = field?.multi === null || first === null ? first : [String(first)]
      return [name, codebook.name === DEFAULT_CODEBOOK ? (INDEX_LABELS[name] ?? null) : value]
    }),
  )
}

function decisionOn(labels: Labels): Decision {
  const confidence = Object.fromEntries(Object.keys(labels).map((field) => [field, 0.9]))
  return { labels, confidence, reason: 'as the test says' }
}

/** How each indicator of the batch gets its result; the sources of the stored answers where such are reused. */
export function kindsOf({ plan }: PlannedBatch): string[] {
  return plan.ways.map((way) => {
    return way.kind === 'reuse' ? [...new Set(way.answers.map(({ source }) => source))].join(' and ') : way.kind
  })
}
