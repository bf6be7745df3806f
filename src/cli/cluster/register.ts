/** Tells the cluster of its replicas, and sees that every node has heard. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { messageOf, ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json.ts'
import { createHttpClient } from '../client/http.ts'

/** Where the nodes find the replicas, in the cluster's own network. */
export const DEPLOYMENT_URI = 'http://nginx:9080'
const TRY_MS = 15_000
const RETRY_MS = 1_000

/**
 * Registers with force, since the same address may have other handlers since the last time. Tries over all nodes until
 * `deadline` (ms of `performance.now`). Resolves with the deployment's id; rejects with admin-failed.
 */
export async function registerDeployment(
  adminUrls: readonly string[],
  deadline: number,
  signal: AbortSignal,
): Promise<string> {
  const request = createHttpClient()
  let failure = ''
  do {
    for (const url of adminUrls) {
      const bound = AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)])
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
    await sleep(RETRY_MS, undefined, { signal })
  } while (performance.now() < deadline)
  const way = 'Its log: npm run cluster:logs -- nginx restate-1 classify-service'
  throw new ServiceError('admin-failed', `${DEPLOYMENT_URI} could not be registered. ${failure}\n${way}`)
}

const deploymentsSchema = z.object({
  deployments: z.array(
    z.looseObject({ id: z.string(), uri: z.string().optional(), protocol_type: z.string().optional() }),
  ),
})

/** Resolves when every node lists the deployment as BidiStream; rejects with admin-failed that names those that do not. */
export async function verifyDeployment(
  adminUrls: readonly string[],
  id: string,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  const request = createHttpClient()
  for (;;) {
    const wrong: string[] = []
    for (const url of adminUrls) {
      const bound = AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)])
      const answer = await request(`${url}/deployments`, { method: 'GET', signal: bound }).catch(() => undefined)
      signal.throwIfAborted()
      const why = answer === undefined ? 'does not answer' : whyNotListed(answer.text, id)
      if (why !== undefined) wrong.push(`${url} ${why}`)
    }
    if (wrong.length === 0) return
    if (performance.now() >= deadline) {
      throw new ServiceError('admin-failed', `The deployment ${id} is not the same on all nodes: ${wrong.join('; ')}`)
    }
    await sleep(RETRY_MS, undefined, { signal })
  }
}

/** Undefined where an answer of GET /deployments lists `id` as BidiStream at our address. */
export function whyNotListed(json: string, id: string): string | undefined {
  const parsed = deploymentsSchema.safeParse(parseJson(json))
  if (!parsed.success) return 'gave no list of deployments'
  const found = parsed.data.deployments.find((one) => one.id === id)
  if (found === undefined) return 'does not list it'
  if (found.uri?.replace(/\/$/, '') !== DEPLOYMENT_URI) return `lists it at ${found.uri}`
  return found.protocol_type === 'BidiStream' ? undefined : `lists it as ${found.protocol_type}`
}
