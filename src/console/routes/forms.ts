/** Reads the forms and bodies that pages send, and says of a wrong one which field it is and what it must be. */
import { z } from 'zod'
import { MAX_COST_USD } from '../../classification/batch-request.ts'
import { ServiceError } from '../../errors.ts'

const COST = /^\d{1,7}(?:[.,]\d{1,6})?$/
/** A comma before three digits may stand for thousands as well, unless nothing but zeros stands before it. */
const IN_THOUSANDS = /^0*[1-9]\d*,\d{3}$/
const error = `must be a number of US dollars up to ${MAX_COST_USD}, such as 2.50 or 1000`

function isCost(text: string): boolean {
  return COST.test(text) && !IN_THOUSANDS.test(text) && toUsd(text) <= MAX_COST_USD
}

function toUsd(text: string): number {
  return Number(text.replace(',', '.'))
}

/** What a run may cost, in US dollars. */
export const costField = z.string().trim().refine(isCost, { error }).transform(toUsd)

/** The same where the field may stay empty. */
export const optionalCostField = z
  .string()
  .trim()
  .refine((text) => text === '' || isCost(text), { error })
  .transform((text) => (text === '' ? undefined : toUsd(text)))
  .optional()

/** The fields as the pages name them, where they do not go by their own name. */
const FIELD_TITLES: Readonly<Record<string, string>> = {
  max_cost: 'May cost at most',
  rpm: 'Requests a minute',
  tpm: 'Tokens a minute',
  catalogue: 'Name of the catalogue',
}

/** The fields of a form. Throws input-invalid with the sentence of the first that is wrong. */
export function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body ?? {})
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const key = issue?.path.join('.') ?? ''
  const field = FIELD_TITLES[key] ?? key
  throw new ServiceError(
    'input-invalid',
    field === '' ? 'The form is wrong' : `${field}: ${issue?.message ?? 'is wrong'}`,
  )
}
