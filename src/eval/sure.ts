/** Counts the rows of which the rules are sure, and those of them that are right. */
import type { Labels } from '../classification/types.ts'
import type { Field } from '../codebooks/codebook.ts'
import { isRight, labelledFields } from './fields.ts'
import type { ScoredRow } from './prediction.ts'

/** Whether every label that a person gave in `fields` agrees with `labels`. */
export function areAllRight({ row }: Pick<ScoredRow, 'row'>, fields: readonly Field[], labels: Labels): boolean {
  return labelledFields(row, fields).every((field) => isRight(row, field, labels))
}

/** Of the `n` rows that label any of `fields`, those in which the rules are sure of all such fields, and those that they read right. */
export function countSure(scored: readonly ScoredRow[], fields: readonly Field[]) {
  const rows = scored.filter(({ row }) => labelledFields(row, fields).length > 0)
  const sure = rows.filter(({ row, prediction }) =>
    labelledFields(row, fields).every(({ name }) => prediction.findings[name]?.sure === true),
  )
  const right = sure.filter((one) => areAllRight(one, fields, one.prediction.ruleLabels)).length
  return { n: rows.length, sure: sure.length, right }
}
