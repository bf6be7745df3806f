/** Starts the cluster, or those parts of it that do not run yet: the work of `cluster:5node` and `all-in-one`. */
import { resolve } from 'node:path'
import type { Config } from '../../config/config.ts'
import { type Environment, readEnvironment } from '../../config/environment.ts'
import { proxyVariable } from '../../config/proxies.ts'
import { ensureIdentity, type Identity } from '../../embedded/identity.ts'
import { ServiceError } from '../../errors.ts'
import { isLoopback } from '../../lib/network/caller.ts'
import { waitForPublishedPorts } from '../docker/published-ports.ts'
import { say } from '../ui/terminal.ts'
import { type Compose, PROJECT_DIR } from './compose.ts'
import {
  type Container,
  hasDoneItsWork,
  listContainers,
  NODE_SERVICES,
  nodeUrl,
  REPLICA_SERVICE,
} from './containers.ts'
import { verifyLogin } from './login.ts'
import { restartOutdated } from './outdated.ts'
import { registerDeployment, verifyDeployment } from './register.ts'
import { waitUntilReady } from './wait.ts'

/** How often the start is tried again where a passing connection took a port just before Docker did. */
const PORT_RETRIES = 2
/** What Docker notes on a container whose port it could not publish. */
const PORT_ERROR = /address already in use|port is already allocated/

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
  checkTokens(config)
  const identity = await ensureClusterIdentity(config)
  const env = replicas === config.cluster.replicas ? {} : { CLUSTER_REPLICAS: String(replicas) }
  // Only one service is built, because Compose labels an image with the service for which it was built. With `up
  // --build` there would be two images of one name, and the next `docker compose up` of a user would create the
  // replicas again.
  const built = await compose.run(['build', REPLICA_SERVICE], { output: 'stderr', env, signal })
  if (built.code !== 0) throw new ServiceError('cluster-failed', explainFailedBuild(readEnvironment()))
  for (let left = PORT_RETRIES; ; left -= 1) {
    await waitForPublishedPorts(compose, signal)
    const up = await compose.run(['up', '--detach'], { output: 'stderr', env, signal })
    if (up.code === 0) break
    // A connection may have taken a port since it was looked at.
    const hasLostPort = (await listContainers(compose, signal)).some(({ error }) => PORT_ERROR.test(error))
    if (!hasLostPort || left === 0) throw await explainFailedUp(options)
    say('A port was taken while the containers started; trying again …')
  }
  return await completeUp(options, identity)
}

/** Docker's builds know the proxies of Docker's own configuration and not those of the shell. */
export function explainFailedBuild(env: Environment): string[] {
  const variable = proxyVariable(env)
  const hint = `${variable} of the shell does not reach a build: where the network needs it, set "proxies" in Docker's config.json (https://docs.docker.com/engine/cli/proxy)`
  return [
    'The image could not be built; see the output of docker compose above',
    ...(variable === undefined ? [] : [hint]),
  ]
}

/**
 * Completes the start once the containers run: waits until all are ready, checks that calls are signed, and registers
 * the replicas.
 */
export async function completeUp(options: UpOptions, identity: Identity): Promise<Cluster> {
  const { compose, signal } = options
  await restartOutdated(compose, identity, signal)
  const containers = await waitUntilReady(options)
  await verifyLogin(compose, containers, signal)
  await verifySigned(compose, containers, identity, signal)
  const cluster = describeCluster(containers, identity)
  const id = await registerDeployment(cluster.adminUrls, { signal, say })
  await verifyDeployment(cluster.adminUrls, id, { signal })
  say(`Registered the replicas as ${id} (BidiStream) on all ${cluster.adminUrls.length} nodes.`)
  return cluster
}

/**
 * Throws ServiceError config-invalid where the guard would refuse to start, or would refuse the calls of this command: others
 * could reach it without a token, or it asks for one and this command has none.
 */
export function checkTokens({ cluster, guard, restate }: Pick<Config, 'cluster' | 'guard' | 'restate'>): void {
  if (guard.tokensFile === undefined && !isLoopback(cluster.bind)) {
    throw new ServiceError(
      'config-invalid',
      `CLUSTER_BIND is "${cluster.bind}", where others can reach the cluster, so that every caller needs a token: set API_TOKENS_FILE (see docs/operations/guard.md), or leave CLUSTER_BIND at 127.0.0.1`,
    )
  }
  if (guard.tokensFile !== undefined && restate.apiToken === undefined) {
    throw new ServiceError(
      'config-invalid',
      'API_TOKENS_FILE is set, so that this command needs a token as well: set API_TOKEN or API_TOKEN_FILE to one with the right operate',
    )
  }
}

export async function ensureClusterIdentity(config: Config): Promise<Identity> {
  const value = config.cluster.identityDir
  const directory = resolve(PROJECT_DIR, value)
  return await ensureIdentity({ directory, variable: 'CLUSTER_IDENTITY_DIR', value, isMounted: true })
}

export function describeCluster(containers: readonly Container[], { publicKey }: Identity): Cluster {
  const urls = (kind: 'ingress' | 'admin') => NODE_SERVICES.flatMap((node) => nodeUrl(containers, node, kind) ?? [])
  return { containers, ingressUrls: urls('ingress'), adminUrls: urls('admin'), publicKey }
}

/**
 * Builds the error for a failed `docker compose up`, with the services whose logs help. Compose itself has already
 * printed its own reason.
 */
async function explainFailedUp({ compose, signal }: UpOptions): Promise<ServiceError> {
  const failure = 'The cluster did not start; see the output of docker compose above'
  const containers = await listContainers(compose, signal)
  const failed = containers.filter((container) => {
    return !hasDoneItsWork(container) && (container.state !== 'running' || container.health === 'unhealthy')
  })
  const services = [...new Set(failed.map(({ service }) => service))].join(' ')
  const logs = services === '' ? [] : [`Logs: npm run cluster:logs -- --no-follow --tail 50 ${services}`]
  return new ServiceError('cluster-failed', [failure, ...logs])
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
