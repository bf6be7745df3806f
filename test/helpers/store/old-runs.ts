/** Runs that look as if they had been saved long ago, for the tests of retention. */
import assert from 'node:assert/strict'
import type { DatabasePool } from '../../../src/store/pool.ts'
import { sweep } from '../../../src/store/retention/retention.ts'
import { createStore } from '../../../src/store/store.ts'
import { answer, batch, request, result } from './batches.ts'

export const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()

/**
 * Saves a run of one batch as if it had been saved `days` ago: two results, a request and an answer. One of the results stands in the
 * history too, as a release before migration 037 wrote it.
 */
export async function saveOldRun(pool: DatabasePool, runId: string, days: number): Promise<void> {
  const store = createStore(pool)
  const at = daysAgo(days)
  const results = [`${runId}-a`, `${runId}-b`].map((id) => result(id, { run_id: runId, classified_at: at }))
  await store.openRun(runId)
  await pool.query('update runs set started_at = $2 where run_id = $1', [runId, at])
  await store.saveBatch(
    batch(at, results, {
      runId,
      requests: [request(`request of ${runId}`, { requestedAt: at })],
      answers: [answer(`answer of ${runId}`)],
    }),
  )
  await pool.query('insert into result_history select * from run_results where indicator_id = $1', [`${runId}-a`])
  await pool.query('update run_batches set saved_at = $2 where run_id = $1', [runId, at])
  await pool.query('update shape_answers set used_at = $2 where shape_hash = $1', [`answer of ${runId}`, at])
}

/** The rows that `saveOldRun` makes: those that retention deletes, with the results that the run gave, and the latest results, which stay. */
export const EXPIRING = {
  llm_requests: 1,
  result_history: 1,
  run_batches: 1,
  runs: 1,
  shape_answers: 1,
  answer_uses: 1,
}
export const SAVED = { ...EXPIRING, run_results: 2 }
export const EXPIRED = {
  ...{ llm_requests: 0, result_history: 0, run_batches: 0, runs: 0, shape_answers: 0, answer_uses: 0 },
  run_results: 0,
}
export const LATEST = { results: 2, result_inputs: 2 }

/** The number of rows that each table still has of a run that `saveOldRun` saved. */
export async function rowsOfRun(pool: DatabasePool, runId: string): Promise<Record<string, number>> {
  const { rows } = await pool.query<Record<string, number>>(
    `select (select count(*) from llm_requests where run_id = $1)::int as llm_requests,
       (select count(*) from result_history where run_id = $1)::int as result_history,
       (select count(*) from run_results where run_id = $1)::int as run_results,
       (select count(*) from run_batches where run_id = $1)::int as run_batches,
       (select count(*) from runs where run_id = $1)::int as runs,
       (select count(*) from shape_answers where shape_hash = 'answer of ' || $1)::int as shape_answers,
       (select count(*) from answer_uses where run_id = $1)::int as answer_uses,
       (select count(*) from results where run_id = $1)::int as results,
       (select count(*) from result_inputs where run_id = $1)::int as result_inputs`,
    [runId],
  )
  assert.ok(rows[0])
  return rows[0]
}

/** The rows that one sweep deletes, by table. */
export async function sweepOnce(
  pool: DatabasePool,
  days: number,
  signal = new AbortController().signal,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  await sweep({
    pool,
    days,
    signal,
    deleted: (table, rows) => {
      counts[table] = (counts[table] ?? 0) + rows
    },
  })
  return counts
}
