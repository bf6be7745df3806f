/** The command `kill RUN`: cancels or kills the invocations of a run, or one batch, that have not ended; results that are stored remain. */
import type { Command } from 'commander'
import { RUN_ID, RUN_ID_FORM } from '../../classification/batch-request.ts'
import { type Config, readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import { joinLines } from '../../lib/visible-text.ts'
import { openRunJournal } from '../classify/run-journal.ts'
import { type AdminClient, createAdminClient } from '../client/admin.ts'
import { forEachId } from '../client/admin-work.ts'
import { readStatus } from '../client/service.ts'
import { httpUrls } from '../ui/option-values.ts'
import { countOf, EXIT_FAILED, formatCount, printJson, printText, say, underInterrupts } from '../ui/terminal.ts'
import { freeClaimsOf } from './left-claims.ts'
import {
  type FindOpenBatches,
  findOpenChunks,
  hasEndedBatches,
  isBatchKnown,
  isInvocationId,
  openBatchById,
  openBatchesOfRun,
} from './open-batches.ts'

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
/** So many looks in a row that find nothing show that all has ended. */
const ENOUGH_LOOKS = 2
/** The milliseconds for which the command waits until every invocation of the run has ended. */
const PATIENCE_MS = 30_000
/** The milliseconds that the service may take to answer whether it knows the run. */
const STATUS_TIMEOUT_MS = 5_000

export function addKillCommand(program: Command): void {
  program
    .command('kill')
    .description('Cancel the open work of a run; stored results stay, and classify --resume goes on with the rest')
    .argument(
      '<run>',
      'the id of a run, as classify prints it or a posted batch names it, or the invocation id of one batch',
    )
    .option(
      '--admin <urls>',
      'Restate admin URLs, separated by commas (default: RESTATE_ADMIN_URL, else this machine)',
      httpUrls,
    )
    .option('--force', 'kill instead of cancel: end the work at once, without waiting for a step under way')
    .option('--json', 'print exactly one JSON object on stdout')
    .action(async (run: string, options: KillOptions) => {
      checkTarget(run)
      const config = readConfig()
      await underInterrupts(
        () => say('Stopping …'),
        async ({ first: signal }) => {
          const admin = createAdminClient(options.admin ?? config.restate.adminUrls, signal)
          const how = options.force === true ? 'kill' : 'cancel'
          const isOne = isInvocationId(run)
          const findOpen = isOne ? openBatchById(admin, run) : openBatchesOfRun(admin, run)
          const { ended, ...counts } = await endOpenWork(admin, findOpen, how, signal)
          const report = { run_id: run, ...counts }
          // A batch that is cancelled frees them by itself.
          if (how === 'kill') await freeClaimsOf(ended, config, signal)
          if (report.batches + report.chunks === 0 && !(await isKnown(admin, run, config, signal))) {
            say(
              `${isOne ? 'Batch' : 'Run'} "${run}" is not known at ${admin.url}. npm run queue shows the open work there`,
            )
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

/** Throws ServiceError input-invalid where `text` can be the id of no run and of no invocation. */
export function checkTarget(text: string): void {
  if (RUN_ID.test(text) || isInvocationId(text)) return
  const advice = 'npm run queue shows the open batches with their invocation ids, which kill takes as well'
  throw new ServiceError('input-invalid', `"${text.slice(0, 100)}" is not the id of a run (${RUN_ID_FORM}): ${advice}`)
}

export function formatKill(report: KillReport, how: 'cancel' | 'kill'): string {
  const { run_id: run, batches, chunks, still_ending: ending } = report
  const isOne = isInvocationId(run)
  const name = `${isOne ? 'Batch' : 'Run'} ${run}`
  if (batches + chunks === 0) return `${name}: nothing is under way.`
  const verb = how === 'cancel' ? 'cancelled' : 'killed'
  const lines = [`${name}: ${countOf(batches, 'batch', 'batches')} and ${countOf(chunks, 'chunk')} ${verb}.`]
  if (ending > 0)
    lines.push(
      `${formatCount(ending)} ${ending === 1 ? 'has' : 'have'} not ended yet; npm run kill -- ${run} --force kills them.`,
    )
  if (isOne) lines.push('Stored results stay.')
  else {
    lines.push(
      `Stored results stay. To classify the rest, where the run was started: npm run classify -- --resume ${run}; of a run that was posted, post the batches again`,
    )
  }
  return joinLines(lines)
}

/**
 * Ends the invocations that are found, and their chunks. Resolves when none is left, or after PATIENCE_MS with the remaining ones counted in
 * `still_ending`; `ended` are the batches that are over.
 */
async function endOpenWork(
  admin: AdminClient,
  findOpenBatches: FindOpenBatches,
  how: 'cancel' | 'kill',
  signal: AbortSignal,
): Promise<Omit<KillReport, 'run_id'> & { readonly ended: readonly string[] }> {
  const batches = new Set<string>()
  const chunks = new Set<string>()
  let openCount = 0
  let emptyLooks = 0
  let open = new Set<string>()
  const endOpen = async () => {
    const openBatches = await findOpenBatches()
    for (const id of openBatches) batches.add(id)
    open = new Set(openBatches)
    const openChunks = await findOpenChunks(admin, [...batches])
    for (const id of openChunks) chunks.add(id)
    // Batches are ended before chunks, because a living batch starts a new chunk in place of an ended one.
    await forEachId(openBatches, (id) => admin.endInvocation(id, how))
    await forEachId(openChunks, (id) => admin.endInvocation(id, how))
    openCount = openBatches.length + openChunks.length
    emptyLooks = openCount === 0 ? emptyLooks + 1 : 0
    // A call that a batch made just before it ended may become an invocation after the batch is gone.
    return emptyLooks >= (batches.size === 0 ? 1 : ENOUGH_LOOKS) ? true : undefined
  }
  await retryFor(endOpen, { delayMs: LOOK_EVERY_MS, patienceMs: PATIENCE_MS, signal })
  const ended = [...batches].filter((id) => !open.has(id))
  return { batches: batches.size, chunks: chunks.size, still_ending: openCount, ended }
}

/**
 * Whether anything knows the run: Restate keeps its batches for hours, this machine keeps its journal until the run is
 * complete, and the database keeps its totals.
 */
async function isKnown(admin: AdminClient, run: string, config: Config, signal: AbortSignal): Promise<boolean> {
  if (isInvocationId(run)) return await isBatchKnown(admin, run)
  if (await hasEndedBatches(admin, run)) return true
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
