/** Starts the cluster, or those parts of it that do not run yet: the work of `cluster:5node` and `all-in-one`. */
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

/** The milliseconds that the registration of the replicas may take once all containers are healthy. */
const REGISTRATION_TIMEOUT_MS = 60_000

export interface UpOptions {
  readonly config: Config
  readonly compose: Compose
  /** The milliseconds that the whole cluster may take to become ready. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly replicas: number
}

/** A running cluster, with the URLs at which this machine reaches its Restate nodes. */
export interface Cluster {
  readonly containers: readonly Container[]
  readonly ingressUrls: readonly string[]
  readonly adminUrls: readonly string[]
  /** The public key with which replicas check the signatures of the nodes. */
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
  // Only one service is built, because Compose labels an image with the service for which it was built. With `up
  // --build` there would be two images of one name, and the next `docker compose up` of a user would create the
  // replicas again.
  const built = await compose.run(['build', REPLICA_SERVICE], { output: 'stderr', env, signal })
  if (built.code !== 0)
    throw new ServiceError('cluster-failed', 'The image could not be built; see the output of docker compose above')
  const up = await compose.run(['up', '--detach'], { output: 'stderr', env, signal })
  if (up.code !== 0) throw await explainFailedUp(options)
  return await completeUp(options, identity)
}

/**
 * Completes the start once the containers run: waits until all are ready, checks that calls are signed, and registers
 * the replicas.
 */
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

/**
 * Builds the error for a failed `docker compose up`, with the services whose logs help. Compose itself has already
 * printed its own reason.
 */
async function explainFailedUp({ compose, signal }: UpOptions): Promise<ServiceError> {
  const failure = 'The cluster did not start; see the output of docker compose above'
  const containers = await listContainers(compose, signal)
  const failed = containers.filter(({ state, health }) => state !== 'running' || health === 'unhealthy')
  const services = [...new Set(failed.map(({ service }) => service))].join(' ')
  const logs = services === '' ? [] : [`Logs: npm run cluster:logs -- --no-follow --tail 50 ${services}`]
  return new ServiceError('cluster-failed', [failure, ...logs])
}

/**
 * Restarts the nodes and replicas that started before the signing key was created, because they do not have the key.
 * Compose does not restart them by itself, because their configuration has not changed.
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

/**
 * Checks that a replica refuses an unsigned request. Rejects with ServiceError cluster-failed where the replica accepts
 * it.
 */
export async function verifySigned(
  compose: Compose,
  containers: readonly Container[],
  identity: Identity,
  signal: AbortSignal,
): Promise<void> {
  const nginx = containers.find(({ service }) => service === 'nginx')
  if (nginx === undefined) return
  // The check sends a discovery request, because that needs no body, and a replica refuses it unsigned as it does a
  // call.
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
