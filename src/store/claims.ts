/** Claims on shapes: who asks the model, until when, and how it ended. Only the database's clock counts. */
import { z } from 'zod'
import { type Column, namesOf, type Parameters, storableText, unnestRows } from './bulk.ts'
import type { DatabasePool } from './pool.ts'
import { execute, queryRows } from './query.ts'
import type { ClaimState, ClaimsToEnd, EndedClaim, ShapeClaims } from './types.ts'

/** Those who waited look again within seconds; whoever comes later than this asks anew. */
const KEPT_MINUTES = 15
/** Rows of old claims that one claiming takes away at most: more than it adds in the long run, so the table stays small. */
const PRUNED_ROWS = 200

const claimedRow = z.object({ shape_hash: z.string().nullable(), at: z.iso.datetime() })

/**
 * Takes every claim of `shapeHashes` that nobody else holds. In order of the hash, so that batches with shapes in
 * common never deadlock. Claims of the same owner are its own still: a step that runs twice gets the same.
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
  if (claimed.length > 0) await prune(pool)
  return { claimed, at: rows[0]?.at ?? '' }
}

async function prune(pool: DatabasePool): Promise<void> {
  await execute(
    pool,
    'clear old claims',
    `delete from claims where shape_hash in (
       select shape_hash from claims where expires_at < clock_timestamp() - interval '${KEPT_MINUTES} minutes'
       order by expires_at limit ${PRUNED_ROWS} for update skip locked
     )`,
  )
}

/** Holds the owner's claims for `holdMs` from now; those that someone took over meanwhile are theirs. */
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

/** Gives the owner's claims up without an outcome: whoever waits asks. */
export async function releaseClaims(pool: DatabasePool, owner: string, shapeHashes: readonly string[]): Promise<void> {
  await renewClaims(pool, owner, shapeHashes, 0)
}

const END_COLUMNS: readonly Column<EndedClaim>[] = [
  { name: 'shape_hash', type: 'text', value: (row) => row.shapeHash },
  { name: 'code', type: 'text', value: (row) => row.failure?.code ?? null },
  { name: 'message', type: 'text', value: (row) => (row.failure === null ? null : storableText(row.failure.message)) },
  { name: 'fatal', type: 'bool', value: (row) => row.failure?.fatal ?? false },
]

/** The parts of a `with` that end claims, in the transaction that stores their answers: nobody sees one without the other. */
export function writeEndedClaims(parameters: Parameters, end: ClaimsToEnd | null): readonly string[] {
  if (end === null || end.claims.length === 0) return []
  const given = unnestRows(parameters, END_COLUMNS, end.claims)
  return [
    `ended_claims as (
      update claims set expires_at = least(claims.expires_at, clock_timestamp()), ended_at = clock_timestamp(),
        code = own.code, message = own.message, fatal = own.fatal
      from (
        select ${namesOf(END_COLUMNS)
          .split(', ')
          .map((name) => `given.${name}`)
          .join(', ')}
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
    held: z.boolean(),
    ended: z.boolean(),
    code: z.string().nullable(),
    message: z.string().nullable(),
    fatal: z.boolean(),
  })
  .transform(({ shape_hash: shapeHash, held, ended, code, message, fatal }): ClaimState => {
    const failure = code === null ? null : { code, message: message ?? '', fatal }
    return { shapeHash, isHeld: held, ended: ended ? { shapeHash, failure } : null }
  })

/** Claims that are held, or whose last asking ended after `since` (ISO 8601), by hash of the shape. */
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
    `select shape_hash, held, ended, code, message, fatal from (
       select *, expires_at > clock_timestamp() as held, coalesce(ended_at > $2::timestamptz, false) as ended
       from claims where shape_hash = any($1::text[])
     ) as known where held or ended`,
    [[...shapeHashes], since],
  )
  return new Map(found.map((claim) => [claim.shapeHash, claim]))
}
