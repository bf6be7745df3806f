/** `kill RUN`: ends what a run still has under way; what is done stays. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { type Config, readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { CLASSIFY_API } from '../../restate/contract.ts'
import { openRunJournal, RUN_ID } from '../classify/run-journal.ts'
import { type AdminClient, createAdminClient, sqlText } from '../client/admin.ts'
import { readStatus } from '../client/batches.ts'
import { httpUrls } from '../ui/option-values.ts'
import { EXIT_FAILED, formatCount, printJson, say, underInterrupts } from '../ui/terminal.ts'

interface KillOptions {
  readonly admin?: readonly string[]
  readonly force?: boolean
  readonly json?: boolean
}

/** What `kill --json` prints; the names are fixed. */
export interface KillReport {
  readonly run_id: string
  readonly batches: number
  readonly chunks: number
  /** Told to end, and not gone yet. */
  readonly still_ending: number
}

/** A client that has not heard of it yet submits more: it is looked at until nothing comes any more. */
const LOOK_EVERY_MS = 500
const PATIENCE_MS = 30_000
/** So many requests at a time. */
const AT_ONCE = 16

export function addKillCommand(program: Command): void {
  program
    .command('kill')
    .description('Cancel what a run has under way; what is done stays, and classify --resume goes on')
    .argument('<run>', 'the id of a run, as classify prints it')
    .option(
      '--admin <urls>',
      'Restate admin URLs, separated by commas (default: RESTATE_ADMIN_URL, else this machine)',
      httpUrls,
    )
    .option('--force', 'kill instead of cancel: at once, and without letting a step end')
    .option('--json', 'print exactly one JSON object on stdout')
    .action(async (run: string, options: KillOptions) => {
      if (!RUN_ID.test(run)) {
        throw new ServiceError(
          'input-invalid',
          `"${run.slice(0, 100)}" is not the id of a run (letters, digits, - and _)`,
        )
      }
      const config = readConfig()
      await underInterrupts(
        () => say('Stopping …'),
        async ({ first: signal }) => {
          const admin = createAdminClient(options.admin ?? config.restate.adminUrls, signal)
          const how = options.force === true ? 'kill' : 'cancel'
          const report = await endRun(admin, run, how, signal)
          if (report.batches + report.chunks === 0 && !(await isKnown(admin, run, config, signal))) {
            say(`Run "${run}" is not known at ${admin.url}: nothing of it is there. npm run queue shows what is`)
            process.exitCode = EXIT_FAILED
            return
          }
          if (options.json === true) printJson(report)
          else process.stdout.write(`${formatKill(report, how)}\n`)
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
  if (ending > 0) lines.push(`${formatCount(ending)} have not ended yet; npm run kill -- ${run} --force does not wait.`)
  lines.push(`What is done stays. The rest, where the run was started: npm run classify -- --resume ${run}`)
  return lines.join('\n')
}

/**
 * The keys that `classify` gives the batches of a run. The prefix alone would be that of another run as well, where one
 * id begins with the other.
 */
export function isKeyOf(run: string, key: string): boolean {
  return key.startsWith(`${run}-`) && /^\d+(?:-retry-\d+)?$/.test(key.slice(run.length + 1))
}

async function endRun(
  admin: AdminClient,
  run: string,
  how: 'cancel' | 'kill',
  signal: AbortSignal,
): Promise<KillReport> {
  const batches = new Set<string>()
  const chunks = new Set<string>()
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const openBatches = await findOpenBatches(admin, run)
    for (const id of openBatches) batches.add(id)
    const openChunks = await findOpenChunks(admin, [...batches])
    const open = [...openBatches, ...openChunks]
    // Batches first, or one would ask for a chunk anew.
    await endAll(admin, openBatches, how)
    await endAll(admin, openChunks, how)
    for (const id of openChunks) chunks.add(id)
    if (open.length === 0 || performance.now() > deadline) {
      return { run_id: run, batches: batches.size, chunks: chunks.size, still_ending: open.length }
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  }
}

const batchRow = z.object({ id: z.string(), idempotency_key: z.string() })
const idRow = z.object({ id: z.string() })
const IS_BATCH = `target_service_name = ${sqlText(CLASSIFY_API)} and target_handler_name = 'batch'`

async function findOpenBatches(admin: AdminClient, run: string): Promise<string[]> {
  const keyed = `starts_with(idempotency_key, ${sqlText(`${run}-`)})`
  const sql = `select id, idempotency_key from sys_invocation where ${IS_BATCH} and status <> 'completed' and ${keyed}`
  const rows = await admin.query(sql, batchRow)
  return rows.filter(({ idempotency_key: key }) => isKeyOf(run, key)).map(({ id }) => id)
}

/** So many ids in one query. */
const IDS_AT_ONCE = 200

async function findOpenChunks(admin: AdminClient, batches: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (let start = 0; start < batches.length; start += IDS_AT_ONCE) {
    const ids = batches.slice(start, start + IDS_AT_ONCE).map(sqlText)
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
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

/** Whether anybody has heard of the run: Restate keeps its batches for hours, this machine its journal, the database its totals. */
async function isKnown(admin: AdminClient, run: string, config: Config, signal: AbortSignal): Promise<boolean> {
  const sql = `select id, idempotency_key from sys_invocation where ${IS_BATCH} and starts_with(idempotency_key, ${sqlText(`${run}-`)})`
  const kept = await admin.query(sql, batchRow)
  if (kept.some(({ idempotency_key: key }) => isKeyOf(run, key))) return true
  const isJournaled = await openRunJournal(config.dataDir, run).then(
    () => true,
    () => false,
  )
  if (isJournaled) return true
  const bound = AbortSignal.any([signal, AbortSignal.timeout(STATUS_MS)])
  const totals = await readStatus(config.restate.ingressUrls, { run_id: run }, bound).catch(() => undefined)
  signal.throwIfAborted()
  return totals !== undefined
}

const STATUS_MS = 5_000
