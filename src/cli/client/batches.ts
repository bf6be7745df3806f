/** Client of the Restate ingress: batches go round-robin over the live nodes, and on to the next one when a node fails. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Indicator } from '../../classification/types.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json.ts'
import { type BatchRequest, type BatchResponse, CLASSIFY_API, parseFailure } from '../../restate/contract.ts'
import { createHttpClient, errorMessageOf, type HttpAnswer, type HttpClient } from './http.ts'
import { createNodes, type NodeCounts } from './nodes.ts'

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
  readonly nodes: Readonly<Record<string, NodeCounts>>
  /**
   * Submits one batch and waits for its results, however long they take. Rejects with `BatchFailedError` for what the
   * service said, with ServiceError ingress-unavailable when no node answered for `patienceMs`, or none knows the service.
   */
  submit(batch: Batch, signal: AbortSignal): Promise<BatchResponse>
}

export interface Batch {
  /** Unique for the batch over all runs; the same on every try. */
  readonly idempotencyKey: string
  readonly body: Omit<BatchRequest, 'indicators'> & { readonly indicators: readonly Indicator[] }
}

export interface IngressOptions {
  readonly urls: readonly string[]
  readonly patienceMs: number
  /** How long a service that no node knows is waited for. Default 15,000 ms. */
  readonly registrationMs?: number
  /** Told once when a node stops answering, and once when it is back. */
  readonly say: (line: string) => void
}

const FIRST_BACKOFF_MS = 200
const MAX_BACKOFF_MS = 3_000
/** A try that was held this long had reached its node: the patience begins anew. */
const HELD_MS = 30_000
/** How long a stack that is coming up may take to tell Restate of the service. */
const REGISTRATION_MS = 15_000
const REGISTRATION_RETRY_MS = 500
const PROBE_MS = 10_000
const PROBE_RETRY_MS = 500

/** As much of an answer as the CLI relies on. */
const responseSchema = z.looseObject({
  run_id: z.string(),
  results: z.array(z.looseObject({ indicator_id: z.string(), status: z.string() })),
  summary: z.looseObject({ indicators: z.number(), classified: z.number(), unchanged: z.number() }),
})

/** The service is not known at this node: not yet, or never. */
class NotRegisteredError extends Error {}

/**
 * Resolves when one of the nodes is there. Rejects with ServiceError ingress-unavailable where none is after `probeMs`,
 * with the signal's reason when that is aborted.
 */
export async function findIngress(urls: readonly string[], signal: AbortSignal, probeMs = PROBE_MS): Promise<void> {
  const found = new AbortController()
  const bound = AbortSignal.any([signal, found.signal, AbortSignal.timeout(probeMs)])
  const request = createHttpClient()
  const probe = async (url: string) => {
    while (!bound.aborted) {
      const answer = await request(`${url}/restate/health`, { method: 'GET', signal: bound }).catch(() => undefined)
      // A gateway may keep the path for itself; whoever answers at all is tried.
      if (answer !== undefined && answer.status < 500) return
      await sleep(PROBE_RETRY_MS, undefined, { signal: bound }).catch(() => undefined)
    }
    throw new Error(`${url} does not answer`)
  }
  try {
    await Promise.any(urls.map(probe))
  } catch {
    signal.throwIfAborted()
    throw unavailable(urls)
  } finally {
    // One is enough: the others are not waited for.
    found.abort()
  }
}

function unavailable(urls: readonly string[]): ServiceError {
  const way = 'is the service running? Start it with npm start, or give --ingress'
  return new ServiceError('ingress-unavailable', `No Restate ingress answers at ${urls.join(', ')}: ${way}`)
}

export function createIngressClient(options: IngressOptions): IngressClient {
  const { urls, patienceMs, registrationMs = REGISTRATION_MS } = options
  const nodes = createNodes(options)
  const request = createHttpClient()

  return {
    nodes: nodes.counts,
    submit: async (batch, signal) => {
      let backoffMs = FIRST_BACKOFF_MS
      let failingSince: number | undefined
      let unknownSince: number | undefined
      for (;;) {
        const url = nodes.next()
        const askedAt = performance.now()
        try {
          const response = await post(request, url, batch, signal)
          nodes.answered(url, askedAt)
          return response
        } catch (error) {
          if (error instanceof BatchFailedError) {
            nodes.answered(url, askedAt)
            throw error
          }
          signal.throwIfAborted()
          const now = performance.now()
          if (error instanceof NotRegisteredError) {
            unknownSince ??= now
            if (now - unknownSince > registrationMs) {
              const message = `${error.message}: is the service registered? npm start does so; it was not for ${Math.round(registrationMs / 1_000)} s`
              throw new ServiceError('ingress-unavailable', message)
            }
            await sleep(REGISTRATION_RETRY_MS, undefined, { signal })
            continue
          }
          nodes.failed(url, messageOf(error))
          if (now - askedAt > HELD_MS) failingSince = undefined
          failingSince ??= now
          if (now - failingSince > patienceMs) {
            const message = `No Restate node answered for ${Math.round(patienceMs / 1_000)} s (${urls.join(', ')}): ${messageOf(error)}`
            throw new ServiceError('ingress-unavailable', message, { cause: error })
          }
          // Another node that lives is tried at once; only where none does is there something to wait for.
          if (nodes.isAnyAlive) continue
          await sleep(backoffMs, undefined, { signal })
          backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)
        }
      }
    },
  }
}

/** Resolves with the results; rejects with BatchFailedError for a verdict, with anything else for a node in trouble. */
async function post(request: HttpClient, url: string, batch: Batch, signal: AbortSignal): Promise<BatchResponse> {
  const headers = { 'idempotency-key': batch.idempotencyKey }
  const answer = await request(`${url}/${CLASSIFY_API}/batch`, { headers, body: batch.body, signal })
  if (isOk(answer)) {
    const parsed = responseSchema.safeParse(parseJson(answer.text))
    if (!parsed.success)
      throw new BatchFailedError('internal', `${url} answered with something else than a batch's results`)
    return parsed.data as unknown as BatchResponse
  }
  const message = errorMessageOf(answer)
  if (isUnknownService(answer)) throw new NotRegisteredError(`${url}: ${message}`)
  if (isVerdict(answer) && answer.status !== 429) {
    if (isEnded(answer))
      throw new BatchFailedError('cancelled', 'the batch was cancelled (npm run kill, or the admin UI)')
    const failure = parseFailure(message)
    throw new BatchFailedError(failure.code, failure.message)
  }
  throw new Error(`HTTP ${answer.status}: ${message.slice(0, 200)}`)
}

/**
 * The latest classification or the totals that were asked for; undefined where the service does not know the id.
 * Rejects with ServiceError: what the service said, or ingress-unavailable.
 */
export async function readStatus(
  urls: readonly string[],
  query: { readonly indicator_id: string } | { readonly run_id: string },
  signal: AbortSignal,
): Promise<unknown> {
  const request = createHttpClient()
  let failure: ServiceError | undefined
  for (const url of urls) {
    const answer = await request(`${url}/${CLASSIFY_API}/status`, { body: query, signal }).catch(() => undefined)
    if (signal.aborted) {
      const way = 'does the service run, and does its database answer?'
      throw new ServiceError('ingress-unavailable', `The status was not answered in time (${urls.join(', ')}): ${way}`)
    }
    if (answer === undefined) continue
    if (isOk(answer)) return parseJson(answer.text)
    const said = parseFailure(errorMessageOf(answer))
    if (answer.status === 404 && (said.code as string) === 'input-not-found') return undefined
    const isQuestionWrong = answer.status < 500 && !isUnknownService(answer)
    const way = isUnknownService(answer) ? ' (is the service registered?)' : ''
    const unnamed = isQuestionWrong ? 'input-invalid' : 'ingress-unavailable'
    const code = said.code === 'internal' ? unnamed : said.code
    failure = new ServiceError(code, `${url} answered ${answer.status}: ${said.message.slice(0, 300)}${way}`)
    // Another node would say the same of what is wrong with the question.
    if (isQuestionWrong) break
  }
  throw failure ?? unavailable(urls)
}

function isOk({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300
}

/** What the invocation itself said is a verdict; the ingress in trouble is worth another try. */
function isVerdict({ status, headers }: HttpAnswer): boolean {
  return headers['x-restate-error-source'] === 'invocation' || status < 500
}

/** How an invocation ends that somebody cancelled or killed: Restate's own words, with none of our codes. */
function isEnded(answer: HttpAnswer): boolean {
  return answer.status === 409 && /^(?:cancell?ed|killed)\b/i.test(errorMessageOf(answer))
}

function isUnknownService(answer: HttpAnswer): boolean {
  return answer.status === 404 && parseFailure(errorMessageOf(answer)).code === 'internal'
}
