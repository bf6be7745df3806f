/** Counts what the database holds of a run, and what a purge would do to it, without changing anything. */
import { z } from 'zod'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import { inTransaction, withTimeLimit } from '../transaction.ts'
import { heirOf, OF_SAME_CODEBOOK } from './hand-over.ts'
import { NOTHING } from './step.ts'
import { IS_UNNAMED, usedByOthers } from './steps.ts'
import { PURGED_TABLES, type PurgeCount, type PurgedTable, type PurgeScope, type RunContents } from './types.ts'

/** Milliseconds for one statement, which may have to read a whole table where no index leads to the rows of a run. */
const COUNT_TIMEOUT_MS = 600_000

const rowsOf = (table: PurgedTable | 'run_results', more = '') =>
  `select count(*) as removed, 0 as kept from ${table} where run_id = $1 ${more}`

/** Rows of the run with and without another run that brought the same text. */
const handedOver = (table: 'result_inputs' | 'results', condition: string) =>
  `select count(*) filter (where not has_heir) as removed, count(*) filter (where has_heir) as kept
   from (select exists ${heirOf(condition)} as has_heir from ${table} mine where mine.run_id = $1) counted`

/** Answers of people by the shapes that the run decided on, without and with a decision of another review. */
const answersOfPeople = (answers: PurgedTable, decisions: PurgedTable) =>
  `select count(*) filter (where not is_shared) as removed, count(*) filter (where is_shared) as kept from (
     select exists (
       select from ${decisions} other where other.shape_hash = answer.shape_hash and other.run_id <> $1
     ) as is_shared
     from ${answers} answer where answer.shape_hash in (select shape_hash from ${decisions} where run_id = $1)
   ) counted`

const ownShapes = `select used.shape_hash from answer_uses used where used.run_id = $1 and not ${usedByOthers('used')}`

const STATEMENTS: Readonly<Record<PurgedTable, string>> = {
  shape_answers: `select count(*) filter (where not is_shared) as removed, count(*) filter (where is_shared) as kept from (
    select ${usedByOthers('answer')} as is_shared from shape_answers answer
    where answer.source <> 'person' and answer.shape_hash in (select shape_hash from answer_uses where run_id = $1)
  ) counted`,
  claims: `select count(*) as removed, 0 as kept from claims
    where expires_at < clock_timestamp() and shape_hash in (${ownShapes})`,
  result_inputs: handedOver('result_inputs', ''),
  results: handedOver('results', OF_SAME_CODEBOOK),
  result_history: rowsOf('run_results'),
  human_answers: answersOfPeople('human_answers', 'review_decisions'),
  review_decisions: rowsOf('review_decisions'),
  sentinel_rows: rowsOf('sentinel_rows'),
  evidence_labels: rowsOf('evidence_labels', `and note <> ''`),
  runs: rowsOf('runs', 'and trial is not null'),
  answers: `select count(*) as removed, 0 as kept from answers where source <> 'person' and shape_hash in (${ownShapes})`,
  indicators: rowsOf('indicators'),
  classifications: rowsOf('classifications'),
  classification_history: rowsOf('classification_history'),
  person_answers: answersOfPeople('person_answers', 'review_items'),
  review_items: rowsOf('review_items'),
}

/** Answers that no run names, and the copies of them that releases before codebooks read. */
const UNNAMED = {
  shape_answers: `select count(*) as removed, 0 as kept from shape_answers one where ${IS_UNNAMED}`,
  answers: `select count(*) as removed, 0 as kept from answers
    where source <> 'person' and shape_hash in (select one.shape_hash from shape_answers one where ${IS_UNNAMED})`,
}

const countRow = z.object({ removed: z.coerce.number(), kept: z.coerce.number() })
const knownRow = z.object({ is_known: z.boolean(), is_old: z.boolean() })
const laterRow = z.object({ run_id: z.string(), results: z.int() })

/** The migration that made the table of uses; runs that began before it may have answers that no run names. */
const MIGRATION = '019_purge.sql'

export async function countContents(
  pool: DatabasePool,
  runId: string,
  { withEarlierAnswers }: PurgeScope,
): Promise<RunContents> {
  const count = async (statement: string, values: readonly string[]) => {
    const [row] = await readSlowly(pool, countRow, statement, values)
    return row ?? NOTHING
  }
  const counts: Partial<Record<PurgedTable, PurgeCount>> = {}
  for (const table of PURGED_TABLES) {
    const row = await count(STATEMENTS[table], [runId])
    if (row.removed + row.kept > 0) counts[table] = row
  }
  const [known] = await queryRows(
    pool,
    'read a run',
    knownRow,
    `select exists (select from runs where run_id = $1) as is_known, coalesce(
       (select started_at from runs where run_id = $1) < (select applied_at from schema_migrations where name = $2), true
     ) as is_old`,
    [runId, MIGRATION],
  )
  if (withEarlierAnswers) {
    for (const table of ['shape_answers', 'answers'] as const) {
      const { removed } = await count(UNNAMED[table], [])
      const { removed: own, kept } = counts[table] ?? NOTHING
      if (removed > 0) counts[table] = { removed: own + removed, kept }
    }
  }
  const stays = !withEarlierAnswers && (known?.is_old ?? true)
  const later = await readSlowly(
    pool,
    laterRow,
    `select run_id, count(*)::int as results from (
       select r.run_id, codebook_name, catalogue, indicator_id from results r
         join (select distinct codebook_name, catalogue, indicator_id from result_history where run_id = $1) mine
         using (codebook_name, catalogue, indicator_id)
         where r.run_id <> $1
       union
       select run_id, codebook_name, catalogue, indicator_id from review_decisions
         where before ->> 'run_id' = $1 and run_id <> $1
     ) later group by run_id order by results desc, run_id limit 10`,
    [runId],
  )
  return {
    isKnown: known?.is_known ?? false,
    counts,
    laterRuns: later.map(({ run_id, results }) => ({ runId: run_id, results })),
    answersOfEarlierReleases: stays ? (await count(UNNAMED.shape_answers, [])).removed : 0,
  }
}

async function readSlowly<T>(
  pool: DatabasePool,
  row: z.ZodType<T>,
  text: string,
  values: readonly string[],
): Promise<T[]> {
  return await inTransaction(pool, { doing: 'count what a run left', begin: 'begin read only' }, async (client) => {
    const { rows } = await client.query<Record<string, unknown>>(withTimeLimit(text, COUNT_TIMEOUT_MS, values))
    return z.array(row).parse(rows)
  })
}
