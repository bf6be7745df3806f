/** Writes and reads the labels that people gave to rows, on which certificates rest. */
import { z } from 'zod'
import { type Column, namesOf, Parameters, storableJson, storableText, unnestRows } from '../bulk.ts'
import type { DatabasePool } from '../pool.ts'
import { execute, queryRows } from '../query.ts'
import type { EvidenceScope, LabelToSave, StoredLabel } from '../types.ts'

const LABEL_COLUMNS: readonly Column<LabelToSave>[] = [
  { name: 'indicator_id', type: 'text', value: (row) => storableText(row.indicatorId) },
  { name: 'input_hash', type: 'text', value: (row) => row.inputHash },
  { name: 'field', type: 'text', value: (row) => storableText(row.field) },
  { name: 'labelled_by', type: 'text', value: (row) => storableText(row.by) },
  { name: 'adjudicates', type: 'bool', value: (row) => row.adjudicates },
  { name: 'label', type: 'jsonb', value: (row) => storableJson(row.label) },
  { name: 'is_known', type: 'bool', value: (row) => row.isKnown },
  { name: 'blind', type: 'bool', value: (row) => row.blind },
  { name: 'run_id', type: 'text', value: (row) => row.runId },
  { name: 'note', type: 'text', value: (row) => storableText(row.note) },
]

/** Saves labels in one statement, all or none. A label that the same person has given already stays as it is. */
export async function saveLabels(
  pool: DatabasePool,
  { catalogue, codebookHash }: EvidenceScope,
  labels: readonly LabelToSave[],
): Promise<void> {
  if (labels.length === 0) return
  const parameters = new Parameters()
  const place = [catalogue, codebookHash].map((text) => `${parameters.bind(storableText(text))}::text`)
  const names = namesOf(LABEL_COLUMNS)
  const text = `insert into evidence_labels (catalogue, codebook_hash, ${names})
    select ${place.join(', ')}, ${names} from ${unnestRows(parameters, LABEL_COLUMNS, labels)}
    order by indicator_id, field on conflict do nothing`
  await execute(pool, 'save labels', text, parameters.values)
}

const labelRow = z
  .object({
    indicator_id: z.string(),
    input_hash: z.string(),
    field: z.string(),
    labelled_by: z.string(),
    adjudicates: z.boolean(),
    label: z.union([z.string(), z.number(), z.null(), z.array(z.string())]),
    is_known: z.boolean(),
    blind: z.boolean(),
    run_id: z.string(),
    note: z.string(),
    labelled_at: z.iso.datetime(),
  })
  .transform(
    (row): StoredLabel => ({
      indicatorId: row.indicator_id,
      inputHash: row.input_hash,
      field: row.field,
      label: row.label,
      isKnown: row.is_known,
      by: row.labelled_by,
      adjudicates: row.adjudicates,
      blind: row.blind,
      runId: row.run_id,
      note: row.note,
      at: row.labelled_at,
    }),
  )

/** The labels of a catalogue by one version of a codebook; only those of `ids`, where given. */
export async function findLabels(
  pool: DatabasePool,
  { catalogue, codebookHash }: EvidenceScope,
  ids?: readonly string[],
): Promise<readonly StoredLabel[]> {
  return queryRows(
    pool,
    'read labels',
    labelRow,
    `select ${namesOf(LABEL_COLUMNS)}, labelled_at from evidence_labels
     where catalogue = $1 and codebook_hash = $2 ${ids === undefined ? '' : 'and indicator_id = any($3::text[])'}
     order by indicator_id, field, labelled_at, labelled_by`,
    [storableText(catalogue), codebookHash, ...(ids === undefined ? [] : [ids.map(storableText)])],
  )
}
