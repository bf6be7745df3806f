/** The steps of a purge. Each is called in a transaction of its own until it says that nothing is left, and takes a bounded number of rows.
 *
 * A step deletes the row by which it finds its work last, so that a purge which is interrupted goes on where it stopped.
 */
import { z } from 'zod'
import { inputsWithoutHistoryStep, KEY, resultsStep } from './hand-over.ts'
import { change, ROWS_PER_STEP, read, removal, SCANNED_ROWS, type Step } from './step.ts'
import type { PurgedTable } from './types.ts'

/** The steps in their order: answers before the results that they were given for, so that an interrupted purge leaves no answer behind. */
export function listSteps(runId: string): readonly Step[] {
  return [
    answersStep(runId),
    resultsStep(runId),
    inputsWithoutHistoryStep(runId),
    decisionsStep(runId),
    statementStep(runId, 'sentinel_rows', 'delete from sentinel_rows where run_id = $1'),
    statementStep(runId, 'evidence_labels', `update evidence_labels set note = '' where run_id = $1 and note <> ''`),
    statementStep(runId, 'runs', 'update runs set trial = null where run_id = $1 and trial is not null'),
    keyedStep(runId, 'classification_history', 'run_id, indicator_id, run_started_at'),
    keyedStep(runId, 'classifications', 'indicator_id'),
    keyedStep(runId, 'indicators', 'indicator_id'),
    earlierDecisionsStep(runId),
  ]
}

/** A condition: whether another run than `$1` was given the answer to the shape of `row`, or reused it. */
export const usedByOthers = (row: string) => `exists (
  select from answer_uses other where other.shape_hash = ${row}.shape_hash and other.run_id <> $1
)`

/** Answers by shape that no other run was given or reused, their copies of earlier releases, and how the asking for them ended. */
function answersStep(runId: string): Step {
  return async (client) => {
    const [row] = await read(
      client,
      z.object({ page: z.int(), removed: z.int(), kept: z.int(), claims: z.int(), earlier: z.int() }),
      `with page as materialized (
         select shape_hash from answer_uses where run_id = $1 order by shape_hash limit ${ROWS_PER_STEP}
       ), own as materialized (
         select shape_hash from page where not ${usedByOthers('page')}
       ), gone as (
         delete from shape_answers where shape_hash in (select shape_hash from own) and source <> 'person' returning 1
       ), gone_claims as (
         delete from claims where shape_hash in (select shape_hash from own) and expires_at < clock_timestamp() returning 1
       ), gone_earlier as (
         delete from answers where shape_hash in (select shape_hash from own) and source <> 'person' returning 1
       ), gone_uses as (
         delete from answer_uses where run_id = $1 and shape_hash in (select shape_hash from page)
       )
       select (select count(*) from page)::int as page, (select count(*) from gone)::int as removed,
         (select count(*) from page where shape_hash not in (select shape_hash from own))::int as kept,
         (select count(*) from gone_claims)::int as claims, (select count(*) from gone_earlier)::int as earlier`,
      [runId],
    )
    const { page = 0, removed = 0, kept = 0, claims = 0, earlier = 0 } = row ?? {}
    return {
      counts: { shape_answers: { removed, kept }, claims: removal(claims), answers: removal(earlier) },
      hasMore: page === ROWS_PER_STEP,
    }
  }
}

/** What people decided in the run, which is one of `review`, and their answers by shape where no other review decided on the shape. */
function decisionsStep(runId: string): Step {
  return decisionsOf(runId, {
    decisions: 'review_decisions',
    answers: 'human_answers',
    key: `run_id, ${KEY.join(', ')}`,
  })
}

function earlierDecisionsStep(runId: string): Step {
  return decisionsOf(runId, { decisions: 'review_items', answers: 'person_answers', key: 'run_id, indicator_id' })
}

interface DecisionTables {
  readonly decisions: 'review_decisions' | 'review_items'
  readonly answers: 'human_answers' | 'person_answers'
  readonly key: string
}

function decisionsOf(runId: string, { decisions, answers, key }: DecisionTables): Step {
  return async (client) => {
    const [row] = await read(
      client,
      z.object({ removed: z.int(), answers: z.int(), kept: z.int() }),
      `with page as materialized (
         select ${key}, shape_hash from ${decisions} where run_id = $1 order by ${key} limit ${ROWS_PER_STEP}
       ), own as materialized (
         select distinct shape_hash from page where not exists (
           select from ${decisions} other where other.shape_hash = page.shape_hash and other.run_id <> $1
         )
       ), gone_answers as (
         delete from ${answers} where shape_hash in (select shape_hash from own) returning 1
       ), gone as (
         delete from ${decisions} where (${key}) in (select ${key} from page) returning 1
       )
       select (select count(*) from gone)::int as removed, (select count(*) from gone_answers)::int as answers,
         (select count(distinct shape_hash) from page where shape_hash not in (select shape_hash from own))::int as kept`,
      [runId],
    )
    const { removed = 0, answers: answered = 0, kept = 0 } = row ?? {}
    return {
      counts: { [decisions]: removal(removed), [answers]: { removed: answered, kept } },
      hasMore: removed >= ROWS_PER_STEP,
    }
  }
}

/** Rows of `table` by the column run_id, found by the key `key`. */
function keyedStep(runId: string, table: PurgedTable, key: string): Step {
  return async (client) => {
    const text = `delete from ${table} where (${key}) in (select ${key} from ${table} where run_id = $1 limit ${SCANNED_ROWS})`
    const removed = await change(client, text, [runId])
    return { counts: { [table]: removal(removed) }, hasMore: removed >= SCANNED_ROWS }
  }
}

/** One statement for a table that holds few rows of a run. */
function statementStep(runId: string, table: PurgedTable, text: string): Step {
  return async (client) => ({
    counts: { [table]: removal(await change(client, text, [runId])) },
    hasMore: false,
  })
}

/** Answers that no run names, which releases before purges wrote: a condition on `shape_answers one`. */
export const IS_UNNAMED = `one.source <> 'person' and not exists (
  select from answer_uses named where named.shape_hash = one.shape_hash
)`

/** Deletes answers that no run names, in order of their hash, so that the named ones between them are not read again each time. */
export const takeUnnamedAnswers: Step = async (client, after) => {
  const [row] = await read(
    client,
    z.object({ last: z.string().nullable(), page: z.int(), removed: z.int(), earlier: z.int() }),
    `with page as materialized (
       select one.shape_hash from shape_answers one where one.shape_hash > $1 and ${IS_UNNAMED}
       order by one.shape_hash limit ${ROWS_PER_STEP}
     ), gone as (
       delete from shape_answers where shape_hash in (select shape_hash from page) returning 1
     ), gone_earlier as (
       delete from answers where shape_hash in (select shape_hash from page) and source <> 'person' returning 1
     )
     select (select max(shape_hash) from page) as last, (select count(*) from page)::int as page,
       (select count(*) from gone)::int as removed, (select count(*) from gone_earlier)::int as earlier`,
    [after],
  )
  return {
    counts: { shape_answers: removal(row?.removed ?? 0), answers: removal(row?.earlier ?? 0) },
    hasMore: row?.page === ROWS_PER_STEP,
    after: row?.last ?? after,
  }
}
