/** Chooses wrong labels, for the modes and faults in which the offline model answers wrongly on purpose. */
import type { ParsedPromptItem } from '../classification/user-prompt.ts'
import { type AnswerLabel, candidatesOf, type Question } from './answer-strategy.ts'

/**
 * Returns a value of the label's field other than the label's own, chosen by the random number `draw`, from 0 to 1
 * (exclusive): another candidate of a code list, another value of the schema, or null. Where the schema names no other
 * value, as for a text that is never null, the label's own value is returned.
 */
export function otherLabel(
  { field, value }: AnswerLabel,
  draw: number,
  item: ParsedPromptItem | undefined,
  forms: Question['forms'],
): unknown {
  const form = forms.get(field)
  const held: readonly unknown[] = Array.isArray(value) ? value : [value]
  const candidates = item === undefined ? [] : candidatesOf(item, field)
  const listed = candidates.length > 0 ? candidates : (form?.values ?? [])
  const others = [...listed, ...(form?.isNullable === true ? [null] : [])].filter((one) => !held.includes(one))
  if (others.length === 0) return typeof value === 'number' ? value + 1 : value
  const other = others[Math.floor(draw * others.length)]
  return form?.isMulti === true && other !== null ? [other] : other
}
