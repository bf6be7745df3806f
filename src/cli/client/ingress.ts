/** The Restate ingress as all commands call it: one request to one node, and the search for a node that answers. */
import { messageOf, ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import { CLASSIFY_API } from '../../restate/contract.ts'
import { createHttpClient } from './http.ts'
import { type IngressAnswer, readIngressAnswer } from './ingress-answer.ts'

export interface IngressCall {
  /** Base address of the node, without a slash at its end. */
  readonly url: string
  /** A handler of the classify-api service. */
  readonly handler: string
  /** Sent as JSON. */
  readonly body: unknown
  /** Under the same key Restate runs the work once, and gives the same answer again. */
  readonly idempotencyKey?: string
  /** The only bound on the answer. */
  readonly signal: AbortSignal
}

/** Rejects with the signal's reason when it aborts, and never otherwise: a node that cannot be reached is an answer too. */
export type IngressClient = (call: IngressCall) => Promise<IngressAnswer>

/** Milliseconds for which commands look for an ingress at their start, unless they are given another time. */
const PROBE_MS = 10_000
/** Milliseconds between two probes of the same node. */
const PROBE_RETRY_MS = 500

/** Its connections are kept for the next call; they do not keep the process alive. */
export function createIngressClient(): IngressClient {
  const request = createHttpClient()
  return async ({ url, handler, body, idempotencyKey, signal }) => {
    const headers: Record<string, string> = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }
    try {
      return readIngressAnswer(await request(`${url}/${CLASSIFY_API}/${handler}`, { headers, body, signal }))
    } catch (error) {
      signal.throwIfAborted()
      return { kind: 'unreachable', message: messageOf(error) }
    }
  }
}

/**
 * Resolves when one of the nodes answers. Rejects with ServiceError ingress-unavailable where none does within `probeMs`,
 * and with the signal's reason when it aborts.
 */
export async function findIngress(urls: readonly string[], signal: AbortSignal, probeMs = PROBE_MS): Promise<void> {
  const found = new AbortController()
  const bound = AbortSignal.any([signal, found.signal, AbortSignal.timeout(probeMs)])
  const request = createHttpClient()
  const probe = (url: string) =>
    retryFor(
      async () => {
        const answer = await request(`${url}/restate/health`, { method: 'GET', signal: bound }).catch(() => undefined)
        // A gateway may keep this path for itself, so an answer such as 404 counts as a node too.
        return answer !== undefined && answer.status < 500 ? url : undefined
      },
      { delayMs: PROBE_RETRY_MS, patienceMs: Number.POSITIVE_INFINITY, signal: bound },
    )
  try {
    await Promise.any(urls.map(probe))
  } catch {
    signal.throwIfAborted()
    throw noIngressError(urls)
  } finally {
    // One node is enough, so the probes of the others end here.
    found.abort()
  }
}

export function noIngressError(urls: readonly string[]): ServiceError {
  const advice = 'is the service running? Start it with npm start, or give --ingress'
  return new ServiceError('ingress-unavailable', `No Restate ingress answers at ${urls.join(', ')}: ${advice}`)
}
