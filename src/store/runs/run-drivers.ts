/** Implements the leases of runs on the table of runs; only the database's clock counts. */
import { z } from 'zod'
import { RUN_OUTCOMES, WANTED_STATES } from '../../lib/run-states.ts'
import type { DatabasePool } from '../pool.ts'
import { execute, queryRows } from '../query.ts'
import { RUN_MARK } from '../runs.ts'
import type { DriverState, DriverStore } from './types.ts'

const driverColumn = z.object({
  token: z.string(),
  host: z.string(),
  pid: z.int(),
  machine: z.string().optional(),
  since: z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString()),
})

/** The columns of a run that say who drives it, in the form that `driverStateRow` reads. */
export const DRIVER_COLUMNS = `r.wanted, r.outcome, r.max_cost_usd, r.driver, r.trial -> 'refusal' as refusal,
  (extract(epoch from r.driver_expires_at - clock_timestamp()) * 1000)::float8 as driver_expires_in_ms`

export const driverStateRow = z
  .object({
    wanted: z.enum(WANTED_STATES),
    outcome: z.enum(RUN_OUTCOMES).nullable(),
    max_cost_usd: z.number().nullable(),
    refusal: z.object({ maxUsd: z.number(), mostUsd: z.number() }).nullable(),
    driver: driverColumn.nullable(),
    driver_expires_in_ms: z.number().nullable(),
  })
  .transform(
    ({
      wanted,
      outcome,
      max_cost_usd: maxCostUsd,
      refusal,
      driver,
      driver_expires_in_ms: expiresInMs,
    }): DriverState => {
      const holder = driver === null ? null : { ...driver, expiresInMs: expiresInMs ?? 0 }
      return { wanted, outcome, maxCostUsd, refusal, driver: holder }
    },
  )

const spendingRow = driverStateRow.and(
  z.object({ cost_usd: z.number() }).transform((row) => ({ spentUsd: row.cost_usd })),
)

const UNTIL = (ms: string) => `clock_timestamp() + ${ms}::float8 * interval '1 millisecond'`

export function createDriverStore(pool: DatabasePool): DriverStore {
  return {
    async take(runId, driver, { run, holdMs, replaces }) {
      await execute(
        pool,
        'take a run',
        `insert into runs as r (run_id, started_at, writes, catalogue, codebook, command, size, driver, driver_expires_at)
         values ($1, date_trunc('milliseconds', clock_timestamp()), '${RUN_MARK}', $2, $3, $4, $5,
           $6::jsonb || jsonb_build_object('since', clock_timestamp()), ${UNTIL('$7')})
         on conflict (run_id) do update set
           catalogue = excluded.catalogue, codebook = excluded.codebook, command = excluded.command, size = excluded.size,
           driver = excluded.driver, driver_expires_at = excluded.driver_expires_at, outcome = null,
           wanted = case r.wanted when 'stopped' then 'running' else r.wanted end
         where r.driver is null or r.driver_expires_at < clock_timestamp() or r.driver ->> 'token' in ($8, $9)`,
        [
          ...[runId, run.catalogue, run.codebook, run.command, run.size, JSON.stringify(driver), holdMs],
          ...[driver.token, replaces ?? driver.token],
        ],
      )
    },
    async renew(runId, token, holdMs) {
      const text = `update runs set driver_expires_at = ${UNTIL('$3')} where run_id = $1 and driver ->> 'token' = $2`
      await execute(pool, 'renew the lease of a run', text, [runId, token, holdMs])
    },
    async release(runId, token, outcome) {
      const text = `update runs set driver = null, driver_expires_at = null, outcome = $3
        where run_id = $1 and driver ->> 'token' = $2`
      await execute(pool, 'let a run go', text, [runId, token, outcome])
    },
    async want(runId, wanted) {
      await execute(pool, 'note what is wanted of a run', 'update runs set wanted = $2 where run_id = $1', [
        runId,
        wanted,
      ])
    },
    async limitCost(runId, maxUsd) {
      const text = 'update runs set max_cost_usd = $2 where run_id = $1'
      await execute(pool, 'note the limit of the cost of a run', text, [runId, maxUsd])
    },
    async noteRefusal(runId, refusal) {
      const text = `update runs set trial = jsonb_set(coalesce(trial, '{}'), '{refusal}', $2::jsonb) where run_id = $1
        and ((trial #>> '{refusal,maxUsd}')::float8 is distinct from $3 or (trial #>> '{refusal,mostUsd}')::float8 > $4)`
      const values = [runId, JSON.stringify(refusal), refusal.maxUsd, refusal.mostUsd]
      await execute(pool, 'note what the cost limit of a run refused', text, values)
    },
    async find(runId) {
      const text = `select ${DRIVER_COLUMNS}, r.cost_usd from runs r where r.run_id = $1`
      const [found] = await queryRows(pool, 'read the driver of a run', spendingRow, text, [runId])
      return found
    },
  }
}
