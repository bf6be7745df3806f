/** Starts parts of the cluster anew that run with a secret, a file or a signing key of before, which they read at their start alone. */
import type { Identity } from '../../embedded/identity.ts'
import { say } from '../ui/terminal.ts'
import { type Compose, requireSuccess } from './compose.ts'
import {
  CONSOLE_SERVICE,
  type Container,
  GUARD_SERVICE,
  listContainers,
  NODE_SERVICES,
  REPLICA_SERVICE,
} from './containers.ts'

/** The service that writes the secrets and copies the files, and prints when those of each volume and folder last changed. */
const SECRETS_SERVICE = 'secrets'
/** The lines of its log that are read; it prints some twenty at the end of each run. */
const LOG_LINES = 60
/** The volume of the callers' tokens, which those that read them look at again and again. */
const TOKENS = '/secrets/guard'
const GRAFANA_PASSWORD = '/secrets/grafana'
const READ_TOKENS_AGAIN: ReadonlySet<string> = new Set([GUARD_SERVICE, CONSOLE_SERVICE])
const USE_KEY: ReadonlySet<string> = new Set([...NODE_SERVICES, REPLICA_SERVICE])

/** A part that has run since before something that it reads changed. */
export interface Outdated {
  readonly service: string
  /** What changed, by the paths of the service `secrets`; "signing key" for the key of the nodes. */
  readonly changed: readonly string[]
}

const SIGNING_KEY = 'signing key'

/** Reads from the log of the service `secrets` when what lies at each of its paths last changed, in milliseconds since 1970. */
export function parseChanges(log: string): Map<string, number> {
  const lines = log.matchAll(/^changed (\d+) (\/(?:secrets|readable)\/[\w./-]+)\s*$/gm)
  return new Map([...lines].map(([, seconds = '', path = '']) => [path, Number(seconds) * 1_000]))
}

/**
 * Finds the services of which a container has run since before a change. Compose does not start them anew by itself, because their
 * configuration is the same. What does not run reads all of it when it starts.
 */
export function findOutdated(
  containers: readonly Container[],
  changedAtMs: ReadonlyMap<string, number>,
  keyCreatedAtMs: number,
): Outdated[] {
  const changed = new Map<string, Set<string>>()
  for (const { service, startedAtMs, state, reads } of containers) {
    if (state !== 'running') continue
    const atStart = reads.filter((path) => path !== TOKENS || !READ_TOKENS_AGAIN.has(service))
    const names = atStart.filter((path) => startedAtMs < (changedAtMs.get(path) ?? 0))
    if (USE_KEY.has(service) && startedAtMs < keyCreatedAtMs) names.push(SIGNING_KEY)
    if (names.length > 0) changed.set(service, new Set([...(changed.get(service) ?? []), ...names]))
  }
  return [...changed].map(([service, names]) => ({ service, changed: [...names] }))
}

/** Starts the outdated parts anew, each after the parts that it depends on: the database takes its new password first. */
export async function restartOutdated(compose: Compose, identity: Identity, signal: AbortSignal): Promise<void> {
  const containers = await listContainers(compose, signal)
  const maker = containers.find(({ service }) => service === SECRETS_SERVICE)
  const log = maker && (await readLog(compose, maker, signal))
  const outdated = findOutdated(containers, parseChanges(log ?? ''), identity.createdAtMs)
  if (outdated.length === 0) return
  const services = outdated.map(({ service }) => service)
  const changes = new Set(outdated.flatMap((one) => one.changed))
  say(`Restarting ${services.join(', ')}, which started before a change of ${[...changes].map(describe).join(', ')}`)
  // `restart` would not wait for the database, and parts would ask it with a password that it does not have yet.
  for (const command of ['stop', 'start']) {
    const done = await compose.run([command, ...services], { output: 'stderr', allProfiles: true, signal })
    requireSuccess(`docker compose ${command}`, done)
  }
  if (changes.has(GRAFANA_PASSWORD)) say(GRAFANA)
}

/** What changed, in words for people: files by the place in the clone from which they were copied. */
function describe(path: string): string {
  if (path === SIGNING_KEY) return `the ${path}`
  const [, kind, ...rest] = path.split('/')
  if (kind === 'secrets') return `the secret ${rest.join('/')}`
  if (path === '/readable/files/identity') return 'the public keys'
  if (path === '/readable/nginx') return 'nginx/'
  return `${path.replace(/^\/readable\/(files\/)?/, 'docker/')}${path.endsWith('.sh') ? '' : '/'}`
}

const GRAFANA =
  'Grafana keeps the password that its volume was made with: docker compose -f docker-compose.cluster.yml exec grafana grafana cli admin reset-admin-password NEW'

async function readLog(compose: Compose, { id }: Container, signal: AbortSignal): Promise<string> {
  const args = ['logs', '--tail', String(LOG_LINES), id]
  return (await compose.docker(args, { output: 'captured', signal })).stdout
}
