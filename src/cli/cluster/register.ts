/** Registers the replicas with the cluster, and checks that every node knows of the registration. */
import { z } from 'zod'
import { messageOf, ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json.ts'
import { retryFor } from '../../lib/timing.ts'
import { createHttpClient } from '../client/http.ts'

/** The address at which the nodes call the replicas, in the cluster's own network. */
export const DEPLOYMENT_URI = 'http://nginx:9080'
/** Milliseconds that one node may take for an answer. */
const ANSWER_TIMEOUT_MS = 15_000
const RETRY_MS = 1_000

/**
 * Registers by force, because the same address may have other handlers than at the last registration. Asks the nodes in
 * turn until `deadline` (milliseconds of `performance.now`). Resolves with the id of the deployment; rejects with
 * ServiceError admin-failed.
 */
export async function registerDeployment(
  adminUrls: readonly string[],
  deadline: number,
  signal: AbortSignal,
): Promise<string> {
  const request = createHttpClient()
  let failure = ''
  const registerAtAnyNode = async () => {
    for (const url of adminUrls) {
      const bound = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
      const body = { uri: DEPLOYMENT_URI, force: true }
      try {
        const answer = await request(`${url}/deployments`, { body, signal: bound })
        const id = z.object({ id: z.string() }).safeParse(parseJson(answer.text)).data?.id
        if (answer.status < 300 && id !== undefined) return id
        failure = `${url} answered ${answer.status}: ${answer.text.slice(0, 300)}`
      } catch (error) {
        signal.throwIfAborted()
        failure = `${url}: ${messageOf(error)}`
      }
    }
    return undefined
  }
  const patienceMs = deadline - performance.now()
  const id = await retryFor(registerAtAnyNode, { delayMs: RETRY_MS, patienceMs, signal })
  if (id !== undefined) return id
  const advice = 'Its log: npm run cluster:logs -- nginx restate-1 classify-service'
  throw new ServiceError('admin-failed', `${DEPLOYMENT_URI} could not be registered. ${failure}\n${advice}`)
}

/** The part of Restate's list of deployments that the check reads. */
const deploymentsSchema = z.object({
  deployments: z.array(
    z.looseObject({ id: z.string(), uri: z.string().optional(), protocol_type: z.string().optional() }),
  ),
})

/**
 * Resolves when every node lists the deployment with the protocol BidiStream. Rejects with ServiceError admin-failed that
 * names the nodes that do not by `deadline` (milliseconds of `performance.now`).
 */
export async function verifyDeployment(
  adminUrls: readonly string[],
  id: string,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  const request = createHttpClient()
  let wrong: string[] = []
  const checkAllNodes = async () => {
    wrong = []
    for (const url of adminUrls) {
      const bound = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
      const answer = await request(`${url}/deployments`, { method: 'GET', signal: bound }).catch(() => undefined)
      signal.throwIfAborted()
      const why = answer === undefined ? 'does not answer' : whyNotListed(answer.text, id)
      if (why !== undefined) wrong.push(`${url} ${why}`)
    }
    return wrong.length === 0 ? true : undefined
  }
  const patienceMs = deadline - performance.now()
  if ((await retryFor(checkAllNodes, { delayMs: RETRY_MS, patienceMs, signal })) === true) return
  throw new ServiceError('admin-failed', `The deployment ${id} is not the same on all nodes: ${wrong.join('; ')}`)
}

/** Why an answer of GET /deployments does not list `id` as BidiStream at DEPLOYMENT_URI; undefined where it does. */
export function whyNotListed(json: string, id: string): string | undefined {
  const parsed = deploymentsSchema.safeParse(parseJson(json))
  if (!parsed.success) return 'gave no list of deployments'
  const found = parsed.data.deployments.find((one) => one.id === id)
  if (found === undefined) return 'does not list it'
  if (found.uri?.replace(/\/$/, '') !== DEPLOYMENT_URI) return `lists it at ${found.uri}`
  return found.protocol_type === 'BidiStream' ? undefined : `lists it as ${found.protocol_type}`
}
