/** Reads the forms and bodies that pages send, and says of a wrong one which field it is and what it must be. */
import { z } from 'zod'
import { MAX_COST_USD } from '../../classification/batch-request.ts'
import { ServiceError } from '../../errors.ts'

const COST = /^\d{1,7}(?:\.\d{1,6})?$/
const error = `must be a number of US dollars up to ${MAX_COST_USD}, such as 2.50`

function isCost(text: string): boolean {
  return COST.test(text) && Number(text) <= MAX_COST_USD
}

/** What a run may cost, in US dollars. */
export const costField = z.string().trim().refine(isCost, { error }).transform(Number)

/** The same where the field may stay empty. */
export const optionalCostField = z
  .string()
  .trim()
  .refine((text) => text === '' || isCost(text), { error })
  .transform((text) => (text === '' ? undefined : Number(text)))
  .optional()

/** The fields of a form. Throws input-invalid with the sentence of the first that is wrong. */
export function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body ?? {})
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.') ?? ''
  throw new ServiceError(
    'input-invalid',
    field === '' ? 'The form is wrong' : `${field}: ${issue?.message ?? 'is wrong'}`,
  )
}
