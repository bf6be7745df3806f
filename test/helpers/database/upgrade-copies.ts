/** What the upgrade of a database of release d053d5d copies, and the check that all of it is kept. */
import assert from 'node:assert/strict'
import { migrate } from '../../../src/store/migrate.ts'
import type { DatabasePool } from '../../../src/store/pool.ts'
import { silent } from './postgres.ts'

/** What stands in the columns that old rows lack. */
const ADDED = `catalogue = 'default' and codebook_name = 'economic-indicators'`
const ADDED_REFERENCE = `codebook_hash = '' and codebook in ('economic-indicators@v0', 'economic-indicators@v1')`

/** An old table, the new one that its rows were copied to, and the content of a row of each as a list of SQL values. */
interface Copy {
  readonly old: string
  readonly now: string
  readonly oldRow: string
  readonly nowRow: string
  /** A condition on all new rows. */
  readonly added: string
}

const RESULT_STATE = 'name, run_id, classified_at, input_hash'
const RESULT_KEPT = `indicator_id, ${RESULT_STATE}, confidence, source, status, issues, reason, model, prompt_version, mode,
  asked_model, unanswered`
const VERSION = `split_part(codebook, '@', 2)`
const TEXT_LABELS = [
  ...['type', 'family', 'temporal_aggregation', 'time_basis', 'orientation', 'unit_kind', 'unit_currency', 'unit_per'],
  ...['frequency', 'cumulative_pattern', 'cumulative_reset_month'],
]
const RESULT = {
  oldRow: `${RESULT_KEPT}, ${TEXT_LABELS.join()}, unit_scale, codebook_version`,
  nowRow: `${RESULT_KEPT}, ${textsIn('labels', TEXT_LABELS)}, (labels ->> 'unit_scale')::float8, ${VERSION}`,
  added: `${ADDED} and ${ADDED_REFERENCE} and field_confidence = '{}' and field_source = '{}'
    and (select count(*) from jsonb_object_keys(labels)) = 12`,
}
const ANSWERED = ['type', 'temporal_aggregation', 'orientation']
const ANSWER_KEPT = 'shape_hash, shape, reason'
const REVIEWED = ['source', 'status', 'confidence', 'model', 'run_id', 'classified_at', ...ANSWERED, 'frequency']
const UNIT = ['kind', 'scale', 'currency', 'per']
const DECISION_KEPT = 'run_id, indicator_id, shape_hash, decision, input, note, decided_by, decided_at'

function textsIn(column: string, names: readonly string[], path = (name: string) => name): string {
  return names.map((name) => `${column} #>> '{${path(name)}}'`).join(', ')
}

const COPIES: readonly Copy[] = [
  {
    ...{ old: 'indicators', now: 'result_inputs', added: `catalogue = 'default'` },
    oldRow: `indicator_id, ${RESULT_STATE}, input`,
    nowRow: `indicator_id, ${RESULT_STATE}, input`,
  },
  { old: 'classifications', now: 'results', ...RESULT },
  {
    ...{ old: 'classification_history', now: 'result_history', added: RESULT.added },
    oldRow: `${RESULT.oldRow}, run_started_at`,
    nowRow: `${RESULT.nowRow}, run_started_at`,
  },
  {
    ...{ old: 'answers', now: 'shape_answers', added: ADDED_REFERENCE },
    oldRow: `${ANSWER_KEPT}, source, model, prompt_version, answered_at, ${ANSWERED.join()},
      ${ANSWERED.map((name) => `confidence_${name}`).join()}, codebook_version`,
    nowRow: `${ANSWER_KEPT}, source, model, prompt_version, answered_at, ${textsIn('labels', ANSWERED)},
      ${ANSWERED.map((name) => `(confidence ->> '${name}')::float8`).join()}, ${VERSION}`,
  },
  {
    ...{ old: 'person_answers', now: 'human_answers', added: ADDED_REFERENCE },
    oldRow: `${ANSWER_KEPT}, decided_by, decided_at, overridden_by, ${ANSWERED.join()}, codebook_version`,
    nowRow: `${ANSWER_KEPT}, decided_by, decided_at, overridden_by, ${textsIn('labels', ANSWERED)}, ${VERSION}`,
  },
  {
    ...{ old: 'review_items', now: 'review_decisions', added: `${ADDED} and ${ADDED_REFERENCE}` },
    oldRow: `${DECISION_KEPT}, codebook_version, ${textsIn('before', REVIEWED)}, ${textsIn('after', REVIEWED)},
      ${['before', 'after'].map((column) => textsIn(column, UNIT, (name) => `unit,${name}`)).join()}`,
    nowRow: `${DECISION_KEPT}, ${VERSION}, ${textsIn('before', REVIEWED)}, ${textsIn('after', REVIEWED)},
      ${['before', 'after'].map((column) => textsIn(column, UNIT, (name) => `unit_${name}`)).join()}`,
  },
]

/** The number of rows, and hashes of the content of all of them. */
async function contentOf(pool: DatabasePool, table: string, row: string): Promise<{ readonly rows: number }> {
  const hash = `hashtextextended(row(${row})::text, 0)`
  const { rows } = await pool.query<{ readonly rows: number }>(
    `select count(*)::int as rows, sum(${hash})::text as sum, bit_xor(${hash})::text as xor from ${table}`,
  )
  assert.ok(rows[0])
  return rows[0]
}

/** Upgrades a database that `createReleasedDatabase` made with `rows` results, and checks that every row is kept as it was. */
export async function assertAllIsKept(pool: DatabasePool, rows: number): Promise<void> {
  const before = new Map<string, { readonly rows: number }>()
  for (const { old, oldRow } of COPIES) before.set(old, await contentOf(pool, old, oldRow))
  assert.deepEqual(Object.fromEntries([...before].map(([table, content]) => [table, content.rows])), {
    indicators: rows,
    classifications: rows,
    classification_history: 1.5 * rows,
    answers: rows / 10,
    person_answers: rows / 200,
    review_items: rows / 200,
  })

  await migrate(pool, silent)
  for (const { old, now, nowRow, added } of COPIES) {
    assert.deepEqual(await contentOf(pool, now, nowRow), before.get(old), now)
    const { rows: found } = await pool.query(`select count(*)::int as others from ${now} where not (${added})`)
    assert.deepEqual(found, [{ others: 0 }], now)
  }
  const { rows: batches } = await pool.query(
    'select sum(unverified)::int as unverified, count(*)::int as batches from run_batches',
  )
  assert.deepEqual(batches, [{ unverified: 0, batches: 20 }])
}
