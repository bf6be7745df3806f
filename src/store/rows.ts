/** Parts of the zod schemas for rows of the database, shared by the files of the store that read answers and results. */
import { z } from 'zod'
import type { Labels } from '../classification/types.ts'
import { isRecord } from '../lib/json/json.ts'

/** How sure an answer or a result is, from 0 to 1. */
export const confidence = z.number().min(0).max(1)

/**
 * Labels by field. Only their form is checked: an older row may hold a field or a value that the codebook of today no longer
 * has.
 */
export const labels = byField<Labels[string]>(
  (value) => isLabel(value) || (Array.isArray(value) && value.every(isText)),
)

/** The confidence of each label, by field. */
export const confidenceByField = byField<number>((value) => typeof value === 'number' && value >= 0 && value <= 1)

/** A text for each field, such as the source of its label. */
export const textByField = byField<string>(isText)

/** An object in which each value passes the check. A schema of zod does the same, and takes several times as long as all else of a row. */
function byField<Value>(isValue: (value: unknown) => boolean) {
  return z.custom<Readonly<Record<string, Value>>>().superRefine((object: unknown, context) => {
    if (!isRecord(object)) return context.addIssue('no object')
    for (const name of Object.keys(object)) {
      if (!isValue(object[name])) context.addIssue({ code: 'custom', path: [name], message: 'another form' })
    }
  })
}

function isLabel(value: unknown): boolean {
  return isText(value) || typeof value === 'number' || value === null
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

/** A jsonb column that the store itself wrote from a `T`; only its being an object is checked. */
export const storedObject = <T>() => z.custom<T>((value) => typeof value === 'object' && value !== null)
