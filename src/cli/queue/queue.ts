/** The command `queue`: shows the unfinished invocations and the failures of the embedded stack or the cluster. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { type AdminClient, createAdminClient } from '../client/admin.ts'
import { lineOf } from '../client/foreign-line.ts'
import { readNodeMarks, useOneCluster } from '../client/one-cluster.ts'
import { httpUrls, wholeNumber } from '../ui/option-values.ts'
import { isInterrupted, isLiveTerminal, printJson, printText, say, underInterrupts } from '../ui/terminal.ts'
import { compareClocks, skewWarnings } from '../waiting/clocks.ts'
import { lookAtClocks } from '../waiting/look.ts'
import { formatWholeQueue, type HeldReport, orphanedOf, pausedOf } from './held.ts'
import { readPaused } from './paused.ts'
import {
  BACKLOG_SQL,
  backlogRowSchema,
  buildQueueReport,
  FAILED_SQL,
  failureRowSchema,
  NOW_SQL,
  nowRowSchema,
  ORPHANED_SQL,
  orphanedRowSchema,
  POSTED_SQL,
  postedRowSchema,
  type QueueReport,
  RETRYING_SQL,
} from './queue-report.ts'

interface QueueOptions {
  readonly admin?: readonly string[]
  readonly watch?: number | true
  readonly json?: boolean
}

/** The default number of seconds between two reports of `queue --watch`. */
const DEFAULT_WATCH_S = 5
/**
 * The smallest number of seconds between two reports, because the query takes a node about a second while thousands of
 * invocations wait.
 */
const MIN_WATCH_S = 2
const MAX_WATCH_S = 3_600

export function addQueueCommand(program: Command): void {
  program
    .command('queue')
    .description('Show the backlog by service, handler and status, and the failures with their reasons')
    .option(
      '--admin <urls>',
      'Restate admin URLs, separated by commas (default: RESTATE_ADMIN_URL, else this machine)',
      httpUrls,
    )
    .option(
      '--watch [seconds]',
      `show it again every ${DEFAULT_WATCH_S} s, or every so many seconds (at least ${MIN_WATCH_S})`,
      wholeNumber(MIN_WATCH_S, MAX_WATCH_S),
    )
    .option('--json', 'print exactly one JSON object on stdout')
    .action(async (options: QueueOptions) => {
      const { json = false, watch } = options
      if (json && watch !== undefined) {
        throw new ServiceError('input-invalid', '--json prints one object and --watch goes on: give one of them')
      }
      const { restate } = readConfig()
      const urls = options.admin ?? restate.adminUrls
      // The nodes of another stack than the configured one are not known by their ingress.
      const ingressUrls = options.admin === undefined ? restate.ingressUrls : []
      await underInterrupts(
        () => undefined,
        async ({ first: signal }) => {
          const admin = createAdminClient(await sayNodes(urls, options.admin !== undefined, signal), signal)
          const read = () => readQueue(admin, ingressUrls, signal)
          if (json) printJson(await read())
          else if (watch === undefined) printText(formatWholeQueue(await read()))
          else await watchQueue(read, watch === true ? DEFAULT_WATCH_S : watch, signal)
        },
      )
    })
}

/**
 * Shows the nodes that stay down until a person repairs them. Nodes of other clusters are left out where the addresses were
 * given: without any, those of the embedded stack and of the cluster are both tried, which are two by right.
 */
async function sayNodes(urls: readonly string[], areGiven: boolean, signal: AbortSignal): Promise<readonly string[]> {
  if (areGiven) return await useOneCluster(urls, { say, signal })
  for (const { url, held } of await readNodeMarks(urls, signal)) if (held !== null) say(`${url}: ${lineOf(held)}`)
  return urls
}

type WholeReport = QueueReport & HeldReport

async function readQueue(
  admin: AdminClient,
  ingressUrls: readonly string[],
  signal: AbortSignal,
): Promise<WholeReport> {
  const looking = lookAtClocks(ingressUrls, signal)
  const [clock] = await admin.query(NOW_SQL, nowRowSchema)
  const backlog = await admin.query(BACKLOG_SQL, backlogRowSchema)
  const retrying = await admin.query(RETRYING_SQL, failureRowSchema)
  const failed = await admin.query(FAILED_SQL, failureRowSchema)
  const paused = await readPaused(admin)
  const orphaned = await admin.query(ORPHANED_SQL, orphanedRowSchema)
  const posted = await admin.query(POSTED_SQL, postedRowSchema)
  const askedAt = new Date(clock?.now_ms ?? Date.now())
  // Paused invocations whose last attempt failed are among those that are tried again.
  const withEvents = paused
    .filter((one) => one.last_failure == null)
    .map((one) => ({ ...one, status: 'paused', count: 1 }))
  const clocks = compareClocks(await looking)
  return {
    ...buildQueueReport(admin.url, askedAt, backlog, [...retrying, ...withEvents, ...failed], posted),
    ...{ paused: pausedOf(paused), orphaned: orphanedOf(orphaned), clocks, warnings: skewWarnings(clocks) },
  }
}

/** The control codes that move the cursor to the top left corner and clear the terminal. */
const CLEAR_SCREEN = '\u001b[H\u001b[2J'

/**
 * Shows reports until Ctrl+C, which ends the command with success. Where a node does not answer, the report says so and
 * the command goes on.
 */
async function watchQueue(read: () => Promise<WholeReport>, seconds: number, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      const text = await read().then(formatWholeQueue, (error: unknown) => {
        if (error instanceof ServiceError && error.code === 'admin-failed') return error.message
        throw error
      })
      if (isLiveTerminal(process.stdout)) process.stdout.write(CLEAR_SCREEN)
      printText(`${new Date().toISOString()}\n${text}`)
      await sleep(seconds * 1_000, undefined, { signal })
    }
  } catch (error) {
    if (!signal.aborted || !(isInterrupted(error) || isInterrupted(signal.reason))) throw error
  }
}
