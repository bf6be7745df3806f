/** Writes and reads audits: in which fields a model that was asked blind agreed with the rules of a catalogue. */
import { z } from 'zod'
import { type Column, namesOf, type Parameters, storableText, unnestRows } from '../bulk.ts'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import type { AuditToSave, BatchToSave, EvidenceScope, StoredAudit } from '../types.ts'

const AUDIT_COLUMNS: readonly Column<AuditToSave>[] = [
  { name: 'field', type: 'text', value: (row) => row.field },
  { name: 'indicator_id', type: 'text', value: (row) => storableText(row.indicatorId) },
  { name: 'rule', type: 'text', value: (row) => row.rule },
  { name: 'agreed', type: 'bool', value: (row) => row.agreed },
  { name: 'rank', type: 'float8', value: (row) => row.rank },
  { name: 'model', type: 'text', value: (row) => storableText(row.model) },
]

/**
 * The part of an SQL `with` statement that writes the audits of a batch. An indicator counts once a run and field, so that a
 * batch that is saved again changes nothing.
 */
export function writeAudits(parameters: Parameters, batch: BatchToSave): readonly string[] {
  const { audits, results, scope, runId } = batch
  const hash = results[0]?.classification.codebook_hash
  if (audits === undefined || audits.length === 0 || hash === undefined || hash === '') return []
  const names = namesOf(AUDIT_COLUMNS)
  const given = unnestRows(parameters, AUDIT_COLUMNS, audits)
  const place = [scope.catalogue, hash, runId].map((text) => `${parameters.bind(storableText(text))}::text`)
  return [
    `audit_rows as (
      insert into audits (catalogue, codebook_hash, run_id, ${names})
      select ${place.join(', ')}, ${names} from ${given} order by indicator_id, field
      on conflict do nothing
    )`,
  ]
}

const auditRow = z
  .object({
    total: z.int().min(0),
    number: z.int().nullable(),
    field: z.string().nullable(),
    indicator_id: z.string().nullable(),
    rule: z.string().nullable(),
    agreed: z.boolean().nullable(),
    rank: z.number().nullable(),
    model: z.string().nullable(),
    run_id: z.string().nullable(),
  })
  .transform(({ total, number, field, indicator_id: indicatorId, run_id: runId, rule, agreed, rank, model }) => {
    const isNamed = field !== null && indicatorId !== null && runId !== null
    const isThere = isNamed && number !== null && rule !== null && model !== null
    const audit: StoredAudit | null =
      isThere && agreed !== null ? { number, field, indicatorId, runId, rule, agreed, rank, model } : null
    return { total, audit }
  })

/** The audits of a catalogue with a number greater than `after`, in order, and the number of all its audits. */
export async function findAudits(
  pool: DatabasePool,
  { catalogue, codebookHash }: EvidenceScope,
  after: number,
): Promise<{ readonly audits: readonly StoredAudit[]; readonly total: number }> {
  const rows = await queryRows(
    pool,
    'read audits',
    auditRow,
    `select counted.total, a.number, a.run_id, ${namesOf(AUDIT_COLUMNS, 'a.')}
     from (select count(*) as total from audits where catalogue = $1 and codebook_hash = $2) as counted
     left join audits a on a.catalogue = $1 and a.codebook_hash = $2 and a.number > $3
     order by a.number`,
    [storableText(catalogue), codebookHash, after],
  )
  return { audits: rows.flatMap(({ audit }) => audit ?? []), total: rows[0]?.total ?? 0 }
}
