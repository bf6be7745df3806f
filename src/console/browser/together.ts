/** Which rules of the codebook labels break that do not go together, before they are sent. Pure. */
import { words } from '../page/format.ts'
import type { TogetherRule } from '../page/review-page.ts'
import type { Label } from './review-types.ts'

/** The label of a field; undefined where nobody has said or can tell what it is. */
type LabelOf = (field: string) => Label | undefined

/** The rules that the labels break, those that no label may break first. A rule with a field that is not known is left out. */
export function brokenRules(rules: readonly TogetherRule[], labelOf: LabelOf): readonly TogetherRule[] {
  const broken = rules.filter(({ when, require, forbid }) => {
    const fields = Object.keys({ ...when, ...require, ...forbid })
    if (fields.some((field) => labelOf(field) === undefined) || !meets(labelOf, when)) return false
    return (require !== null && !meets(labelOf, require)) || (forbid !== null && meets(labelOf, forbid))
  })
  return broken.toSorted((a, b) => Number(b.blocks) - Number(a.blocks))
}

/** The sentence of a rule, with the labels that break it. */
export function sentenceOf({ message }: TogetherRule, labelOf: LabelOf): string {
  return message.replace(/\{([a-z0-9_]+)\}/g, (whole, field: string) => {
    const label = labelOf(field)
    return label === undefined
      ? whole
      : words(
          [label]
            .flat()
            .map((one) => String(one ?? 'none'))
            .join(', '),
        )
  })
}

function meets(labelOf: LabelOf, conditions: Readonly<Record<string, readonly string[]>>): boolean {
  return Object.entries(conditions).every(([field, wanted]) =>
    [labelOf(field) ?? null].flat().some((one) => one !== null && wanted.includes(String(one))),
  )
}
