/** Registers the replicas with the cluster, and checks that every Restate node knows the registration. */
import { isServiceError, messageOf, ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import { createAdminNodeClient, type Deployment } from '../client/admin-node.ts'

/** The URL at which the nodes call the replicas, inside the cluster's own network. */
export const DEPLOYMENT_URI = 'http://nginx:9080'
/** The milliseconds that one node may take for an answer. */
const ANSWER_TIMEOUT_MS = 15_000
const RETRY_MS = 1_000

/**
 * Asks the nodes in turn to register the replicas, until one succeeds or `deadline` (milliseconds of `performance.now`)
 * has passed. Resolves with the id of the deployment, and rejects with ServiceError admin-failed.
 */
export async function registerDeployment(
  adminUrls: readonly string[],
  deadline: number,
  signal: AbortSignal,
): Promise<string> {
  const client = createAdminNodeClient(signal, ANSWER_TIMEOUT_MS)
  let failure = ''
  const registerAtAnyNode = async () => {
    for (const url of adminUrls) {
      try {
        return await client.register(url, DEPLOYMENT_URI)
      } catch (error) {
        signal.throwIfAborted()
        // What the guard refuses at one node it refuses at each of them.
        if (isServiceError(error) && error.code === 'not-allowed') throw error
        failure = `${url}: ${messageOf(error)}`
      }
    }
    return undefined
  }
  const patienceMs = deadline - performance.now()
  const id = await retryFor(registerAtAnyNode, { delayMs: RETRY_MS, patienceMs, signal })
  if (id !== undefined) return id
  const advice = 'Logs: npm run cluster:logs -- nginx restate-1 classify-service'
  throw new ServiceError('admin-failed', [`${DEPLOYMENT_URI} could not be registered. ${failure}`, advice])
}

/**
 * Resolves when every node lists the deployment with the protocol BidiStream. Rejects with ServiceError admin-failed,
 * which names the nodes that do not list it at `deadline` (milliseconds of `performance.now`).
 */
export async function verifyDeployment(
  adminUrls: readonly string[],
  id: string,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  const client = createAdminNodeClient(signal, ANSWER_TIMEOUT_MS)
  let problems: string[] = []
  const checkAllNodes = async () => {
    problems = []
    for (const url of adminUrls) {
      const problem = await client.listDeployments(url).then(
        (deployments) => findListingProblem(deployments, id),
        () => 'does not answer',
      )
      signal.throwIfAborted()
      if (problem !== undefined) problems.push(`${url} ${problem}`)
    }
    return problems.length === 0 ? true : undefined
  }
  const patienceMs = deadline - performance.now()
  if ((await retryFor(checkAllNodes, { delayMs: RETRY_MS, patienceMs, signal })) === true) return
  throw new ServiceError('admin-failed', `The deployment ${id} is not the same on all nodes: ${problems.join('; ')}`)
}

/**
 * Says why a node's list of deployments lacks the deployment `id` with BidiStream at DEPLOYMENT_URI; undefined where
 * the list has it.
 */
export function findListingProblem(deployments: readonly Deployment[] | undefined, id: string): string | undefined {
  if (deployments === undefined) return 'gave no list of deployments'
  const found = deployments.find((deployment) => deployment.id === id)
  if (found === undefined) return 'does not list it'
  if (found.uri?.replace(/\/$/, '') !== DEPLOYMENT_URI) return `lists it at ${found.uri}`
  return found.protocol_type === 'BidiStream' ? undefined : `lists it as ${found.protocol_type}`
}
