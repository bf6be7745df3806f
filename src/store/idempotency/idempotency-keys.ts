/** Keeps with which body each idempotency key was first used, in one statement a call, by the database's clock. */
import { z } from 'zod'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import type { IdempotencyKeys, KeyUse } from './types.ts'

/**
 * Hours for which a key is kept after its last use. Restate keeps an answer for 6 hours after the end of the invocation, and
 * an invocation that waits for rate may take a day, so this is longer than both.
 */
const KEPT_HOURS = 72
/** Old rows that one call deletes at most, so that no delete holds many locks. */
const MAX_DELETED = 5_000

const usedRow = z.object({ used: z.boolean() })
const deletedRow = z.object({ deleted: z.number() })

export function createIdempotencyKeys(pool: DatabasePool): IdempotencyKeys {
  return {
    note: (use) => noteUse(pool, use),
    deleteOld: () => deleteOldKeys(pool),
  }
}

/** Only a row with the same body, or one that is too old to count, is updated; so no row comes back where the body differs. */
async function noteUse(pool: DatabasePool, { scope, body }: KeyUse): Promise<boolean> {
  const rows = await queryRows(
    pool,
    'note an idempotency key',
    usedRow,
    `insert into idempotency_keys as known (scope, body) values (decode($1, 'hex'), decode($2, 'hex'))
     on conflict (scope) do update set body = excluded.body, seen_at = clock_timestamp()
     where known.body = excluded.body or known.seen_at < clock_timestamp() - interval '${KEPT_HOURS} hours'
     returning true as used`,
    [scope, body],
  )
  return rows.length > 0
}

async function deleteOldKeys(pool: DatabasePool): Promise<number> {
  const rows = await queryRows(
    pool,
    'delete old idempotency keys',
    deletedRow,
    `with gone as (
       delete from idempotency_keys where scope = any(array(
         select scope from idempotency_keys where seen_at < statement_timestamp() - interval '${KEPT_HOURS} hours'
         order by seen_at limit ${MAX_DELETED} for update skip locked
       )) returning 1
     ) select count(*)::int8 as deleted from gone`,
  )
  return rows[0]?.deleted ?? 0
}
