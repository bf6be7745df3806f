/** Finds the batches that are under way and belong to what a person wants to end: a run, or one invocation.
 *
 * `classify` names the run in the idempotency key of a batch. Who posts a batch names it in the body alone, which Restate keeps
 * as the first entry of the invocation's journal.
 */
import { z } from 'zod'
import { CLASSIFY_API } from '../../restate/contract.ts'
import { type AdminClient, sqlText } from '../client/admin.ts'

/** Resolves with the ids of the batches that are under way, each time that it is called. */
export type FindOpenBatches = () => Promise<readonly string[]>

/** The number of invocation ids in one query, which keeps the text of the query short. */
const IDS_PER_QUERY = 200
const IS_BATCH = `target_service_name = ${sqlText(CLASSIFY_API)} and target_handler_name = 'batch'`
const IS_OPEN = "status <> 'completed'"
/** The form of Restate's ids of invocations. */
const INVOCATION_ID = /^inv_[0-9A-Za-z]{10,100}$/

const keyRow = z.object({ id: z.string(), idempotency_key: z.string().nullish() })
const namedRow = z.object({ id: z.string(), is_named: z.boolean() })
const idRow = z.object({ id: z.string() })

export function isInvocationId(text: string): boolean {
  return INVOCATION_ID.test(text)
}

/** Finds the one batch with this invocation id. */
export function openBatchById(admin: AdminClient, id: string): FindOpenBatches {
  return async () => await readBatch(admin, id, `and ${IS_OPEN}`)
}

/**
 * Finds the batches of a run by their keys and by their bodies. A body is searched once, by the node that holds it, because
 * thousands of batches of a hundred indicators are hundreds of megabytes.
 */
export function openBatchesOfRun(admin: AdminClient, run: string): FindOpenBatches {
  const sql = `select id, idempotency_key from sys_invocation where ${IS_BATCH} and ${IS_OPEN}`
  const isNamed = new Map<string, boolean>()
  return async () => {
    const rows = await admin.query(sql, keyRow)
    const posted = rows.filter(({ idempotency_key: key }) => !OUR_KEY.test(key ?? '')).map(({ id }) => id)
    await searchBodies(
      admin,
      run,
      posted.filter((id) => !isNamed.has(id)),
      isNamed,
    )
    return rows.filter(({ id, idempotency_key: key }) => isKeyOf(run, key ?? '') || isNamed.get(id)).map(({ id }) => id)
  }
}

/** Notes for each batch whether its body names the run; one whose body cannot be read yet is searched at the next look. */
async function searchBodies(
  admin: AdminClient,
  run: string,
  ids: readonly string[],
  isNamed: Map<string, boolean>,
): Promise<void> {
  const names = `regexp_like(encode(raw, 'hex'), ${sqlText(bodyPattern(run))})`
  for (let start = 0; start < ids.length; start += IDS_PER_QUERY) {
    const some = ids.slice(start, start + IDS_PER_QUERY).map(sqlText)
    const sql = `select id, ${names} as is_named from sys_journal where index = 0 and id in (${some.join(', ')})`
    for (const row of await admin.query(sql, namedRow)) isNamed.set(row.id, row.is_named)
  }
}

/** A pattern for the hexadecimal digits of a request whose JSON body names the run. */
export function bodyPattern(run: string): string {
  const hex = (text: string) => Buffer.from(text).toString('hex')
  const space = '(20|09|0a|0d)*'
  return `${hex('"run_id"')}${space}${hex(':')}${space}${hex(JSON.stringify(run))}`
}

/** Whether any batch of the run is kept that has ended, by its key. */
export async function hasEndedBatches(admin: AdminClient, run: string): Promise<boolean> {
  const sql = `select id, idempotency_key from sys_invocation where ${IS_BATCH} and starts_with(idempotency_key, ${sqlText(`${run}-`)})`
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
export async function findOpenChunks(admin: AdminClient, batches: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (let start = 0; start < batches.length; start += IDS_PER_QUERY) {
    const ids = batches.slice(start, start + IDS_PER_QUERY).map(sqlText)
    const sql = `select id from sys_invocation where invoked_by_id in (${ids.join(', ')}) and ${IS_OPEN}`
    found.push(...(await admin.query(sql, idRow)).map(({ id }) => id))
  }
  return found
}

/**
 * Whether `key` is the idempotency key that `classify` gave to a batch of `run`. The whole key is checked, because a
 * check of its beginning alone would also accept a run whose id begins with the id of this run.
 */
export function isKeyOf(run: string, key: string): boolean {
  return key.startsWith(`${run}-`) && /^\d+(?:-retry-\d+)?$/.test(key.slice(run.length + 1))
}

/** The run that the idempotency key of a batch names; null where a key has another form. */
export function runOfKey(key: string): string | null {
  return OUR_KEY.test(key) ? key.replace(/-\d+(?:-retry-\d+)?$/, '') : null
}

/** The keys that the commands of this project give, whose batches need no search. */
const OUR_KEY = /^(?:run|eval|drift)-\d{14}-[0-9a-f]{8}-\d+(?:-retry-\d+)?$/
