/** The jobs that delete rows older than the retention period.
 *
 * There is one job for model requests, one for runs that ended, and one for answers that nobody used. A job runs in a
 * transaction of its caller, deletes a bounded number of rows, and says whether there may be more.
 */
import type pg from 'pg'
import { z } from 'zod'

/** The tables that retention deletes from. */
export const RETENTION_TABLES = [
  'llm_requests',
  'result_history',
  'run_batches',
  'runs',
  'shape_answers',
  'answer_uses',
  // Only releases before codebooks write these two; their rows were copied when the database was upgraded.
  'classification_history',
  'answers',
] as const
export type RetentionTable = (typeof RETENTION_TABLES)[number]

/** What a job deleted in one transaction. */
export interface Deletion {
  readonly rows: Readonly<Partial<Record<RetentionTable, number>>>
  readonly hasMore: boolean
}

export type DeletionJob = (client: pg.ClientBase) => Promise<Deletion>

/** Rows that one statement deletes at most, so that its locks are held briefly. */
const ROWS_PER_STATEMENT = 2_000

/** Runs that one transaction deletes at most. */
const RUNS_PER_TRANSACTION = 100

/** An answer's `used_at` may be this many days older than its last use: `findAnswers` writes it once a day at most. */
const USE_MARK_DAYS = 1

/** SQL for the moment before which rows are older than the retention period; `$1` is the period in days. */
export const CUTOFF = 'now() - make_interval(days => $1::int)'

/**
 * An SQL condition: whether the run of the outer row `run` saved a batch within the retention period, so that it counts
 * as under way.
 */
export const IS_UNDER_WAY = `exists (
  select from run_batches recent where recent.run_id = run.run_id and recent.saved_at >= ${CUTOFF}
)`

/** Deletes the requests to models that are older than `days`, also those of a run that is under way. */
export function deleteOldRequests(days: number): DeletionJob {
  return async (client) => {
    const rows = await countDeleted(
      client,
      `delete from llm_requests where (request_id, requested_at) in (
         select request_id, requested_at from llm_requests where requested_at < ${CUTOFF}
         order by requested_at limit ${ROWS_PER_STATEMENT} for update skip locked
       )`,
      [days],
    )
    return { rows: { llm_requests: rows }, hasMore: rows === ROWS_PER_STATEMENT }
  }
}

/**
 * Deletes the answers of `table` that were neither written nor used for `days`, except those of people. Rows that a batch
 * is writing are passed over, so that a batch never waits for a deletion.
 */
export function deleteUnusedAnswers(table: 'shape_answers' | 'answers', days: number): DeletionJob {
  return async (client) => {
    const rows = await countDeleted(
      client,
      `delete from ${table} where shape_hash in (
         select shape_hash from ${table}
         where used_at < ${CUTOFF} - interval '${USE_MARK_DAYS} days' and source <> 'person'
         order by used_at limit ${ROWS_PER_STATEMENT} for update skip locked
       )`,
      [days],
    )
    return { rows: { [table]: rows }, hasMore: rows === ROWS_PER_STATEMENT }
  }
}

/** The tables of the history, each with its key. */
const HISTORY_KEYS = {
  result_history: 'run_id, codebook_name, catalogue, indicator_id, run_started_at',
  classification_history: 'run_id, indicator_id, run_started_at',
} as const

const runRows = z.array(z.object({ run_id: z.string() }))

/**
 * Deletes runs that began more than `days` ago and saved no batch since: first their history, then the totals of their
 * batches, at last the runs. A run that is under way is not touched, so that its history and its totals stay whole.
 */
export function deleteEndedRuns(days: number): DeletionJob {
  return async (client) => {
    const found = await client.query<Record<string, unknown>>(
      `select run_id from runs run where started_at < ${CUTOFF} and not ${IS_UNDER_WAY}
       order by started_at limit ${RUNS_PER_TRANSACTION}`,
      [days],
    )
    const ids = runRows.parse(found.rows).map((run) => run.run_id)
    if (ids.length === 0) return { rows: {}, hasMore: false }
    const deleteHistory = (table: keyof typeof HISTORY_KEYS) =>
      countDeleted(
        client,
        `delete from ${table} where (${HISTORY_KEYS[table]}) in (
           select ${HISTORY_KEYS[table]} from ${table}
           where run_started_at < ${CUTOFF} and run_id = any($2::text[]) limit ${ROWS_PER_STATEMENT}
         )`,
        [days, ids],
      )
    const history = await deleteHistory('result_history')
    const earlierHistory = await deleteHistory('classification_history')
    const batches = await countDeleted(
      client,
      `delete from run_batches where (run_id, batch_id) in (
         select run_id, batch_id from run_batches
         where saved_at < ${CUTOFF} and run_id = any($2::text[]) limit ${ROWS_PER_STATEMENT}
       )`,
      [days, ids],
    )
    // Answers that are still in use after this time are in use by later runs.
    const uses = await countDeleted(
      client,
      `delete from answer_uses where (run_id, shape_hash) in (
         select run_id, shape_hash from answer_uses where run_id = any($1::text[]) limit ${ROWS_PER_STATEMENT}
       )`,
      [ids],
    )
    const isEmptied = [history, earlierHistory, batches, uses].every((rows) => rows < ROWS_PER_STATEMENT)
    const runs = isEmptied
      ? await countDeleted(
          client,
          `delete from runs run where run_id = any($1::text[])
             and not exists (select from run_batches late where late.run_id = run.run_id)`,
          [ids],
        )
      : 0
    return {
      rows: {
        ...{ result_history: history, classification_history: earlierHistory, run_batches: batches },
        ...{ answer_uses: uses, runs },
      },
      hasMore: !isEmptied || ids.length === RUNS_PER_TRANSACTION,
    }
  }
}

/**
 * Deletes history that is older than `days` and whose run is deleted: of a result that a batch replaced in the moment in which the run
 * was deleted. The runs of the history are found one by one along its key, because a scan would read every row.
 */
export function deleteStrayHistory(days: number): DeletionJob {
  const key = HISTORY_KEYS.result_history
  return async (client) => {
    const rows = await countDeleted(
      client,
      `with recursive named as (
         (select run_id from result_history order by run_id limit 1)
         union all
         select (select h.run_id from result_history h where h.run_id > named.run_id order by h.run_id limit 1)
         from named where named.run_id is not null
       ), stray as (
         select run_id from named where not exists (select from runs where runs.run_id = named.run_id)
       )
       delete from result_history where (${key}) in (
         select ${key} from result_history
         where run_started_at < ${CUTOFF} and run_id in (select run_id from stray) limit ${ROWS_PER_STATEMENT}
       )`,
      [days],
    )
    return { rows: { result_history: rows }, hasMore: rows === ROWS_PER_STATEMENT }
  }
}

async function countDeleted(
  client: pg.ClientBase,
  text: string,
  values: readonly (number | readonly string[])[],
): Promise<number> {
  const { rowCount } = await client.query(text, [...values])
  return rowCount ?? 0
}
