/** The command `resume ID|RUN`: lets paused invocations go on, which Restate does not try again by itself. */
import type { Command } from 'commander'
import { z } from 'zod'
import { readConfig } from '../../config/config.ts'
import { joinLines } from '../../lib/visible-text.ts'
import { type AdminClient, createAdminClient, sqlText } from '../client/admin.ts'
import { httpUrls } from '../ui/option-values.ts'
import { EXIT_FAILED, formatCount, printJson, printText, say, underInterrupts } from '../ui/terminal.ts'
import { checkTarget } from './kill.ts'
import { findOpenChunks, isInvocationId, openBatchesOfRun } from './open-batches.ts'

interface ResumeOptions {
  readonly admin?: readonly string[]
  readonly json?: boolean
}

/** The output of `resume --json`, whose property names must not change because scripts use them. */
export interface ResumeReport {
  readonly target: string
  /** The ids of the invocations that were resumed. */
  readonly resumed: readonly string[]
  /** The number of open invocations of the target that were not paused. */
  readonly not_paused: number
}

const idRow = z.object({ id: z.string(), status: z.string() })
/** The number of invocation ids in one query, which keeps the text of the query short. */
const IDS_PER_QUERY = 200

export function addResumeCommand(program: Command): void {
  program
    .command('resume')
    .description('Resume the paused work of a run, or one paused invocation, as npm run queue lists them')
    .argument('<target>', 'the id of a run, or the invocation id of a batch or a chunk')
    .option(
      '--admin <urls>',
      'Restate admin URLs, separated by commas (default: RESTATE_ADMIN_URL, else this machine)',
      httpUrls,
    )
    .option('--json', 'print exactly one JSON object on stdout')
    .action(async (target: string, options: ResumeOptions) => {
      checkTarget(target)
      const urls = options.admin ?? readConfig().restate.adminUrls
      await underInterrupts(
        () => say('Stopping …'),
        async ({ first: signal }) => {
          const admin = createAdminClient(urls, signal)
          const report = await resumePaused(admin, target)
          if (options.json === true) printJson(report)
          else printText(formatResume(report, admin.url))
          if (report.resumed.length === 0) process.exitCode = EXIT_FAILED
        },
      )
    })
}

/** Resumes the chunks before their batches, which wait for them. */
async function resumePaused(admin: AdminClient, target: string): Promise<ResumeReport> {
  const batches = isInvocationId(target) ? [target] : await openBatchesOfRun(admin, target)()
  const chunks = await findOpenChunks(admin, batches)
  const open = await readStatuses(admin, [...chunks, ...batches])
  const resumed: string[] = []
  for (const { id, status } of open) {
    if (status === 'paused' && (await admin.resumeInvocation(id))) resumed.push(id)
  }
  return { target, resumed, not_paused: open.length - resumed.length }
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

export function formatResume({ target, resumed, not_paused: others }: ResumeReport, url: string): string {
  const name = `${isInvocationId(target) ? 'Invocation' : 'Run'} ${target}`
  if (resumed.length > 0) {
    const lines = [`${name}: ${formatCount(resumed.length)} paused invocations resumed.`]
    if (others > 0) lines.push(`${formatCount(others)} others are under way.`)
    return joinLines(lines)
  }
  const what = others > 0 ? `nothing is paused; ${formatCount(others)} invocations are under way` : 'nothing is open'
  return `${name}: ${what} at ${url}. npm run queue shows the open work there`
}
