/** Reads runs: the sums over their batches, what they were billed, and who drives them. */
import { z } from 'zod'
import type { Cell } from '../bulk.ts'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import { BATCH_COLUMNS } from '../runs.ts'
import type { RunTotals } from '../types.ts'
import { DRIVER_COLUMNS, driverStateRow } from './run-drivers.ts'
import type { ListedRun, RunsWanted } from './types.ts'

const count = z.int().min(0)

const totalsRow = z
  .object({
    run_id: z.string(),
    started_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    batches: count,
    answered: count,
    indicators: count,
    classified: count,
    unchanged: count,
    needs_review: count,
    unverified: count,
    from_rules: count,
    from_reuse: count,
    from_model: count,
    from_escalation: count,
    from_person: count,
    model_requests: count,
    input_tokens: count,
    cached_input_tokens: count,
    output_tokens: count,
    cost_usd: z.number().min(0),
    estimated_requests: count,
    estimated_cost_usd: z.number(),
    flex_requests: count,
    flex_cost_usd: z.number(),
    priority_requests: count,
    priority_cost_usd: z.number(),
  })
  .transform(
    (row): RunTotals => ({
      runId: row.run_id,
      startedAt: row.started_at,
      updatedAt: row.updated_at,
      batches: row.batches,
      answered: row.answered,
      indicators: row.indicators,
      classified: row.classified,
      unchanged: row.unchanged,
      needsReview: row.needs_review,
      unverified: row.unverified,
      bySource: {
        rules: row.from_rules,
        reuse: row.from_reuse,
        model: row.from_model,
        escalation: row.from_escalation,
        person: row.from_person,
      },
      modelRequests: row.model_requests,
      inputTokens: row.input_tokens,
      cachedInputTokens: row.cached_input_tokens,
      outputTokens: row.output_tokens,
      costUsd: row.cost_usd,
      estimatedRequests: row.estimated_requests,
      // Sums of amounts that were added and taken away again may end a little below 0.
      estimatedCostUsd: Math.max(0, row.estimated_cost_usd),
      ...serviceTiersOf({
        flex: { requests: row.flex_requests, costUsd: Math.max(0, row.flex_cost_usd) },
        priority: { requests: row.priority_requests, costUsd: Math.max(0, row.priority_cost_usd) },
      }),
    }),
  )

/** The tiers that took requests; nothing where none of them did. */
function serviceTiersOf(all: NonNullable<RunTotals['serviceTiers']>): Pick<RunTotals, 'serviceTiers'> {
  const taken = Object.entries(all).filter(([, tier]) => tier.requests > 0)
  return taken.length === 0 ? {} : { serviceTiers: Object.fromEntries(taken) }
}

/** The columns of the row of a run that hold what it was billed. */
const BILLED_COLUMNS = [
  'model_requests',
  'input_tokens',
  'cached_input_tokens',
  'output_tokens',
  'cost_usd',
  'estimated_requests',
  'estimated_cost_usd',
  'flex_requests',
  'flex_cost_usd',
  'priority_requests',
  'priority_cost_usd',
]
/** The columns of a batch that do not sum up to a figure of its run. */
const UNSUMMED: ReadonlySet<string> = new Set(['run_id', 'batch_id', 'invocation_id', ...BILLED_COLUMNS])

/** A run that took less has the pace of one that took so long, because a few milliseconds tell no pace. */
const LEAST_PACE_MS = 1_000

/** What a run classifies, and how fast. */
const aboutRow = z
  .object({
    catalogue: z.string().nullable(),
    codebook: z.string().nullable(),
    command: z.string().nullable(),
    size: count.nullable(),
    recent: count,
    recent_ms: z.number().min(0),
  })
  .transform(({ recent, recent_ms: recentMs, ...about }) => {
    return { ...about, perMinute: (recent / Math.max(recentMs, LEAST_PACE_MS)) * 60_000 }
  })

const runRow = totalsRow.and(driverStateRow).and(aboutRow)

/** The time before the last saved batch whose batches tell the pace of a run. */
const PACE = "interval '5 minutes'"
/** So long without a batch that ends, a run may have been idle. */
const MAYBE_IDLE = "interval '1 minute'"

/**
 * The time in which a run worked for a batch: since the batch before it, or since the first request after that, where so much time
 * lies between that the run was paused, or waited for a process to take it on.
 */
const WORKED = `p.saved_at - case when p.saved_at - p.begun_at > ${MAYBE_IDLE} then coalesce((
    select min(q.requested_at) from llm_requests q
    where q.run_id = r.run_id and q.requested_at > p.begun_at and q.requested_at <= p.saved_at
  ), p.begun_at) else p.begun_at end`

/** Undefined for a run that neither a batch nor a driver has opened. */
export async function findRun(pool: DatabasePool, runId: string): Promise<ListedRun | undefined> {
  const [found] = await readRuns(pool, 'r.run_id = $1', [runId, 1])
  return found
}

/** The newest runs, the newest first. */
export async function listRuns(pool: DatabasePool, { catalogue, limit }: RunsWanted): Promise<ListedRun[]> {
  return await readRuns(pool, '($1::text is null or r.catalogue = $1)', [catalogue ?? null, limit])
}

/**
 * A run that no driver has taken has the catalogue and the codebook of one of its results. The pace is that of the minutes
 * before the last saved batch, over the time in which the run worked.
 */
async function readRuns(pool: DatabasePool, condition: string, values: readonly Cell[]): Promise<ListedRun[]> {
  const counted = BATCH_COLUMNS.map((column) => column.name).filter((name) => !UNSUMMED.has(name))
  // In PostgreSQL the sum of int8 is numeric, which the pool reads as a number.
  const sums = counted.map((name) => `coalesce(sum(b.${name}), 0) as ${name}`).join(', ')
  const billed = BILLED_COLUMNS.map((name) => `r.${name}`).join(', ')
  return await queryRows(
    pool,
    'read runs',
    runRow,
    `select r.run_id, r.started_at, coalesce(b.last_at, r.started_at) as updated_at, r.answered, ${billed}, b.*,
       coalesce(r.catalogue, h.catalogue) as catalogue, coalesce(r.codebook, h.codebook) as codebook, r.command, r.size,
       ${DRIVER_COLUMNS}, p.recent, p.recent_ms
     from (select * from runs r where ${condition} order by r.started_at desc, r.run_id limit $2) r
     cross join lateral (
       select count(*) as batches, max(b.saved_at) as last_at, ${sums} from run_batches b where b.run_id = r.run_id
     ) b
     cross join lateral (
       select coalesce(sum(p.indicators), 0) as recent,
         greatest(0, coalesce(extract(epoch from sum(${WORKED})) * 1000, 0))::float8 as recent_ms
       from (
         select p.indicators, p.saved_at,
           coalesce(lag(p.saved_at) over (order by p.saved_at), greatest(b.last_at - ${PACE}, r.started_at)) as begun_at
         from run_batches p where p.run_id = r.run_id and p.saved_at > b.last_at - ${PACE}
       ) p
     ) p
     left join lateral (
       (select h.catalogue, h.codebook from results h where h.run_id = r.run_id limit 1)
       union all
       (select h.catalogue, h.codebook from result_history h
        where h.run_id = r.run_id and h.run_started_at = r.started_at limit 1)
       limit 1
     ) h on r.catalogue is null
     order by r.started_at desc, r.run_id`,
    values,
  )
}
