/** Implements the port `CertificateStore` on PostgreSQL: plans of certificates and sentinel rows, and the functions beside it. */
import { z } from 'zod'
import type { Indicator, Mode } from '../../classification/types.ts'
import { ServiceError } from '../../errors.ts'
import { type Column, namesOf, Parameters, storableJson, storableText, unnestRows } from '../bulk.ts'
import type { DatabasePool } from '../pool.ts'
import { execute, queryRows } from '../query.ts'
import { labels, storedObject } from '../rows.ts'
import type { CertificateStore, PlanToSave, ResultScope, RunScope, SentinelRow, StoredPlan } from '../types.ts'
import { replaceOutcomes } from './audits.ts'
import { findLabels, saveLabels } from './labels.ts'
import { exportRunRows, findRunParts, findRunRows } from './run-rows.ts'

export function createCertificateStore(pool: DatabasePool): CertificateStore {
  return {
    findRunParts: (runId) => findRunParts(pool, runId),
    exportRunRows: (scope, pageSize) => exportRunRows(pool, scope, pageSize),
    findRunRows: (scope, ids) => findRunRows(pool, scope, ids),
    findPlan: (scope) => findPlan(pool, scope),
    savePlan: (plan, options) => savePlan(pool, plan, options),
    findLabels: (scope, ids) => findLabels(pool, scope, ids),
    saveLabels: (scope, given) => saveLabels(pool, scope, given),
    replaceOutcomes: (scope, runId, outcomes) => replaceOutcomes(pool, scope, runId, outcomes),
    findSentinels: (scope) => findSentinels(pool, scope),
    replaceSentinels: (scope, rows) => replaceSentinels(pool, scope, rows),
    forgetResults: (catalogue) => forgetResults(pool, catalogue),
  }
}

const PLAN_COLUMNS =
  'run_id, codebook_name, catalogue, seed, target, delta, claims, fields, population, digest, planned_by'

const planRow = z
  .object({
    run_id: z.string(),
    codebook_name: z.string(),
    catalogue: z.string(),
    seed: z.string(),
    target: z.number(),
    delta: z.number(),
    claims: z.array(z.string()),
    fields: z.array(z.string()),
    population: z.int(),
    digest: z.string(),
    planned_by: z.string(),
    planned_at: z.iso.datetime(),
  })
  .transform(
    ({ run_id, codebook_name, planned_by, planned_at, ...row }): StoredPlan => ({
      ...row,
      runId: run_id,
      codebook: codebook_name,
      plannedBy: planned_by,
      plannedAt: planned_at,
    }),
  )

async function findPlan(pool: DatabasePool, { runId, codebook, catalogue }: RunScope): Promise<StoredPlan | undefined> {
  const [found] = await queryRows(
    pool,
    'read the plan of a certificate',
    planRow,
    `select ${PLAN_COLUMNS}, planned_at from certificates where run_id = $1 and codebook_name = $2 and catalogue = $3`,
    [runId, storableText(codebook), storableText(catalogue)],
  )
  return found
}

/** Of several commands that plan at once the first one wins, and all get its plan. */
async function savePlan(
  pool: DatabasePool,
  plan: PlanToSave,
  { replaces }: { readonly replaces: boolean },
): Promise<StoredPlan> {
  const { runId, codebook, catalogue, seed, target, delta, claims, fields, population, digest, plannedBy } = plan
  const names = PLAN_COLUMNS.split(', ')
  const assignments = names.map((name) => `${name} = excluded.${name}`)
  const text = `insert into certificates (${PLAN_COLUMNS})
    values (${names.map((_, index) => `$${index + 1}`).join(', ')})
    on conflict (run_id, codebook_name, catalogue) do
      ${replaces ? `update set ${assignments.join(', ')}, planned_at = clock_timestamp()` : 'nothing'}`
  const values = [runId, storableText(codebook), storableText(catalogue), seed, target, delta, claims, fields]
  await execute(pool, 'save the plan of a certificate', text, [...values, population, digest, storableText(plannedBy)])
  const stored = await findPlan(pool, plan)
  if (stored === undefined) throw new ServiceError('database-failed', 'The database failed to keep a plan: no row')
  return stored
}

const SENTINEL_COLUMNS: readonly Column<SentinelRow>[] = [
  { name: 'indicator_id', type: 'text', value: ({ indicator }) => storableText(indicator.indicator_id) },
  { name: 'input', type: 'jsonb', value: ({ indicator }) => storableJson(indicator) },
  { name: 'input_hash', type: 'text', value: (row) => row.inputHash },
  { name: 'labels', type: 'jsonb', value: (row) => storableJson(row.labels) },
  { name: 'codebook', type: 'text', value: (row) => storableText(row.codebook) },
  { name: 'codebook_hash', type: 'text', value: (row) => row.codebookHash },
  { name: 'mode', type: 'text', value: (row) => row.mode },
  { name: 'model', type: 'text', value: ({ model }) => (model === null ? null : storableText(model)) },
  { name: 'prompt_version', type: 'text', value: (row) => row.promptVersion },
  { name: 'run_id', type: 'text', value: (row) => row.runId },
]

const sentinelRow = z
  .object({
    input: storedObject<Indicator>(),
    input_hash: z.string(),
    fields: z.array(z.string()),
    labels,
    codebook: z.string(),
    codebook_hash: z.string(),
    mode: z.enum(['rules', 'hybrid', 'model'] satisfies Mode[]),
    model: z.string().nullable(),
    prompt_version: z.string(),
    run_id: z.string(),
  })
  .transform(
    ({ input, input_hash, codebook_hash, prompt_version, run_id, ...row }): SentinelRow => ({
      ...row,
      indicator: input,
      inputHash: input_hash,
      codebookHash: codebook_hash,
      promptVersion: prompt_version,
      runId: run_id,
    }),
  )

async function findSentinels(
  pool: DatabasePool,
  { catalogue, codebook }: ResultScope,
): Promise<readonly SentinelRow[]> {
  return queryRows(
    pool,
    'read sentinel rows',
    sentinelRow,
    `select ${namesOf(SENTINEL_COLUMNS)}, fields from sentinel_rows where catalogue = $1 and codebook_name = $2
     order by indicator_id`,
    [storableText(catalogue), storableText(codebook)],
  )
}

/** Replaces the set in one statement: rows of the earlier set that are no part of the new one are deleted. */
async function replaceSentinels(
  pool: DatabasePool,
  { catalogue, codebook }: ResultScope,
  rows: readonly SentinelRow[],
): Promise<void> {
  const parameters = new Parameters()
  const place = [catalogue, codebook].map((text) => `${parameters.bind(storableText(text))}::text`)
  // The fields are the same for all rows of a set, and are bound once: unnest would flatten a list of lists.
  const fields = `${parameters.bind([...(rows[0]?.fields ?? [])])}::text[]`
  const names = namesOf(SENTINEL_COLUMNS)
  const others = SENTINEL_COLUMNS.filter(({ name }) => name !== 'indicator_id')
  const assignments = others.map(({ name }) => `${name} = excluded.${name}`)
  const text = `with given_rows as materialized (
      select * from ${unnestRows(parameters, SENTINEL_COLUMNS, rows)}
    ), gone as (
      delete from sentinel_rows where catalogue = ${place[0]} and codebook_name = ${place[1]}
        and indicator_id not in (select indicator_id from given_rows)
    )
    insert into sentinel_rows (catalogue, codebook_name, fields, ${names})
    select ${place.join(', ')}, ${fields}, ${names} from given_rows order by indicator_id
    on conflict (catalogue, codebook_name, indicator_id) do update set
      fields = excluded.fields, kept_at = clock_timestamp(), ${assignments.join(', ')}`
  await execute(pool, 'keep sentinel rows', text, parameters.values)
}

/** Deletes in one statement, in the order of tables in which batches write. */
async function forgetResults(pool: DatabasePool, catalogue: string): Promise<void> {
  const text = `with inputs as (delete from result_inputs where catalogue = $1)
    delete from results where catalogue = $1`
  await execute(pool, 'delete the results of a catalogue', text, [storableText(catalogue)])
}
