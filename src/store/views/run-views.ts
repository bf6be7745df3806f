/** Reads what a run did over time, and what its results have in common. */
import { z } from 'zod'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import { findRunStart } from '../runs.ts'
import type { PacePoint, RunDetail } from './types.ts'

const count = z.int().min(0)

const paceRow = z.object({
  at: z.iso.datetime(),
  started: count,
  refused: count,
  failed: count,
  indicators: count,
  reused: count,
})

/** The time before the latest sign of life of the run that is shown. */
const SHOWN = "interval '10 minutes'"
/** Requests that the provider or the limiter refused for the rate. */
const REFUSALS = `('model-rate-limited', 'model-no-capacity', 'model-paused')`

/**
 * One row for each interval in which anything happened. The window ends with the run's latest batch or request, so that a run of
 * yesterday shows how it ended.
 */
export async function findPace(pool: DatabasePool, runId: string): Promise<readonly PacePoint[]> {
  return await queryRows(
    pool,
    'read the pace of a run',
    paceRow,
    `with latest as (
       select greatest(
         (select max(requested_at) from llm_requests where run_id = $1),
         (select max(saved_at) from run_batches where run_id = $1)) as at
     ), requests as (
       select date_bin('10 seconds', q.requested_at, 'epoch') as at, count(*) as started,
         count(*) filter (where q.outcome in ${REFUSALS}) as refused,
         count(*) filter (where q.outcome not in ('ok', 'sent') and q.outcome not in ${REFUSALS}) as failed
       from llm_requests q, latest
       where q.run_id = $1 and q.requested_at > latest.at - ${SHOWN}
       group by 1
     ), batches as (
       select date_bin('10 seconds', b.saved_at, 'epoch') as at, sum(b.indicators)::int8 as indicators,
         sum(b.from_reuse)::int8 as reused
       from run_batches b, latest
       where b.run_id = $1 and b.saved_at > latest.at - ${SHOWN}
       group by 1
     )
     select at, coalesce(started, 0)::int8 as started, coalesce(refused, 0)::int8 as refused,
       coalesce(failed, 0)::int8 as failed, coalesce(indicators, 0)::int8 as indicators, coalesce(reused, 0)::int8 as reused
     from requests full join batches using (at) order by at`,
    [runId],
  )
}

/** So many results tell the confidence of a run to a percent; more would take time with each look. */
const SAMPLED = 5_000
const LOW_CONFIDENCE = 0.8

const outcomeRow = z.object({ outcome: z.string(), requests: count, models: z.array(z.string()) })
const sampleRow = z.object({
  sampled: count,
  confidence: z.array(z.object({ field: z.string(), mean: z.number(), low: z.number() })),
  issues: z.array(z.object({ code: z.string(), results: count })),
})

export async function findRunDetail(pool: DatabasePool, runId: string): Promise<RunDetail> {
  const startedAt = await findRunStart(pool, runId)
  const outcomes = await queryRows(
    pool,
    'count requests of a run by outcome',
    outcomeRow,
    `select outcome, count(*) as requests, array_agg(distinct model order by model) as models from llm_requests where run_id = $1 group by outcome order by 2 desc, 1`,
    [runId],
  )
  const [sample] = await queryRows(
    pool,
    'read the confidence of a run',
    sampleRow,
    `with rows as materialized (
       select field_confidence, issues from run_results
       where run_id = $1 and run_started_at = $2::timestamptz limit ${SAMPLED}
     ), fields as (
       select f.key as field, avg(f.value::float8) as mean,
         avg((f.value::float8 < ${LOW_CONFIDENCE})::int)::float8 as low
       from rows, jsonb_each_text(field_confidence) f group by f.key
     ), codes as (
       select i.value ->> 'code' as code, count(*) as results
       from rows, jsonb_array_elements(issues) i group by 1
     )
     select (select count(*) from rows) as sampled,
       coalesce((select jsonb_agg(jsonb_build_object('field', field, 'mean', mean, 'low', low) order by field) from fields), '[]')
         as confidence,
       coalesce((select jsonb_agg(jsonb_build_object('code', code, 'results', results) order by results desc, code)
         from codes), '[]') as issues`,
    [runId, startedAt ?? null],
  )
  return {
    outcomes: Object.fromEntries(outcomes.map(({ outcome, requests }) => [outcome, requests])),
    models: [...new Set(outcomes.flatMap(({ models }) => models))].toSorted(),
    ...(sample ?? { sampled: 0, confidence: [], issues: [] }),
  }
}
