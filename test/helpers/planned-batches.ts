/** Batches that a test plans, answers and saves step by step on a real database, without Restate and without a model. */
import assert from 'node:assert/strict'
import { packRuleOf } from '../../src/classification/chunks.ts'
import { answerKeys } from '../../src/classification/prompt.ts'
import { createMetrics } from '../../src/metrics.ts'
import { gatherReplies, noAnswers } from '../../src/restate/batch/gather.ts'
import { planBatch } from '../../src/restate/batch/plan.ts'
import { saveResults } from '../../src/restate/batch/save.ts'
import type { BatchOptions, BatchState, Plan } from '../../src/restate/batch/types.ts'
import {
  type BatchRequest,
  type BatchResponse,
  batchRequestSchema,
  type ChunkReply,
} from '../../src/restate/contract.ts'
import type { Store } from '../../src/store/types.ts'
import { decisionOf } from './readings.ts'

const OPTIONS: BatchOptions = { mode: 'hybrid', reuse: true, force: false, overridePerson: false, pack: packRuleOf(10) }

export interface PlannedBatch {
  readonly request: BatchRequest
  readonly runId: string
  readonly options: BatchOptions
  readonly plan: Plan
}

export interface BatchPlanner {
  /** Plans a batch of a run of its own, with `model` configured and no escalation model. */
  plan(indicators: readonly object[], options?: Partial<BatchOptions>, model?: string): Promise<PlannedBatch>
  /** Saves the batch as if the model had answered `index` to every question. `reply` changes what each chunk replies. */
  finish(planned: PlannedBatch, reply?: Partial<ChunkReply>): Promise<BatchResponse>
}

export function createBatchPlanner(store: Store): BatchPlanner {
  const metrics = createMetrics()
  const admission = { enter: () => null, admit: () => null, leave: () => undefined, giveBack: () => undefined }
  const decision = decisionOf({ type: 'index', temporal_aggregation: 'period-average', orientation: 'neutral' })
  let runs = 0

  return {
    async plan(indicators, options = {}, model = 'm1') {
      runs += 1
      const request = batchRequestSchema.parse({ indicators })
      const all = { ...OPTIONS, ...options }
      const runId = `run-${runs}`
      const deps = { store, models: { primary: model, escalation: null }, admission }
      const plan = await planBatch(deps, { request, runId, options: all, owner: runId, before: null })
      assert.ok('ways' in plan)
      return { request, runId, options: all, plan }
    },

    async finish({ request, runId, options, plan }, reply = {}) {
      const replies = plan.chunks.map((positions): ChunkReply => {
        const decisions = answerKeys(positions.length).map((key) => ({ key, decision, model: plan.models.primary }))
        const asked_model = plan.models.primary
        return { asked_model, decisions, unanswered: [], requests: [], failure: null, ...reply }
      })
      const answers = noAnswers()
      gatherReplies(answers, plan, 'primary', plan.chunks, replies)
      const claimed = plan.claims === undefined ? [] : plan.chunks.flat()
      const state: BatchState = { answers, awaited: new Map(), claimed, shared: new Set() }
      const classifiedAt = new Date().toISOString()
      return await saveResults(
        { store, metrics, priceOf: () => null },
        { request, runId, options, plan, owner: runId, state, classifiedAt },
      )
    },
  }
}

/** How each indicator of the batch gets its result; the source of the stored answer where one is reused. */
export function kindsOf({ plan }: PlannedBatch): string[] {
  return plan.ways.map((resolution) => (resolution.kind === 'reuse' ? resolution.answer.source : resolution.kind))
}
