/** Labels as texts for people: codes stand with their titles. */
import { labelText } from '../catalogue/results-writer.ts'
import type { LabelValue } from '../classification/types.ts'
import { type CodeList, pathOf } from '../codebooks/code-list.ts'
import type { Codebook } from '../codebooks/codebook.ts'

/** Writes a code with its title and those of its parents, as in "3118 Bakeries (Manufacturing > Food manufacturing)". */
export function titledCode(list: CodeList, code: string): string {
  const titles = pathOf(list, code)
  const title = titles.pop()
  if (title === undefined) return code
  return `${code} ${title}${titles.length === 0 ? '' : ` (${titles.join(' > ')})`}`
}

/** Writes a label, in which the codes of a code list have their titles; "" for no label. */
export function shownLabel(codebook: Codebook | undefined, field: string, label: LabelValue): string {
  const type = codebook?.field.get(field)?.type
  if (type?.kind !== 'codes' || label === null) return labelText(label)
  return [label]
    .flat()
    .map((code) => titledCode(type.list, String(code)))
    .join('; ')
}
