/** Writes and reads results: the input of each indicator, its latest classification, and the history of all runs. */
import { z } from 'zod'
import type {
  Classification,
  CumulativePattern,
  Family,
  Frequency,
  Indicator,
  IndicatorType,
  Mode,
  Orientation,
  Source,
  Status,
  TemporalAggregation,
  TimeBasis,
  UnitKind,
} from '../classification/types.ts'
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
import { codebookValue, confidence, storedObject } from './rows.ts'
import type { KnownIndicator, LatestResult, ResultToSave } from './types.ts'

const textOrNull = (text: string | null) => (text === null ? null : storableText(text))

const CLASSIFICATION_COLUMNS: readonly Column<ResultToSave>[] = [
  { name: 'indicator_id', type: 'text', value: ({ classification: c }) => storableText(c.indicator_id) },
  { name: 'name', type: 'text', value: ({ classification: c }) => storableText(c.name) },
  { name: 'type', type: 'text', value: ({ classification: c }) => c.type },
  { name: 'family', type: 'text', value: ({ classification: c }) => c.family },
  { name: 'temporal_aggregation', type: 'text', value: ({ classification: c }) => c.temporal_aggregation },
  { name: 'time_basis', type: 'text', value: ({ classification: c }) => c.time_basis },
  { name: 'orientation', type: 'text', value: ({ classification: c }) => c.orientation },
  { name: 'unit_kind', type: 'text', value: ({ classification: c }) => c.unit.kind },
  { name: 'unit_scale', type: 'float8', value: ({ classification: c }) => c.unit.scale },
  { name: 'unit_currency', type: 'text', value: ({ classification: c }) => textOrNull(c.unit.currency) },
  { name: 'unit_per', type: 'text', value: ({ classification: c }) => textOrNull(c.unit.per) },
  { name: 'frequency', type: 'text', value: ({ classification: c }) => c.frequency },
  { name: 'cumulative_pattern', type: 'text', value: ({ classification: c }) => c.cumulative.pattern },
  { name: 'cumulative_reset_month', type: 'int4', value: ({ classification: c }) => c.cumulative.reset_month },
  { name: 'confidence', type: 'float8', value: ({ classification: c }) => c.confidence },
  { name: 'source', type: 'text', value: ({ classification: c }) => c.source },
  { name: 'status', type: 'text', value: ({ classification: c }) => c.status },
  { name: 'issues', type: 'jsonb', value: ({ classification: c }) => storableJson(c.issues) },
  { name: 'reason', type: 'text', value: ({ classification: c }) => storableText(c.reason) },
  { name: 'model', type: 'text', value: ({ classification: c }) => textOrNull(c.model) },
  { name: 'codebook_version', type: 'text', value: ({ classification: c }) => c.codebook_version },
  { name: 'prompt_version', type: 'text', value: ({ classification: c }) => c.prompt_version },
  { name: 'run_id', type: 'text', value: ({ classification: c }) => c.run_id },
  { name: 'classified_at', type: 'timestamptz', value: ({ classification: c }) => c.classified_at },
]

const RESULT_COLUMNS: readonly Column<ResultToSave>[] = [
  ...CLASSIFICATION_COLUMNS,
  { name: 'input_hash', type: 'text', value: (row) => row.inputHash },
  { name: 'mode', type: 'text', value: (row) => row.mode },
  { name: 'asked_model', type: 'text', value: (row) => textOrNull(row.askedModel) },
  { name: 'unanswered', type: 'bool', value: (row) => row.unanswered },
]

const INPUT_COLUMNS = 'indicator_id, name, input, input_hash, run_id, classified_at'

/**
 * The parts of an SQL `with` statement that write results. A newer result replaces an older one; of two results of the
 * same millisecond the one with the greater run id stands, so that every order of writing leaves the same rows. A
 * person's result stays while the input is the same, unless the run overrides human answers and began after the
 * person's decision.
 */
export function writeResults(
  parameters: Parameters,
  results: readonly ResultToSave[],
  run: { readonly runId: string; readonly startedAt: string; readonly overridesHumanAnswers: boolean },
): readonly string[] {
  const rows = uniqueByKey(
    results,
    (row) => storableText(row.classification.indicator_id),
    (row, than) => row.classification.classified_at >= than.classification.classified_at,
  )
  const input: Column<ResultToSave> = { name: 'input', type: 'jsonb', value: (row) => storableJson(row.indicator) }
  const given = unnestRows(parameters, [...RESULT_COLUMNS, input], rows)
  const runId = parameters.bind(run.runId)
  const startedAt = parameters.bind(run.startedAt)
  const names = namesOf(RESULT_COLUMNS)
  const orOverridden = run.overridesHumanAnswers ? `or old.classified_at < ${startedAt}::timestamptz` : ''
  const historyNames = namesOf(RESULT_COLUMNS.filter((column) => column.name !== 'run_id'))
  return [
    `results as materialized (select * from ${given})`,
    `input_rows as (
      insert into indicators as old (${INPUT_COLUMNS})
      select ${INPUT_COLUMNS} from results order by indicator_id
      on conflict (indicator_id) do update set
        name = excluded.name, input = excluded.input, input_hash = excluded.input_hash,
        run_id = excluded.run_id, classified_at = excluded.classified_at
      where (old.classified_at, old.run_id) < (excluded.classified_at, excluded.run_id)
    )`,
    `latest_rows as (
      insert into classifications as old (${names})
      select ${names} from results order by indicator_id
      on conflict (indicator_id) do update set ${assignExcluded(RESULT_COLUMNS, 'indicator_id')}
      where (old.classified_at, old.run_id) < (excluded.classified_at, excluded.run_id)
        and (old.source <> 'person' or excluded.source = 'person' or old.input_hash <> excluded.input_hash ${orOverridden})
    )`,
    `history_rows as (
      insert into classification_history as old (run_id, run_started_at, ${historyNames})
      select ${runId}::text, ${startedAt}::timestamptz, ${historyNames} from results order by indicator_id
      on conflict (run_id, indicator_id, run_started_at) do update set
        ${assignExcluded(RESULT_COLUMNS, 'run_id', 'indicator_id')}
      where old.classified_at < excluded.classified_at
    )`,
  ]
}

/** The columns that `classificationRow` reads, as a list for a `select`. */
export const CLASSIFICATION_SELECT = namesOf(CLASSIFICATION_COLUMNS)

const classificationFields = {
  indicator_id: z.string().min(1),
  name: z.string(),
  type: codebookValue<IndicatorType>(),
  family: codebookValue<Family>(),
  temporal_aggregation: codebookValue<TemporalAggregation>(),
  time_basis: codebookValue<TimeBasis>(),
  orientation: codebookValue<Orientation>(),
  unit_kind: codebookValue<UnitKind>(),
  unit_scale: z.number().positive(),
  unit_currency: z.string().nullable(),
  unit_per: z.string().nullable(),
  frequency: codebookValue<Frequency>(),
  cumulative_pattern: codebookValue<CumulativePattern>(),
  cumulative_reset_month: z.int().min(1).max(12).nullable(),
  confidence,
  source: z.enum(['rules', 'reuse', 'model', 'escalation', 'person'] satisfies Source[]),
  status: z.enum(['accepted', 'needs-review'] satisfies Status[]),
  issues: z.array(z.object({ code: z.string(), message: z.string() })),
  reason: z.string(),
  model: z.string().nullable(),
  codebook_version: z.string(),
  prompt_version: z.string(),
  run_id: z.string(),
  classified_at: z.iso.datetime(),
}

const classificationColumns = z.object(classificationFields)

/** Turns a row of `classifications` or `classification_history` into a `Classification`. */
export const classificationRow = classificationColumns.transform(toClassification)

const latestColumns = z.object({
  ...classificationFields,
  input_hash: z.string(),
  mode: z.enum(['rules', 'hybrid', 'model'] satisfies Mode[]),
  asked_model: z.string().nullable(),
  unanswered: z.boolean(),
})

const latestRow = latestColumns.transform(toLatest)

/** Turns a row of `KNOWN_SELECT` into an indicator with its latest result. */
export const knownRow = z
  .object({
    ...latestColumns.shape,
    input: storedObject<Indicator>(),
  })
  .transform((row): KnownIndicator => ({ indicator: row.input, latest: toLatest(row) }))

/** Selects the latest results `c` with their inputs `i`; the caller appends a further join or a `where`. */
export const KNOWN_SELECT = `select ${namesOf(RESULT_COLUMNS, 'c.')}, i.input
  from classifications c join indicators i on i.indicator_id = c.indicator_id`

function toLatest(row: z.output<typeof latestColumns>): LatestResult {
  return {
    classification: toClassification(row),
    inputHash: row.input_hash,
    mode: row.mode,
    askedModel: row.asked_model,
    unanswered: row.unanswered,
  }
}

function toClassification(row: z.output<typeof classificationColumns>): Classification {
  return {
    indicator_id: row.indicator_id,
    name: row.name,
    type: row.type,
    family: row.family,
    temporal_aggregation: row.temporal_aggregation,
    time_basis: row.time_basis,
    orientation: row.orientation,
    unit: { kind: row.unit_kind, scale: row.unit_scale, currency: row.unit_currency, per: row.unit_per },
    frequency: row.frequency,
    cumulative: { pattern: row.cumulative_pattern, reset_month: row.cumulative_reset_month },
    confidence: row.confidence,
    source: row.source,
    status: row.status,
    issues: row.issues,
    reason: row.reason,
    model: row.model,
    codebook_version: row.codebook_version,
    prompt_version: row.prompt_version,
    run_id: row.run_id,
    classified_at: row.classified_at,
  }
}

/** The latest result of each indicator that has one, by the indicator's id. */
export async function findLatest(
  pool: DatabasePool,
  ids: readonly string[],
): Promise<ReadonlyMap<string, LatestResult>> {
  if (ids.length === 0) return new Map()
  const found = await queryRows(
    pool,
    'read the latest results',
    latestRow,
    `select ${namesOf(RESULT_COLUMNS)} from classifications where indicator_id = any($1::text[])`,
    [ids.map(storableText)],
  )
  return new Map(found.map((latest) => [latest.classification.indicator_id, latest]))
}

export async function findClassification(pool: DatabasePool, id: string): Promise<Classification | undefined> {
  const [found] = await queryRows(
    pool,
    'read a classification',
    classificationRow,
    `select ${CLASSIFICATION_SELECT} from classifications where indicator_id = $1`,
    [storableText(id)],
  )
  return found
}
