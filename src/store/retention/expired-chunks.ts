/** The jobs that drop the chunks of TimescaleDB's hypertables that are older than the retention period.
 *
 * Dropping a chunk costs far less than deleting its rows. Without TimescaleDB there are no hypertables and no such
 * jobs.
 */
import type pg from 'pg'
import { z } from 'zod'
import { CUTOFF, type DeletionJob, IS_UNDER_WAY } from './expired-rows.ts'

/** Days that a chunk covers, by migrations 002 and 008. A row is dropped with its chunk, so it stays up to this much longer. */
export const CHUNK_DAYS = 7

/** A chunk of the history holds many runs, so the start of the oldest run that is still under way bounds it. */
const HISTORY_BOUND = `least(${CUTOFF}, (
  select min(run.started_at) from runs run where run.started_at < ${CUTOFF} and ${IS_UNDER_WAY}
))`

/**
 * For each table that migrations 002 and 008 make a hypertable, SQL for the moment before which chunks may be dropped;
 * `$1` is the period in days.
 */
const BOUNDS = {
  llm_requests: CUTOFF,
  result_history: HISTORY_BOUND,
  classification_history: HISTORY_BOUND,
} as const

export type Hypertable = keyof typeof BOUNDS

const homeRows = z.array(z.object({ home: z.string() }))
const hypertableRows = z.array(z.object({ name: z.enum(['llm_requests', 'result_history', 'classification_history']) }))
const estimateRows = z.array(z.object({ rows: z.number() }))

/** The tables that are hypertables, with the schema of TimescaleDB's functions as SQL has to write it. */
export interface Hypertables {
  readonly names: readonly Hypertable[]
  readonly home: string
}

export async function findHypertables(client: pg.ClientBase): Promise<Hypertables> {
  const homes = await client.query<Record<string, unknown>>(
    `select format('%I', n.nspname) as home from pg_extension e join pg_namespace n on n.oid = e.extnamespace
     where e.extname = 'timescaledb'`,
  )
  const [found] = homeRows.parse(homes.rows)
  if (found === undefined) return { names: [], home: '' }
  const { rows } = await client.query<Record<string, unknown>>(
    `select hypertable_name as name from timescaledb_information.hypertables
     where hypertable_schema = current_schema() and hypertable_name = any($1::text[])`,
    [Object.keys(BOUNDS)],
  )
  return { names: hypertableRows.parse(rows).map(({ name }) => name), home: found.home }
}

/**
 * Drops the chunks of `table` that are older than `days` as a whole. The job reports the planner's estimate of their
 * rows, at least one a chunk, because counting them would read them all. TimescaleDB's own retention policies are not
 * used: its Apache edition lacks them, a policy would drop the history of a run that is under way, and a policy would
 * stay in force after RETENTION_DAYS is removed.
 */
export function dropOldChunks(table: Hypertable, days: number, home: string): DeletionJob {
  const expired = (call: string) => `${home}.${call}('${table}'::regclass, older_than => ${BOUNDS[table]})`
  return async (client) => {
    const estimate = await client.query<Record<string, unknown>>(
      `select coalesce(sum(greatest(reltuples, 1)), 0)::float8 as rows from pg_class
       where oid in (select chunk from ${expired('show_chunks')} as chunk)`,
      [days],
    )
    await client.query(`select ${expired('drop_chunks')}`, [days])
    return { rows: { [table]: estimateRows.parse(estimate.rows)[0]?.rows ?? 0 }, hasMore: false }
  }
}
