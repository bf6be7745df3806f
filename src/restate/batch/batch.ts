/** The handler classify-api/batch: plan, fan out, gather, save. */
import type { Context } from '@restatedev/restate-sdk'
import { ServiceError } from '../../errors.ts'
import type { AdmissionWait } from '../admission.ts'
import { sleepAway } from '../attempts/suspension.ts'
import {
  type BatchRequest,
  type BatchResponse,
  PART_HEADER,
  RESULTS_HEADER,
  RUN_HEADER,
  RUN_ID,
  RUN_ID_FORM,
} from '../contract.ts'
import { timeOf } from '../database-time.ts'
import { databaseStep } from '../options.ts'
import { packedJson } from '../packed-serde.ts'
import { askModel } from './ask-model.ts'
import { releaseClaims } from './claims.ts'
import { type EarlierPlan, isEarlierPlan, readEarlierPlan } from './earlier-plan.ts'
import { noAnswers } from './gather.ts'
import { type PlanDeps, type PlanInput, planBatch } from './plan.ts'
import { catalogueOf, readOptions } from './prepare.ts'
import { positionsInDoubt } from './questions.ts'
import { type SaveDeps, type SaveInput, saveResults } from './save.ts'
import { awaitAnswers } from './single-flight.ts'
import type { Batch, BatchState, Plan } from './types.ts'

export interface BatchDeps extends PlanDeps, SaveDeps, Pick<Batch, 'callChunk' | 'clock'> {}

/**
 * Classifies the indicators of one request. Rejects with a ServiceError where the run or the endpoint fails; the
 * answers that came before the failure are saved, because they are paid for.
 */
export async function classifyBatch(ctx: Context, deps: BatchDeps, given: BatchRequest): Promise<BatchResponse> {
  const request = withRunOfHeader(ctx, given)
  const runId = request.run_id ?? `api-${ctx.rand.uuidv4()}`
  const { id: owner, attemptCompletedSignal: signal } = ctx.request()
  const options = readOptions(request)
  const catalogue = catalogueOf(request)
  const part = partOf(ctx)
  const wantsResults = ctx.request().headers.get(RESULTS_HEADER) !== 'none'
  const saving = { request, runId, catalogue, options, owner, part, wantsResults }
  const planned = await planOnceAdmitted(ctx, deps, { request, runId, options, owner, signal }, saving)
  if ('saved' in planned) return planned.saved

  const plan = planned
  const { store, schemes, callChunk, clock } = deps
  const batch: Batch = { ctx, store, schemes, clock, callChunk, plan, options, catalogue, runId, owner, part }
  const state = createState(plan)
  const { answers } = state
  try {
    await askModel(batch, answers, plan.chunks, positionsInDoubt(plan.ways))
    deps.admission.finish(owner)
    const toAwait = plan.ways.flatMap(({ kind }, position) => (kind === 'await' ? [position] : []))
    if (toAwait.length > 0 && answers.failure === null) await awaitAnswers(batch, state, toAwait)
  } catch (error) {
    await releaseClaims(batch, state, error)
    throw error
  }

  const classifiedAt = await timeOf(batch)
  const response = await ctx.run(
    `save ${request.indicators.length} results`,
    () => saveResults(deps, { ...saving, plan, state, classifiedAt }),
    databaseStep,
  )
  // A batch that its run's cost limit or people stopped has results for what was asked, and names the rest.
  if (answers.failure !== null && response.stopped === undefined)
    throw new ServiceError(answers.failure.code, answers.failure.message)
  return response
}

/** The part of the run by the header of the request; undefined without a plausible one. The header is part of the journal. */
function partOf(ctx: Context): number | undefined {
  const text = ctx.request().headers.get(PART_HEADER) ?? ''
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined
}

/** The request with the run that its header names, where its body names none. The header is part of the journal. */
export function withRunOfHeader(ctx: Context, request: BatchRequest): BatchRequest {
  const run = ctx.request().headers.get(RUN_HEADER)
  if (run === undefined || request.run_id !== undefined) return request
  if (RUN_ID.test(run)) return { ...request, run_id: run }
  const shown = JSON.stringify(run.slice(0, 60))
  throw new ServiceError('input-invalid', `the header ${RUN_HEADER} must be ${RUN_ID_FORM}, got ${shown}`)
}

/** The answer of a batch about which no model was asked, and which its first step saved. The journal fixes the property name. */
interface SavedBatch {
  readonly saved: BatchResponse
}

/** What the journal holds of the first step. */
type Planned = Plan | EarlierPlan | SavedBatch | AdmissionWait

/**
 * Plans the batch as soon as it is admitted. Until then the batch sleeps as one invocation, and not as all of its
 * chunks. A batch about which no model is asked is saved in the same step, so that its journal holds no plan: a second attempt of the
 * step finds what the first one saved, and changes nothing.
 */
async function planOnceAdmitted(
  ctx: Context,
  deps: BatchDeps,
  input: Omit<PlanInput, 'before'>,
  saving: Omit<SaveInput, 'plan' | 'state' | 'classifiedAt'>,
): Promise<Plan | SavedBatch> {
  let before: AdmissionWait | null = null
  for (;;) {
    const attempt: PlanInput = { ...input, before }
    const planned: Planned = await ctx.run(
      `plan ${input.request.indicators.length} indicators`,
      async () => {
        const found = await planBatch(deps, attempt)
        // A batch that is held back is counted inside the step, because a replay does not run the step again and so
        // counts nothing twice.
        if ('waitMs' in found) deps.metrics.batchesHeldBack.inc()
        if ('waitMs' in found || asksAny(found)) return found
        // Of a batch that was cancelled meanwhile nothing is saved, as nothing is of a plan that nobody takes any more.
        input.signal.throwIfAborted()
        const classifiedAt = new Date(deps.clock.now()).toISOString()
        return { saved: await saveResults(deps, { ...saving, plan: found, state: createState(found), classifiedAt }) }
      },
      { ...databaseStep, serde: packedJson<Planned>() },
    )
    if ('saved' in planned) return planned
    if (!('waitMs' in planned)) return isEarlierPlan(planned) ? readEarlierPlan(planned) : planned
    await sleepAway(ctx, planned.waitMs, 'wait for work that was let in before')
    before = planned
  }
}

/** Whether a model is asked about any indicator, by this batch or by another one that it waits for. */
function asksAny({ ways }: Plan): boolean {
  return ways.some(({ kind }) => kind === 'ask' || kind === 'await')
}

function createState(plan: Plan): BatchState {
  const claimed = plan.claims === undefined ? [] : [...plan.chunks.flat(), ...positionsInDoubt(plan.ways)]
  return { answers: noAnswers(), awaited: new Map(), claimed, shared: new Set() }
}
