/** Submits the batches of a run to the living Restate nodes in turn, and offers a batch to the next node when a node fails. */
import { z } from 'zod'
import type { Indicator } from '../../classification/types.ts'
import { ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import {
  type BatchRequest,
  type BatchResponse,
  PART_HEADER,
  RESULTS_HEADER,
  stopsTheRun,
} from '../../restate/contract.ts'
import { KEY_REUSED } from './guard-refusal.ts'
import type { JsonBytes } from './http.ts'
import { createIngressClient } from './ingress.ts'
import type { IngressAnswer } from './ingress-answer.ts'
import { createNodes, type NodeCounts, type Nodes } from './nodes.ts'

/**
 * The error of a batch whose invocation failed; under the same idempotency key Restate would return the same failure
 * again.
 */
export class BatchFailedError extends Error {
  /** A code from the table of failures, one of the guard, or "cancelled" where a person cancelled the batch. */
  readonly code: string
  /** Whether every later batch of the run would fail in the same way, so that the run should stop. */
  readonly stopsTheRun: boolean

  constructor(code: string, message: string, { stopsTheRun = false }: { readonly stopsTheRun?: boolean } = {}) {
    super(message)
    this.name = 'BatchFailedError'
    this.code = code
    this.stopsTheRun = stopsTheRun
  }
}

export interface BatchClient {
  /** The counts of what each node did, by the URL of the node. */
  readonly nodes: Readonly<Record<string, NodeCounts>>
  /**
   * Submits one batch and waits for its results without a time limit. Rejects with `BatchFailedError` where the
   * invocation failed. Rejects with ServiceError ingress-unavailable where no node accepted the batch within
   * `patienceMs`, or where no node knows the service. Where the key of the batch was used before with another body, as when a
   * resumed run has another cost limit, or where the answer under it lacks the results because an earlier process of the run took none,
   * `takeNewKey` gives the batch to submit in its place.
   */
  submit(batch: Batch, signal: AbortSignal, takeNewKey?: () => Promise<Batch>): Promise<BatchResponse>
}

export interface Batch {
  /** The key that is unique for the batch over all runs, and the same for each attempt to submit the batch. */
  readonly idempotencyKey: string
  /** The body, or its JSON. */
  readonly body: (Omit<BatchRequest, 'indicators'> & { readonly indicators: readonly Indicator[] }) | JsonBytes
}

export interface BatchClientOptions {
  /** The base URLs of the Restate nodes. */
  readonly urls: readonly string[]
  /** The milliseconds for which a batch is offered again to nodes that fail. */
  readonly patienceMs: number
  /** The milliseconds to wait for a service that is not registered at any node; the default is 15,000. */
  readonly registrationMs?: number
  /** The number of this process of the run, greater than those of earlier ones. Default: the time. */
  readonly part?: number
  /** Whether the caller takes the results of batches. Default true; without them an answer has its summary alone. */
  readonly wantsResults?: boolean
  /** Shows a message to the user; called when a node stops answering, is busy, or answers again. */
  readonly say: (line: string) => void
}

/** The milliseconds of the first pause while no node is alive; each further pause is twice as long. */
const FIRST_BACKOFF_MS = 200
const MAX_BACKOFF_MS = 3_000
/**
 * After an attempt that lasted longer than this many milliseconds the time limit for failures starts again, because the
 * node had accepted the batch.
 */
const HELD_MS = 30_000
/** The milliseconds that a starting stack has to register its service with Restate before the client stops waiting. */
const REGISTRATION_MS = 15_000
/** The milliseconds between two attempts while the service is not registered. */
const REGISTRATION_RETRY_MS = 500

/** The fields that the command line reads from the response to a batch. */
const responseSchema = z.looseObject({
  run_id: z.string(),
  // What else a result has is taken as it came, because copies would be as large as the answer.
  results: z.array(z.object({ indicator_id: z.string(), status: z.string() })),
  summary: z.looseObject({
    indicators: z.number(),
    classified: z.number(),
    unchanged: z.number(),
    /** A replica of an earlier release, which a rollout has not replaced yet, has no unverified results. */
    unverified: z.number().default(0),
  }),
})

export function createBatchClient(options: BatchClientOptions): BatchClient {
  const { urls, patienceMs, registrationMs = REGISTRATION_MS, wantsResults = true } = options
  const nodes = createNodes(options)
  const call = createIngressClient()
  const headers = {
    [PART_HEADER]: String(options.part ?? Date.now()),
    ...(wantsResults ? {} : { [RESULTS_HEADER]: 'none' }),
  }

  const submit = async ({ idempotencyKey, body }: Batch, signal: AbortSignal): Promise<BatchResponse> => {
    const patience = createPatience({ urls, patienceMs, registrationMs, nodes })
    const attempt = async () => {
      const url = nodes.next()
      const askedAt = performance.now()
      const answer = await call({ url, handler: 'batch', body, idempotencyKey, headers, signal })
      if (!isTrouble(answer)) {
        nodes.answered(url, askedAt)
        return readBatch(url, answer)
      }
      patience.spend(url, answer, askedAt)
      return undefined
    }
    const delayMs = () => patience.pauseMs()
    const response = await retryFor(attempt, { delayMs, patienceMs: Number.POSITIVE_INFINITY, signal })
    if (response === undefined) throw new Error('the attempts end only with a response or an error')
    return response
  }
  return {
    nodes: nodes.counts,
    submit: async (batch, signal, takeNewKey) => {
      if (takeNewKey === undefined) return await submit(batch, signal)
      const answer = await submit(batch, signal).catch((error: unknown) => {
        if (error instanceof BatchFailedError && error.code === KEY_REUSED) return undefined
        throw error
      })
      const isShort = wantsResults && answer?.results_left_out !== undefined
      return answer === undefined || isShort ? await submit(await takeNewKey(), signal) : answer
    },
  }
}

/** The kinds of answers after which the batch is offered again. */
type Trouble = Exclude<IngressAnswer, { kind: 'ok' | 'failed' | 'refused' | 'cancelled' }>

function isTrouble(answer: IngressAnswer): answer is Trouble {
  return !['ok', 'failed', 'refused', 'cancelled'].includes(answer.kind)
}

function readBatch(url: string, answer: Exclude<IngressAnswer, Trouble>): BatchResponse {
  if (answer.kind === 'cancelled') {
    throw new BatchFailedError('cancelled', 'the batch was cancelled (npm run kill, or the admin UI)')
  }
  if (answer.kind === 'refused') {
    const { code, message, isLasting } = answer.refusal
    throw new BatchFailedError(code, message, { stopsTheRun: isLasting })
  }
  if (answer.kind === 'failed') {
    const { code, message } = answer
    throw new BatchFailedError(code ?? 'internal', message, { stopsTheRun: stopsTheRun(code) })
  }
  const parsed = responseSchema.safeParse(answer.body)
  if (!parsed.success) {
    throw new BatchFailedError('internal', `${url} answered with something else than a batch's results`)
  }
  const summary = parsed.data.summary as unknown as BatchResponse['summary']
  return { ...(answer.body as BatchResponse), summary }
}

interface Patience {
  /**
   * Notes a failed attempt. Throws ServiceError ingress-unavailable where such failures have gone on for longer than
   * allowed.
   */
  spend(url: string, trouble: Trouble, askedAt: number): void
  /** Returns the milliseconds to wait before the next attempt. */
  pauseMs(): number
}

interface PatienceOptions extends Required<Pick<BatchClientOptions, 'urls' | 'patienceMs' | 'registrationMs'>> {
  readonly nodes: Nodes
}

/**
 * Limits how long one batch is offered again. Failing nodes and a service that is not registered have separate time
 * limits.
 */
function createPatience({ urls, patienceMs, registrationMs, nodes }: PatienceOptions): Patience {
  let backoffMs = FIRST_BACKOFF_MS
  let failingSince: number | undefined
  let unknownSince: number | undefined
  let isRegistering = false

  return {
    spend(url, trouble, askedAt) {
      const now = performance.now()
      isRegistering = trouble.kind === 'unknown-service' || trouble.kind === 'unknown-handler'
      if (isRegistering) {
        unknownSince ??= now
        if (now - unknownSince <= registrationMs) return
        const advice = `is the service registered? npm start does so; it was not for ${inSeconds(registrationMs)}`
        throw new ServiceError('ingress-unavailable', `${url}: ${trouble.message}: ${advice}`)
      }
      if (trouble.kind === 'busy') nodes.busy(url, trouble.message, trouble.waitMs)
      else nodes.failed(url, trouble.message)
      if (now - askedAt > HELD_MS) failingSince = undefined
      failingSince ??= now
      if (now + nodes.freeInMs() - failingSince <= patienceMs) return
      const message = `No Restate node answered for ${inSeconds(patienceMs)} (${urls.join(', ')}): ${trouble.message}`
      throw new ServiceError('ingress-unavailable', message)
    },
    pauseMs() {
      if (isRegistering) return REGISTRATION_RETRY_MS
      // A living node is tried without a pause; a pause is needed only where no node lives.
      if (nodes.isAnyAlive) return 0
      const pauseMs = Math.max(backoffMs, nodes.freeInMs())
      backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)
      return pauseMs
    },
  }
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`
}
