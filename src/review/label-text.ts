/** Labels as texts for people: codes stand with their titles. */
import { labelText } from '../catalogue/results-writer.ts'
import type { LabelValue } from '../classification/types.ts'
import { titledCode } from '../codebooks/code-list.ts'
import type { Codebook } from '../codebooks/codebook.ts'

/** Writes a label, in which the codes of a code list have their titles; "" for no label. */
export function shownLabel(codebook: Codebook | undefined, field: string, label: LabelValue): string {
  const type = codebook?.field.get(field)?.type
  if (type?.kind !== 'codes' || label === null) return labelText(label)
  return [label]
    .flat()
    .map((code) => titledCode(type.list, String(code)))
    .join('; ')
}
