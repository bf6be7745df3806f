/** Submits the batches of a run: round-robin over the live nodes of Restate, and on to the next one when a node fails. */
import { z } from 'zod'
import type { Indicator } from '../../classification/types.ts'
import { ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import { type BatchRequest, type BatchResponse, stopsTheRun } from '../../restate/contract.ts'
import { createIngressClient } from './ingress.ts'
import type { IngressAnswer } from './ingress-answer.ts'
import { createNodes, type NodeCounts, type Nodes } from './nodes.ts'

/** The invocation of a batch ended with an error; under the same key Restate would give the same error again. */
export class BatchFailedError extends Error {
  /** A code of the table of failures, or "cancelled" where a person ended the batch. */
  readonly code: string
  /** Whether every later batch of the run would end in the same way. */
  readonly stopsTheRun: boolean

  constructor(code: string, message: string, { stopsTheRun = false }: { readonly stopsTheRun?: boolean } = {}) {
    super(message)
    this.name = 'BatchFailedError'
    this.code = code
    this.stopsTheRun = stopsTheRun
  }
}

export interface BatchClient {
  /** What each node did, by its address. */
  readonly nodes: Readonly<Record<string, NodeCounts>>
  /**
   * Submits one batch and waits for its results, however long they take. Rejects with `BatchFailedError` where the
   * invocation failed, and with ServiceError ingress-unavailable where no node took the batch for `patienceMs` or none
   * knows the service.
   */
  submit(batch: Batch, signal: AbortSignal): Promise<BatchResponse>
}

export interface Batch {
  /** Unique for the batch over all runs, and the same for each attempt to submit it. */
  readonly idempotencyKey: string
  readonly body: Omit<BatchRequest, 'indicators'> & { readonly indicators: readonly Indicator[] }
}

export interface BatchClientOptions {
  /** Base addresses of the nodes. */
  readonly urls: readonly string[]
  /** Milliseconds for which a batch is offered to nodes that fail. */
  readonly patienceMs: number
  /** Milliseconds for which a service that no node knows is waited for. Default 15,000. */
  readonly registrationMs?: number
  /** Gets one line when a node stops answering or is busy, and one when it answers again. */
  readonly say: (line: string) => void
}

/** Milliseconds of the first pause where no node is alive; each further pause is twice as long. */
const FIRST_BACKOFF_MS = 200
const MAX_BACKOFF_MS = 3_000
/** After an attempt that lasted this many milliseconds the patience starts again, because the node had taken the batch. */
const HELD_MS = 30_000
/** Milliseconds within which a stack that is coming up registers its service with Restate. */
const REGISTRATION_MS = 15_000
/** Milliseconds between two attempts while the service is not registered. */
const REGISTRATION_RETRY_MS = 500

/** The part of a batch's response that the command line relies on. */
const responseSchema = z.looseObject({
  run_id: z.string(),
  results: z.array(z.looseObject({ indicator_id: z.string(), status: z.string() })),
  summary: z.looseObject({ indicators: z.number(), classified: z.number(), unchanged: z.number() }),
})

export function createBatchClient(options: BatchClientOptions): BatchClient {
  const { urls, patienceMs, registrationMs = REGISTRATION_MS } = options
  const nodes = createNodes(options)
  const call = createIngressClient()

  const submit = async ({ idempotencyKey, body }: Batch, signal: AbortSignal): Promise<BatchResponse> => {
    const patience = createPatience({ urls, patienceMs, registrationMs, nodes })
    const attempt = async () => {
      const url = nodes.next()
      const askedAt = performance.now()
      const answer = await call({ url, handler: 'batch', body, idempotencyKey, signal })
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
  return { nodes: nodes.counts, submit }
}

/** The answers after which the batch is offered again. */
type Trouble = Exclude<IngressAnswer, { kind: 'ok' | 'failed' | 'cancelled' }>

function isTrouble(answer: IngressAnswer): answer is Trouble {
  return !['ok', 'failed', 'cancelled'].includes(answer.kind)
}

function readBatch(url: string, answer: Exclude<IngressAnswer, Trouble>): BatchResponse {
  if (answer.kind === 'cancelled') {
    throw new BatchFailedError('cancelled', 'the batch was cancelled (npm run kill, or the admin UI)')
  }
  if (answer.kind === 'failed') {
    const { code, message } = answer
    throw new BatchFailedError(code ?? 'internal', message, { stopsTheRun: stopsTheRun(code) })
  }
  const parsed = responseSchema.safeParse(answer.body)
  if (parsed.success) return parsed.data as unknown as BatchResponse
  throw new BatchFailedError('internal', `${url} answered with something else than a batch's results`)
}

interface Patience {
  /** Notes an attempt that failed. Throws ServiceError ingress-unavailable once the time for such failures is over. */
  spend(url: string, trouble: Trouble, askedAt: number): void
  /** Milliseconds to wait before the next attempt. */
  pauseMs(): number
}

interface PatienceOptions extends Required<Pick<BatchClientOptions, 'urls' | 'patienceMs' | 'registrationMs'>> {
  readonly nodes: Nodes
}

/** For how long one batch is offered again: nodes that fail and a service that is not registered have a clock each. */
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
      // A live node is tried at once; only where there is none is there something to wait for.
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
