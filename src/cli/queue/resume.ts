/** The command `resume RUN|INVOCATION`: lets a run that a person paused go on, and invocations that Restate does not try again by itself. */
import type { Command } from 'commander'
import { z } from 'zod'
import { readConfig } from '../../config/config.ts'
import { isServiceError, messageOf, ServiceError } from '../../errors.ts'
import { joinLines } from '../../lib/visible-text.ts'
import { type AdminClient, createAdminClient, sqlText } from '../client/admin.ts'
import { INGRESS_HELP } from '../runs/runs.ts'
import { formatWant, limitCostOfRun, type WantReport, wantOfRun } from '../runs/want.ts'
import { dollars, httpUrls } from '../ui/option-values.ts'
import { countOf, EXIT_FAILED, printJson, printText, say, underInterrupts } from '../ui/terminal.ts'
import { checkTarget } from './kill.ts'
import { findOpenChunks, isInvocationId, openBatchesOfRun } from './open-batches.ts'

interface ResumeOptions {
  readonly admin?: readonly string[]
  readonly ingress?: readonly string[]
  readonly json?: boolean
  readonly maxCost?: number
}

/** The output of `resume --json`, whose property names must not change because scripts use them. */
export interface ResumeReport {
  readonly target: string
  /** The ids of the invocations that were resumed. */
  readonly resumed: readonly string[]
  /** The number of open invocations of the target that were not paused. */
  readonly not_paused: number
  /** What is wanted of the run now, and who drives it; null for an invocation and for a run that the service does not know. */
  readonly run: WantReport | null
}

const idRow = z.object({ id: z.string(), status: z.string() })
/** The number of invocation ids in one query, which keeps the text of the query short. */
const IDS_PER_QUERY = 200

export function addResumeCommand(program: Command): void {
  program
    .command('resume')
    .description('Let a paused run go on with the work of it that Restate has paused, or one paused invocation')
    .argument('<target>', 'the id of a run, or the invocation id of a batch or a chunk')
    .option('--ingress <urls>', INGRESS_HELP, httpUrls)
    .option(
      '--admin <urls>',
      'Restate admin URLs, separated by commas (default: RESTATE_ADMIN_URL, else this machine)',
      httpUrls,
    )
    .option(
      '--max-cost <usd>',
      'the most that the whole run may cost in US dollars from now on, also while it goes on',
      dollars,
    )
    .option('--json', 'print exactly one JSON object on stdout')
    .action(async (target: string, options: ResumeOptions) => {
      checkTarget(target)
      const { maxCost } = options
      if (maxCost !== undefined && isInvocationId(target))
        throw new ServiceError(
          'input-invalid',
          '--max-cost is the limit of a run: name the run in place of an invocation',
        )
      const { restate } = readConfig()
      const { ingress = restate.ingressUrls, admin = restate.adminUrls } = options
      await underInterrupts(
        () => say('Stopping …'),
        async ({ first: signal }) => {
          if (maxCost !== undefined) await limitCostOfRun(ingress, target, maxCost, signal)
          const client = createAdminClient(admin, signal)
          const report = isInvocationId(target)
            ? { target, ...(await resumePaused(client, target)), run: null }
            : await resumeRun(client, ingress, target, signal)
          if (options.json === true) printJson(report)
          else printText(formatResume(report, client.url))
          if (report.resumed.length === 0 && (report.run?.driver ?? null) === null) process.exitCode = EXIT_FAILED
        },
      )
    })
}

/**
 * The ingress tells the driver of the run, and the admin port resumes what Restate has paused. Who reaches only one of the two
 * is told what was left; rejects where neither answers.
 */
async function resumeRun(
  client: AdminClient,
  ingress: readonly string[],
  target: string,
  signal: AbortSignal,
): Promise<ResumeReport> {
  const [wanted, paused] = await Promise.allSettled([
    wantOfRun(ingress, target, 'running', signal),
    resumePaused(client, target),
  ])
  const isUnknown =
    wanted.status === 'rejected' && isServiceError(wanted.reason) && wanted.reason.code === 'input-not-found'
  if (paused.status === 'rejected') {
    if (wanted.status === 'rejected') throw paused.reason
    say(`Whether Restate has paused work of the run cannot be seen: ${messageOf(paused.reason)}`)
    return { target, resumed: [], not_paused: 0, run: wanted.value }
  }
  if (wanted.status === 'fulfilled') return { target, ...paused.value, run: wanted.value }
  if (!isUnknown) say(`The driver of the run cannot be told: ${messageOf(wanted.reason)}`)
  return { target, ...paused.value, run: null }
}

/** Resumes the chunks before their batches, which wait for them. */
async function resumePaused(admin: AdminClient, target: string): Promise<Pick<ResumeReport, 'resumed' | 'not_paused'>> {
  const batches = isInvocationId(target) ? [target] : await openBatchesOfRun(admin, target)()
  const chunks = await findOpenChunks(admin, batches)
  const open = await readStatuses(admin, [...chunks, ...batches])
  const resumed: string[] = []
  for (const { id, status } of open) {
    if (status === 'paused' && (await admin.resumeInvocation(id))) resumed.push(id)
  }
  return { resumed, not_paused: open.length - resumed.length }
}

async function readStatuses(admin: AdminClient, ids: readonly string[]): Promise<readonly z.infer<typeof idRow>[]> {
  const found: z.infer<typeof idRow>[] = []
  for (let start = 0; start < ids.length; start += IDS_PER_QUERY) {
    // Restate fails where an id that it could never have given is asked for by equality alone.
    const some = ids.slice(start, start + IDS_PER_QUERY).map((id) => `starts_with(id, ${sqlText(id)})`)
    const sql = `select id, status from sys_invocation where status <> 'completed' and (${some.join(' or ')})`
    found.push(...(await admin.query(sql, idRow)))
  }
  return found
}

export function formatResume({ target, resumed, not_paused: others, run }: ResumeReport, url: string): string {
  const name = `${isInvocationId(target) ? 'Invocation' : 'Run'} ${target}`
  const lines = run === null ? [] : [formatWant(run)]
  if (resumed.length > 0) {
    lines.push(`${name}: ${countOf(resumed.length, 'paused invocation')} resumed.`)
    if (others > 0) lines.push(`${countOf(others, 'other is', 'others are')} under way.`)
  } else if (run === null) {
    const what =
      others > 0
        ? `nothing is paused; ${countOf(others, 'invocation is', 'invocations are')} under way`
        : 'nothing is open'
    lines.push(`${name}: ${what} at ${url}. npm run queue shows the open work there`)
  }
  return joinLines(lines)
}
