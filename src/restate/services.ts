/** Defines the Restate services of a replica, classify-api and classifier, and the HTTP handler that serves them. */
import { type Context, createEndpointHandler, service } from '@restatedev/restate-sdk'
import type { Logger } from 'pino'
import type { ReferenceClock } from '../lib/reference-clock.ts'
import type { ModelClient } from '../llm/types.ts'
import type { Metrics } from '../metrics.ts'
import type { ClusterBudget, LeaseStats, LimiterStats, RateControl } from '../rate/types.ts'
import type { CountAnswered, RequestLedger, Store } from '../store/types.ts'
import { createAdmission, loadOf } from './admission.ts'
import { answerBudget } from './answers/budget.ts'
import { answerCodebook, type CodebookRegistry } from './answers/codebook.ts'
import { answerEvidence } from './answers/evidence.ts'
import { answerReview } from './answers/review.ts'
import { answerDrive, answerRun, answerRuns } from './answers/runs.ts'
import { readStatus } from './answers/status.ts'
import { answerWhy } from './answers/why.ts'
import { apiHandler } from './api-handler.ts'
import type { ApiHandlerName } from './api-handlers.ts'
import { type EndpointHandler, withAttemptStarts } from './attempts/attempt-starts.ts'
import { createLostReplicas } from './attempts/lost-replicas.ts'
import { createEvidence } from './batch/audits.ts'
import { classifyBatch, withRunOfHeader } from './batch/batch.ts'
import { estimateBatch } from './batch/estimate.ts'
import { refuseTooLarge } from './bounded-serde.ts'
import { answerChunk, answerGroup } from './chunk/chunk.ts'
import { createCostRefusals } from './chunk/cost-refusals.ts'
import { createPromptParts } from './chunk/prompt-parts.ts'
import { createPromptScale } from './chunk/prompt-scale.ts'
import { createRunStops } from './chunk/run-stops.ts'
import { createRunTrials } from './chunk/run-trials.ts'
import type { ChunkBody, ChunkResult } from './chunk-contract.ts'
import { CALLER_HEADER, CLASSIFIER, CLASSIFY_API, type HealthResponse, type PriceOf } from './contract.ts'
import { createAttemptMetrics, createDefectBound } from './hooks.ts'
import { createRestateLogger } from './logger.ts'
import { batchOptions, chunkOptions, databaseStep, leaseOptions, leaseStep } from './options.ts'

/** A request is believed to be in flight for this many milliseconds longer than it may take. */
const TRIAL_MARGIN_MS = 10_000

export interface RestateDeps {
  readonly store: Store
  readonly schemes: CodebookRegistry
  readonly model: ModelClient
  readonly rate: RateControl
  /** The rate limiter, whose queue decides how many batches are admitted. */
  readonly limiter: { stats(): LimiterStats }
  readonly leaseClient: { stats(): Pick<LeaseStats, 'equalRequestsPerMinute' | 'replicas'> }
  readonly budget: ClusterBudget
  readonly metrics: Metrics
  readonly countAnswered: CountAnswered
  readonly ledger: RequestLedger
  readonly priceOf: PriceOf
  /** The database's clock, in milliseconds since 1970. */
  readonly clock: Pick<ReferenceClock, 'now'>
  /** The health check, which the handler classify-api/health and the HTTP route of the same name both answer with. */
  readonly health: () => Promise<HealthResponse>
  readonly log: Logger
  /** Milliseconds that a chunk may wait for a permit to start before it sleeps durably. */
  readonly maxWaitMs: number
  /** Milliseconds that one request to the model may take, and one in the flex tier. */
  readonly modelTimeoutMs: number
  readonly flexTimeoutMs: number
  /** Public keys of the Restate clusters that may call; without any the replica accepts every caller. */
  readonly identityKeys: readonly string[]
  /** Aborts when the replica begins to stop, so that what a drain cuts off does not look like a replica that died. */
  readonly stopping?: AbortSignal
}

export function createRestateHandler(deps: RestateDeps): EndpointHandler {
  const { store, schemes, model, rate, metrics, maxWaitMs, clock } = deps
  const chunkDeps = {
    ...{ model, schemes, rate, metrics, maxWaitMs, clock },
    trials: createRunTrials({
      store: store.trials,
      holdMs: maxWaitMs + deps.modelTimeoutMs + TRIAL_MARGIN_MS,
      flexHoldMs: maxWaitMs + deps.flexTimeoutMs + TRIAL_MARGIN_MS,
      failed: (reason) => deps.log.warn({ reason }, 'What a request showed of the endpoint could not be stored'),
    }),
    ...{ ledger: deps.ledger, priceOf: deps.priceOf, countAnswered: deps.countAnswered },
    ...{ promptScale: createPromptScale(), partsOf: createPromptParts(), stops: createRunStops(store.drivers) },
    refusals: createCostRefusals(store.drivers),
  }
  const lostReplicas = createLostReplicas({ notes: store.attempts, log: deps.log, stopping: deps.stopping })
  const hooks = [createAttemptMetrics(metrics), createDefectBound(deps.log), lostReplicas.hooks]

  const classifier = service({
    name: CLASSIFIER,
    handlers: {
      // The body of a call stays plain JSON: Restate compares it byte by byte where a batch is replayed, also by another release.
      chunk: (ctx: Context, body: ChunkBody): Promise<ChunkResult> =>
        'group' in body ? answerGroup(ctx, chunkDeps, body) : answerChunk(ctx, chunkDeps, body),
    },
    options: { ...chunkOptions(deps), hooks },
  })

  const evidence = createEvidence(store)
  const batchDeps = {
    store,
    clock,
    schemes,
    models: model.models,
    evidence,
    metrics,
    priceOf: deps.priceOf,
    serviceTier: model.serviceTier,
    admission: createAdmission(() => loadOf(deps.limiter.stats(), deps.leaseClient.stats())),
    isTriedAgain: lostReplicas.isTriedAgain,
    callChunk: (ctx: Context, body: ChunkBody) => ctx.serviceClient(classifier).chunk(body),
  }
  const classifyApi = service({
    name: CLASSIFY_API,
    handlers: {
      batch: apiHandler('batch', (ctx, request) => classifyBatch(ctx, batchDeps, request)),
      estimate: apiHandler('estimate', (ctx, request) =>
        ctx.run(
          `estimate ${request.indicators.length} indicators`,
          () => estimateBatch(batchDeps, withRunOfHeader(ctx, request)),
          databaseStep,
        ),
      ),
      status: apiHandler('status', (ctx, request) =>
        ctx.run('look up the status', () => readStatus({ store, schemes }, request), databaseStep),
      ),
      budget: apiHandler('budget', (ctx, request) =>
        ctx.run(
          'set and read the rate budget',
          () => answerBudget(deps.budget, request, ctx.request().headers.get(CALLER_HEADER)),
          databaseStep,
        ),
      ),
      review: apiHandler('review', (ctx, request) => answerReview(ctx, { store, schemes }, request)),
      why: apiHandler('why', (ctx, request) =>
        ctx.run(
          'look up what a result rests on',
          () => answerWhy({ store, schemes, evidence, models: model.models }, request),
          databaseStep,
        ),
      ),
      run: apiHandler('run', (ctx, request) => ctx.run('read the run', () => answerRun(store, request), databaseStep)),
      runs: apiHandler('runs', (ctx, request) => ctx.run('list runs', () => answerRuns(store, request), databaseStep)),
      drive: apiHandler(
        'drive',
        (ctx, request) => ctx.run('lease the run', () => answerDrive(store.drivers, request), leaseStep),
        leaseOptions,
      ),
      codebook: apiHandler('codebook', (ctx, request) =>
        ctx.run('store or read a codebook', () => answerCodebook(schemes, request), databaseStep),
      ),
      evidence: apiHandler('evidence', (ctx, request) =>
        ctx.run('read the evidence', () => answerEvidence({ evidence, schemes }, request), databaseStep),
      ),
      health: apiHandler('health', () => deps.health()),
    } satisfies Readonly<Record<ApiHandlerName, unknown>>,
    options: { ...batchOptions(), hooks: [...hooks, refuseTooLarge] },
  })

  const handler = createEndpointHandler({
    services: [classifyApi, classifier],
    logger: createRestateLogger(deps.log),
    ...(deps.identityKeys.length > 0 ? { identityKeys: [...deps.identityKeys] } : {}),
  })
  return withAttemptStarts(handler)
}
