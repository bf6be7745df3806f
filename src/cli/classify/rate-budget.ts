/** Reads the rate budget of the running service for estimates, and changes the budget for the options --rpm and --tpm. */
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import type { ServiceClient } from '../client/service.ts'
import { formatCount } from '../ui/terminal.ts'

const limit = z.number().min(0)

/** The fields that the command line reads from an answer of the handler classify-api/budget. */
const budgetSchema = z.looseObject({
  /** The limit of requests to the model a minute. */
  rpm: limit,
  /** The limit of tokens a minute; null where tokens are not limited. */
  tpm: limit.nullable(),
  /** The share, from 0 to 1, of the rate budget that the service uses. */
  safety: z.number().min(0).max(1),
  /** The limits that the model's provider has announced for the account; null where the provider announced none. */
  account: z.looseObject({ rpm: limit.nullable(), tpm: limit.nullable() }).optional(),
})

export type BudgetReport = z.infer<typeof budgetSchema>

/** The values of the options --rpm and --tpm; an option that was not given is absent. */
export interface BudgetFlags {
  readonly rpm?: number
  readonly tpm?: number
}

/**
 * Sets the given limits for all replicas; the limits stay in force after the run. The history says that `by` set them. Resolves with the new budget. Rejects
 * with ServiceError where the service does not answer, or where an older release of it has no handler for the budget.
 */
export async function setBudget(
  service: ServiceClient,
  { rpm, tpm }: BudgetFlags,
  by: string | undefined,
  signal: AbortSignal,
): Promise<BudgetReport> {
  const body = {
    ...(rpm === undefined ? {} : { rpm }),
    ...(tpm === undefined ? {} : { tpm }),
    ...(by === undefined ? {} : { by }),
  }
  const budget = await service.ask({ handler: 'budget', body, schema: budgetSchema, signal })
  if (budget !== undefined) return budget
  const reason = 'the running service is of an earlier release and cannot change its budget'
  const advice = 'restart it with this release, or set RATE_RPM where it runs'
  throw new ServiceError('input-invalid', `--rpm and --tpm: ${reason}: ${advice}`)
}

/**
 * Reads the budget that is in force; resolves with undefined where an older release of the service has no handler for
 * the budget.
 */
export async function readBudget(service: ServiceClient, signal: AbortSignal): Promise<BudgetReport | undefined> {
  return await service.ask({ handler: 'budget', body: {}, schema: budgetSchema, signal })
}

export function formatBudget({ rpm, tpm, safety }: Pick<BudgetReport, 'rpm' | 'tpm' | 'safety'>): string {
  const tokens = tpm === null ? 'no limit on tokens' : `${formatCount(tpm)} tokens a minute`
  return `${formatCount(rpm)} requests a minute, ${tokens} (paced at ${safety} of it)`
}
