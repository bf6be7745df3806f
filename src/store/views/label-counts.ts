/** Counts how often each label was given, among some of the results of a codebook. */
import { z } from 'zod'
import { storableText } from '../bulk.ts'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import type { LabelCounts } from './types.ts'

/** So many results tell a share to a percent; counting all of a million would take seconds. */
const SAMPLED = 20_000

const countRow = z.object({ field: z.string(), label: z.string(), given: z.int(), sampled: z.int() })

export async function countLabels(pool: DatabasePool, codebook: string): Promise<LabelCounts> {
  const rows = await queryRows(
    pool,
    'count labels',
    countRow,
    `with sample as materialized (select labels from results where codebook_name = $1 limit ${SAMPLED})
     select l.key as field, e.label, count(*) as given, (select count(*) from sample) as sampled
     from sample, jsonb_each(sample.labels) l,
       lateral (
         select l.value #>> '{}' as label where jsonb_typeof(l.value) in ('string', 'number')
         union all
         select jsonb_array_elements_text(case jsonb_typeof(l.value) when 'array' then l.value else '[]' end)
       ) e
     group by 1, 2`,
    [storableText(codebook)],
  )
  const counts = new Map<string, Map<string, number>>()
  for (const { field, label, given } of rows) {
    const known = counts.get(field) ?? new Map<string, number>()
    counts.set(field, known.set(label, given))
  }
  return { sampled: rows[0]?.sampled ?? 0, counts }
}
