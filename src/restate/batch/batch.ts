/** classify-api/batch: plan, fan out, gather, save. It reads like the drawing in the README. */
import { type Context, type RestatePromise, TerminalError } from '@restatedev/restate-sdk'
import { isErrorCode, isServiceError, ServiceError } from '../../errors.ts'
import type { ClaimsToEnd, EndedClaim, StoredAnswer } from '../../store/types.ts'
import type { BatchRequest, BatchResponse, ChunkReply, ChunkRequest } from '../contract.ts'
import { databaseStep } from '../options.ts'
import type { Admission, AdmissionWait } from './admission.ts'
import { IN_DOUBT } from './claims.ts'
import {
  type Asking,
  askModel,
  failWhereNobodyAnswers,
  type Gathered,
  isOfEndpoint,
  nothingGathered,
} from './gather.ts'
import {
  type BatchOptions,
  type Models,
  type Plan,
  type PlanInput,
  planBatch,
  questionAt,
  readOptions,
} from './plan.ts'
import { answersOf, type SaveDeps, saveResults } from './save.ts'
import { awaitOthers } from './single-flight.ts'

export interface BatchDeps extends SaveDeps {
  readonly models: Models
  readonly admission: Admission
  /** Calls classifier/chunk; given by the service definitions, so that this file needs not know them. */
  readonly callChunk: (ctx: Context, request: ChunkRequest) => RestatePromise<ChunkReply>
}

/** What a batch knows while it works. All of it comes from journaled steps. */
interface Progress {
  readonly gathered: Gathered
  /** Answers of other batches, by position. */
  readonly awaited: Map<number, StoredAnswer>
  /** Positions whose shapes are claimed and not ended. */
  held: readonly number[]
  /** Positions whose answers are stored already. */
  readonly shared: Set<number>
}

export async function classifyBatch(ctx: Context, deps: BatchDeps, request: BatchRequest): Promise<BatchResponse> {
  const runId = request.run_id ?? `api-${ctx.rand.uuidv4()}`
  const options = readOptions(request)
  const plan = await untilPlanned(ctx, deps, request, runId, options)
  const { store, callChunk } = deps
  const asking: Asking = { ctx, store, callChunk, plan, options, runId, owner: ctx.request().id }
  const progress: Progress = {
    gathered: nothingGathered(),
    awaited: new Map(),
    held: plan.claims === undefined ? [] : plan.chunks.flat(),
    shared: new Set(),
  }
  const { gathered, awaited } = progress
  const toAwait = plan.ways.flatMap((way, position) => (way.kind === 'await' ? [position] : []))
  try {
    await askModel(asking, gathered, plan.chunks)
    if (toAwait.length > 0 && gathered.failure === null) {
      await shareAnswers(asking, progress)
      await takeOthersAnswers(asking, progress, toAwait)
      if (awaited.size === 0 && gathered.failure === null) failWhereNobodyAnswers(gathered, isOfEndpoint)
    }
  } catch (error) {
    await letClaimsGo(asking, progress, error)
    throw error
  }

  const classifiedAt = await ctx.date.toJSON()
  const { failure } = gathered
  const unsettled = toAwait.filter((position) => !awaited.has(position) && !gathered.decisions.has(position))
  // What was paid for is kept also where the run fails; what stayed open is not saved, so that the next run asks it.
  const openPositions = failure === null ? [] : [...gathered.unanswered.keys(), ...gathered.doubted, ...unsettled]
  const end = progress.held.length > 0 ? claimsToEnd(asking, gathered, progress.held) : null
  const saved = { request, runId, classifiedAt, options, plan, openPositions, ...gathered, ...progress, end }
  const response = await ctx.run(
    `save ${request.indicators.length} results`,
    () => saveResults(deps, saved),
    databaseStep,
  )
  if (failure !== null) throw new ServiceError(failure.code, failure.message)
  return response
}

/** The plan, as soon as the batch is let in. Until then it sleeps as one invocation, not as all its chunks. */
async function untilPlanned(
  ctx: Context,
  deps: BatchDeps,
  request: BatchRequest,
  runId: string,
  options: BatchOptions,
): Promise<Plan> {
  const owner = ctx.request().id
  let before: AdmissionWait | null = null
  for (;;) {
    const input: PlanInput = { request, runId, options, owner, before }
    const planned: Plan | AdmissionWait = await ctx.run(
      `plan ${request.indicators.length} indicators`,
      async () => {
        const found = await planBatch(deps, input)
        // In the step: every replay of the batch comes by here, and is held back no more often for it.
        if ('waitMs' in found) deps.metrics.batchesHeldBack.inc()
        return found
      },
      databaseStep,
    )
    if (!('waitMs' in planned)) return planned
    await ctx.sleep(planned.waitMs, 'wait for work that was let in before')
    before = planned
  }
}

/** Stores what was answered before the batch waits for others: they may wait for this. */
async function shareAnswers(asking: Asking, progress: Progress): Promise<void> {
  const { ctx, store, plan } = asking
  const { gathered, held } = progress
  if (held.length === 0) return
  const answeredAt = await ctx.date.toJSON()
  const own = new Map([...gathered.decisions].filter(([position]) => held.includes(position)))
  const open = new Set(gathered.failure === null ? [] : gathered.doubted)
  const answers = answersOf(plan, own, open)
  const end = claimsToEnd(asking, gathered, held)
  await ctx.run(
    `share the answers for ${held.length} shapes`,
    () => store.saveAnswers({ answers, answeredAt, end }),
    databaseStep,
  )
  for (const position of held) progress.shared.add(position)
  progress.held = []
}

async function takeOthersAnswers(asking: Asking, progress: Progress, toAwait: readonly number[]): Promise<void> {
  const { gathered, awaited } = progress
  await awaitOthers(asking, toAwait, async ({ settled, taken }) => {
    for (const one of settled) {
      if ('answer' in one) awaited.set(one.position, one.answer)
      else {
        const { code, message, fatal } = one.failure
        gathered.unanswered.set(one.position, { code, message })
        if (fatal && isErrorCode(code)) gathered.failure ??= { code, message }
      }
    }
    if (taken.length > 0 && gathered.failure === null) {
      progress.held = taken.flat()
      await askModel(asking, gathered, taken)
      await shareAnswers(asking, progress)
    }
    return gathered.failure === null
  })
}

/** How the asking of `positions` ended, for those who wait. */
function claimsToEnd({ plan, owner }: Asking, gathered: Gathered, positions: readonly number[]): ClaimsToEnd {
  const doubted = new Set(gathered.doubted)
  const failureAt = (position: number): EndedClaim['failure'] => {
    const decision = gathered.decisions.get(position)
    const isOpen = gathered.failure !== null && doubted.has(position)
    if (decision !== undefined && !isOpen) {
      return doubted.has(position) && decision.source === 'model' ? IN_DOUBT : null
    }
    if (gathered.failure !== null) return { ...gathered.failure, fatal: true }
    const missing = gathered.unanswered.get(position)
    return missing === undefined ? null : { ...missing, fatal: false }
  }
  const claims = positions.flatMap((position): EndedClaim[] => {
    const shapeHash = questionAt(plan.ways, position)?.shapeHash
    return shapeHash === undefined ? [] : [{ shapeHash, failure: failureAt(position) }]
  })
  return { owner, claims }
}

/**
 * A batch that fails tells those who wait why, so that not every one of them finds out for itself; one that is cancelled
 * lets them ask. Where not even that can be stored the claims run out by themselves.
 */
async function letClaimsGo(asking: Asking, { gathered, held }: Progress, error: unknown): Promise<void> {
  const { ctx, store, owner } = asking
  const isFailed = isServiceError(error)
  if (held.length === 0 || !(isFailed || error instanceof TerminalError)) return
  const end = claimsToEnd(asking, gathered, held)
  const answeredAt = asking.plan.runStartedAt
  const giveUp = () =>
    isFailed
      ? store.saveAnswers({ answers: [], answeredAt, end })
      : store.releaseClaims(
          owner,
          end.claims.map(({ shapeHash }) => shapeHash),
        )
  try {
    await ctx.run('let the claims go', giveUp, databaseStep)
  } catch (failed) {
    if (!(failed instanceof TerminalError)) throw failed
  }
}
