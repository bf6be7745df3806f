/** Whether the cluster is ready: every container healthy, and every node a member in the eyes of every other. */
import { z } from 'zod'
import { parseJson } from '../../lib/json.ts'
import { createHttpClient, type HttpClient } from '../client/http.ts'
import { type Container, hostUrl, NODES, nameOf, REPLICAS } from './containers.ts'

export const ADMIN_PORT = 9070
const ASK_MS = 3_000
/** So many restarts say that it will not come up by itself. */
const HOPELESS_RESTARTS = 4

export interface Missing {
  /** The service, as `cluster:logs` takes it. */
  readonly service: string
  readonly name: string
  readonly why: string
  readonly isHopeless: boolean
}

/** Parts that the cluster can do without while it comes up. */
const OPTIONAL = new Set(['prometheus', 'grafana'])
/** What must be there; the others may be scaled to nothing for an outside model, database or S3. */
const REQUIRED = [...NODES, REPLICAS, 'nginx', 'pgbouncer']

/** What Docker says is not ready. Pure. */
export function missingContainers(containers: readonly Container[], replicas: number): Missing[] {
  const missing: Missing[] = []
  const add = (service: string, name: string, why: string, isHopeless = false) =>
    missing.push({ service, name, why, isHopeless })
  for (const service of REQUIRED) {
    const found = containers.filter((one) => one.service === service).length
    const wanted = service === REPLICAS ? replicas : 1
    if (found === 0) add(service, service, 'is not there')
    else if (found < wanted) add(service, service, `${found} of ${wanted} are there`)
  }
  for (const one of containers) {
    if (OPTIONAL.has(one.service)) continue
    if (one.state === 'running' && (one.health === 'healthy' || one.health === 'none')) continue
    const isHopeless = one.restarts >= HOPELESS_RESTARTS
    add(one.service, nameOf(one), describe(one), isHopeless)
  }
  return missing
}

function describe({ state, health, exitCode, restarts }: Container): string {
  if (state === 'running') return health
  const ended = state === 'created' ? '' : `, exit code ${exitCode}`
  return `${state}${ended}${restarts > 0 ? `, started again ${restarts} times` : ''}`
}

const healthSchema = z.object({ metadata_cluster_health: z.object({ members: z.array(z.number()) }) })

/**
 * The nodes that are no members yet. Each is asked itself: one that is up alone answers as well, but lists itself only,
 * so a node counts when it answers and lists all five.
 */
export async function missingMembers(containers: readonly Container[], signal: AbortSignal): Promise<Missing[]> {
  const request = createHttpClient()
  const asked = await Promise.all(
    NODES.map(async (node) => {
      const why = await whyNoMember(request, hostUrl(containers, node, ADMIN_PORT), signal)
      return why === undefined ? [] : [{ service: node, name: node, why, isHopeless: false }]
    }),
  )
  return asked.flat()
}

async function whyNoMember(
  request: HttpClient,
  url: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (url === undefined) return 'its admin port is not published'
  const bound = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)])
  const answer = await request(`${url}/cluster-health`, { method: 'GET', signal: bound }).catch(() => undefined)
  signal.throwIfAborted()
  if (answer === undefined) return `${url} does not answer`
  const members = membersOf(answer.text)
  if (members === undefined) return `is no member yet (${url} answered ${answer.status})`
  const lacking = NODES.filter((_, index) => !members.includes(index + 1))
  return lacking.length === 0 ? undefined : `does not see ${lacking.join(', ')} as members`
}

/** The ids of the nodes in an answer of /cluster-health. */
export function membersOf(json: string): readonly number[] | undefined {
  return healthSchema.safeParse(parseJson(json)).data?.metadata_cluster_health.members
}
