/** The schema of a name or an id in a question. */
import { z } from 'zod'
import { cleanText } from '../../classification/clean-text.ts'

export const idSchema = z
  .string()
  .trim()
  .min(1, { error: 'must not be empty' })
  .max(256, { error: 'must be at most 256 characters' })
  .refine((value) => cleanText(value) === value, { error: 'must hold no control characters' })
