/** The command `kill RUN`: cancels or kills the invocations of a run that have not ended; results that are stored remain. */
import type { Command } from 'commander'
import { z } from 'zod'
import { type Config, readConfig } from '../../config/config.ts'
import { retryFor } from '../../lib/timing.ts'
import { joinLines } from '../../lib/visible-text.ts'
import { CLASSIFY_API } from '../../restate/contract.ts'
import { checkRunId } from '../classify/run-id.ts'
import { openRunJournal } from '../classify/run-journal.ts'
import { type AdminClient, createAdminClient, sqlText } from '../client/admin.ts'
import { readStatus } from '../client/service.ts'
import { httpUrls } from '../ui/option-values.ts'
import { EXIT_FAILED, formatCount, printJson, printText, say, underInterrupts } from '../ui/terminal.ts'

interface KillOptions {
  readonly admin?: readonly string[]
  readonly force?: boolean
  readonly json?: boolean
}

/** The output of `kill --json`, whose property names must not change because scripts use them. */
export interface KillReport {
  readonly run_id: string
  /** The number of batch invocations that were asked to end. */
  readonly batches: number
  readonly chunks: number
  /** The number of batches and chunks that had not ended when the command stopped waiting. */
  readonly still_ending: number
}

/**
 * The milliseconds between two queries for the invocations of the run, whose client may submit more batches until it
 * learns that the run is killed.
 */
const LOOK_EVERY_MS = 500
/** The milliseconds for which the command waits until every invocation of the run has ended. */
const PATIENCE_MS = 30_000
/** The number of requests to end an invocation that are in flight at the same time. */
const REQUESTS_AT_ONCE = 16
/** The number of invocation ids in one query, which keeps the text of the query short. */
const IDS_PER_QUERY = 200
/** The milliseconds that the service may take to answer whether it knows the run. */
const STATUS_TIMEOUT_MS = 5_000

export function addKillCommand(program: Command): void {
  program
    .command('kill')
    .description('Cancel the open work of a run; stored results stay, and classify --resume goes on with the rest')
    .argument('<run>', 'the id of a run, as classify prints it')
    .option(
      '--admin <urls>',
      'Restate admin URLs, separated by commas (default: RESTATE_ADMIN_URL, else this machine)',
      httpUrls,
    )
    .option('--force', 'kill instead of cancel: end the work at once, without waiting for a step under way')
    .option('--json', 'print exactly one JSON object on stdout')
    .action(async (run: string, options: KillOptions) => {
      checkRunId(run)
      const config = readConfig()
      await underInterrupts(
        () => say('Stopping …'),
        async ({ first: signal }) => {
          const admin = createAdminClient(options.admin ?? config.restate.adminUrls, signal)
          const how = options.force === true ? 'kill' : 'cancel'
          const report = await endRun(admin, run, how, signal)
          if (report.batches + report.chunks === 0 && !(await isKnown(admin, run, config, signal))) {
            say(`Run "${run}" is not known at ${admin.url}. npm run queue shows the open work there`)
            process.exitCode = EXIT_FAILED
            return
          }
          if (options.json === true) printJson(report)
          else printText(formatKill(report, how))
          if (report.still_ending > 0) process.exitCode = EXIT_FAILED
        },
      )
    })
}

export function formatKill(report: KillReport, how: 'cancel' | 'kill'): string {
  const { run_id: run, batches, chunks, still_ending: ending } = report
  if (batches + chunks === 0) return `Run ${run}: nothing is under way.`
  const verb = how === 'cancel' ? 'cancelled' : 'killed'
  const lines = [`Run ${run}: ${formatCount(batches)} batches and ${formatCount(chunks)} chunks ${verb}.`]
  if (ending > 0) lines.push(`${formatCount(ending)} have not ended yet; npm run kill -- ${run} --force kills them.`)
  lines.push(
    `Stored results stay. To classify the rest, where the run was started: npm run classify -- --resume ${run}`,
  )
  return joinLines(lines)
}

/**
 * Whether `key` is the idempotency key that `classify` gave to a batch of `run`. The whole key is checked, because a
 * check of its beginning alone would also accept a run whose id begins with the id of this run.
 */
export function isKeyOf(run: string, key: string): boolean {
  return key.startsWith(`${run}-`) && /^\d+(?:-retry-\d+)?$/.test(key.slice(run.length + 1))
}

/**
 * Ends the invocations of the run. Resolves when none is left, or after PATIENCE_MS with the remaining ones counted in
 * `still_ending`.
 */
async function endRun(
  admin: AdminClient,
  run: string,
  how: 'cancel' | 'kill',
  signal: AbortSignal,
): Promise<KillReport> {
  const batches = new Set<string>()
  const chunks = new Set<string>()
  let openCount = 0
  const endOpen = async () => {
    const openBatches = await findBatches(admin, run, 'open')
    for (const id of openBatches) batches.add(id)
    const openChunks = await findOpenChunks(admin, [...batches])
    for (const id of openChunks) chunks.add(id)
    // Batches are ended before chunks, because a living batch starts a new chunk in place of an ended one.
    await endAll(admin, openBatches, how)
    await endAll(admin, openChunks, how)
    openCount = openBatches.length + openChunks.length
    return openCount === 0 ? true : undefined
  }
  await retryFor(endOpen, { delayMs: LOOK_EVERY_MS, patienceMs: PATIENCE_MS, signal })
  return { run_id: run, batches: batches.size, chunks: chunks.size, still_ending: openCount }
}

const batchRow = z.object({ id: z.string(), idempotency_key: z.string() })
const idRow = z.object({ id: z.string() })
const IS_BATCH = `target_service_name = ${sqlText(CLASSIFY_API)} and target_handler_name = 'batch'`

async function findBatches(admin: AdminClient, run: string, which: 'open' | 'all'): Promise<string[]> {
  const isOpen = which === 'open' ? "and status <> 'completed'" : ''
  const isKeyed = `starts_with(idempotency_key, ${sqlText(`${run}-`)})`
  const sql = `select id, idempotency_key from sys_invocation where ${IS_BATCH} ${isOpen} and ${isKeyed}`
  const rows = await admin.query(sql, batchRow)
  return rows.filter(({ idempotency_key: key }) => isKeyOf(run, key)).map(({ id }) => id)
}

async function findOpenChunks(admin: AdminClient, batches: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (let start = 0; start < batches.length; start += IDS_PER_QUERY) {
    const ids = batches.slice(start, start + IDS_PER_QUERY).map(sqlText)
    const sql = `select id from sys_invocation where invoked_by_id in (${ids.join(', ')}) and status <> 'completed'`
    found.push(...(await admin.query(sql, idRow)).map(({ id }) => id))
  }
  return found
}

async function endAll(admin: AdminClient, ids: readonly string[], how: 'cancel' | 'kill'): Promise<void> {
  const left = [...ids]
  const work = async () => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) await admin.endInvocation(id, how)
  }
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, work))
}

/**
 * Whether anything knows the run: Restate keeps its batches for hours, this machine keeps its journal until the run is
 * complete, and the database keeps its totals.
 */
async function isKnown(admin: AdminClient, run: string, config: Config, signal: AbortSignal): Promise<boolean> {
  if ((await findBatches(admin, run, 'all')).length > 0) return true
  const isJournaled = await openRunJournal(config.dataDir, run).then(
    () => true,
    () => false,
  )
  if (isJournaled) return true
  const bound = AbortSignal.any([signal, AbortSignal.timeout(STATUS_TIMEOUT_MS)])
  const totals = await readStatus(config.restate.ingressUrls, { run_id: run }, bound).catch(() => undefined)
  signal.throwIfAborted()
  return totals !== undefined
}
