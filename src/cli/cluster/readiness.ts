/** Finds the parts of the cluster that are not ready: containers that are not healthy, and nodes that are not members. */
import { type AdminNodeClient, createAdminNodeClient } from '../client/admin-node.ts'
import type { Survey } from '../nodes/survey.ts'
import { findTroubles, isLasting, needsRepair } from '../nodes/troubles.ts'
import {
  type Container,
  GUARD_SERVICE,
  hasDoneItsWork,
  NODE_SERVICES,
  nameOf,
  nodeUrl,
  ONE_SHOT_SERVICES,
  REPLICA_SERVICE,
} from './containers.ts'

/** The milliseconds that one node may take for an answer; the next check asks the node again. */
const ANSWER_TIMEOUT_MS = 3_000
/**
 * A container that Docker has restarted this many times counts as failing, because more waiting will not make it
 * healthy.
 */
const MAX_RESTARTS = 4

/** A part of the cluster that is not ready. */
export interface UnreadyPart {
  /** The name of the service in the Compose file, which the user can pass to `cluster:logs`. */
  readonly service: string
  /** The name of the service, followed by the container's number where the service may have several containers. */
  readonly name: string
  /** The state of the part as a phrase, such as "starting" or "exited, exit code 1". */
  readonly reason: string
  /** Whether the part has failed so often that more waiting is of little use. */
  readonly isFailing: boolean
}

/** The services that the cluster can do without, so that the check ignores them. */
const OPTIONAL = new Set(['prometheus', 'grafana'])
/**
 * The services that must have a container. Every other service may be scaled to 0 where an external model, database or
 * S3 store replaces it.
 */
export const REQUIRED = [...NODE_SERVICES, GUARD_SERVICE, REPLICA_SERVICE, 'nginx', 'pgbouncer']

/**
 * Finds the parts that are not ready, from the list of containers alone; `replicas` is the wanted number of replicas.
 */
export function findUnreadyContainers(containers: readonly Container[], replicas: number): UnreadyPart[] {
  const unready: UnreadyPart[] = []
  for (const service of REQUIRED) {
    const found = containers.filter((container) => container.service === service).length
    const wanted = service === REPLICA_SERVICE ? replicas : 1
    const reason = found === 0 ? 'missing' : `${found} of ${wanted} exist`
    if (found < wanted) unready.push({ service, name: service, reason, isFailing: false })
  }
  for (const container of containers) {
    const { service, state, health, restarts } = container
    if (OPTIONAL.has(service) || hasDoneItsWork(container)) continue
    if (state === 'running' && (health === 'healthy' || health === 'none')) continue
    const isFailing = restarts >= MAX_RESTARTS || (ONE_SHOT_SERVICES.has(service) && state === 'exited')
    unready.push({ service, name: nameOf(container), reason: describeState(container), isFailing })
  }
  return unready
}

function describeState({ state, health, exitCode, restarts }: Container): string {
  if (state === 'running') return health
  const ended = state === 'created' ? '' : `, exit code ${exitCode}`
  return `${state}${ended}${restarts > 0 ? `, restarted ${restarts} times` : ''}`
}

/**
 * Finds the nodes that are not members of the cluster yet. Every node is asked, and is ready when it lists all five
 * nodes; a node that has not joined the other nodes answers as well, but lists only itself.
 */
export async function findUnreadyMembers(
  containers: readonly Container[],
  signal: AbortSignal,
): Promise<UnreadyPart[]> {
  const client = createAdminNodeClient(signal, ANSWER_TIMEOUT_MS)
  const checked = await Promise.all(
    NODE_SERVICES.map(async (service) => {
      const reason = await findMemberProblem(client, nodeUrl(containers, service, 'admin'))
      return reason === undefined ? [] : [{ service, name: service, reason, isFailing: false }]
    }),
  )
  signal.throwIfAborted()
  return checked.flat()
}

async function findMemberProblem(client: AdminNodeClient, url: string | undefined): Promise<string | undefined> {
  if (url === undefined) return 'its admin port is not published'
  const answer = await client.listMembers(url).catch(() => undefined)
  if (answer === undefined) return `${url} does not answer`
  const { members, status } = answer
  if (members === undefined) return `is not a member yet (${url} answered ${status})`
  const lacking = NODE_SERVICES.filter((_, index) => !members.includes(index + 1))
  return lacking.length === 0 ? undefined : `does not see ${lacking.join(', ')} as members`
}

/**
 * Whether the nodes should be asked how they stand in the cluster, which takes a second of the machine: where all else is
 * ready, or where nodes alone are not, which may have lost their data.
 */
export function isWorthASurvey(unready: readonly UnreadyPart[]): boolean {
  const nodes = new Set<string>(NODE_SERVICES)
  return unready.every(({ service }) => nodes.has(service)) && unready.length < NODE_SERVICES.length
}

/**
 * Adds the nodes whose log, partitions or copy of the metadata is not in its place. Of a node that is not ready for a reason
 * that a survey knows, that reason is told, since "unhealthy" alone says nothing of what helps.
 */
export function addTroubles(unready: readonly UnreadyPart[], survey: Survey): UnreadyPart[] {
  const troubles = findTroubles(survey)
  const known = new Set(troubles.filter(needsRepair).map(({ name }) => name))
  const others = unready.filter(({ service }) => !known.has(service))
  const named = new Set(others.map(({ service }) => service))
  return [
    ...others,
    ...troubles
      .filter(({ name }) => !named.has(name))
      .map((trouble) => {
        const { name, reason } = trouble
        return { service: name, name, reason, isFailing: isLasting(trouble) }
      }),
  ]
}
