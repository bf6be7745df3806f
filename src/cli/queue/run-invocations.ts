/** Finds the invocations of a run that Restate knows.
 *
 * `classify` names the run in the idempotency key of a batch. Who posts a batch names it in the body or in a header, which Restate
 * keeps as the first entry of the invocation's journal.
 */
import { z } from 'zod'
import { CLASSIFY_API, RUN_HEADER } from '../../restate/contract.ts'
import { type AdminClient, sqlText } from '../client/admin.ts'
import { queryByIds } from '../client/admin-work.ts'

/** Conditions on sys_invocation: batches, and all calls whose requests hold indicators and may name a run. */
export const IS_BATCH = `target_service_name = ${sqlText(CLASSIFY_API)} and target_handler_name = 'batch'`
export const MAY_NAME_RUN = `target_service_name = ${sqlText(CLASSIFY_API)} and target_handler_name in ('batch', 'estimate')`
/** A condition on the status of an invocation that has not ended. */
export const IS_OPEN = "status <> 'completed'"

/** The keys that the commands of this project give, as Restate's SQL and as JavaScript read a pattern. Their batches need no search. */
const OUR_KEYS = '^(run|eval|drift)-[0-9]{14}-[0-9a-f]{8}-[0-9]+(-retry-[0-9]+)?$'
const OUR_KEY = new RegExp(OUR_KEYS)
/** A condition: whether no command of this project has sent the invocation. */
export const IS_POSTED = `(idempotency_key is null or not regexp_like(idempotency_key, ${sqlText(OUR_KEYS)}))`

export interface RunInvocation {
  readonly id: string
  readonly status: string
}

const invocationRow = z.object({ id: z.string(), status: z.string(), idempotency_key: z.string().nullish() })
const namedRow = z.object({ id: z.string(), is_named: z.boolean() })

/**
 * Returns a function that finds the invocations of the run among those that the condition `which` holds for, by their keys and
 * by their bodies, each time that it is called. A body is searched once, by the node that holds it, because thousands of
 * batches of a hundred indicators are hundreds of megabytes.
 */
export function invocationsOfRun(
  admin: AdminClient,
  run: string,
  which: string,
): () => Promise<readonly RunInvocation[]> {
  // Keys of this project name their run, so that those of other runs need not be read.
  const mayBeOfRun = `${which} and (${IS_POSTED} or starts_with(idempotency_key, ${sqlText(`${run}-`)}))`
  const holds = (pattern: string) => `regexp_like(encode(raw, 'hex'), ${sqlText(pattern)})`
  const names = `(${holds(bodyPattern(run))} or (${holds(headerPattern(run))} and not ${holds(BODY_NAMES_A_RUN)}))`
  const isNamed = new Map<string, boolean>()
  return async () => {
    const rows = await admin.query(
      `select id, status, idempotency_key from sys_invocation where ${mayBeOfRun}`,
      invocationRow,
    )
    const posted = rows.filter(({ id, idempotency_key: key }) => !OUR_KEY.test(key ?? '') && !isNamed.has(id))
    // One whose body cannot be read yet is searched at the next look.
    const searched = await queryByIds(
      admin,
      posted.map(({ id }) => id),
      (list) => `select id, ${names} as is_named from sys_journal where index = 0 and id in (${list})`,
      namedRow,
    )
    for (const { id, is_named } of searched) isNamed.set(id, is_named)
    return rows.filter(({ id, idempotency_key: key }) => isKeyOf(run, key ?? '') || isNamed.get(id))
  }
}

/** The invocations with these ids that Restate knows, where the condition `which` holds for them. */
export async function invocationsById(
  admin: AdminClient,
  ids: readonly string[],
  which: string,
): Promise<readonly RunInvocation[]> {
  const sqlOf = (list: string) => `select id, status from sys_invocation where ${which} and id in (${list})`
  return await queryByIds(admin, ids, sqlOf, invocationRow)
}

const hex = (text: string) => Buffer.from(text).toString('hex')
const SPACE = '(20|09|0a|0d)*'
/** A request whose JSON body names any run, so that its header does not count. */
const BODY_NAMES_A_RUN = `${hex('"run_id"')}${SPACE}${hex(':')}`

/** A pattern for the hexadecimal digits of a request whose JSON body names the run. */
export function bodyPattern(run: string): string {
  return `${BODY_NAMES_A_RUN}${SPACE}${hex(JSON.stringify(run))}`
}

/** The same for a request with a header that names the run: the header's value stands behind a tag and its length in bytes. */
export function headerPattern(run: string): string {
  const length = Buffer.byteLength(run).toString(16).padStart(2, '0')
  return `${hex(RUN_HEADER)}[0-9a-f]{2}${length}${hex(run)}`
}

/**
 * Whether `key` is the idempotency key that `classify` gave to a batch of `run`. The whole key is checked, because a
 * check of its beginning alone would also accept a run whose id begins with the id of this run.
 */
export function isKeyOf(run: string, key: string): boolean {
  return key.startsWith(`${run}-`) && /^\d+(?:-retry-\d+)?$/.test(key.slice(run.length + 1))
}

/** The run that a key of a command of this project names; null for any other key. */
export function runOfKey(key: string): string | null {
  return OUR_KEY.test(key) ? key.replace(/-\d+(?:-retry-\d+)?$/, '') : null
}
