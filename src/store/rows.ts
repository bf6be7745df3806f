/** Parts of the zod schemas for rows of the database, shared by the files of the store that read answers and results. */
import { z } from 'zod'

/** How sure an answer or a result is, from 0 to 1. */
export const confidence = z.number().min(0).max(1)

/**
 * Labels by field. Only their form is checked: an older row may hold a field or a value that the codebook of today no longer
 * has.
 */
export const labels = z.record(z.string(), z.union([z.string(), z.number(), z.null(), z.array(z.string())]))

/** The confidence of each label, by field. */
export const confidenceByField = z.record(z.string(), confidence)

/** A jsonb column that the store itself wrote from a `T`; only its being an object is checked. */
export const storedObject = <T>() => z.custom<T>((value) => typeof value === 'object' && value !== null)
