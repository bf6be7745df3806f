/** Writes and reads checks of rules: in which fields a model that was asked blind agreed with them, and people's labels did. */
import { z } from 'zod'
import { type Column, namesOf, Parameters, storableText, unnestRows } from '../bulk.ts'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import { inTransaction } from '../transaction.ts'
import type { AuditToSave, BatchToSave, EvidenceScope, LabelOutcome, StoredAudit } from '../types.ts'

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
    by_people: z.boolean().nullable(),
  })
  .transform(({ total, ...row }) => {
    const { number, field, indicator_id: indicatorId, run_id: runId, by_people: byPeople } = row
    const { rule, agreed, rank, model } = row
    const isNamed = field !== null && indicatorId !== null && runId !== null && byPeople !== null
    const isThere = isNamed && number !== null && rule !== null && model !== null
    const audit: StoredAudit | null =
      isThere && agreed !== null ? { number, field, indicatorId, runId, byPeople, rule, agreed, rank, model } : null
    return { total, audit }
  })

/** The audits and the outcomes of labels of a catalogue with a number greater than `after`, in order, and the number of all. */
export async function findAudits(
  pool: DatabasePool,
  { catalogue, codebookHash }: EvidenceScope,
  after: number,
): Promise<{ readonly audits: readonly StoredAudit[]; readonly total: number }> {
  const rows = await queryRows(
    pool,
    'read audits',
    auditRow,
    `select counted.total, a.number, a.run_id, a.by_people, ${namesOf(AUDIT_COLUMNS, 'a.')}
     from (select count(*) as total from audits where catalogue = $1 and codebook_hash = $2) as counted
     left join audits a on a.catalogue = $1 and a.codebook_hash = $2 and a.number > $3
     order by a.number`,
    [storableText(catalogue), codebookHash, after],
  )
  return { audits: rows.flatMap(({ audit }) => audit ?? []), total: rows[0]?.total ?? 0 }
}

/** The key of the advisory lock under which outcomes of labels are replaced: "clso" in ASCII, a number that nothing else locks. */
const LOCK_KEY = 0x636c736f

const OUTCOME_COLUMNS: readonly Column<LabelOutcome>[] = [
  { name: 'field', type: 'text', value: (row) => storableText(row.field) },
  { name: 'indicator_id', type: 'text', value: (row) => storableText(row.indicatorId) },
  { name: 'rule', type: 'text', value: (row) => row.rule },
  { name: 'agreed', type: 'bool', value: (row) => row.agreed },
  { name: 'rank', type: 'float8', value: (row) => row.rank },
  { name: 'model', type: 'text', value: (row) => storableText(row.model) },
  { name: 'input_hash', type: 'text', value: (row) => row.inputHash },
]

/**
 * Replaces the outcomes of labels of one run. Those that stay as they are keep their number, so that the order of runs, in which
 * outcomes count, stays the same. The lock keeps two commands from counting the same record for two runs.
 */
export async function replaceOutcomes(
  pool: DatabasePool,
  { catalogue, codebookHash }: EvidenceScope,
  runId: string,
  outcomes: readonly LabelOutcome[],
): Promise<number> {
  const parameters = new Parameters()
  const place = [catalogue, codebookHash, runId].map((text) => `${parameters.bind(storableText(text))}::text`)
  const [ofCatalogue, ofCodebook, ofRun] = place
  const names = namesOf(OUTCOME_COLUMNS)
  const given = unnestRows(parameters, OUTCOME_COLUMNS, outcomes)
  // An outcome counts for this run where no other run has counted the record with this input.
  const own = `select ${names} from ${given} where not exists (
    select from audits o where o.by_people and o.catalogue = ${ofCatalogue} and o.codebook_hash = ${ofCodebook}
      and o.run_id <> ${ofRun} and o.field = given.field and o.indicator_id = given.indicator_id
      and o.input_hash = given.input_hash)`
  const isSame = OUTCOME_COLUMNS.map(({ name }) => `own.${name} = a.${name}`).join(' and ')
  const deleting = `with own as materialized (${own})
    delete from audits a where a.by_people and a.catalogue = ${ofCatalogue} and a.codebook_hash = ${ofCodebook}
      and a.run_id = ${ofRun} and not exists (select from own where ${isSame})`
  const inserting = `insert into audits (catalogue, codebook_hash, run_id, by_people, ${names})
    select ${place.join(', ')}, true, own.* from (${own} order by rank, field, rule) as own on conflict do nothing`
  return await inTransaction(pool, { doing: 'replace the outcomes of labels' }, async (client) => {
    await client.query(`select pg_advisory_xact_lock(${LOCK_KEY})`)
    const deleted = await client.query(deleting, [...parameters.values])
    const inserted = await client.query(inserting, [...parameters.values])
    return (deleted.rowCount ?? 0) + (inserted.rowCount ?? 0)
  })
}
