/** Finds and removes what Restate keeps of a run: invocations of batches with their journals and the answers under their idempotency keys. */
import { ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import type { AdminClient } from '../client/admin.ts'
import { forEachId } from '../client/admin-work.ts'
import { invocationsById, invocationsOfRun, MAY_NAME_RUN } from '../queue/run-invocations.ts'

/** The invocations of a run that Restate knows. */
export interface RunInvocations {
  readonly open: readonly string[]
  readonly ended: readonly string[]
}

/** Resolves with the invocations of a run as they are then, each time that it is called. */
export type FindInvocations = () => Promise<RunInvocations>

/** The milliseconds for which the removed invocations may still be listed, and those between two looks. */
const PATIENCE_MS = 30_000
const LOOK_EVERY_MS = 500

/**
 * Finds the invocations of `run`: by the idempotency keys that `classify` gives them, by the body of the request as long as its
 * journal is kept, and by their ids in the database, `saved`, which knows those that saved a batch.
 */
export function findInvocationsOf(admin: AdminClient, run: string, saved: readonly string[]): FindInvocations {
  const find = invocationsOfRun(admin, run, MAY_NAME_RUN)
  return async () => {
    const named = await find()
    const known = new Set(named.map(({ id }) => id))
    const others = saved.filter((id) => !known.has(id))
    const found = [...named, ...(await invocationsById(admin, others, MAY_NAME_RUN))]
    const idsOf = (hasEnded: boolean) =>
      found.filter(({ status }) => (status === 'completed') === hasEnded).map(({ id }) => id)
    return { open: idsOf(false), ended: idsOf(true) }
  }
}

/** Removes the invocations and resolves with their number once Restate lists none of them any more. */
export async function purgeInvocations(
  admin: AdminClient,
  run: string,
  find: FindInvocations,
  signal: AbortSignal,
): Promise<number> {
  const removed = new Set<string>()
  const attempt = async () => {
    const { open, ended } = await find()
    refuseOpen(run, open.length)
    await forEachId(ended, async (id) => {
      if (await admin.purgeInvocation(id)) removed.add(id)
    })
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
