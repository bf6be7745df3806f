/** The command `purge RUN`: removes the texts of a run from Restate, from the database and from DATA_DIR. */
import { access, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { type Config, readConfig } from '../../config/config.ts'
import { isServiceError, ServiceError } from '../../errors.ts'
import type { PurgeCount, PurgedTable, PurgeScope, RunContents, Store } from '../../store/types.ts'
import { checkAnyRunId, isRunId } from '../classify/run-id.ts'
import { runJournalFile, runResultsFile } from '../classify/run-journal.ts'
import { type AdminClient, createAdminClient } from '../client/admin.ts'
import { findCopyOf } from '../cluster/catalogue-copy.ts'
import { withStore } from '../database/with-store.ts'
import { detachedLogName } from '../runs/detach.ts'
import { isAgreed, requireYesOrTerminal, YES_OPTION } from '../ui/confirm.ts'
import { httpUrls } from '../ui/option-values.ts'
import { EXIT_FAILED, printJson, printText, say } from '../ui/terminal.ts'
import { type FindInvocations, findInvocationsOf, purgeInvocations, refuseOpen } from './journal.ts'
import { addCounts, buildPurgeReport, formatPurge, isEmpty, type PurgeReport } from './report.ts'

interface PurgeCommandOptions {
  readonly admin?: readonly string[]
  readonly journal: boolean
  readonly dryRun?: boolean
  readonly earlierAnswers?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

export function addPurgeCommand(program: Command): void {
  program
    .command('purge')
    .description('Remove the texts of a run: journals, answers, results, history and files; its totals and costs stay')
    .argument('<run>', 'the id of a run, as classify or review apply prints it, or a posted batch names it')
    .option(
      '--admin <urls>',
      'Restate admin URLs, separated by commas (default: RESTATE_ADMIN_URL, else this machine)',
      httpUrls,
    )
    .option('--no-journal', 'leave Restate alone, as where its data is gone or it does not run')
    .option('--earlier-answers', 'also remove all answers of earlier releases, which do not name their runs')
    .option('--dry-run', 'show what would be removed, and change nothing')
    .option(...YES_OPTION)
    .option('--json', 'print exactly one JSON object on stdout')
    .action(async (run: string, options: PurgeCommandOptions) => {
      checkAnyRunId(run)
      if (options.dryRun !== true) requireYesOrTerminal(options, 'give --yes, or --dry-run to look')
      const config = readConfig()
      await withStore((store, signal) => purgeRun({ run, options, config, store, signal }))
    })
}

interface Work {
  readonly run: string
  readonly options: PurgeCommandOptions
  readonly config: Config
  readonly store: Pick<Store, 'purges'>
  readonly signal: AbortSignal
}

async function purgeRun(work: Work): Promise<void> {
  const { run, options, config, store, signal } = work
  const admin = options.journal ? createAdminClient(options.admin ?? config.restate.adminUrls, signal) : null
  const saved = await store.purges.findInvocations(run)
  const look = admin === null ? null : findInvocationsOf(admin, run, saved)
  const found = look === null ? null : await look().catch(adviseOnNoJournal)
  refuseOpen(run, found?.open.length ?? 0)
  const scope = { withEarlierAnswers: options.earlierAnswers === true }
  const contents = await store.purges.find(run, scope)
  const files = await filesOf(config.dataDir, run)
  const plan = buildPurgeReport(run, contents, {
    dry_run: true,
    journal: found === null ? null : { removed: found.ended.length },
    database: contents.counts,
    files,
  })
  if (isEmpty(plan) && !contents.isKnown) {
    const asked = admin === null ? 'neither' : 'neither Restate nor'
    say(`Run "${run}" is not known: ${asked} the database nor ${config.dataDir} holds anything of it`)
    process.exitCode = EXIT_FAILED
    return
  }
  if (!contents.isKnown) say(`Note: no run "${run}" began in this database. Is the id right?`)
  if (options.dryRun === true || isEmpty(plan)) {
    show({ ...plan, dry_run: options.dryRun === true }, options)
    return
  }
  if (options.yes !== true) {
    say(formatPurge(plan))
    if (!(await isAgreed('This cannot be undone. Remove it?', options, signal))) {
      say('Nothing was removed.')
      process.exitCode = EXIT_FAILED
      return
    }
  }
  show(await remove(work, { admin, look, contents, scope, files }), options)
}

function adviseOnNoJournal(error: unknown): never {
  if (!isServiceError(error) || error.code !== 'admin-failed') throw error
  const advice = 'Where the data of Restate is gone for good, --no-journal purges the rest'
  throw new ServiceError(error.code, [...error.lines, advice], { cause: error })
}

interface Found {
  readonly admin: AdminClient | null
  /** Looks for the run's invocations again; null where Restate is left alone. */
  readonly look: FindInvocations | null
  readonly contents: RunContents
  readonly scope: PurgeScope
  readonly files: readonly string[]
}

/** Removes everything. Restate comes first, because the database knows some of the run's invocations only by its batches. */
async function remove(work: Work, { admin, look, contents, scope, files }: Found): Promise<PurgeReport> {
  const { run, store, signal } = work
  const removed = admin === null || look === null ? null : await purgeInvocations(admin, run, look, signal)
  const database: Partial<Record<PurgedTable, PurgeCount>> = {}
  await store.purges.purge(run, { ...scope, signal, purged: (counts) => addCounts(database, counts) })
  for (const file of files) await rm(file, { force: true })
  // A client may have gone on with the run meanwhile.
  if (look !== null) refuseOpen(run, (await look()).open.length)
  const journal = removed === null ? null : { removed }
  return buildPurgeReport(run, contents, { dry_run: false, journal, database, files })
}

function show(report: PurgeReport, { json }: PurgeCommandOptions): void {
  if (json === true) printJson(report)
  else printText(formatPurge(report))
}

/** The files of a run: its journal, the results that it keeps for its output, what its detached driver said, and the copy of its catalogue that `all-in-one` made. */
async function filesOf(dataDir: string, run: string): Promise<string[]> {
  // Only runs of `classify` have files, and their ids can be the name of one.
  if (!isRunId(run)) return []
  const journal = runJournalFile(dataDir, run)
  const copy = await findCopyOf(dataDir, run)
  const log = join(dirname(journal), detachedLogName(run))
  const own = [journal, runResultsFile(dataDir, run), log]
  const found = await Promise.all(own.map(exists))
  return [...own.filter((_, index) => found[index]), ...(copy === undefined ? [] : [copy])]
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
