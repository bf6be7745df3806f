/** Brings the cluster up, from nothing or from whatever is there: the work behind `cluster:5node` and `all-in-one`. */
import { resolve } from 'node:path'
import type { Config } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { say } from '../ui/terminal.ts'
import { type Compose, mustSucceed, PROJECT_DIR } from './compose.ts'
import { type Container, hostUrl, listContainers, NODES, REPLICAS } from './containers.ts'
import { ensureIdentity, type Identity } from './identity.ts'
import { ADMIN_PORT } from './readiness.ts'
import { registerDeployment, verifyDeployment } from './register.ts'
import { waitUntilReady } from './wait.ts'

export const DEFAULT_TIMEOUT_MS = 300_000
/** For what comes after all parts are healthy. */
const REGISTER_MS = 60_000

export interface UpOptions {
  readonly config: Config
  readonly compose: Compose
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly replicas: number
}

export interface Cluster {
  readonly containers: readonly Container[]
  readonly ingressUrls: readonly string[]
  readonly adminUrls: readonly string[]
  /** Public key of the nodes' signatures. */
  readonly publicKey: string
}

/** Builds, starts, waits, registers and verifies. Rejects with cluster-failed or admin-failed; nothing is taken down. */
export async function bringUp(options: UpOptions): Promise<Cluster> {
  const { config, compose, signal, replicas } = options
  const identity = await ensureClusterIdentity(config)
  const env = replicas === config.cluster.replicas ? {} : { CLUSTER_REPLICAS: String(replicas) }
  // One service alone: Compose marks an image with the service that it was built for, so that `up --build` would leave two
  // images for one name, and the next `up` by hand would make replicas anew.
  const built = await compose.run(['build', REPLICAS], { output: 'stderr', env, signal })
  if (built.code !== 0)
    throw new ServiceError('cluster-failed', 'The image was not built: docker compose said why above')
  const up = await compose.run(['up', '--detach'], { output: 'stderr', env, signal })
  if (up.code !== 0) await explainFailedUp(options)
  return await completeUp(options, identity)
}

/** Waits until all is ready and signed, registers, and sees that every node has heard. */
export async function completeUp(options: UpOptions, identity: Identity): Promise<Cluster> {
  const { compose, signal } = options
  await renewStale(compose, identity, signal)
  const containers = await waitUntilReady(options)
  await verifySigned(compose, containers, identity, signal)
  const cluster = describeCluster(containers, identity)
  const deadline = performance.now() + REGISTER_MS
  const id = await registerDeployment(cluster.adminUrls, deadline, signal)
  await verifyDeployment(cluster.adminUrls, id, deadline, signal)
  say(`Registered as ${id}, BidiStream, on all ${cluster.adminUrls.length} nodes.`)
  return cluster
}

export async function ensureClusterIdentity(config: Config): Promise<Identity> {
  return await ensureIdentity(resolve(PROJECT_DIR, config.cluster.identityDir))
}

export function describeCluster(containers: readonly Container[], { publicKey }: Identity): Cluster {
  const urls = (port: number) => NODES.flatMap((node) => hostUrl(containers, node, port) ?? [])
  return { containers, ingressUrls: urls(8080), adminUrls: urls(ADMIN_PORT), publicKey }
}

/** Compose gives up when a part that others wait for is unhealthy; what it is, is ours to say, where it is not Compose's own. */
async function explainFailedUp({ compose, signal }: UpOptions): Promise<void> {
  const containers = await listContainers(compose, signal)
  const way = 'docker compose said why above'
  if (containers.length === 0) throw new ServiceError('cluster-failed', `The cluster did not start: ${way}`)
  const stuck = containers.filter(({ state, health }) => state !== 'running' || health === 'unhealthy')
  const services = [...new Set(stuck.map(({ service }) => service))].join(' ')
  const logs = services === '' ? '' : `\nLogs: npm run cluster:logs -- --no-follow --tail 50 ${services}`
  throw new ServiceError('cluster-failed', `The cluster did not start: ${way}.${logs}`)
}

/** Nodes and replicas that started before the key was there do not know it, and to Compose nothing has changed. */
async function renewStale(compose: Compose, identity: Identity, signal: AbortSignal): Promise<void> {
  const knowsKey = new Set<string>([...NODES, REPLICAS])
  const stale = (await listContainers(compose, signal)).filter(({ service, startedAtMs, state }) => {
    return knowsKey.has(service) && state === 'running' && startedAtMs < identity.madeAtMs
  })
  if (stale.length === 0) return
  const services = [...new Set(stale.map(({ service }) => service))]
  say(`Starting ${services.join(', ')} again: calls are signed from now on`)
  mustSucceed('docker compose restart', await compose.run(['restart', ...services], { output: 'stderr', signal }))
}

/** Asks a replica as a stranger would: it must refuse. */
export async function verifySigned(
  compose: Compose,
  containers: readonly Container[],
  identity: Identity,
  signal: AbortSignal,
): Promise<void> {
  const nginx = containers.find(({ service }) => service === 'nginx')
  if (nginx === undefined) return
  // Discovery needs no body, and is refused in the same way as a call.
  const ask = ['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '5']
  const accept = ['-H', 'accept: application/vnd.restate.endpointmanifest.v3+json']
  const url = `http://${REPLICAS}:9080/discover`
  const ran = await compose.docker(['exec', nginx.id, ...ask, ...accept, url], { output: 'captured', signal })
  if (ran.stdout.trim() === '401') {
    say(`Calls are signed (${identity.publicKey}); a replica refuses others with 401.`)
    return
  }
  const way = `it should hold ${identity.publicKey}, see RESTATE_IDENTITY_KEYS_DIR in docker-compose.cluster.yml`
  throw new ServiceError(
    'cluster-failed',
    `A replica answers unsigned calls (${ran.stdout.trim() || ran.stderr}): ${way}`,
  )
}
