/** Reads and writes human answers: what a person decided of a shape.
 *
 * A human answer holds for all indicators of its shape, whatever model and prompt are in use, until a newer one
 * replaces it or a run overrides it.
 */
import { z } from 'zod'
import {
  assignExcluded,
  type Column,
  namesOf,
  type Parameters,
  storableJson,
  storableText,
  uniqueByKey,
  unnestRows,
} from './bulk.ts'
import type { DatabasePool } from './pool.ts'
import { queryRows } from './query.ts'
import { labels } from './rows.ts'
import type { BatchToSave, ReviewDecision, ReviewToSave, StoredAnswer } from './types.ts'

const HUMAN_ANSWER_COLUMNS: readonly Column<ReviewDecision>[] = [
  { name: 'shape_hash', type: 'text', value: (row) => row.shapeHash },
  { name: 'shape', type: 'text', value: (row) => storableText(row.shape) },
  { name: 'labels', type: 'jsonb', value: (row) => storableJson(row.labels) },
  { name: 'reason', type: 'text', value: ({ after }) => storableText(after.reason) },
  { name: 'codebook', type: 'text', value: ({ after }) => storableText(after.codebook) },
  { name: 'codebook_hash', type: 'text', value: ({ after }) => after.codebook_hash },
]

/**
 * The parts of an SQL `with` statement that write the human answers of a review; an older answer never replaces a newer
 * one. The caller never gives two different decisions of one shape.
 */
export function writeHumanAnswers(parameters: Parameters, review: ReviewToSave): readonly string[] {
  const rows = uniqueByKey(
    review.decisions,
    (row) => row.shapeHash,
    () => true,
  )
  const names = namesOf(HUMAN_ANSWER_COLUMNS)
  const given = unnestRows(parameters, HUMAN_ANSWER_COLUMNS, rows)
  const by = parameters.bind(storableText(review.decidedBy))
  const at = parameters.bind(review.ofSitting?.decidedAt ?? review.runStartedAt)
  return [
    `human_answer_rows as (
      insert into human_answers as old (${names}, decided_by, decided_at)
      select ${names}, ${by}::text, ${at}::timestamptz from ${given} order by shape_hash
      on conflict (shape_hash) do update set
        ${assignExcluded(HUMAN_ANSWER_COLUMNS, 'shape_hash')},
        decided_by = excluded.decided_by, decided_at = excluded.decided_at, overridden_by = null
      where old.decided_at < excluded.decided_at
    )`,
  ]
}

/**
 * The parts of an SQL `with` statement that mark human answers as overridden by a run with --override-person, which
 * asked the model again. A human answer that is newer than the run's start stays in force.
 */
export function overrideHumanAnswers(parameters: Parameters, batch: BatchToSave): readonly string[] {
  const hashes = batch.overriddenHumanAnswers ?? []
  if (hashes.length === 0) return []
  const given = parameters.bind(hashes)
  const runId = parameters.bind(batch.runId)
  const startedAt = parameters.bind(batch.runStartedAt)
  // The rows are locked in order of the hash, as every writer of the table does, so that writers cannot deadlock.
  return [
    `overridden as (
      select shape_hash from human_answers
      where shape_hash = any(${given}::text[]) and overridden_by is null and decided_at < ${startedAt}::timestamptz
      order by shape_hash for update
    )`,
    `overridden_rows as (
      update human_answers set overridden_by = ${runId}::text
      where shape_hash in (select shape_hash from overridden)
    )`,
  ]
}

const humanAnswerRow = z
  .object({
    shape_hash: z.string().min(1),
    labels,
    reason: z.string(),
    codebook: z.string(),
    codebook_hash: z.string(),
  })
  .transform(
    (row): StoredAnswer => ({
      shapeHash: row.shape_hash,
      decision: {
        labels: row.labels,
        confidence: Object.fromEntries(Object.keys(row.labels).map((field) => [field, 1])),
        reason: row.reason,
      },
      source: 'person',
      model: null,
      codebook: row.codebook,
      codebookHash: row.codebook_hash,
      promptVersion: '',
    }),
  )

/** The human answers that are in force, by hash of the shape; shapes without one are missing. */
export async function findHumanAnswers(
  pool: DatabasePool,
  shapeHashes: readonly string[],
): Promise<ReadonlyMap<string, StoredAnswer>> {
  if (shapeHashes.length === 0) return new Map()
  const found = await queryRows(
    pool,
    'read human answers',
    humanAnswerRow,
    `select ${namesOf(HUMAN_ANSWER_COLUMNS.filter(({ name }) => name !== 'shape'))} from human_answers
     where shape_hash = any($1::text[]) and overridden_by is null`,
    [shapeHashes],
  )
  return new Map(found.map((answer) => [answer.shapeHash, answer]))
}

/** Whether any human answer is in force. */
export async function hasHumanAnswers(pool: DatabasePool): Promise<boolean> {
  const text = 'select exists (select from human_answers where overridden_by is null) as found'
  const [row] = await queryRows(pool, 'look for human answers', z.object({ found: z.boolean() }), text)
  return row?.found === true
}
