/** Brings the cluster up, whatever part of it is running already: the work of `cluster:5node` and `all-in-one`. */
import { resolve } from 'node:path'
import type { Config } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { say } from '../ui/terminal.ts'
import { type Compose, PROJECT_DIR, requireSuccess } from './compose.ts'
import { type Container, hostUrl, listContainers, NODE_SERVICES, REPLICA_SERVICE } from './containers.ts'
import { ensureIdentity, type Identity } from './identity.ts'
import { ADMIN_PORT } from './readiness.ts'
import { registerDeployment, verifyDeployment } from './register.ts'
import { waitUntilReady } from './wait.ts'

/** Milliseconds that the registration may take once all parts are healthy. */
const REGISTRATION_TIMEOUT_MS = 60_000

export interface UpOptions {
  readonly config: Config
  readonly compose: Compose
  /** Milliseconds that all parts may take to become ready. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly replicas: number
}

/** A running cluster, with the addresses at which this machine reaches its nodes. */
export interface Cluster {
  readonly containers: readonly Container[]
  readonly ingressUrls: readonly string[]
  readonly adminUrls: readonly string[]
  /** The public key by which replicas check the signatures of the nodes. */
  readonly publicKey: string
}

/**
 * Builds the image, starts all containers, waits until they are ready, and registers the replicas. Rejects with
 * ServiceError cluster-failed or admin-failed; containers that have started keep running.
 */
export async function bringUp(options: UpOptions): Promise<Cluster> {
  const { config, compose, signal, replicas } = options
  const identity = await ensureClusterIdentity(config)
  const env = replicas === config.cluster.replicas ? {} : { CLUSTER_REPLICAS: String(replicas) }
  // Only one service is built, because Compose labels an image with the service for which it was built: `up --build` would
  // leave two images of one name, and the next `up` of a user would create the replicas again.
  const built = await compose.run(['build', REPLICA_SERVICE], { output: 'stderr', env, signal })
  if (built.code !== 0)
    throw new ServiceError('cluster-failed', 'The image could not be built; see the output of docker compose above')
  const up = await compose.run(['up', '--detach'], { output: 'stderr', env, signal })
  if (up.code !== 0) throw await explainFailedUp(options)
  return await completeUp(options, identity)
}

/** The steps after the start of the containers: waits until all are ready, checks signatures, and registers the replicas. */
export async function completeUp(options: UpOptions, identity: Identity): Promise<Cluster> {
  const { compose, signal } = options
  await restartWithoutKey(compose, identity, signal)
  const containers = await waitUntilReady(options)
  await verifySigned(compose, containers, identity, signal)
  const cluster = describeCluster(containers, identity)
  const deadline = performance.now() + REGISTRATION_TIMEOUT_MS
  const id = await registerDeployment(cluster.adminUrls, deadline, signal)
  await verifyDeployment(cluster.adminUrls, id, deadline, signal)
  say(`Registered the replicas as ${id} (BidiStream) on all ${cluster.adminUrls.length} nodes.`)
  return cluster
}

export async function ensureClusterIdentity(config: Config): Promise<Identity> {
  return await ensureIdentity(resolve(PROJECT_DIR, config.cluster.identityDir))
}

export function describeCluster(containers: readonly Container[], { publicKey }: Identity): Cluster {
  const urls = (port: number) => NODE_SERVICES.flatMap((node) => hostUrl(containers, node, port) ?? [])
  return { containers, ingressUrls: urls(8080), adminUrls: urls(ADMIN_PORT), publicKey }
}

/** The error for an `up` that failed; Compose, which gives up when a part is unhealthy, has printed its own reason before. */
async function explainFailedUp({ compose, signal }: UpOptions): Promise<ServiceError> {
  const failure = 'The cluster did not start; see the output of docker compose above'
  const containers = await listContainers(compose, signal)
  const failed = containers.filter(({ state, health }) => state !== 'running' || health === 'unhealthy')
  const services = [...new Set(failed.map(({ service }) => service))].join(' ')
  const logs = services === '' ? '' : `\nLogs: npm run cluster:logs -- --no-follow --tail 50 ${services}`
  return new ServiceError('cluster-failed', `${failure}${logs}`)
}

/**
 * Restarts the nodes and replicas that started before the signing key was created and so do not know it. Compose does not
 * do so by itself, because their configuration is the same.
 */
async function restartWithoutKey(compose: Compose, identity: Identity, signal: AbortSignal): Promise<void> {
  const usesKey = new Set<string>([...NODE_SERVICES, REPLICA_SERVICE])
  const outdated = (await listContainers(compose, signal)).filter(({ service, startedAtMs, state }) => {
    return usesKey.has(service) && state === 'running' && startedAtMs < identity.createdAtMs
  })
  if (outdated.length === 0) return
  const services = [...new Set(outdated.map(({ service }) => service))]
  say(`Restarting ${services.join(', ')}, because calls are signed from now on`)
  requireSuccess('docker compose restart', await compose.run(['restart', ...services], { output: 'stderr', signal }))
}

/** Sends an unsigned request to a replica. Rejects with ServiceError cluster-failed where the replica does not refuse it. */
export async function verifySigned(
  compose: Compose,
  containers: readonly Container[],
  identity: Identity,
  signal: AbortSignal,
): Promise<void> {
  const nginx = containers.find(({ service }) => service === 'nginx')
  if (nginx === undefined) return
  // A discovery needs no body, and an unsigned one is refused in the same way as an unsigned call.
  const curl = ['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '5']
  const accept = ['-H', 'accept: application/vnd.restate.endpointmanifest.v3+json']
  const url = `http://${REPLICA_SERVICE}:9080/discover`
  const result = await compose.docker(['exec', nginx.id, ...curl, ...accept, url], { output: 'captured', signal })
  if (result.stdout.trim() === '401') {
    say(`Calls are signed with ${identity.publicKey}; replicas refuse unsigned ones with 401.`)
    return
  }
  const advice = `it should know the key ${identity.publicKey}, see RESTATE_IDENTITY_KEYS_DIR in docker-compose.cluster.yml`
  throw new ServiceError(
    'cluster-failed',
    `A replica answers unsigned calls (${result.stdout.trim() || result.stderr}): ${advice}`,
  )
}
