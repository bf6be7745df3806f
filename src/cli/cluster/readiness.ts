/** Finds the parts of the cluster that are not ready: containers that are not healthy, and nodes that are not members. */
import { type AdminNodeClient, createAdminNodeClient } from '../client/admin-node.ts'
import { type Container, hostUrl, NODE_SERVICES, nameOf, REPLICA_SERVICE } from './containers.ts'

/** The port of a node's admin API inside its container. */
export const ADMIN_PORT = 9070
/** Milliseconds that one node may take for an answer; the next look asks it again. */
const ANSWER_TIMEOUT_MS = 3_000
/** A container that Docker has restarted this many times is unlikely to become healthy by waiting. */
const MAX_RESTARTS = 4

/** A part of the cluster that is not ready. */
export interface UnreadyPart {
  /** The name of the Compose service, as `cluster:logs` takes it. */
  readonly service: string
  /** The service, with the number of the container where a service may have several. */
  readonly name: string
  /** Completes a sentence about the part, such as "starting" or "exited, exit code 1". */
  readonly reason: string
  /** Whether the part has failed so often that waiting is of little use. */
  readonly isFailing: boolean
}

/** Services that the cluster can do without. */
const OPTIONAL = new Set(['prometheus', 'grafana'])
/** Services that must exist. All others may be scaled to 0, where a model, a database or an S3 elsewhere replaces them. */
const REQUIRED = [...NODE_SERVICES, REPLICA_SERVICE, 'nginx', 'pgbouncer']

/** The parts that are not ready as Docker sees them, where `replicas` replicas are wanted. Pure. */
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
    if (OPTIONAL.has(service)) continue
    if (state === 'running' && (health === 'healthy' || health === 'none')) continue
    const isFailing = restarts >= MAX_RESTARTS
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
 * The nodes that are not members yet. Every node is asked, and is ready when it lists all five: a node that is up without
 * the others answers as well, but lists only itself.
 */
export async function findUnreadyMembers(
  containers: readonly Container[],
  signal: AbortSignal,
): Promise<UnreadyPart[]> {
  const client = createAdminNodeClient(signal, ANSWER_TIMEOUT_MS)
  const checked = await Promise.all(
    NODE_SERVICES.map(async (service) => {
      const reason = await findMemberProblem(client, hostUrl(containers, service, ADMIN_PORT))
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
