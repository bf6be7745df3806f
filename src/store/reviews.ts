/** Lists the results that a person should look at, and stores and exports what persons decided in reviews. */
import { z } from 'zod'
import type { Indicator } from '../classification/types.ts'
import { type Column, namesOf, Parameters, storableJson, storableText, unnestRows } from './bulk.ts'
import { writeHumanAnswers } from './human-answers.ts'
import { type PageOptions, readPages } from './pages.ts'
import type { DatabasePool } from './pool.ts'
import { execute, queryRows } from './query.ts'
import { KNOWN_SELECT, knownRow, writeResults } from './results.ts'
import { storedObject } from './rows.ts'
import { writeBatchTotals } from './runs.ts'
import type { KnownIndicator, ReviewDecision, ReviewToSave, StoredDecision } from './types.ts'

/** A review is saved as a run with a single batch, which has this id. */
const REVIEW_BATCH_ID = 'review'

/** The indicators of `ids` that were classified, with their latest results, by id. */
export async function findIndicators(
  pool: DatabasePool,
  ids: readonly string[],
): Promise<ReadonlyMap<string, KnownIndicator>> {
  if (ids.length === 0) return new Map()
  const text = `${KNOWN_SELECT} where c.indicator_id = any($1::text[])`
  const found = await queryRows(pool, 'read indicators', knownRow, text, [ids.map(storableText)])
  return new Map(found.map((known) => [known.indicator.indicator_id, known]))
}

/**
 * Results that need a person, with their inputs, in order of id: those with status needs-review, and those that a
 * person decided under another codebook than `codebookVersion`. Each of the two kinds has an index in order of id,
 * which one condition with `or` could not use, so each page merges the first rows of both kinds.
 */
export async function* listNeedingReview(
  pool: DatabasePool,
  options: PageOptions & { readonly codebookVersion: string },
): AsyncGenerator<readonly KnownIndicator[], void, undefined> {
  const ofKind = (condition: string) =>
    `(select indicator_id from classifications where ${condition} and indicator_id > $1 order by indicator_id limit $2)`
  const text = `${KNOWN_SELECT} join (
      ${ofKind(`status = 'needs-review'`)} union ${ofKind(`source = 'person' and codebook_version <> $3`)}
      order by indicator_id limit $2
    ) as page on page.indicator_id = c.indicator_id
    order by c.indicator_id`
  yield* readPages(
    options,
    (known: KnownIndicator) => known.latest.classification.indicator_id,
    (after, pageSize) =>
      queryRows(pool, 'list results that need a review', knownRow, text, [after, pageSize, options.codebookVersion]),
  )
}

/** The fields that a review item keeps of a result, both of the one before the decision and of the one after. */
function labelsOf({ type, temporal_aggregation, orientation, unit, frequency }: ReviewDecision['after']) {
  return { type, temporal_aggregation, orientation, unit, frequency }
}

/** The result that the person looked at, as a review item keeps it. */
function beforeOf({ before: { classification } }: ReviewDecision) {
  const { source, status, confidence, model, run_id, classified_at } = classification
  return { ...labelsOf(classification), source, status, confidence, model, run_id, classified_at }
}

const ITEM_COLUMNS: readonly Column<ReviewDecision>[] = [
  { name: 'indicator_id', type: 'text', value: ({ after }) => storableText(after.indicator_id) },
  { name: 'shape_hash', type: 'text', value: (row) => row.shapeHash },
  { name: 'decision', type: 'text', value: (row) => row.decision },
  { name: 'before', type: 'jsonb', value: (row) => storableJson(beforeOf(row)) },
  { name: 'after', type: 'jsonb', value: (row) => storableJson(labelsOf(row.after)) },
  { name: 'input', type: 'jsonb', value: (row) => storableJson(row.indicator) },
  { name: 'note', type: 'text', value: (row) => storableText(row.note) },
  { name: 'codebook_version', type: 'text', value: ({ after }) => after.codebook_version },
]

/**
 * Saves a review in one statement. Where a run has saved a newer result of an indicator since the person looked, the
 * newer result stays for the moment, and the next run replaces it by the human answer of its shape.
 */
export async function saveReview(pool: DatabasePool, review: ReviewToSave): Promise<void> {
  const { decisions, runId, runStartedAt } = review
  const parameters = new Parameters()
  const results = decisions.map(({ indicator, before, after }) => ({
    indicator,
    classification: after,
    inputHash: before.inputHash,
    mode: before.mode,
    askedModel: null,
    unanswered: false,
  }))
  const names = namesOf(ITEM_COLUMNS)
  const run = parameters.bind(runId)
  const by = parameters.bind(storableText(review.decidedBy))
  const at = parameters.bind(runStartedAt)
  const parts = [
    ...writeResults(parameters, results, { runId, startedAt: runStartedAt, overridesHumanAnswers: false }),
    ...writeHumanAnswers(parameters, review),
    `item_rows as (
      insert into review_items (run_id, decided_by, decided_at, ${names})
      select ${run}::text, ${by}::text, ${at}::timestamptz, ${names}
      from ${unnestRows(parameters, ITEM_COLUMNS, decisions)} order by indicator_id
      on conflict (run_id, indicator_id) do nothing
    )`,
  ]
  const totals = { ...review, batchId: REVIEW_BATCH_ID, results, answers: [], requests: [], end: null }
  const text = `with ${parts.join(',\n')}\n${writeBatchTotals(parameters, totals)}`
  await execute(pool, 'save a review', text, parameters.values)
}

const decisionRow = z
  .object({
    input: storedObject<Indicator>(),
    after: storedObject<StoredDecision['after']>(),
    decided_by: z.string(),
    decided_at: z.iso.datetime(),
  })
  .transform(
    (row): StoredDecision => ({
      indicator: row.input,
      after: row.after,
      decidedBy: row.decided_by,
      decidedAt: row.decided_at,
    }),
  )

/** The latest decision of a person on each indicator that has one, in order of id. */
export async function* exportDecisions(
  pool: DatabasePool,
  options: PageOptions = {},
): AsyncGenerator<readonly StoredDecision[], void, undefined> {
  const text = `select distinct on (indicator_id) input, after, decided_by, decided_at from review_items
    where indicator_id > $1 order by indicator_id, decided_at desc, run_id desc limit $2`
  yield* readPages(
    options,
    (decision: StoredDecision) => decision.indicator.indicator_id,
    (after, pageSize) => queryRows(pool, 'export decisions', decisionRow, text, [after, pageSize]),
  )
}
