/** What people's labels say of a row: the label of each field, whether the answer is right, and where people disagree. */
import { isSameLabel } from '../../classification/fields.ts'
import type { LabelValue } from '../../classification/types.ts'
import type { RowLabel } from '../../evidence/certificate/certificate-types.ts'
import type { RunRow, StoredLabel } from '../../store/types.ts'

/** What the labels of one field of one row come to. */
export interface FieldVerdict {
  readonly field: string
  /**
   * `settled` where all people agree, or a third decision settled it; `open` where two disagree; `unknown` where nobody could
   * tell.
   */
  readonly state: 'settled' | 'open' | 'unknown'
  readonly label: LabelValue
  readonly labels: readonly StoredLabel[]
}

/** The labels of one row, once every field has one. */
export interface LabelledRow {
  readonly id: string
  readonly fields: readonly FieldVerdict[]
}

/** Groups labels by the id of their row. Labels of another input of the row are left out by the caller, who knows the row. */
export function labelsById(labels: readonly StoredLabel[]): ReadonlyMap<string, readonly StoredLabel[]> {
  const byId = new Map<string, StoredLabel[]>()
  for (const label of labels) {
    const list = byId.get(label.indicatorId)
    if (list === undefined) byId.set(label.indicatorId, [label])
    else list.push(label)
  }
  return byId
}

/** Whether two labels say the same. Two people who cannot tell say the same. */
export function saysTheSame(
  a: Pick<StoredLabel, 'label' | 'isKnown'>,
  b: Pick<StoredLabel, 'label' | 'isKnown'>,
): boolean {
  return a.isKnown === b.isKnown && isSameLabel(a.label, b.label)
}

/** The verdicts of a row; undefined while a field has no label. `labels` are those of the row as the run saw it. */
export function judgeRow(
  id: string,
  labels: readonly StoredLabel[],
  fields: readonly string[],
): LabelledRow | undefined {
  const verdicts: FieldVerdict[] = []
  for (const field of fields) {
    const own = labels.filter((label) => label.field === field)
    const [first] = own
    if (first === undefined) return undefined
    const decided = own.find(({ adjudicates }) => adjudicates)
    const said = decided ?? first
    const isOpen = decided === undefined && own.some((label) => !saysTheSame(label, first))
    const state = isOpen ? 'open' : said.isKnown ? 'settled' : 'unknown'
    verdicts.push({ field, state, label: state === 'settled' ? said.label : null, labels: own })
  }
  return { id, fields: verdicts }
}

/** Whether the answers of the run are right by the labels; null where the labels do not say, which counts as wrong. */
export function rowLabelOf({ id, fields }: LabelledRow, { classification }: RunRow): RowLabel {
  const people = new Set(fields.flatMap(({ labels }) => labels.map(({ by }) => by)))
  const right = fields.map(({ field, state, label }) => [
    field,
    state === 'settled' ? isSameLabel(label, classification.labels[field] ?? null) : null,
  ])
  return { id, by: [...people].sort().join(', '), right: Object.fromEntries(right) }
}
