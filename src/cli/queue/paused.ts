/** Reads which invocations are paused, and why, which Restate keeps among the events of their journals where no attempt failed last. */
import { z } from 'zod'
import { parseJson } from '../../lib/json/json.ts'
import { type AdminClient, sqlText } from '../client/admin.ts'
import { MAX_REASON_ROWS } from './queue-report.ts'

const PAUSED_SQL = `select id, target_service_name as service, target_handler_name as handler, idempotency_key,
    last_failure, modified_at as latest_at
  from sys_invocation where status = 'paused' order by modified_at desc limit ${MAX_REASON_ROWS}`

const pausedRow = z.object({
  id: z.string(),
  service: z.string(),
  handler: z.string(),
  idempotency_key: z.string().nullish(),
  last_failure: z.string().nullish(),
  latest_at: z.string().nullish(),
})
const eventRow = z.object({ id: z.string(), event: z.string() })
const pausedEvent = z.object({ last_failure: z.object({ error_message: z.string() }) })

export interface PausedInvocation extends z.infer<typeof pausedRow> {
  /** Why the last attempt before the pause failed; missing where nothing is known of it, as of a pause that a person made. */
  readonly reason?: string
}

/** The paused invocations, each with the reason of its latest pause, where Restate has one. */
export async function readPaused(admin: AdminClient): Promise<readonly PausedInvocation[]> {
  const paused = await admin.query(PAUSED_SQL, pausedRow)
  const silent = paused.filter((one) => one.last_failure == null)
  const reasons = silent.length === 0 ? new Map<string, string>() : await readReasons(admin, silent)
  return paused.map((row) => {
    const reason = row.last_failure ?? reasons.get(row.id)
    return { ...row, ...(reason === undefined ? {} : { reason }) }
  })
}

async function readReasons(
  admin: AdminClient,
  paused: readonly { readonly id: string }[],
): Promise<ReadonlyMap<string, string>> {
  const ids = paused.map(({ id }) => sqlText(id)).join(', ')
  const events = await admin.query(
    `select id, event_json as event from sys_journal_events where event_type = 'Paused' and id in (${ids}) order by appended_at`,
    eventRow,
  )
  return new Map(
    events.flatMap(({ id, event }) => {
      const known = pausedEvent.safeParse(parseJson(event)).data
      return known === undefined ? [] : [[id, known.last_failure.error_message] as const]
    }),
  )
}
