/** Registers the replicas with the cluster, and checks that every Restate node knows the registration. */
import { isServiceError, messageOf, ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import { createAdminNodeClient, type Deployment } from '../client/admin-node.ts'

/** The URL at which the nodes call the replicas, inside the cluster's own network. */
export const DEPLOYMENT_URI = 'http://nginx:9080'
/** The milliseconds that one node may take for an answer; it asks the replicas four times before it gives up. */
const ANSWER_TIMEOUT_MS = 15_000
const RETRY_MS = 1_000
/**
 * The milliseconds that the registration of the replicas may take, and that all nodes have to learn of it. Replicas that start
 * while the database is away answer nothing until it is back, and the nodes answer 502 for them meanwhile.
 */
const PATIENCE_MS = 180_000
/** Registration that takes longer than so many milliseconds says what it waits for. */
const SAY_AFTER_MS = 5_000

export interface RegisterOptions {
  readonly signal: AbortSignal
  /** Milliseconds after which no node is asked any more; three minutes by default. Each node is asked at least once. */
  readonly patienceMs?: number
  /** Milliseconds between two rounds over the nodes; a second by default. */
  readonly delayMs?: number
  /** Prints one sentence for the person at the terminal, once the registration takes long. */
  readonly say?: (line: string) => void
}

/**
 * Asks the nodes in turn to register the replicas, until one succeeds. Resolves with the id of the deployment. Rejects with
 * ServiceError admin-failed, which has what each node answered last, or at once with not-allowed where the guard refuses.
 */
export async function registerDeployment(adminUrls: readonly string[], options: RegisterOptions): Promise<string> {
  const { signal, patienceMs = PATIENCE_MS, delayMs = RETRY_MS, say } = options
  const client = createAdminNodeClient(signal, ANSWER_TIMEOUT_MS)
  const startedAt = performance.now()
  const deadline = startedAt + patienceMs
  const failures = new Map<string, string>()
  let attempts = 0
  let isSaid = false
  const registerAtAnyNode = async () => {
    for (const url of adminUrls) {
      // Nodes that say nothing would otherwise stretch the last round by a quarter of a minute each.
      if (failures.has(url) && performance.now() >= deadline) return undefined
      attempts += 1
      try {
        return await client.register(url, DEPLOYMENT_URI)
      } catch (error) {
        signal.throwIfAborted()
        // What the guard refuses at one node it refuses at each of them.
        if (isServiceError(error) && error.code === 'not-allowed') throw error
        failures.set(url, messageOf(error))
      }
    }
    if (!isSaid && performance.now() - startedAt >= SAY_AFTER_MS) {
      isSaid = true
      const forS = Math.round(patienceMs / 1_000)
      say?.(
        `The replicas could not be registered yet, trying again for up to ${forS} s: ${formatFailures(failures)[0]}`,
      )
    }
    return undefined
  }
  const id = await retryFor(registerAtAnyNode, { delayMs, patienceMs, signal })
  if (id !== undefined) return id
  const forS = Math.round((performance.now() - startedAt) / 1_000)
  throw new ServiceError('admin-failed', [
    `${DEPLOYMENT_URI} could not be registered in ${forS} s and ${attempts} attempts. What the nodes answered last:`,
    ...formatFailures(failures).map((line) => `  ${line}`),
    'Logs: npm run cluster:logs -- nginx restate-1 classify-service. To try again: npm run cluster:5node',
  ])
}

/** One line for each answer, with all nodes that gave it. */
function formatFailures(failures: ReadonlyMap<string, string>): string[] {
  const byAnswer = Map.groupBy(failures, ([, answer]) => answer)
  return [...byAnswer].map(([answer, nodes]) => `${nodes.map(([url]) => url).join(', ')}: ${answer}`)
}

/**
 * Resolves when every node lists the deployment with the protocol BidiStream. Rejects with ServiceError admin-failed,
 * which names the nodes that do not list it after the patience of the options.
 */
export async function verifyDeployment(
  adminUrls: readonly string[],
  id: string,
  { signal, patienceMs = PATIENCE_MS, delayMs = RETRY_MS }: RegisterOptions,
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
  if ((await retryFor(checkAllNodes, { delayMs, patienceMs, signal })) === true) return
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
