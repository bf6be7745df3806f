/** Finds and removes what Restate keeps of a run: invocations of batches with their journals and the answers under their idempotency keys. */
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import { CLASSIFY_API } from '../../restate/contract.ts'
import { type AdminClient, sqlText } from '../client/admin.ts'
import { bodyPattern, isKeyOf } from '../queue/open-batches.ts'

/** The invocations of a run that Restate knows. */
export interface RunInvocations {
  readonly open: readonly string[]
  readonly ended: readonly string[]
}

/** The number of invocation ids in one query, which keeps the text of the query short. */
const IDS_PER_QUERY = 200
/** The number of requests to remove an invocation that are in flight at the same time. */
const REQUESTS_AT_ONCE = 16
/** The milliseconds for which the removed invocations may still be listed, and those between two looks. */
const PATIENCE_MS = 30_000
const LOOK_EVERY_MS = 500

const row = z.object({ id: z.string(), status: z.string(), idempotency_key: z.string().nullish() })

const COLUMNS = 'i.id as id, i.status as status, i.idempotency_key as idempotency_key'
/** The handlers whose requests hold indicators and may name a run. */
const IS_OF_RUNS = `i.target_service_name = ${sqlText(CLASSIFY_API)} and i.target_handler_name in ('batch', 'estimate')`

/**
 * Finds the invocations of `run`: by the idempotency keys that `classify` gives them, by the body of the request as long as its
 * journal is kept, and by their ids in the database, which knows those that saved a batch.
 */
export async function findInvocations(
  admin: AdminClient,
  run: string,
  saved: readonly string[],
): Promise<RunInvocations> {
  const keyed = await admin.query(
    `select ${COLUMNS} from sys_invocation i where ${IS_OF_RUNS} and starts_with(i.idempotency_key, ${sqlText(`${run}-`)})`,
    row,
  )
  const named = await admin.query(
    `select ${COLUMNS} from sys_invocation i join sys_journal j on j.id = i.id
     where ${IS_OF_RUNS} and j.index = 0 and regexp_like(encode(j.raw, 'hex'), ${sqlText(bodyPattern(run))})`,
    row,
  )
  const statuses = new Map<string, string>()
  for (const { id, status } of [...keyed.filter(({ idempotency_key: key }) => isKeyOf(run, key ?? '')), ...named]) {
    statuses.set(id, status)
  }
  const others = saved.filter((id) => !statuses.has(id))
  for (let start = 0; start < others.length; start += IDS_PER_QUERY) {
    const ids = others.slice(start, start + IDS_PER_QUERY).map(sqlText)
    const known = await admin.query(
      `select ${COLUMNS} from sys_invocation i where ${IS_OF_RUNS} and i.id in (${ids.join(', ')})`,
      row,
    )
    for (const { id, status } of known) statuses.set(id, status)
  }
  const ids = [...statuses.keys()]
  return {
    open: ids.filter((id) => statuses.get(id) !== 'completed'),
    ended: ids.filter((id) => statuses.get(id) === 'completed'),
  }
}

/** Removes the invocations and resolves with their number once Restate lists none of them any more. */
export async function purgeInvocations(
  admin: AdminClient,
  run: string,
  saved: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const removed = new Set<string>()
  const attempt = async () => {
    const { open, ended } = await findInvocations(admin, run, saved)
    refuseOpen(run, open.length)
    const left = [...ended]
    const work = async () => {
      for (let id = left.pop(); id !== undefined; id = left.pop()) {
        if (await admin.purgeInvocation(id)) removed.add(id)
      }
    }
    await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, work))
    return ended.length === 0 ? true : undefined
  }
  const isGone = await retryFor(attempt, { delayMs: LOOK_EVERY_MS, patienceMs: PATIENCE_MS, signal })
  if (isGone === true) return removed.size
  throw new ServiceError('admin-failed', `Restate still lists batches of run "${run}": repeat npm run purge -- ${run}`)
}

/** Throws ServiceError admin-failed where the run has work that has not ended. */
export function refuseOpen(run: string, open: number): void {
  if (open === 0) return
  throw new ServiceError(
    'admin-failed',
    `Run "${run}" is under way with ${open} open batches: end it with npm run kill -- ${run}, then purge it`,
  )
}
