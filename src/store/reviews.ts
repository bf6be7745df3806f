/** Lists the results that a person should look at, and stores and exports what persons decided in reviews. */
import { z } from 'zod'
import type { Indicator, Status } from '../classification/types.ts'
import { type Column, namesOf, Parameters, storableJson, storableText, unnestRows } from './bulk.ts'
import { writeHumanAnswers } from './human-answers.ts'
import { isAfter, type PageOptions, readPages } from './pages.ts'
import type { DatabasePool } from './pool.ts'
import { execute, queryRows } from './query.ts'
import { KNOWN_SELECT, knownRow, writeResults } from './results.ts'
import { labels, storedObject } from './rows.ts'
import { writeBatchTotals } from './runs.ts'
import type { KnownIndicator, ResultScope, ReviewDecision, ReviewToSave, StoredDecision } from './types.ts'

/** A review file is saved as a run with a single batch, which has this id. */
const REVIEW_BATCH_ID = 'review'

/** The indicators of `ids` that were classified by this codebook in this catalogue, with their latest results, by id. */
export async function findIndicators(
  pool: DatabasePool,
  { catalogue, codebook }: ResultScope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, KnownIndicator>> {
  if (ids.length === 0) return new Map()
  const text = `${KNOWN_SELECT} where c.codebook_name = $1 and c.catalogue = $2 and c.indicator_id = any($3::text[])`
  const values = [storableText(codebook), storableText(catalogue), ids.map(storableText)]
  const found = await queryRows(pool, 'read indicators', knownRow, text, values)
  return new Map(found.map((known) => [known.indicator.indicator_id, known]))
}

/** The status stands in the statement as a constant, since PostgreSQL uses a partial index for conditions on constants. */
const HAS_STATUS: Readonly<Record<Status, string>> = {
  accepted: `status = 'accepted'`,
  unverified: `status = 'unverified'`,
  'needs-review': `status = 'needs-review'`,
}

export type ReviewListOptions = PageOptions & {
  readonly codebook: string
  readonly hash: string
  readonly statuses: readonly Status[]
}

/**
 * Results that need a person, with their inputs, in order of catalogue and id: those with one of `statuses`, and those that
 * a person decided under a codebook with another hash than `hash`. Each of these kinds has an index in this order, which
 * one condition with `or` could not use, so each page merges the first rows of all kinds.
 */
export async function* listNeedingReview(
  pool: DatabasePool,
  options: ReviewListOptions,
): AsyncGenerator<readonly KnownIndicator[], void, undefined> {
  yield* readPages(
    options,
    ({ latest: { classification } }: KnownIndicator) => [classification.catalogue, classification.indicator_id],
    (after, pageSize) => {
      const parameters = new Parameters()
      const codebook = parameters.bind(storableText(options.codebook))
      const limit = parameters.bind(pageSize)
      const otherHash = `source = 'person' and codebook_hash <> ${parameters.bind(options.hash)}`
      const ofKind = (condition: string) =>
        `(select catalogue, indicator_id from results
          where codebook_name = ${codebook} and ${condition} and ${isAfter(parameters, after, options)}
          order by catalogue, indicator_id limit ${limit})`
      const kinds = [...new Set(options.statuses)].map((status) => HAS_STATUS[status])
      const text = `${KNOWN_SELECT} join (
          select * from (${[...kinds, otherHash].map(ofKind).join(' union ')}) as kinds
          order by catalogue, indicator_id limit ${limit}
        ) as page on page.catalogue = c.catalogue and page.indicator_id = c.indicator_id
        where c.codebook_name = ${codebook}
        order by c.catalogue, c.indicator_id`
      return queryRows(pool, 'list results that need a review', knownRow, text, parameters.values)
    },
  )
}

/** The result that the person looked at, as it is kept beside the decision: its labels, and where they came from. */
function beforeOf({ before: { classification } }: ReviewDecision) {
  const { source, status, confidence, model, run_id, classified_at } = classification
  return { ...classification.labels, source, status, confidence, model, run_id, classified_at }
}

const DECISION_COLUMNS: readonly Column<ReviewDecision>[] = [
  { name: 'catalogue', type: 'text', value: ({ after }) => storableText(after.catalogue) },
  { name: 'indicator_id', type: 'text', value: ({ after }) => storableText(after.indicator_id) },
  { name: 'shape_hash', type: 'text', value: (row) => row.shapeHash },
  { name: 'decision', type: 'text', value: (row) => row.decision },
  { name: 'before', type: 'jsonb', value: (row) => storableJson(beforeOf(row)) },
  { name: 'after', type: 'jsonb', value: (row) => storableJson(row.after.labels) },
  { name: 'input', type: 'jsonb', value: (row) => storableJson(row.indicator) },
  { name: 'note', type: 'text', value: (row) => storableText(row.note) },
  { name: 'codebook', type: 'text', value: ({ after }) => storableText(after.codebook) },
  { name: 'codebook_hash', type: 'text', value: ({ after }) => after.codebook_hash },
]

/**
 * Saves a review in one statement. Where a run has saved a newer result of an indicator since the person looked, the
 * newer result stays for the moment, and the next run replaces it by the human answer of its shape.
 */
export async function saveReview(pool: DatabasePool, review: ReviewToSave): Promise<void> {
  const { decisions, runId, runStartedAt, codebook, sequence } = review
  const parameters = new Parameters()
  const results = decisions.map(({ indicator, before, after }) => ({
    indicator,
    classification: after,
    inputHash: before.inputHash,
    mode: before.mode,
    askedModel: null,
    unanswered: false,
  }))
  const names = namesOf(DECISION_COLUMNS)
  const run = parameters.bind(runId)
  const name = parameters.bind(storableText(codebook))
  const by = parameters.bind(storableText(review.decidedBy))
  const at = parameters.bind(review.ofSitting?.decidedAt ?? runStartedAt)
  const parts = [
    ...writeResults(parameters, results, {
      runId,
      startedAt: runStartedAt,
      codebook,
      overridesHumanAnswers: false,
      sequence,
    }),
    ...writeHumanAnswers(parameters, review),
    `decision_rows as (
      insert into review_decisions (run_id, codebook_name, decided_by, decided_at, ${names})
      select ${run}::text, ${name}::text, ${by}::text, ${at}::timestamptz, ${names}
      from ${unnestRows(parameters, DECISION_COLUMNS, decisions)} order by catalogue, indicator_id
      on conflict (run_id, codebook_name, catalogue, indicator_id) do nothing
    )`,
  ]
  const text = `with ${parts.join(',\n')}\n${writeBatchTotals(parameters, { ...review, batchId: review.ofSitting?.batchId ?? REVIEW_BATCH_ID })}`
  await execute(pool, 'save a review', text, parameters.values)
}

const decisionRow = z
  .object({
    input: storedObject<Indicator>(),
    catalogue: z.string(),
    codebook: z.string(),
    after: labels,
    decided_by: z.string(),
    decided_at: z.iso.datetime(),
  })
  .transform(
    (row): StoredDecision => ({
      indicator: row.input,
      catalogue: row.catalogue,
      codebook: row.codebook,
      labels: row.after,
      decidedBy: row.decided_by,
      decidedAt: row.decided_at,
    }),
  )

/** The latest decision of a person on each indicator that has one, by a codebook, in order of catalogue and id. */
export async function* exportDecisions(
  pool: DatabasePool,
  options: PageOptions & { readonly codebook: string },
): AsyncGenerator<readonly StoredDecision[], void, undefined> {
  yield* readPages(
    options,
    ({ catalogue, indicator }: StoredDecision) => [catalogue, indicator.indicator_id],
    (after, pageSize) => {
      const parameters = new Parameters()
      const text = `select distinct on (catalogue, indicator_id) input, catalogue, codebook, after, decided_by, decided_at
        from review_decisions
        where codebook_name = ${parameters.bind(storableText(options.codebook))} and ${isAfter(parameters, after, options)}
        order by catalogue, indicator_id, decided_at desc, run_id desc limit ${parameters.bind(pageSize)}`
      return queryRows(pool, 'export decisions', decisionRow, text, parameters.values)
    },
  )
}
