/** What needs a person, and what persons decided. */
import { z } from 'zod'
import type { Indicator } from '../classification/types.ts'
import { type Column, namesOf, Parameters, storableJson, storableText, unnestRows } from './bulk.ts'
import { writeHumanAnswers } from './human-answers.ts'
import type { DatabasePool } from './pool.ts'
import { execute, queryRows } from './query.ts'
import { KNOWN_SELECT, knownRow, writeResults } from './results.ts'
import { writeBatchTotals } from './runs.ts'
import type { KnownIndicator, ReviewDecision, ReviewToSave, StoredDecision } from './types.ts'

const DEFAULT_PAGE_SIZE = 1_000
/** A review is one batch of its run. */
const BATCH_ID = 'review'

export async function findIndicators(
  pool: DatabasePool,
  ids: readonly string[],
): Promise<ReadonlyMap<string, KnownIndicator>> {
  if (ids.length === 0) return new Map()
  const text = `${KNOWN_SELECT} where c.indicator_id = any($1::text[])`
  const found = await queryRows(pool, 'read indicators', knownRow, text, [ids.map(storableText)])
  return new Map(found.map((known) => [known.indicator.indicator_id, known]))
}

/** Pages by key, like the export. */
export async function* listNeedingReview(
  pool: DatabasePool,
  options: { readonly codebookVersion: string; readonly pageSize?: number },
): AsyncGenerator<readonly KnownIndicator[], void, undefined> {
  const { codebookVersion, pageSize = DEFAULT_PAGE_SIZE } = options
  const text = `${KNOWN_SELECT}
    where c.indicator_id > $1
      and (c.status = 'needs-review' or (c.source = 'person' and c.codebook_version <> $3))
    order by c.indicator_id limit $2`
  let last: string | undefined = ''
  while (last !== undefined) {
    const values = [last, pageSize, codebookVersion]
    const page: KnownIndicator[] = await queryRows(pool, 'list what needs a person', knownRow, text, values)
    if (page.length > 0) yield page
    last = page.length < pageSize ? undefined : page.at(-1)?.latest.classification.indicator_id
  }
}

function labelsOf({ type, temporal_aggregation, orientation, unit, frequency }: ReviewDecision['after']) {
  return { type, temporal_aggregation, orientation, unit, frequency }
}

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
 * One statement. Where a run saves a newer result of an indicator in between, that stands for the moment; the person's
 * answer of its shape takes it back with the next run.
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
  const totals = { ...review, batchId: BATCH_ID, results, answers: [], requests: [], end: null }
  const text = `with ${parts.join(',\n')}\n${writeBatchTotals(parameters, totals)}`
  await execute(pool, 'save a review', text, parameters.values)
}

const decisionRow = z
  .object({
    input: z.custom<Indicator>((value) => typeof value === 'object' && value !== null),
    after: z.custom<StoredDecision['after']>((value) => typeof value === 'object' && value !== null),
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

export async function* exportDecisions(
  pool: DatabasePool,
  options: { readonly pageSize?: number } = {},
): AsyncGenerator<readonly StoredDecision[], void, undefined> {
  const { pageSize = DEFAULT_PAGE_SIZE } = options
  const text = `select distinct on (indicator_id) input, after, decided_by, decided_at from review_items
    where indicator_id > $1 order by indicator_id, decided_at desc, run_id desc limit $2`
  let last: string | undefined = ''
  while (last !== undefined) {
    const page: StoredDecision[] = await queryRows(pool, "export persons' decisions", decisionRow, text, [
      last,
      pageSize,
    ])
    if (page.length > 0) yield page
    last = page.length < pageSize ? undefined : page.at(-1)?.indicator.indicator_id
  }
}
