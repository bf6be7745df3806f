/** Stores the rate budget of the cluster and the lease that each replica has of it.
 *
 * A renewal is one short transaction that locks the budget's row first, so that renewals queue and cannot deadlock. It
 * leaves no state in the session, so it works through PgBouncer.
 */
import type pg from 'pg'
import { z } from 'zod'
import { ServiceError } from '../errors.ts'
import type { BudgetStore, LeaseDecision, LeaseGrant, LeaseState } from '../rate/types.ts'
import { storableText } from './bulk.ts'
import type { DatabasePool } from './pool.ts'
import { execute, queryRows } from './query.ts'
import { inTransaction } from './transaction.ts'

/**
 * Begins a renewal with time limits in milliseconds that the server keeps, together shorter than a lease lasts. Without
 * `idle_in_transaction_session_timeout` a process that is stopped between its statements would keep the lock, and no
 * replica could renew.
 */
const BEGIN = `begin;
  set local lock_timeout = 800;
  set local statement_timeout = 1000;
  set local idle_in_transaction_session_timeout = 1000;
  select from rate_budget for update`

/** SQL for a point in time as milliseconds since 1970. */
const toMs = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`

/**
 * Reads the budget, all leases and the clock. The statement runs after the lock, because a clock that was read earlier
 * would lack the wait for the lock.
 */
const READ = `with clock as materialized (select clock_timestamp() as now)
  select ${toMs('clock.now')} as now,
    case when b.only_row then jsonb_build_object(
      'rpm', b.rpm, 'tpm', b.tpm, 'safety', b.safety,
      'accountRpm', b.account_rpm, 'accountTpm', b.account_tpm, 'accountSeenAt', ${toMs('b.account_seen_at')},
      'paceFactor', b.pace_factor, 'windowUntil', ${toMs('b.window_until')}, 'pausedUntil', ${toMs('b.paused_until')},
      'pauseReason', b.pause_reason, 'pausedSince', ${toMs('b.paused_since')})
    end as budget,
    coalesce((select jsonb_agg(jsonb_build_object(
      'replicaId', replica_id, 'name', name, 'demand', demand, 'inFlight', in_flight, 'share', share,
      'leasedRpm', leased_rpm, 'leasedTpm', leased_tpm, 'countedRpm', counted_rpm, 'countedTpm', counted_tpm,
      'leaseNumber', lease_number, 'expiresAt', ${toMs('expires_at')}, 'seenAt', ${toMs('seen_at')},
      'memoryBytes', memory_bytes, 'version', version)
      order by replica_id) from replicas), '[]') as holders
  from clock left join rate_budget b on true`

/** SQL for the point in time of a parameter that holds milliseconds since 1970. */
const fromMs = (parameter: string) => `to_timestamp(${parameter}::float8 / 1000)`

const WRITE = `with budget as (
    update rate_budget set account_rpm = $1, account_tpm = $2, account_seen_at = ${fromMs('$3')},
      pace_factor = $4, window_until = ${fromMs('$5')}, paused_until = ${fromMs('$6')},
      pause_reason = $19, paused_since = ${fromMs('$20')}
    where (account_rpm, account_tpm, account_seen_at, pace_factor, window_until, paused_until, pause_reason, paused_since)
      is distinct from ($1, $2, ${fromMs('$3')}, $4, ${fromMs('$5')}, ${fromMs('$6')}, $19, ${fromMs('$20')})
  ), removed as (
    delete from replicas where replica_id = any($7::text[])
  )
  insert into replicas (replica_id, name, demand, share, leased_rpm, leased_tpm, counted_rpm, counted_tpm,
    lease_number, expires_at, seen_at, in_flight, memory_bytes, version)
  values ($8, $9, $10, $11, $12, $13, $14, $15, $16, ${fromMs('$17')}, ${fromMs('$18')}, $21, $22, $23)
  on conflict (replica_id) do update set name = excluded.name, demand = excluded.demand, share = excluded.share,
    leased_rpm = excluded.leased_rpm, leased_tpm = excluded.leased_tpm,
    counted_rpm = excluded.counted_rpm, counted_tpm = excluded.counted_tpm,
    lease_number = excluded.lease_number, expires_at = excluded.expires_at, seen_at = excluded.seen_at,
    in_flight = excluded.in_flight, memory_bytes = excluded.memory_bytes, version = excluded.version`

/** A statement that changes the budget, with an entry in its history, of which the newest are kept. */
function noted(configured: 'true' | 'false', change: string): string {
  return `with changed as (${change} returning set_at, rpm, tpm, safety, set_by), old as (
      delete from budget_changes where changed_at < (
        select changed_at from budget_changes order by changed_at desc offset ${MOST_CHANGES - 1} limit 1
      ) and exists (select from changed)
    )
    insert into budget_changes (changed_at, rpm, tpm, safety, configured, set_by)
    select set_at, rpm, tpm, safety, ${configured}, set_by from changed`
}

const MOST_CHANGES = 1_000

const numberOrNull = z.number().nullable()

const stateRow = z.object({
  now: z.number(),
  budget: z
    .object({
      rpm: z.number(),
      tpm: numberOrNull,
      safety: z.number(),
      accountRpm: numberOrNull,
      accountTpm: numberOrNull,
      accountSeenAt: numberOrNull,
      paceFactor: z.number(),
      windowUntil: numberOrNull,
      pausedUntil: numberOrNull,
      pauseReason: z.string().nullable(),
      pausedSince: numberOrNull,
    })
    .nullable(),
  holders: z.array(
    z.object({
      replicaId: z.string(),
      name: z.string(),
      demand: z.number(),
      inFlight: z.number(),
      share: z.number(),
      leasedRpm: z.number(),
      leasedTpm: numberOrNull,
      countedRpm: z.number(),
      countedTpm: numberOrNull,
      leaseNumber: z.number(),
      expiresAt: z.number(),
      seenAt: z.number(),
      memoryBytes: numberOrNull,
      version: z.string().nullable(),
    }),
  ),
})

/** The budget store on a pool of `createPool`, which the caller opens and closes. */
export function createBudgetStore(pool: DatabasePool): BudgetStore {
  return {
    async configure({ rpm, tpm, safety, by }) {
      await execute(
        pool,
        'set the rate budget',
        noted(
          'true',
          `insert into rate_budget as b (rpm, tpm, safety, configured_rpm, configured_tpm, configured_safety, set_by, set_at)
         values ($1, $2, $3, $1, $2, $3, $4, clock_timestamp())
         on conflict (only_row) do update set rpm = excluded.rpm, tpm = excluded.tpm, safety = excluded.safety,
           configured_rpm = excluded.rpm, configured_tpm = excluded.tpm, configured_safety = excluded.safety,
           set_by = excluded.set_by, set_at = excluded.set_at
         where (b.configured_rpm, b.configured_tpm, b.configured_safety)
           is distinct from (excluded.rpm, excluded.tpm, excluded.safety)`,
        ),
        [rpm, tpm, safety, by],
      )
    },

    async set({ rpm, tpm, by }) {
      await execute(
        pool,
        'set the rate budget',
        noted(
          'false',
          `update rate_budget set rpm = coalesce($1, rpm), tpm = case when $2 then $3 else tpm end,
           set_by = $4, set_at = clock_timestamp()`,
        ),
        [rpm ?? null, tpm !== undefined, tpm ?? null, storableText(by)],
      )
    },

    async read() {
      const rows = await queryRows(pool, 'read the rate budget', stateRow, READ)
      return stateOf(rows[0])
    },

    renew: (decide) => renew(pool, decide),

    async release(replicaId) {
      await execute(pool, 'give a rate lease back', 'delete from replicas where replica_id = $1', [replicaId])
    },
  }
}

async function renew(
  pool: DatabasePool,
  decide: (state: LeaseState, now: number) => LeaseDecision | null,
): Promise<LeaseGrant | null> {
  return inTransaction(pool, { doing: 'renew a rate lease', begin: BEGIN }, async (client) => {
    const { rows } = await client.query<Record<string, unknown>>(READ)
    const found = stateOf(stateRow.parse(rows[0]))
    const decision = found === null ? null : decide(found.state, found.now)
    if (decision !== null) await write(client, decision)
    return decision?.grant ?? null
  })
}

async function write(client: pg.ClientBase, { budget, removed, holder }: LeaseDecision): Promise<void> {
  const { accountRpm, accountTpm, accountSeenAt, paceFactor, windowUntil, pausedUntil, pauseReason, pausedSince } =
    budget
  const { replicaId, name, demand, share, leasedRpm, leasedTpm, countedRpm, countedTpm } = holder
  await client.query(WRITE, [
    ...[accountRpm, accountTpm, accountSeenAt, paceFactor, windowUntil, pausedUntil, [...removed]],
    ...[replicaId, name, demand, share, leasedRpm, leasedTpm, countedRpm, countedTpm],
    ...[holder.leaseNumber, holder.expiresAt, holder.seenAt],
    ...[pauseReason === null ? null : storableText(pauseReason), pausedSince, holder.inFlight],
    ...[holder.memoryBytes ?? null, holder.version ?? null],
  ])
}

function stateOf(
  row: z.infer<typeof stateRow> | undefined,
): { readonly state: LeaseState; readonly now: number } | null {
  if (row === undefined)
    throw new ServiceError('database-failed', 'The database failed to read the rate budget: no row')
  const { now, budget, holders } = row
  return budget === null ? null : { state: { budget, holders }, now }
}
