/** Reads and writes the answers of models, kept by shape so that a later indicator of the same shape reuses them. */
import { z } from 'zod'
import { type Column, namesOf, type Parameters, storableJson, storableText, uniqueByKey, unnestRows } from './bulk.ts'
import type { DatabasePool } from './pool.ts'
import { queryRows } from './query.ts'
import { UNNUMBERED } from './results.ts'
import { confidenceByField, labels } from './rows.ts'
import type { AnswerToStore, StoredAnswer } from './types.ts'

/** The columns of an answer that a newer answer to the same shape replaces. */
const REPLACED_COLUMNS: readonly Column<AnswerToStore>[] = [
  { name: 'shape', type: 'text', value: (row) => storableText(row.shape) },
  { name: 'reason', type: 'text', value: (row) => storableText(row.decision.reason) },
  { name: 'source', type: 'text', value: (row) => row.source },
  { name: 'model', type: 'text', value: (row) => (row.model === null ? null : storableText(row.model)) },
  { name: 'codebook', type: 'text', value: (row) => storableText(row.codebook) },
  { name: 'codebook_hash', type: 'text', value: (row) => row.codebookHash },
  { name: 'prompt_version', type: 'text', value: (row) => row.promptVersion },
  { name: 'given_for', type: 'text', value: (row) => row.givenFor ?? null },
]

/** The columns that hold a value for each field, to which the fields of another answer are added. */
const FIELD_COLUMNS: readonly Column<AnswerToStore>[] = [
  { name: 'labels', type: 'jsonb', value: (row) => storableJson(row.decision.labels) },
  { name: 'confidence', type: 'jsonb', value: (row) => storableJson(row.decision.confidence) },
]

const SEQUENCE: Column<AnswerToStore> = {
  name: 'sequence',
  type: 'int8',
  value: (row) => row.sequence ?? UNNUMBERED,
}

const ANSWER_COLUMNS: readonly Column<AnswerToStore>[] = [
  { name: 'shape_hash', type: 'text', value: (row) => row.shapeHash },
  ...FIELD_COLUMNS,
  ...REPLACED_COLUMNS,
]

/** The text of the shape is for people who look into the table. */
const READ_COLUMNS = ANSWER_COLUMNS.filter(({ name }) => name !== 'shape')

/** Whether the stored answer and the new one are both a person's, or neither is. */
const ARE_OF_A_KIND = `(old.source = 'person') = (excluded.source = 'person')`

/** Whether the new answer replaces labels of the stored one. */
const IS_NEWER = `case when ${ARE_OF_A_KIND} then (old.sequence, old.answered_at) < (excluded.sequence, excluded.answered_at) else excluded.source = 'person' end`

/**
 * The parts of an SQL `with` statement that write answers. Answers of one shape to different fields are joined; in a field
 * that both answer, the newer label stands. Only a person's answer replaces a person's, and then as a whole. `answeredAt`
 * must be the same when a batch is saved again, so that the second save changes nothing.
 */
export function writeAnswers(
  parameters: Parameters,
  answers: readonly AnswerToStore[],
  answeredAt: string,
): readonly string[] {
  if (answers.length === 0) return []
  const rows = joinByShape(answers)
  const names = namesOf(ANSWER_COLUMNS)
  const given = unnestRows(parameters, [...ANSWER_COLUMNS, SEQUENCE], rows)
  const joined = FIELD_COLUMNS.map(
    ({ name }) => `${name} = case when not ${ARE_OF_A_KIND} then excluded.${name}
          when ${IS_NEWER} then old.${name} || excluded.${name} else excluded.${name} || old.${name} end`,
  )
  const replaced = [...REPLACED_COLUMNS.map((column) => column.name), 'answered_at', 'used_at', 'sequence'].map(
    (name) => `${name} = case when ${IS_NEWER} then excluded.${name} else old.${name} end`,
  )
  return [
    `answer_rows as (
      insert into shape_answers as old (${names}, answered_at, used_at, sequence)
      select ${names}, ${parameters.bind(answeredAt)}::timestamptz, now(), sequence
      from ${given} order by shape_hash
      on conflict (shape_hash) do update set
        ${[...joined, ...replaced].join(',\n        ')}
      where ${IS_NEWER} or (${ARE_OF_A_KIND} and excluded.labels || old.labels <> old.labels)
    )`,
  ]
}

/** One answer for each shape, in order of the hash; `answers` of one shape are joined by the rule of `writeAnswers`. */
function joinByShape(answers: readonly AnswerToStore[]): readonly AnswerToStore[] {
  const joined = new Map<string, AnswerToStore>()
  for (const answer of answers) {
    const before = joined.get(answer.shapeHash)
    joined.set(answer.shapeHash, before === undefined ? answer : joinAnswers(before, answer))
  }
  return uniqueByKey(
    [...joined.values()],
    (row) => row.shapeHash,
    () => true,
  )
}

function joinAnswers(before: AnswerToStore, answer: AnswerToStore): AnswerToStore {
  if ((before.source === 'person') !== (answer.source === 'person')) return before.source === 'person' ? before : answer
  const decision = {
    ...answer.decision,
    labels: { ...before.decision.labels, ...answer.decision.labels },
    confidence: { ...before.decision.confidence, ...answer.decision.confidence },
  }
  return { ...answer, decision }
}

const answerRow = z
  .object({
    shape_hash: z.string().min(1),
    labels,
    confidence: confidenceByField,
    reason: z.string(),
    source: z.enum(['model', 'escalation', 'person'] satisfies StoredAnswer['source'][]),
    model: z.string().nullable(),
    codebook: z.string(),
    codebook_hash: z.string(),
    prompt_version: z.string(),
    given_for: z.string().nullable(),
  })
  .transform(
    (row): StoredAnswer => ({
      shapeHash: row.shape_hash,
      decision: { labels: row.labels, confidence: row.confidence, reason: row.reason },
      source: row.source,
      model: row.model,
      codebook: row.codebook,
      codebookHash: row.codebook_hash,
      promptVersion: row.prompt_version,
      ...(row.given_for === null ? {} : { givenFor: row.given_for }),
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
       update shape_answers set used_at = now()
       where shape_hash in (
         select shape_hash from shape_answers
         where shape_hash = any($1::text[]) and used_at < now() - interval '1 day'
         order by shape_hash for update skip locked
       )
     )
     select ${namesOf(READ_COLUMNS)} from shape_answers where shape_hash = any($1::text[])`,
    [shapeHashes],
  )
  return new Map(found.map((answer) => [answer.shapeHash, answer]))
}
