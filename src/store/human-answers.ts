/** Reads and writes human answers: what a person decided of a shape.
 *
 * A human answer holds for all indicators of its shape, whatever model and prompt are in use, until a newer one
 * replaces it or a run overrides it.
 */
import { z } from 'zod'
import type { IndicatorType, Orientation, TemporalAggregation } from '../classification/types.ts'
import { assignExcluded, type Column, namesOf, type Parameters, storableText, uniqueByKey, unnestRows } from './bulk.ts'
import type { DatabasePool } from './pool.ts'
import { queryRows } from './query.ts'
import { codebookValue } from './rows.ts'
import type { BatchToSave, ReviewDecision, ReviewToSave, StoredAnswer } from './types.ts'

const HUMAN_ANSWER_COLUMNS: readonly Column<ReviewDecision>[] = [
  { name: 'shape_hash', type: 'text', value: (row) => row.shapeHash },
  { name: 'shape', type: 'text', value: (row) => storableText(row.shape) },
  { name: 'type', type: 'text', value: ({ after }) => after.type },
  { name: 'temporal_aggregation', type: 'text', value: ({ after }) => after.temporal_aggregation },
  { name: 'orientation', type: 'text', value: ({ after }) => after.orientation },
  { name: 'reason', type: 'text', value: ({ after }) => storableText(after.reason) },
  { name: 'codebook_version', type: 'text', value: ({ after }) => after.codebook_version },
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
  const at = parameters.bind(review.runStartedAt)
  return [
    `human_answer_rows as (
      insert into person_answers as old (${names}, decided_by, decided_at)
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
      select shape_hash from person_answers
      where shape_hash = any(${given}::text[]) and overridden_by is null and decided_at < ${startedAt}::timestamptz
      order by shape_hash for update
    )`,
    `overridden_rows as (
      update person_answers set overridden_by = ${runId}::text
      where shape_hash in (select shape_hash from overridden)
    )`,
  ]
}

const humanAnswerRow = z
  .object({
    shape_hash: z.string().min(1),
    shape: z.string(),
    type: codebookValue<IndicatorType>(),
    temporal_aggregation: codebookValue<TemporalAggregation>(),
    orientation: codebookValue<Orientation>(),
    reason: z.string(),
    codebook_version: z.string(),
  })
  .transform(
    (row): StoredAnswer => ({
      shapeHash: row.shape_hash,
      shape: row.shape,
      decision: {
        type: row.type,
        temporal_aggregation: row.temporal_aggregation,
        orientation: row.orientation,
        confidence: { type: 1, temporal_aggregation: 1, orientation: 1 },
        reason: row.reason,
      },
      source: 'person',
      model: null,
      codebookVersion: row.codebook_version,
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
    `select ${namesOf(HUMAN_ANSWER_COLUMNS)} from person_answers
     where shape_hash = any($1::text[]) and overridden_by is null`,
    [shapeHashes],
  )
  return new Map(found.map((answer) => [answer.shapeHash, answer]))
}
