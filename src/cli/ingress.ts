/** Client of the Restate ingress: batches go round-robin over the nodes, and on to the next one when a node fails. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Indicator } from '../classification/types.ts'
import { messageOf, ServiceError } from '../errors.ts'
import { type BatchRequest, type BatchResponse, CLASSIFY_API, parseFailure } from '../restate/contract.ts'

export interface NodeCounts {
  batches: number
  failed: number
}

/** An invocation that ended with an error: asking again with the same key would give the same answer. */
export class BatchFailedError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'BatchFailedError'
    this.code = code
  }
}

export interface IngressClient {
  /** What each node did. `failed` counts tries that went on to another node. */
  readonly nodes: Readonly<Record<string, NodeCounts>>
  /**
   * Submits one batch and waits for its results, however long they take. Rejects with `BatchFailedError` for what the
   * service said, with ServiceError ingress-unavailable when no node answered for `patienceMs`.
   */
  submit(batch: Batch, signal: AbortSignal): Promise<BatchResponse>
}

export interface Batch {
  readonly index: number
  /** Unique for the batch over all runs; the same on every try. */
  readonly idempotencyKey: string
  readonly body: Omit<BatchRequest, 'indicators'> & { readonly indicators: readonly Indicator[] }
}

export interface IngressOptions {
  readonly urls: readonly string[]
  readonly patienceMs: number
  /** Told when a node stops answering. */
  readonly say: (line: string) => void
}

const FIRST_BACKOFF_MS = 200
const MAX_BACKOFF_MS = 3_000

/** As much of an answer as the CLI relies on. */
const responseSchema = z.looseObject({
  run_id: z.string(),
  results: z.array(z.looseObject({ indicator_id: z.string(), status: z.string() })),
  summary: z.looseObject({ indicators: z.number(), classified: z.number(), unchanged: z.number() }),
})

const errorSchema = z.object({ message: z.string() })

export function createIngressClient(options: IngressOptions): IngressClient {
  const { urls, patienceMs, say } = options
  const nodes: Record<string, NodeCounts> = Object.fromEntries(urls.map((url) => [url, { batches: 0, failed: 0 }]))

  return {
    nodes,
    submit: async (batch, signal) => {
      const deadline = Date.now() + patienceMs
      let backoffMs = FIRST_BACKOFF_MS
      for (let attempt = 0; ; attempt += 1) {
        const url = urls[(batch.index + attempt) % urls.length] ?? ''
        const counts = nodes[url] ?? { batches: 0, failed: 0 }
        try {
          const response = await post(url, batch, signal)
          counts.batches += 1
          return response
        } catch (error) {
          if (error instanceof BatchFailedError) {
            counts.batches += 1
            throw error
          }
          signal.throwIfAborted()
          counts.failed += 1
          if (Date.now() > deadline) {
            const message = `No Restate node answered for ${Math.round(patienceMs / 1_000)} s (${urls.join(', ')}): ${messageOf(error)}`
            throw new ServiceError('ingress-unavailable', message, { cause: error })
          }
          if (attempt === 0) say(`${url} does not answer (${messageOf(error)}); going on with the same key`)
          // The next node is tried at once; only a full round without an answer waits.
          if ((attempt + 1) % urls.length === 0) {
            await sleep(backoffMs, undefined, { signal })
            backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)
          }
        }
      }
    },
  }
}

/** Resolves with the results; rejects with BatchFailedError for a verdict, with anything else for a node in trouble. */
async function post(url: string, batch: Batch, signal: AbortSignal): Promise<BatchResponse> {
  const response = await fetch(`${url}/${CLASSIFY_API}/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': batch.idempotencyKey },
    body: JSON.stringify(batch.body),
    signal,
  }).catch((error: unknown) => {
    throw new Error(causeOf(error))
  })
  const text = await response.text()
  if (response.ok) {
    const parsed = responseSchema.safeParse(parseJson(text))
    if (!parsed.success)
      throw new BatchFailedError('internal', `${url} answered with something else than a batch's results`)
    return parsed.data as unknown as BatchResponse
  }
  const message = errorSchema.safeParse(parseJson(text)).data?.message ?? text.slice(0, 300)
  // What the invocation itself said is a verdict; the ingress in trouble is worth another try.
  const isVerdict = response.headers.get('x-restate-error-source') === 'invocation' || response.status < 500
  if (isVerdict && response.status === 404 && /not found/i.test(message)) {
    throw new BatchFailedError('internal', `${url}: ${message} (is the service registered?)`)
  }
  if (isVerdict && response.status !== 429) {
    const failure = parseFailure(message)
    throw new BatchFailedError(failure.code, failure.message)
  }
  throw new Error(`HTTP ${response.status}: ${message.slice(0, 200)}`)
}

export async function readStatus(
  urls: readonly string[],
  query: { readonly indicator_id: string } | { readonly run_id: string },
): Promise<unknown> {
  let failure: unknown
  for (const url of urls) {
    try {
      const response = await fetch(`${url}/${CLASSIFY_API}/status`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(query),
        signal: AbortSignal.timeout(30_000),
      })
      const text = await response.text()
      if (response.ok) return parseJson(text)
      const message = errorSchema.safeParse(parseJson(text)).data?.message ?? text.slice(0, 300)
      if (response.status < 500) return { not_found: parseFailure(message).message }
      failure = new Error(message)
    } catch (error) {
      failure = new Error(causeOf(error))
    }
  }
  throw new ServiceError('ingress-unavailable', `No Restate node answers (${urls.join(', ')}): ${messageOf(failure)}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** fetch says "fetch failed"; why is in the cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (cause instanceof Error) return 'code' in cause && cause.message === '' ? String(cause.code) : cause.message
  return messageOf(error)
}
