/** Waits for the cluster, and says while it waits what is not there yet. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceError } from '../../errors.ts'
import { clip } from '../ui/progress-text.ts'
import { say } from '../ui/terminal.ts'
import type { Compose } from './compose.ts'
import { type Container, listContainers } from './containers.ts'
import { type Missing, missingContainers, missingMembers } from './readiness.ts'

const LOOK_EVERY_MS = 1_000
/** Looked at again before it is given up: a restart may be what mends it. */
const HOPELESS_LOOKS = 5

export interface WaitOptions {
  readonly compose: Compose
  /** How many there must be. */
  readonly replicas: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Resolves with the containers when every one is healthy and every node a member. Rejects with cluster-failed that names
 * what is not, and the command that shows why, after `timeoutMs`, or sooner where a part starts again and again.
 */
export async function waitUntilReady(options: WaitOptions): Promise<readonly Container[]> {
  const { compose, replicas, timeoutMs, signal } = options
  const startedAt = performance.now()
  let said = ''
  let hopelessLooks = 0
  for (;;) {
    const containers = await listContainers(compose, signal)
    const missing = missingContainers(containers, replicas)
    const isUp = (one: Missing) => !missing.some(({ name }) => name === one.name)
    missing.push(...(await missingMembers(containers, signal)).filter(isUp))
    if (missing.length === 0) return containers
    const elapsedMs = performance.now() - startedAt
    const line = formatMissing(missing)
    if (line !== said)
      say(`${String(Math.round(elapsedMs / 1_000)).padStart(4)} s  waiting for ${clip(line, MAX_LINE)}`)
    said = line
    hopelessLooks = missing.some(({ isHopeless }) => isHopeless) ? hopelessLooks + 1 : 0
    if (elapsedMs >= timeoutMs || hopelessLooks >= HOPELESS_LOOKS) {
      throw notReady(missing, elapsedMs)
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  }
}

const MAX_LINE = 160

/** "restate-4 (starting), nginx (is not there)": those with the same reason stand together. */
export function formatMissing(missing: readonly Missing[]): string {
  const byReason = Map.groupBy(missing, ({ why }) => why)
  return [...byReason].map(([why, parts]) => `${parts.map(({ name }) => name).join(', ')} (${why})`).join('; ')
}

export function notReady(missing: readonly Missing[], elapsedMs: number): ServiceError {
  const services = [...new Set(missing.map(({ service }) => service))]
  const lines = [
    `The cluster is not ready after ${Math.round(elapsedMs / 1_000)} s:`,
    ...missing.map(({ name, why }) => `  ${name}: ${why}`),
    `Why: npm run cluster:logs -- --no-follow --tail 50 ${services.join(' ')}`,
    'The containers go on; npm run cluster:5node waits again, npm run cluster:stop stops them.',
  ]
  return new ServiceError('cluster-failed', lines.join('\n'))
}
