/** Starts parts of the cluster anew that run with a secret or a signing key of before, which they read at their start alone. */
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

/** The service that writes the secrets, and prints when those of each volume last changed. */
const SECRETS_SERVICE = 'secrets'
/** The lines of its log that are read; it prints one for each volume at the end of each run. */
const LOG_LINES = 50
/** The volume of the callers' tokens, which those that read them look at again and again. */
const TOKENS = 'guard'
const READ_TOKENS_AGAIN: ReadonlySet<string> = new Set([GUARD_SERVICE, CONSOLE_SERVICE])
const USE_KEY: ReadonlySet<string> = new Set([...NODE_SERVICES, REPLICA_SERVICE])

/** A part that has run since before something that it reads changed. */
export interface Outdated {
  readonly service: string
  /** What changed, such as "the secret database". */
  readonly changed: readonly string[]
}

/** Reads from the log of the service `secrets` when each volume last changed, in milliseconds since 1970. */
export function parseChanges(log: string): Map<string, number> {
  const lines = log.matchAll(/^changed (\d+) \/secrets\/(\w+)\s*$/gm)
  return new Map([...lines].map(([, seconds = '', volume = '']) => [volume, Number(seconds) * 1_000]))
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
  for (const { service, startedAtMs, state, secrets } of containers) {
    if (state !== 'running') continue
    const read = secrets.filter((volume) => volume !== TOKENS || !READ_TOKENS_AGAIN.has(service))
    const names = read.filter((volume) => startedAtMs < (changedAtMs.get(volume) ?? 0)).map((name) => `secret ${name}`)
    if (USE_KEY.has(service) && startedAtMs < keyCreatedAtMs) names.push('signing key')
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
  const changes = [...new Set(outdated.flatMap((one) => one.changed))].join(', ')
  say(`Restarting ${services.join(', ')}, which started before a change of the ${changes}`)
  // `restart` would not wait for the database, and parts would ask it with a password that it does not have yet.
  for (const command of ['stop', 'start']) {
    const done = await compose.run([command, ...services], { output: 'stderr', allProfiles: true, signal })
    requireSuccess(`docker compose ${command}`, done)
  }
  if (services.includes('grafana')) say(GRAFANA)
}

const GRAFANA =
  'Grafana keeps the password that its volume was made with: docker compose -f docker-compose.cluster.yml exec grafana grafana cli admin reset-admin-password NEW'

async function readLog(compose: Compose, { id }: Container, signal: AbortSignal): Promise<string> {
  const args = ['logs', '--tail', String(LOG_LINES), id]
  return (await compose.docker(args, { output: 'captured', signal })).stdout
}
