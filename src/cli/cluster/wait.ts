/** Waits until the cluster is ready, and says meanwhile which parts it waits for. */
import { ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import { clip } from '../ui/progress-text.ts'
import { say } from '../ui/terminal.ts'
import type { Compose } from './compose.ts'
import { type Container, listContainers } from './containers.ts'
import { findUnreadyContainers, findUnreadyMembers, type UnreadyPart } from './readiness.ts'

const LOOK_EVERY_MS = 1_000
/** Looks in a row that find a failing part before the wait ends, because one more restart may repair it. */
const MAX_FAILING_LOOKS = 5
/** The most characters of a line that names the parts that are waited for. */
const MAX_LINE_LENGTH = 160

export interface WaitOptions {
  readonly compose: Compose
  /** How many replicas the cluster should have. */
  readonly replicas: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Resolves with the containers when each one is healthy and every node is a member. Rejects with ServiceError
 * cluster-failed, which names the parts that are not ready, after `timeoutMs`, or earlier where a part keeps failing.
 */
export async function waitUntilReady(options: WaitOptions): Promise<readonly Container[]> {
  const { compose, replicas, timeoutMs, signal } = options
  const startedAt = performance.now()
  let unready: UnreadyPart[] = []
  let lastLine = ''
  let failingLooks = 0
  const look = async () => {
    const containers = await listContainers(compose, signal)
    unready = findUnreadyContainers(containers, replicas)
    const known = new Set(unready.map(({ name }) => name))
    unready.push(...(await findUnreadyMembers(containers, signal)).filter(({ name }) => !known.has(name)))
    if (unready.length === 0) return containers
    const elapsedMs = performance.now() - startedAt
    const line = formatUnready(unready)
    if (line !== lastLine) say(`${formatElapsed(elapsedMs)}  waiting for ${clip(line, MAX_LINE_LENGTH)}`)
    lastLine = line
    failingLooks = unready.some(({ isFailing }) => isFailing) ? failingLooks + 1 : 0
    if (failingLooks >= MAX_FAILING_LOOKS) throw notReadyError(unready, elapsedMs)
    return undefined
  }
  const containers = await retryFor(look, { delayMs: LOOK_EVERY_MS, patienceMs: timeoutMs, signal })
  if (containers === undefined) throw notReadyError(unready, performance.now() - startedAt)
  return containers
}

/** The time in whole seconds, padded so that the lines of one wait stand in columns. */
function formatElapsed(elapsedMs: number): string {
  return `${String(Math.round(elapsedMs / 1_000)).padStart(4)} s`
}

/** "restate-4 (starting); nginx, pgbouncer (missing)": parts with the same reason stand together. */
export function formatUnready(unready: readonly UnreadyPart[]): string {
  const byReason = Map.groupBy(unready, ({ reason }) => reason)
  return [...byReason].map(([reason, parts]) => `${parts.map(({ name }) => name).join(', ')} (${reason})`).join('; ')
}

export function notReadyError(unready: readonly UnreadyPart[], elapsedMs: number): ServiceError {
  const services = [...new Set(unready.map(({ service }) => service))]
  const lines = [
    `The cluster is not ready after ${Math.round(elapsedMs / 1_000)} s:`,
    ...unready.map(({ name, reason }) => `  ${name}: ${reason}`),
    `Logs: npm run cluster:logs -- --no-follow --tail 50 ${services.join(' ')}`,
    'The containers keep running. npm run cluster:5node waits for them again, npm run cluster:stop stops them.',
  ]
  return new ServiceError('cluster-failed', lines.join('\n'))
}
