/** Waits until the cluster is ready, and meanwhile tells the user which parts are not ready yet. */
import { ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import { surveyNodes } from '../nodes/ask-nodes.ts'
import { clip } from '../ui/progress-text.ts'
import { say } from '../ui/terminal.ts'
import type { Compose } from './compose.ts'
import { type Container, listContainers } from './containers.ts'
import {
  addTroubles,
  findUnreadyContainers,
  findUnreadyMembers,
  isWorthASurvey,
  type UnreadyPart,
} from './readiness.ts'

const LOOK_EVERY_MS = 1_000
/**
 * The wait ends only after this many checks in a row have found a failing part, because one more restart may repair the
 * part.
 */
const MAX_FAILING_LOOKS = 5
/** The line that lists the parts that are not ready is cut to this many characters. */
const MAX_LINE_LENGTH = 160

export interface WaitOptions {
  readonly compose: Compose
  /** The number of replicas that the cluster should have. */
  readonly replicas: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Resolves with the containers when every container is healthy and every node carries its part. Rejects with ServiceError
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
    if (isWorthASurvey(unready)) unready = addTroubles(unready, await surveyNodes(compose, containers, signal))
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

/** Formats a time as whole seconds, padded so that all times below three hours have the same width. */
function formatElapsed(elapsedMs: number): string {
  return `${String(Math.round(elapsedMs / 1_000)).padStart(4)} s`
}

/**
 * Lists the parts that are not ready, as in "restate-4 (starting); nginx, pgbouncer (missing)"; parts with the same
 * reason stand together.
 */
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
  return new ServiceError('cluster-failed', lines)
}
