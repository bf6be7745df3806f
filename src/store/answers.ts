/** Reads and writes the answers of models, kept by shape so that a later indicator of the same shape reuses them. */
import { z } from 'zod'
import type { IndicatorType, Orientation, TemporalAggregation } from '../classification/types.ts'
import { assignExcluded, type Column, namesOf, type Parameters, storableText, uniqueByKey, unnestRows } from './bulk.ts'
import type { DatabasePool } from './pool.ts'
import { queryRows } from './query.ts'
import { codebookValue, confidence } from './rows.ts'
import type { StoredAnswer } from './types.ts'

const ANSWER_COLUMNS: readonly Column<StoredAnswer>[] = [
  { name: 'shape_hash', type: 'text', value: (row) => row.shapeHash },
  { name: 'shape', type: 'text', value: (row) => storableText(row.shape) },
  { name: 'type', type: 'text', value: (row) => row.decision.type },
  { name: 'temporal_aggregation', type: 'text', value: (row) => row.decision.temporal_aggregation },
  { name: 'orientation', type: 'text', value: (row) => row.decision.orientation },
  { name: 'confidence_type', type: 'float8', value: (row) => row.decision.confidence.type },
  {
    name: 'confidence_temporal_aggregation',
    type: 'float8',
    value: (row) => row.decision.confidence.temporal_aggregation,
  },
  { name: 'confidence_orientation', type: 'float8', value: (row) => row.decision.confidence.orientation },
  { name: 'reason', type: 'text', value: (row) => storableText(row.decision.reason) },
  { name: 'source', type: 'text', value: (row) => row.source },
  { name: 'model', type: 'text', value: (row) => (row.model === null ? null : storableText(row.model)) },
  { name: 'codebook_version', type: 'text', value: (row) => row.codebookVersion },
  { name: 'prompt_version', type: 'text', value: (row) => row.promptVersion },
]

/**
 * The parts of an SQL `with` statement that write answers. A newer answer replaces an older one, but only a person's
 * answer replaces a person's. `answeredAt` must be the same when a batch is saved again, so that the second save
 * changes nothing.
 */
export function writeAnswers(
  parameters: Parameters,
  answers: readonly StoredAnswer[],
  answeredAt: string,
): readonly string[] {
  if (answers.length === 0) return []
  const rows = uniqueByKey(
    answers,
    (row) => row.shapeHash,
    (row, than) => row.source === 'person' || than.source !== 'person',
  )
  const names = namesOf(ANSWER_COLUMNS)
  const given = unnestRows(parameters, ANSWER_COLUMNS, rows)
  return [
    `answer_rows as (
      insert into answers as old (${names}, answered_at, used_at)
      select ${names}, ${parameters.bind(answeredAt)}::timestamptz, now() from ${given} order by shape_hash
      on conflict (shape_hash) do update set
        ${assignExcluded(ANSWER_COLUMNS, 'shape_hash')}, answered_at = excluded.answered_at, used_at = excluded.used_at
      where case
        when (old.source = 'person') = (excluded.source = 'person') then old.answered_at < excluded.answered_at
        else excluded.source = 'person'
      end
    )`,
  ]
}

const answerRow = z
  .object({
    shape_hash: z.string().min(1),
    shape: z.string(),
    type: codebookValue<IndicatorType>(),
    temporal_aggregation: codebookValue<TemporalAggregation>(),
    orientation: codebookValue<Orientation>(),
    confidence_type: confidence,
    confidence_temporal_aggregation: confidence,
    confidence_orientation: confidence,
    reason: z.string(),
    source: z.enum(['model', 'escalation', 'person'] satisfies StoredAnswer['source'][]),
    model: z.string().nullable(),
    codebook_version: z.string(),
    prompt_version: z.string(),
  })
  .transform(
    (row): StoredAnswer => ({
      shapeHash: row.shape_hash,
      shape: row.shape,
      decision: {
        type: row.type,
        temporal_aggregation: row.temporal_aggregation,
        orientation: row.orientation,
        confidence: {
          type: row.confidence_type,
          temporal_aggregation: row.confidence_temporal_aggregation,
          orientation: row.confidence_orientation,
        },
        reason: row.reason,
      },
      source: row.source,
      model: row.model,
      codebookVersion: row.codebook_version,
      promptVersion: row.prompt_version,
    }),
  )

/**
 * The answer of each shape that has one, by hash of the shape. An answer that is found is marked as used, which keeps
 * it from retention. The mark is written once a day, so that reuse costs few writes, and it passes over rows that
 * another batch is writing, so that no batch waits for it.
 */
export async function findAnswers(
  pool: DatabasePool,
  shapeHashes: readonly string[],
): Promise<ReadonlyMap<string, StoredAnswer>> {
  if (shapeHashes.length === 0) return new Map()
  const found = await queryRows(
    pool,
    'read answers',
    answerRow,
    `with marked as (
       update answers set used_at = now()
       where shape_hash in (
         select shape_hash from answers
         where shape_hash = any($1::text[]) and used_at < now() - interval '1 day'
         order by shape_hash for update skip locked
       )
     )
     select ${namesOf(ANSWER_COLUMNS)} from answers where shape_hash = any($1::text[])`,
    [shapeHashes],
  )
  return new Map(found.map((answer) => [answer.shapeHash, answer]))
}
