/** Reads why invocations are paused, which Restate keeps among the events of their journals and not as their last failure. */
import { z } from 'zod'
import { parseJson } from '../../lib/json/json.ts'
import { type AdminClient, sqlText } from '../client/admin.ts'
import { type FailureRow, MAX_REASON_ROWS } from './queue-report.ts'

const PAUSED_SQL = `select id, target_service_name as service, target_handler_name as handler, modified_at as latest_at
  from sys_invocation where status = 'paused' and last_failure is null order by modified_at desc limit ${MAX_REASON_ROWS}`

const pausedRow = z.object({
  id: z.string(),
  service: z.string(),
  handler: z.string(),
  latest_at: z.string().nullish(),
})
const eventRow = z.object({ id: z.string(), event: z.string() })
const pausedEvent = z.object({ last_failure: z.object({ error_message: z.string() }) })

/** The paused invocations as failures, each with the reason of its latest pause, where Restate has one. */
export async function readPaused(admin: AdminClient): Promise<FailureRow[]> {
  const paused = await admin.query(PAUSED_SQL, pausedRow)
  if (paused.length === 0) return []
  const ids = paused.map(({ id }) => sqlText(id)).join(', ')
  const events = await admin.query(
    `select id, event_json as event from sys_journal_events where event_type = 'Paused' and id in (${ids}) order by appended_at`,
    eventRow,
  )
  const reasons = new Map(events.map(({ id, event }) => [id, pausedEvent.safeParse(parseJson(event)).data]))
  return paused.map(({ id, ...row }) => {
    const reason = reasons.get(id)?.last_failure.error_message
    return { ...row, status: 'paused', count: 1, ...(reason === undefined ? {} : { reason }) }
  })
}
