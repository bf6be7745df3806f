/** Writes and reads results: the input of each indicator, its latest result by each codebook, and the history of all runs. */
import { z } from 'zod'
import type { Classification, Indicator, Mode, Source, Status } from '../classification/types.ts'
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
import { confidence, confidenceByField, labels, storedObject, textByField } from './rows.ts'
import type { KnownIndicator, LatestResult, ResultScope, ResultToSave } from './types.ts'

const textOrNull = (text: string | null) => (text === null ? null : storableText(text))

const CLASSIFICATION_COLUMNS: readonly Column<ResultToSave>[] = [
  { name: 'catalogue', type: 'text', value: ({ classification: c }) => storableText(c.catalogue) },
  { name: 'indicator_id', type: 'text', value: ({ classification: c }) => storableText(c.indicator_id) },
  { name: 'name', type: 'text', value: ({ classification: c }) => storableText(c.name) },
  { name: 'codebook', type: 'text', value: ({ classification: c }) => storableText(c.codebook) },
  { name: 'codebook_hash', type: 'text', value: ({ classification: c }) => c.codebook_hash },
  { name: 'labels', type: 'jsonb', value: ({ classification: c }) => storableJson(c.labels) },
  { name: 'field_confidence', type: 'jsonb', value: ({ classification: c }) => storableJson(c.field_confidence) },
  { name: 'field_source', type: 'jsonb', value: ({ classification: c }) => storableJson(c.field_source) },
  { name: 'confidence', type: 'float8', value: ({ classification: c }) => c.confidence },
  { name: 'source', type: 'text', value: ({ classification: c }) => c.source },
  { name: 'status', type: 'text', value: ({ classification: c }) => c.status },
  { name: 'issues', type: 'jsonb', value: ({ classification: c }) => storableJson(c.issues) },
  { name: 'reason', type: 'text', value: ({ classification: c }) => storableText(c.reason) },
  { name: 'model', type: 'text', value: ({ classification: c }) => textOrNull(c.model) },
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

/** All results that a statement writes are of one run. */
const WRITTEN_COLUMNS = RESULT_COLUMNS.filter((column) => column.name !== 'run_id')

/** The columns that `results` and `result_history` have in common, without those of the key of `results`. */
export const SHARED_RESULT_COLUMNS: readonly string[] = [
  ...RESULT_COLUMNS.map((column) => column.name).filter((name) => name !== 'catalogue' && name !== 'indicator_id'),
  'sequence',
]

const INPUT_COLUMNS = 'catalogue, indicator_id, name, input, input_hash, run_id, classified_at, sequence'

export interface WritingRun {
  readonly runId: string
  readonly startedAt: string
  /** Name of the codebook without its version. */
  readonly codebook: string
  readonly overridesHumanAnswers: boolean
  /** As in `BatchToSave`. */
  readonly sequence?: number | undefined
}

/** The number of batches that an earlier release planned. */
export const UNNUMBERED = 0

/** SQL for the next number of the order in which results and answers are newer than others. */
export const NEXT_SEQUENCE = "nextval('result_sequence')"

/**
 * The parts of an SQL `with` statement that write results. A result that becomes the latest one is written to `results` alone: a trigger
 * of the database takes it into the history when a result of another run takes its place. A result that does not become the latest one
 * goes into the history directly. One that is saved again replaces itself, so that it stays out of the history. A newer result replaces an older one: the one with the greater
 * number, which the database gave, so that no clock decides and every order of writing leaves the same rows. Results
 * without a number, of batches that an earlier release planned, are older, and among them the time decides. A person's result stays while the input is the same, unless the run overrides human answers and began after the
 * person's decision.
 */
export function writeResults(
  parameters: Parameters,
  results: readonly ResultToSave[],
  run: WritingRun,
): readonly string[] {
  const rows = uniqueByKey(
    results,
    ({ classification }) => `${storableText(classification.catalogue)}\0${storableText(classification.indicator_id)}`,
    () => true,
  )
  const input: Column<ResultToSave> = { name: 'input', type: 'jsonb', value: (row) => storableJson(row.indicator) }
  const given = unnestRows(parameters, [...WRITTEN_COLUMNS, input], rows)
  const codebook = parameters.bind(storableText(run.codebook))
  const runId = parameters.bind(run.runId)
  const startedAt = parameters.bind(run.startedAt)
  const sequence = parameters.bind(run.sequence ?? UNNUMBERED)
  const names = `${namesOf(RESULT_COLUMNS)}, sequence`
  const age = (row: string) => `(${row}.sequence, ${row}.classified_at, ${row}.run_id)`
  const orOverridden = run.overridesHumanAnswers ? `or old.classified_at < ${startedAt}::timestamptz` : ''
  return [
    `given_results as materialized (
      select ${codebook}::text as codebook_name, ${runId}::text as run_id, ${sequence}::int8 as sequence, * from ${given}
    )`,
    `input_rows as (
      insert into result_inputs as old (${INPUT_COLUMNS})
      select ${INPUT_COLUMNS} from given_results order by catalogue, indicator_id
      on conflict (catalogue, indicator_id) do update set
        name = excluded.name, input = excluded.input, input_hash = excluded.input_hash,
        run_id = excluded.run_id, classified_at = excluded.classified_at, sequence = excluded.sequence
      where ${age('old')} < ${age('excluded')}
    )`,
    `latest_rows as (
      insert into results as old (codebook_name, ${names})
      select codebook_name, ${names} from given_results order by catalogue, indicator_id
      on conflict (codebook_name, catalogue, indicator_id) do update set
        ${assignExcluded(RESULT_COLUMNS, 'catalogue', 'indicator_id')}, sequence = excluded.sequence
      where ${age('old')} <= ${age('excluded')}
        and (old.source <> 'person' or excluded.source = 'person' or old.input_hash <> excluded.input_hash ${orOverridden})
      returning catalogue, indicator_id
    )`,
    `history_rows as (
      insert into result_history as old (run_started_at, codebook_name, ${names})
      select ${startedAt}::timestamptz, codebook_name, ${names}
      from given_results where (catalogue, indicator_id) not in (select catalogue, indicator_id from latest_rows)
      order by catalogue, indicator_id
      on conflict (run_id, codebook_name, catalogue, indicator_id, run_started_at) do update set
        ${assignExcluded(RESULT_COLUMNS, 'run_id', 'catalogue', 'indicator_id')}, sequence = excluded.sequence
      where (old.sequence, old.classified_at) < (excluded.sequence, excluded.classified_at)
    )`,
  ]
}

/** The columns that `classificationRow` reads, as a list for a `select`. */
export const CLASSIFICATION_SELECT = namesOf(CLASSIFICATION_COLUMNS)

const classificationFields = {
  indicator_id: z.string().min(1),
  name: z.string(),
  catalogue: z.string().min(1),
  codebook: z.string(),
  codebook_hash: z.string(),
  labels,
  field_confidence: confidenceByField,
  field_source: textByField,
  confidence,
  source: z.enum(['rules', 'reuse', 'model', 'escalation', 'person'] satisfies Source[]),
  status: z.enum(['accepted', 'unverified', 'needs-review'] satisfies Status[]),
  issues: z.array(z.object({ code: z.string(), message: z.string() })),
  reason: z.string(),
  model: z.string().nullable(),
  prompt_version: z.string(),
  run_id: z.string(),
  classified_at: z.iso.datetime(),
}

/** Checks a row of `results` or of the view `run_results`, whose columns have the names of a `Classification`. */
export const classificationRow: z.ZodType<Classification> = z.object(classificationFields)

const stateFields = {
  input_hash: z.string(),
  mode: z.enum(['rules', 'hybrid', 'model'] satisfies Mode[]),
  asked_model: z.string().nullable(),
  unanswered: z.boolean(),
}

const latestColumns = z.object({ ...classificationFields, ...stateFields })

/** Turns a row of `KNOWN_SELECT` into an indicator with its latest result. */
export const knownRow = latestColumns
  .extend({ input: storedObject<Indicator>() })
  .transform(({ input, ...row }): KnownIndicator => ({ indicator: input, latest: toLatest(row) }))

/** Selects the latest results `c` with their inputs `i`; the caller appends a further join or a `where`. */
export const KNOWN_SELECT = `select ${namesOf(RESULT_COLUMNS, 'c.')}, i.input
  from results c join result_inputs i on i.catalogue = c.catalogue and i.indicator_id = c.indicator_id`

function toLatest(row: z.output<typeof latestColumns>): LatestResult {
  const { input_hash: inputHash, mode, asked_model: askedModel, unanswered, ...classification } = row
  return { classification, inputHash, mode, askedModel, unanswered }
}

/** The latest result of each indicator that has one by this codebook in this catalogue, by the indicator's id. */
export async function findLatest(
  pool: DatabasePool,
  { catalogue, codebook }: ResultScope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, LatestResult>> {
  if (ids.length === 0) return new Map()
  const found = await queryRows(
    pool,
    'read the latest results',
    latestColumns.transform(toLatest),
    `select ${namesOf(RESULT_COLUMNS)} from results
     where codebook_name = $1 and catalogue = $2 and indicator_id = any($3::text[])`,
    [storableText(codebook), storableText(catalogue), ids.map(storableText)],
  )
  return new Map(found.map((latest) => [latest.classification.indicator_id, latest]))
}

/** The most classifications of one indicator that are read at once: a caller who wants others names catalogue or codebook. */
const MOST_CLASSIFICATIONS = 20

/** The latest classifications of an indicator, in order of catalogue and codebook: one for each that `scope` does not name. */
export async function findClassifications(
  pool: DatabasePool,
  id: string,
  { catalogue, codebook }: Partial<ResultScope>,
): Promise<readonly Classification[]> {
  const orNull = (text: string | undefined) => (text === undefined ? null : storableText(text))
  return queryRows(
    pool,
    'read classifications',
    classificationRow,
    `select ${CLASSIFICATION_SELECT} from results
     where indicator_id = $1 and ($2::text is null or catalogue = $2) and ($3::text is null or codebook_name = $3)
     order by catalogue, codebook_name limit ${MOST_CLASSIFICATIONS}`,
    [storableText(id), orNull(catalogue), orNull(codebook)],
  )
}
