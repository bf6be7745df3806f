/** Claims on shapes: which batch asks the model about a shape, until when, and how the asking ended.
 *
 * A claim's times are by the database's clock alone, so that replicas whose clocks differ agree on them.
 */
import { z } from 'zod'
import { type Column, namesOf, type Parameters, storableText, unnestRows } from './bulk.ts'
import type { DatabasePool } from './pool.ts'
import { execute, queryRows } from './query.ts'
import type { ClaimState, ClaimsToEnd, EndedClaim, ShapeClaims } from './types.ts'

/**
 * Minutes that a claim stays in the table after it ran out, so that the batches that waited for it can read how it
 * ended.
 */
const KEPT_MINUTES = 15
/** Old claims that one call of `claimShapes` deletes at most: more than a call adds, so that the table stays small. */
const MAX_DELETED = 200

const releasedRow = z.object({ shape_hash: z.string() })
const claimedRow = z.object({ shape_hash: z.string().nullable(), at: z.iso.datetime() })

/**
 * Claims for `owner` each of `shapeHashes` that no other owner holds, for `holdMs` milliseconds. An owner that claims a
 * shape again keeps its claim, so that a step that runs twice gets the same claims. Rows are locked in order of the
 * hash, so that batches with shapes in common cannot deadlock.
 */
export async function claimShapes(
  pool: DatabasePool,
  owner: string,
  shapeHashes: readonly string[],
  holdMs: number,
): Promise<ShapeClaims> {
  const rows = await queryRows(
    pool,
    'claim shapes',
    claimedRow,
    `with won as (
       insert into claims as held (shape_hash, owner, expires_at)
       select shape_hash, $2, clock_timestamp() + $3::float8 * interval '1 millisecond'
       from unnest($1::text[]) as given (shape_hash) order by shape_hash
       on conflict (shape_hash) do update set owner = excluded.owner, expires_at = excluded.expires_at
       where held.owner = excluded.owner or held.expires_at <= clock_timestamp()
       returning shape_hash
     )
     select won.shape_hash, date_trunc('milliseconds', statement_timestamp()) as at
     from (values (1)) as one (row) left join won on true`,
    [[...new Set(shapeHashes)].sort(), owner, holdMs],
  )
  const claimed = rows.flatMap(({ shape_hash }) => (shape_hash === null ? [] : [shape_hash]))
  if (claimed.length > 0) await deleteOldClaims(pool)
  return { claimed, at: rows[0]?.at ?? '' }
}

/**
 * Reads the old claims alone, however many there are: PostgreSQL looks no time up in an index that may change while it reads, as that of
 * `clock_timestamp()` does, and would read the whole table for a list that it joins.
 */
async function deleteOldClaims(pool: DatabasePool): Promise<void> {
  await execute(
    pool,
    'clear old claims',
    `delete from claims where shape_hash = any(array(
       select shape_hash from claims where expires_at < statement_timestamp() - interval '${KEPT_MINUTES} minutes'
       order by expires_at limit ${MAX_DELETED} for update skip locked
     ))`,
  )
}

/** Extends the owner's claims to `holdMs` milliseconds from now. A claim that another owner took over stays with that owner. */
export async function renewClaims(
  pool: DatabasePool,
  owner: string,
  shapeHashes: readonly string[],
  holdMs: number,
): Promise<void> {
  if (shapeHashes.length === 0) return
  await execute(
    pool,
    'renew claims',
    `update claims set expires_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
     from (select shape_hash from claims where owner = $2 and shape_hash = any($1::text[]) order by shape_hash for update) as own
     where claims.shape_hash = own.shape_hash`,
    [[...shapeHashes], owner, holdMs],
  )
}

/** Ends the owner's claims without an outcome, so that a batch that waits for one of them claims the shape and asks. */
export async function releaseClaims(pool: DatabasePool, owner: string, shapeHashes: readonly string[]): Promise<void> {
  await renewClaims(pool, owner, shapeHashes, 0)
}

/** Ends all claims of owners that were killed and so cannot end them, and resolves with the number of the claims. */
export async function releaseClaimsOf(pool: DatabasePool, owners: readonly string[]): Promise<number> {
  if (owners.length === 0) return 0
  const released = await queryRows(
    pool,
    'release the claims of killed batches',
    releasedRow,
    `update claims set expires_at = clock_timestamp()
     from (
       select shape_hash from claims where owner = any($1::text[]) and expires_at > clock_timestamp()
       order by shape_hash for update
     ) as left_behind
     where claims.shape_hash = left_behind.shape_hash returning claims.shape_hash`,
    [[...owners]],
  )
  return released.length
}

const OUTCOME_COLUMNS: readonly Column<EndedClaim>[] = [
  { name: 'shape_hash', type: 'text', value: (row) => row.shapeHash },
  { name: 'code', type: 'text', value: (row) => row.failure?.code ?? null },
  { name: 'message', type: 'text', value: (row) => (row.failure === null ? null : storableText(row.failure.message)) },
  { name: 'fatal', type: 'bool', value: (row) => row.failure?.fatal ?? false },
]

/**
 * The parts of an SQL `with` statement that end claims. The statement also saves the answers, so that no other batch
 * sees a claim that ended without its answer.
 */
export function writeEndedClaims(parameters: Parameters, end: ClaimsToEnd | null): readonly string[] {
  if (end === null || end.claims.length === 0) return []
  const given = unnestRows(parameters, OUTCOME_COLUMNS, end.claims)
  return [
    `ended_claims as (
      update claims set expires_at = least(claims.expires_at, clock_timestamp()), ended_at = clock_timestamp(),
        code = own.code, message = own.message, fatal = own.fatal
      from (
        select ${namesOf(OUTCOME_COLUMNS, 'given.')}
        from ${given} join claims as held on held.shape_hash = given.shape_hash
        where held.owner = ${parameters.bind(end.owner)} order by held.shape_hash for update of held
      ) as own
      where claims.shape_hash = own.shape_hash
    )`,
  ]
}

const stateRow = z
  .object({
    shape_hash: z.string(),
    held_by: z.string().nullable(),
    ended: z.boolean(),
    code: z.string().nullable(),
    message: z.string().nullable(),
    fatal: z.boolean(),
  })
  .transform(({ shape_hash: shapeHash, held_by: heldBy, ended, code, message, fatal }): ClaimState => {
    const failure = code === null ? null : { code, message: message ?? '', fatal }
    return { shapeHash, heldBy, ended: ended ? { shapeHash, failure } : null }
  })

/** The claims that are held now, and those whose last asking ended after `since` (ISO 8601), by hash of the shape. */
export async function findClaims(
  pool: DatabasePool,
  shapeHashes: readonly string[],
  since: string,
): Promise<ReadonlyMap<string, ClaimState>> {
  if (shapeHashes.length === 0) return new Map()
  const found = await queryRows(
    pool,
    'read claims',
    stateRow,
    `select shape_hash, held_by, ended, code, message, fatal from (
       select *, case when expires_at > clock_timestamp() then owner end as held_by,
         coalesce(ended_at > $2::timestamptz, false) as ended
       from claims where shape_hash = any($1::text[])
     ) as known where held_by is not null or ended`,
    [[...shapeHashes], since],
  )
  return new Map(found.map((claim) => [claim.shapeHash, claim]))
}
