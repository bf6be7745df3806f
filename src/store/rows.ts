/** Parts of the zod schemas for rows of the database, shared by the files of the store that read answers and results. */
import { z } from 'zod'

/**
 * A value of a codebook's field, checked for nothing but being a text: an older row may hold a value that the codebook of
 * this release no longer has.
 */
export const codebookValue = <T extends string>() => z.custom<T>((value) => typeof value === 'string' && value !== '')

/** How sure an answer or a result is, from 0 to 1. */
export const confidence = z.number().min(0).max(1)

/** A jsonb column that the store itself wrote from a `T`; only its being an object is checked. */
export const storedObject = <T>() => z.custom<T>((value) => typeof value === 'object' && value !== null)
