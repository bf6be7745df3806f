/** The steps of a purge. Each is called in a transaction of its own until it says that nothing is left, and takes a bounded number of rows.
 *
 * A step deletes the row by which it finds its work last, so that a purge which is interrupted goes on where it stopped.
 */
import type pg from 'pg'
import { z } from 'zod'
import { SHARED_RESULT_COLUMNS } from '../results.ts'
import { withTimeLimit } from '../transaction.ts'
import type { PurgeCounts, PurgedTable } from './types.ts'

export interface StepResult {
  readonly counts: PurgeCounts
  readonly hasMore: boolean
}

export type Step = (client: pg.Client) => Promise<StepResult>

/** Rows that one transaction deletes at most, so that its locks are held briefly. */
export const ROWS_PER_STEP = 500
/** Milliseconds for one statement, which may have to read a whole table where no index leads to the rows of a run. */
const STEP_TIMEOUT_MS = 600_000

/** The steps in their order: answers before the results that they were given for, so that an interrupted purge leaves no answer behind. */
export function listSteps(runId: string): readonly Step[] {
  return [
    answersStep(runId),
    resultsStep(runId),
    inputsWithoutHistoryStep(runId),
    resultsWithoutHistoryStep(runId),
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

/**
 * The latest entry of another run in the history for the same indicator with the same text as the row `mine`. That run then counts
 * as the one which brought the text.
 */
export const heirOf = (condition: string) => `(
  select * from result_history other
  where other.indicator_id = mine.indicator_id and other.catalogue = mine.catalogue
    and other.input_hash = mine.input_hash and other.run_id <> $1 ${condition}
  order by other.classified_at desc, other.run_id desc limit 1
)`
export const OF_SAME_CODEBOOK = 'and other.codebook_name = mine.codebook_name'

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

const handedRow = z.object({ removed: z.int(), kept: z.int() })

/** `mine` with the rows of `result_inputs` of the run: those whose text another run brought too become that run's. */
const HAND_OVER_INPUTS = `heirs as materialized (
    select mine.catalogue, mine.indicator_id, heir.run_id, heir.classified_at
    from mine cross join lateral ${heirOf('')} heir
  ), handed as (
    update result_inputs i set run_id = heir.run_id, classified_at = heir.classified_at
    from heirs heir where i.catalogue = heir.catalogue and i.indicator_id = heir.indicator_id returning 1
  ), gone as (
    delete from result_inputs i using mine
    where i.catalogue = mine.catalogue and i.indicator_id = mine.indicator_id and not exists (
      select from heirs heir where heir.catalogue = mine.catalogue and heir.indicator_id = mine.indicator_id
    ) returning 1
  )
  select (select count(*) from gone)::int as removed, (select count(*) from handed)::int as kept`

const list = (prefix: string) => SHARED_RESULT_COLUMNS.map((name) => `${prefix}${name}`).join(', ')
const KEY = ['codebook_name', 'catalogue', 'indicator_id']
const sameKey = (a: string, b: string) => KEY.map((name) => `${a}.${name} = ${b}.${name}`).join(' and ')

/** `mine` with the rows of `results` of the run: where another run gave a result for the same text, its latest one takes the place. */
const HAND_OVER_RESULTS = `heirs as materialized (
    select heir.* from mine cross join lateral ${heirOf(OF_SAME_CODEBOOK)} heir
  ), handed as (
    update results r set (${list('')}) = row(${list('heir.')}) from heirs heir where ${sameKey('r', 'heir')} returning 1
  ), gone as (
    delete from results r using mine
    where ${sameKey('r', 'mine')} and not exists (select from heirs heir where ${sameKey('heir', 'mine')}) returning 1
  )
  select (select count(*) from gone)::int as removed, (select count(*) from handed)::int as kept`

/** Pages of the history of the run, with the latest inputs and results of the same indicators where they are of this run. */
function resultsStep(runId: string): Step {
  const page = `page as materialized (
    select ${KEY.join(', ')}, run_started_at from result_history where run_id = $1
    order by ${KEY.join(', ')}, run_started_at limit ${ROWS_PER_STEP}
  )`
  return async (client) => {
    const [inputs] = await read(
      client,
      handedRow,
      `with ${page}, mine as materialized (
         select i.catalogue, i.indicator_id, i.input_hash from result_inputs i
         where i.run_id = $1 and (i.catalogue, i.indicator_id) in (select catalogue, indicator_id from page)
         order by i.catalogue, i.indicator_id for update
       ), ${HAND_OVER_INPUTS}`,
      [runId],
    )
    const [results] = await read(
      client,
      handedRow,
      `with ${page}, mine as materialized (
         select r.codebook_name, r.catalogue, r.indicator_id, r.input_hash from results r join page on ${sameKey('r', 'page')}
         where r.run_id = $1 order by ${KEY.map((name) => `r.${name}`).join(', ')} for update of r
       ), ${HAND_OVER_RESULTS}`,
      [runId],
    )
    const key = `run_id, ${KEY.join(', ')}, run_started_at`
    const history = await change(
      client,
      `with ${page} delete from result_history where (${key}) in (select $1::text, page.* from page)`,
      [runId],
    )
    return {
      counts: { result_inputs: inputs ?? NOTHING, results: results ?? NOTHING, result_history: removal(history) },
      hasMore: history >= ROWS_PER_STEP,
    }
  }
}

/** Inputs of the run whose history is gone already, by retention. */
function inputsWithoutHistoryStep(runId: string): Step {
  return handOverStep(runId, 'result_inputs', 'catalogue, indicator_id, input_hash', HAND_OVER_INPUTS)
}

function resultsWithoutHistoryStep(runId: string): Step {
  return handOverStep(runId, 'results', 'codebook_name, catalogue, indicator_id, input_hash', HAND_OVER_RESULTS)
}

function handOverStep(runId: string, table: 'result_inputs' | 'results', columns: string, handOver: string): Step {
  return async (client) => {
    const mine = `mine as materialized (select ${columns} from ${table} where run_id = $1 limit ${SCANNED_ROWS} for update)`
    const [row] = await read(client, handedRow, `with ${mine}, ${handOver}`, [runId])
    const count = row ?? NOTHING
    return { counts: { [table]: count }, hasMore: count.removed + count.kept >= SCANNED_ROWS }
  }
}

/** Rows that a step takes where no index leads to them, because each call reads the table from its beginning. */
const SCANNED_ROWS = 5_000

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

/** Deletes answers that no run names, in order of their hash. A purge makes a step of its own, because the step knows how far it is. */
export function unnamedAnswersStep(): Step {
  let after = ''
  return async (client) => {
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
    after = row?.last ?? after
    return {
      counts: { shape_answers: removal(row?.removed ?? 0), answers: removal(row?.earlier ?? 0) },
      hasMore: row?.page === ROWS_PER_STEP,
    }
  }
}

const NOTHING = { removed: 0, kept: 0 }
const removal = (removed: number) => ({ removed, kept: 0 })

async function read<T>(client: pg.Client, row: z.ZodType<T>, text: string, values: readonly string[]): Promise<T[]> {
  const { rows } = await client.query<Record<string, unknown>>(withTimeLimit(text, STEP_TIMEOUT_MS, values))
  return z.array(row).parse(rows)
}

async function change(client: pg.Client, text: string, values: readonly string[]): Promise<number> {
  const { rowCount } = await client.query(withTimeLimit(text, STEP_TIMEOUT_MS, values))
  return rowCount ?? 0
}
