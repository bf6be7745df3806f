/** Calls the Restate ingress for all commands: sends one request to one node, and searches for a node that answers. */
import { messageOf, ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import { CLASSIFY_API } from '../../restate/contract.ts'
import { createHttpClient } from './http.ts'
import { type IngressAnswer, readIngressAnswer } from './ingress-answer.ts'
import { createNodeWatches, HEALTH_PATH } from './node-silence.ts'

export interface IngressCall {
  /** The base URL of the node, without a slash at its end. */
  readonly url: string
  /** The name of a handler of the service classify-api. */
  readonly handler: string
  /** The body of the request, which is sent as JSON. */
  readonly body: unknown
  /** Requests with the same key run the work only once, and Restate gives each of them the same answer. */
  readonly idempotencyKey?: string
  readonly headers?: Readonly<Record<string, string>>
  /** An abort of this signal ends the request. Else the answer may take as long as the node says that it lives. */
  readonly signal: AbortSignal
}

/**
 * Calls a handler. Rejects only when the signal aborts, with its reason; a node that cannot be reached is reported as
 * an answer.
 */
export type IngressClient = (call: IngressCall) => Promise<IngressAnswer>

/** The milliseconds for which a command looks for an ingress at its start, unless the caller sets another time. */
const PROBE_MS = 10_000
/** The milliseconds between two probes of the same node. */
const PROBE_RETRY_MS = 500

/**
 * Creates a client that keeps its connections for later calls; idle connections do not keep the process alive. While a call waits
 * for its answer, its node is asked whether it lives, and a node that says nothing counts as unreachable: with the same
 * idempotency key another node has the same answer.
 */
export function createIngressClient(): IngressClient {
  const request = createHttpClient()
  const watches = createNodeWatches(request)
  return async ({ url, handler, body, idempotencyKey, headers: more, signal }) => {
    const headers = { ...more, ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }) }
    try {
      const call = (bound: AbortSignal) =>
        request(`${url}/${CLASSIFY_API}/${handler}`, { headers, body, signal: bound })
      return readIngressAnswer(await watches.during(url, signal, call))
    } catch (error) {
      signal.throwIfAborted()
      return { kind: 'unreachable', message: messageOf(error) }
    }
  }
}

/**
 * Resolves when any of the nodes answers a probe. Rejects with ServiceError ingress-unavailable where no node answers
 * within `probeMs`, and with the reason of `signal` when `signal` aborts.
 */
export async function findIngress(urls: readonly string[], signal: AbortSignal, probeMs = PROBE_MS): Promise<void> {
  const found = new AbortController()
  const bound = AbortSignal.any([signal, found.signal, AbortSignal.timeout(probeMs)])
  const request = createHttpClient()
  const probe = (url: string) =>
    retryFor(
      async () => {
        const answer = await request(`${url}${HEALTH_PATH}`, { method: 'GET', signal: bound }).catch(() => undefined)
        // A gateway in front of the node may use this path itself, so any status below 500, such as 404, counts as an
        // answer.
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
    // One node that answers is enough, so the probes of the other nodes are ended here.
    found.abort()
  }
}

export function noIngressError(urls: readonly string[]): ServiceError {
  const advice = 'is the service running? Start it with npm start, or give --ingress'
  return new ServiceError('ingress-unavailable', `No Restate ingress answers at ${urls.join(', ')}: ${advice}`)
}
