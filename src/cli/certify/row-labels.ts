/** What people's labels say of a row: the label of each field, whether the answer is right, and where people disagree. */
import { meansTheSame } from '../../classification/fields.ts'
import type { LabelValue } from '../../classification/types.ts'
import type { Codebook, Field } from '../../codebooks/codebook.ts'
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
  /** The labels that people gave. Those that say the same have one spelling. */
  readonly labels: readonly StoredLabel[]
  /** The field in the codebook; undefined for one that the codebook has no more. */
  readonly known: Field | undefined
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

/** Whether two labels of a field say the same. Two people who cannot tell say the same. */
export function saysTheSame(
  field: Field | undefined,
  a: Pick<StoredLabel, 'label' | 'isKnown'>,
  b: Pick<StoredLabel, 'label' | 'isKnown'>,
): boolean {
  return a.isKnown === b.isKnown && meansTheSame(field, a.label, b.label)
}

/** Whether `value` is what people say; where nobody could tell, or two differ, it is not. */
export function isRight({ state, label, known }: FieldVerdict, value: LabelValue | undefined): boolean {
  return state === 'settled' && meansTheSame(known, label, value ?? null)
}

/** The verdicts of a row; undefined while a field has no label. `labels` are those of the row as the run saw it. */
export function judgeRow(
  { id, labels }: { readonly id: string; readonly labels: readonly StoredLabel[] },
  codebook: Codebook,
  fields: readonly string[],
): LabelledRow | undefined {
  const verdicts: FieldVerdict[] = []
  for (const field of fields) {
    const known = codebook.field.get(field)
    const own = inOneSpelling(
      known,
      labels.filter((label) => label.field === field),
    )
    const [first] = own
    if (first === undefined) return undefined
    const decided = own.find(({ adjudicates }) => adjudicates)
    const said = decided ?? first
    const isOpen = decided === undefined && own.some((label) => !saysTheSame(known, label, first))
    const state = isOpen ? 'open' : said.isKnown ? 'settled' : 'unknown'
    verdicts.push({ field, state, label: state === 'settled' ? said.label : null, labels: own, known })
  }
  return { id, fields: verdicts }
}

/** The labels, in which those that say the same are written as the first of them is. */
function inOneSpelling(field: Field | undefined, labels: readonly StoredLabel[]): readonly StoredLabel[] {
  return labels.map((label) => {
    const first = labels.find((other) => saysTheSame(field, other, label))
    return first === undefined ? label : { ...label, label: first.label }
  })
}

/** Whether the answers of the run are right by the labels; null where the labels do not say, which counts as wrong. */
export function rowLabelOf({ id, fields }: LabelledRow, { classification }: RunRow): RowLabel {
  const people = new Set(fields.flatMap(({ labels }) => labels.map(({ by }) => by)))
  const right = fields.map((verdict) => [
    verdict.field,
    verdict.state === 'settled' ? isRight(verdict, classification.labels[verdict.field]) : null,
  ])
  return { id, by: [...people].sort().join(', '), right: Object.fromEntries(right) }
}
