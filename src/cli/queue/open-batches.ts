/** Finds the batches that are under way and belong to what a person wants to end: a run, or one invocation. */
import { z } from 'zod'
import { type AdminClient, sqlText } from '../client/admin.ts'
import { queryByIds } from '../client/admin-work.ts'
import { IS_BATCH, IS_OPEN, invocationsOfRun, isKeyOf } from './run-invocations.ts'

/** Resolves with the ids of the batches that are under way, each time that it is called. */
export type FindOpenBatches = () => Promise<readonly string[]>

/** The form of Restate's ids of invocations. */
const INVOCATION_ID = /^inv_[0-9A-Za-z]{10,100}$/

const keyRow = z.object({ idempotency_key: z.string().nullish() })
const idRow = z.object({ id: z.string() })

export function isInvocationId(text: string): boolean {
  return INVOCATION_ID.test(text)
}

/** Finds the one batch with this invocation id. */
export function openBatchById(admin: AdminClient, id: string): FindOpenBatches {
  return async () => await readBatch(admin, id, `and ${IS_OPEN}`)
}

/** Finds the batches of a run. */
export function openBatchesOfRun(admin: AdminClient, run: string): FindOpenBatches {
  const find = invocationsOfRun(admin, run, `${IS_BATCH} and ${IS_OPEN}`)
  return async () => (await find()).map(({ id }) => id)
}

/** Whether any batch of the run is kept that has ended, by its key. */
export async function hasEndedBatches(admin: AdminClient, run: string): Promise<boolean> {
  const sql = `select idempotency_key from sys_invocation where ${IS_BATCH} and starts_with(idempotency_key, ${sqlText(`${run}-`)})`
  return (await admin.query(sql, keyRow)).some(({ idempotency_key: key }) => isKeyOf(run, key ?? ''))
}

/** Whether Restate has the batch with this invocation id, under way or ended. */
export async function isBatchKnown(admin: AdminClient, id: string): Promise<boolean> {
  return (await readBatch(admin, id, '')).length > 0
}

/** The id where there is such a batch. Restate fails where an id that it could never have given is asked for by equality. */
async function readBatch(admin: AdminClient, id: string, more: string): Promise<string[]> {
  const sql = `select id from sys_invocation where ${IS_BATCH} and starts_with(id, ${sqlText(id)}) ${more}`
  return (await admin.query(sql, idRow)).map((row) => row.id).filter((found) => found === id)
}

/** The chunks under way that the given batches have started. */
export async function findOpenChunks(admin: AdminClient, batches: readonly string[]): Promise<readonly string[]> {
  const sqlOf = (list: string) => `select id from sys_invocation where invoked_by_id in (${list}) and ${IS_OPEN}`
  return (await queryByIds(admin, batches, sqlOf, idRow)).map(({ id }) => id)
}
