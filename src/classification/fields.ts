/** Which fields of a codebook a model is asked for, which apply to a record, and which follow from others. */
import { canonicalText } from '../codebooks/canonical-text.ts'
import { type Codebook, type Field, type LabelValue, meets } from '../codebooks/codebook.ts'
import type { Labels, Mode, Reading, Scheme } from './types.ts'

/** Returns the fields that a model may be asked for, in the order of the codebook. */
export function askableFields({ fields }: Codebook): readonly Field[] {
  return fields.filter(({ asked }) => asked)
}

/** Adds to `labels` what follows from them, and sets to null what does not apply. Fields without a value are null. */
export function completeLabels({ fields }: Codebook, labels: Labels): Labels {
  const complete: Record<string, LabelValue> = { ...labels }
  // A condition may point to a field further down, so passes are made until nothing changes.
  for (let pass = 0; pass <= fields.length; pass += 1) {
    let isChanged = false
    for (const field of fields) {
      const value = labelOf(field, labels, complete)
      if (field.name in complete && isSameLabel(complete[field.name], value)) continue
      complete[field.name] = value
      isChanged = true
    }
    if (!isChanged) break
  }
  return Object.fromEntries(fields.map(({ name }) => [name, complete[name] ?? null]))
}

function labelOf(field: Field, given: Labels, complete: Labels): LabelValue {
  const { name, type } = field
  if (!appliesTo(field, complete)) return null
  if (type.kind !== 'derived') return given[name] ?? null
  const from = complete[type.from]
  return typeof from === 'string' || typeof from === 'number' ? (type.valueOf.get(from) ?? null) : null
}

/** Whether the field can have a label, by the labels of the fields that it depends on. */
export function appliesTo({ appliesWhen }: Field, labels: Labels): boolean {
  return appliesWhen === null || meets(labels, appliesWhen)
}

/** Whether two labels are equal. The order of the values in a multi-label field does not count. */
export function isSameLabel(a: LabelValue | undefined, b: LabelValue | undefined): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b
  return a.length === b.length && a.every((value) => b.includes(value))
}

/**
 * Whether two labels of a field say the same to a person. Free text has no list that gives it one spelling, so that its case and
 * white space do not count ("mmbtu" is "MMBtu"); the values of every other field stand in the codebook and are what they are.
 */
export function meansTheSame(field: Field | undefined, a: LabelValue | undefined, b: LabelValue | undefined): boolean {
  if (field?.type.kind !== 'text' || typeof a !== 'string' || typeof b !== 'string') return isSameLabel(a, b)
  return canonicalText(a) === canonicalText(b)
}

/**
 * Returns the names of the fields that rules do not decide alone, so that an answer is wanted for them: all askable fields in
 * mode `model`, those without a decisive finding in mode `hybrid`, none in mode `rules`. Left out are fields that the labels
 * in `decided` or decisive findings rule out, and fields that stand in `decided`.
 */
export function openFields({ codebook }: Scheme, reading: Reading, mode: Mode, decided: Labels = {}): string[] {
  if (mode === 'rules') return []
  const known = mode === 'hybrid' ? { ...decisiveLabels(reading), ...decided } : decided
  const open: string[] = []
  for (const { name, asked, appliesWhen } of codebook.fields) {
    if (!asked || name in known) continue
    if (appliesWhen === null || !isRuledOut(known, appliesWhen)) open.push(name)
  }
  return open
}

/** Returns the labels of the findings that may stand in for a model. */
export function decisiveLabels(reading: Reading): Labels {
  const labels: Record<string, LabelValue> = {}
  for (const name of Object.keys(reading)) {
    const finding = reading[name]
    if (finding !== undefined && isDecisive(finding)) labels[name] = finding.value
  }
  return labels
}

/** Whether a finding may stand in for a model: it is sure, and the evidence of the catalogue does not speak against its rule. */
export function isDecisive(finding: Reading[string] | undefined): boolean {
  return finding?.sure === true && finding.trusted !== false
}

/** Whether a condition fails by labels that are known; a label that is not known yet may still meet it. */
export function isRuledOut(known: Labels, conditions: NonNullable<Field['appliesWhen']>): boolean {
  return Object.entries(conditions).some(([name, wanted]) => name in known && !meets(known, { [name]: wanted }))
}
