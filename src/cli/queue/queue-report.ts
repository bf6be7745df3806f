/** Pure functions for the backlog of Restate and its failures: the queries, the report of `queue --json`, and the text for people. */
import { z } from 'zod'
import { joinLines } from '../../lib/visible-text.ts'
import { lineOf } from '../client/foreign-line.ts'
import { countOf, formatCount } from '../ui/terminal.ts'
import { IS_BATCH, IS_POSTED } from './run-invocations.ts'

/** The values of Restate's `status` for invocations that have not ended. */
export const OPEN_STATUSES = ['pending', 'scheduled', 'ready', 'running', 'backing-off', 'suspended', 'paused'] as const

const isOpen = `status in (${OPEN_STATUSES.map((status) => `'${status}'`).join(', ')})`
/** The largest number of rows that the query for failures returns; each different reason has a row of its own. */
export const MAX_REASON_ROWS = 200

export const BACKLOG_SQL = `select target_service_name as service, target_handler_name as handler, status,
  count(1) as count, min(created_at) as oldest_at
  from sys_invocation where ${isOpen} group by 1, 2, 3 order by 1, 2, 3`

export const RETRYING_SQL = `select target_service_name as service, target_handler_name as handler, status,
  last_failure as reason, count(1) as count, max(modified_at) as latest_at
  from sys_invocation where ${isOpen} and last_failure is not null group by 1, 2, 3, 4 order by 5 desc limit ${MAX_REASON_ROWS}`

/**
 * The questions of people that found nothing, such as for the status of an id that is not stored. They are failures of Restate and
 * none of the service: whoever asked has had the answer.
 */
const FOUND_NOTHING = `target_service_name = 'classify-api' and target_handler_name in ('status', 'why', 'run', 'drive')
  and completion_failure like '%input-not-found%'`

export const FAILED_SQL = `select target_service_name as service, target_handler_name as handler, 'failed' as status,
  completion_failure as reason, count(1) as count, max(modified_at) as latest_at
  from sys_invocation where status = 'completed' and completion_result = 'failure' and not (${FOUND_NOTHING})
  group by 1, 2, 3, 4 order by 5 desc limit ${MAX_REASON_ROWS}`

/** The most invocations that the query for those of a removed deployment returns. */
const MAX_ORPHANED_ROWS = 200

/** The open invocations that are bound to a deployment which Restate does not know any more, since it was deleted by force. */
export const ORPHANED_SQL = `select i.id as id, i.target_service_name as service, i.target_handler_name as handler,
  i.status as status, i.idempotency_key as idempotency_key, i.pinned_deployment_id as deployment
  from sys_invocation i left join sys_deployment d on i.pinned_deployment_id = d.id
  where i.pinned_deployment_id is not null and d.id is null and i.status <> 'completed'
  order by i.id limit ${MAX_ORPHANED_ROWS}`

export const orphanedRowSchema = z.object({
  id: z.string(),
  service: z.string(),
  handler: z.string(),
  status: z.string(),
  idempotency_key: z.string().nullish(),
  deployment: z.string(),
})

/** The report lists at most this many batches that were not sent by a command of this project. */
const MAX_POSTED_ROWS = 20

export const POSTED_SQL = `select id, status, idempotency_key, created_at
  from sys_invocation where ${isOpen} and ${IS_BATCH} and ${IS_POSTED}
  order by created_at limit ${MAX_POSTED_ROWS}`

export const postedRowSchema = z.object({
  id: z.string(),
  status: z.string(),
  idempotency_key: z.string().nullish(),
  created_at: z.string(),
})

export const backlogRowSchema = z.object({
  service: z.string(),
  handler: z.string(),
  status: z.string(),
  count: z.number(),
  oldest_at: z.string(),
})

export const failureRowSchema = z.object({
  service: z.string(),
  handler: z.string(),
  status: z.string(),
  reason: z.string().nullish(),
  count: z.number(),
  latest_at: z.string().nullish(),
})

type BacklogRow = z.infer<typeof backlogRowSchema>
export type FailureRow = z.infer<typeof failureRowSchema>
type PostedRow = z.infer<typeof postedRowSchema>
/** The output of `queue --json`, whose property names must not change because scripts use them. */
export interface QueueReport {
  readonly admin_url: string
  readonly asked_at: string
  /** The number of invocations that have not ended. */
  readonly total: number
  readonly backlog: readonly (BacklogRow & { readonly oldest_age_ms: number })[]
  /**
   * The failures, counted by status and reason. They are invocations that go on although their last attempt failed,
   * with a status such as "backing-off", and invocations that ended in failure and that Restate still keeps, with the
   * status "failed".
   */
  readonly failures: readonly {
    readonly service: string
    readonly handler: string
    readonly status: string
    readonly reason: string
    readonly count: number
    readonly latest_at: string | null
  }[]
  /** The oldest open batches that were posted past the commands of this project, with the invocation ids that `kill` takes. */
  readonly posted: readonly {
    readonly id: string
    readonly status: string
    readonly idempotency_key: string | null
    readonly age_ms: number
  }[]
}

/** The clock of the node that answers, which may be far from that of this machine. */
export const NOW_SQL = 'select cast(to_unixtime(now()) as double) * 1000 as now_ms'
export const nowRowSchema = z.object({ now_ms: z.number() })

/** Builds the report. `askedAt` is the time of the question by the clock that has set the times of the rows. */
export function buildQueueReport(
  adminUrl: string,
  askedAt: Date,
  backlog: readonly BacklogRow[],
  failures: readonly FailureRow[],
  posted: readonly PostedRow[] = [],
): QueueReport {
  const merged = new Map<string, QueueReport['failures'][number]>()
  for (const { service, handler, status, count, ...row } of failures) {
    const reason = cleanReason(row.reason ?? 'no reason given')
    const key = JSON.stringify([service, handler, status, reason])
    const known = merged.get(key)
    const latest = [known?.latest_at, row.latest_at].filter((time) => typeof time === 'string').sort()
    const latest_at = latest.at(-1) ?? null
    merged.set(key, { service, handler, status, reason, count: count + (known?.count ?? 0), latest_at })
  }
  return {
    admin_url: adminUrl,
    asked_at: askedAt.toISOString(),
    total: backlog.reduce((sum, { count }) => sum + count, 0),
    // The nodes of a cluster have clocks of their own, so a negative age is shown as 0.
    backlog: backlog.map((row) => {
      return { ...row, oldest_age_ms: Math.max(0, askedAt.getTime() - Date.parse(row.oldest_at)) }
    }),
    failures: [...merged.values()].sort((a, b) => b.count - a.count),
    posted: posted.map(({ id, status, idempotency_key: key, created_at: at }) => {
      return { id, status, idempotency_key: key ?? null, age_ms: Math.max(0, askedAt.getTime() - Date.parse(at)) }
    }),
  }
}

/** The report shows at most this many characters of a failure's reason. */
const MAX_REASON_LENGTH = 300

/** Makes one line of the message of a failure, of at most so many characters as a report shows. */
export function cleanReason(message: string): string {
  const line = lineOf(message)
  return line.length <= MAX_REASON_LENGTH ? line : `${line.slice(0, MAX_REASON_LENGTH - 1)}…`
}

export function formatQueue(report: QueueReport): string {
  const { backlog, failures, posted } = report
  const lines = [`Backlog at ${report.admin_url}: ${countOf(report.total, 'invocation')}`]
  if (backlog.length > 0) {
    const rows = backlog.map((row) => {
      return [`${row.service}/${row.handler}`, row.status, formatCount(row.count), formatAge(row.oldest_age_ms)]
    })
    lines.push(...formatTable([['handler', 'status', 'count', 'oldest'], ...rows]))
  }
  if (failures.length > 0) lines.push('Failures:')
  for (const { service, handler, status, reason, count } of failures) {
    lines.push(`  ${formatCount(count)} × ${service}/${handler} (${status}): ${reason}`)
  }
  if (posted.length > 0) {
    lines.push(
      'Open batches that were posted (npm run kill -- ID ends one, npm run kill -- RUN those that name a run):',
    )
    for (const { id, status, idempotency_key: key, age_ms: ageMs } of posted) {
      lines.push(`  ${id}  ${status}  ${formatAge(ageMs)}${key === null ? '' : `  key ${cleanReason(key)}`}`)
    }
  }
  return joinLines(lines)
}

function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    return `  ${cells.join('  ')}`.trimEnd()
  })
}

/** Formats a time for people, such as "850 ms", "12 s", "3 min", "2 h" or "5 d". */
export function formatAge(ms: number): string {
  const steps = [
    { unit: 'd', ms: 86_400_000 },
    { unit: 'h', ms: 3_600_000 },
    { unit: 'min', ms: 60_000 },
    { unit: 's', ms: 1_000 },
  ]
  // A time is shown in minutes, hours or days only from two of them on, because "90 s" is more exact than "1 min".
  const step = steps.find((one) => ms >= (one.unit === 's' ? 1 : 2) * one.ms)
  return step === undefined ? `${Math.round(ms)} ms` : `${Math.floor(ms / step.ms)} ${step.unit}`
}
