/** Chooses the fields that are scored, and compares labels with those that a person gave. */

import { meansTheSame } from '../classification/fields.ts'
import type { Labels } from '../classification/types.ts'
import type { Codebook, Field } from '../codebooks/codebook.ts'
import type { GoldRow } from './gold-file.ts'

/** Returns the fields of the codebook that at least one row labels, in the order of the codebook. */
export function scoredFields({ fields }: Codebook, rows: readonly GoldRow[]): Field[] {
  return fields.filter((field) => rows.some((row) => isLabelled(row, field)))
}

export function isLabelled({ labels }: GoldRow, { name }: Field): boolean {
  return Object.hasOwn(labels, name)
}

/** Returns those of `fields` that the row labels. */
export function labelledFields(row: GoldRow, fields: readonly Field[]): Field[] {
  return fields.filter((field) => isLabelled(row, field))
}

/** Whether the label in `field` of `got` equals the label that a person gave. */
export function isRight({ labels }: GoldRow, field: Field, got: Labels): boolean {
  return meansTheSame(field, labels[field.name], got[field.name] ?? null)
}
