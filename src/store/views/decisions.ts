/** What people decided and labelled, summed up: decisions by run, what was corrected by whom, and where people disagree. */
import { z } from 'zod'
import { storableText } from '../bulk.ts'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import type { ResultScope } from '../types.ts'
import type { Correction, Disagreement, RunDecisions } from './types.ts'

/** So many decisions tell what is corrected most; a codebook that has more of them is not read whole for a page. */
const SAMPLED = 20_000

const countRow = z.object({ run_id: z.string(), decided: z.int(), corrected: z.int() })

/** The decisions on results of these runs, by the run whose result a person looked at. */
export async function countDecisions(
  pool: DatabasePool,
  { catalogue, codebook }: ResultScope,
  runIds: readonly string[],
): Promise<ReadonlyMap<string, RunDecisions>> {
  const text = `select before ->> 'run_id' as run_id, count(*) as decided,
      count(*) filter (where decision = 'correct') as corrected
    from review_decisions
    where codebook_name = $1 and catalogue = $2 and before ->> 'run_id' = any($3::text[])
    group by 1`
  const values = [storableText(codebook), storableText(catalogue), runIds.map(storableText)]
  const rows = await queryRows(pool, 'count decisions of people', countRow, text, values)
  return new Map(rows.map(({ run_id: runId, ...counts }) => [runId, counts]))
}

const label = z.union([z.string(), z.number(), z.null(), z.array(z.string())])
const correctionRow = z.object({ field: z.string(), value: z.string(), by: z.string(), times: z.int() })

/** How often which person took a value away that a result of the codebook had; each value of a list counts by itself. */
export async function findCorrections(pool: DatabasePool, codebook: string): Promise<Correction[]> {
  const valuesOf = (column: string) =>
    `select jsonb_array_elements_text(case jsonb_typeof(${column}) when 'array' then ${column} when 'null' then '[]'
       else jsonb_build_array(${column}) end)`
  const text = `with decided as (
      select before, after, decided_by from review_decisions
      where codebook_name = $1 and decision = 'correct' limit ${SAMPLED}
    ), taken as (
      select f.key as field, v.value, d.decided_by
      from decided d, jsonb_each(d.after) f,
        lateral (${valuesOf('(d.before -> f.key)')} except ${valuesOf('f.value')}) v(value)
    )
    select field, value, decided_by as by, count(*) as times from taken group by 1, 2, 3
    order by times desc, field, value, by`
  return await queryRows(pool, 'read what people corrected', correctionRow, text, [storableText(codebook)])
}

const disagreementRow = z
  .object({
    catalogue: z.string(),
    indicator_id: z.string(),
    field: z.string(),
    labels: z.array(z.object({ by: z.string(), label })),
    is_settled: z.boolean(),
  })
  .transform(({ indicator_id: id, is_settled: isSettled, ...found }): Disagreement => ({ ...found, id, isSettled }))

/** Fields of records to which people gave different labels, by one version of a codebook; those that nobody has settled first. */
export async function findDisagreements(pool: DatabasePool, hash: string, limit: number): Promise<Disagreement[]> {
  const text = `select catalogue, indicator_id, field,
      jsonb_agg(jsonb_build_object('by', labelled_by, 'label', label) order by adjudicates, labelled_at, labelled_by) as labels,
      bool_or(adjudicates) as is_settled
    from evidence_labels where codebook_hash = $1 and is_known
    group by catalogue, indicator_id, input_hash, field
    having count(distinct label) filter (where not adjudicates) > 1
    order by is_settled, max(labelled_at) desc, indicator_id, field limit $2`
  return await queryRows(pool, 'read where people disagree', disagreementRow, text, [hash, limit])
}
