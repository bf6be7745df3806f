/** The rate budget of the running service, as the command line sets and reads it. */
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import type { ServiceClient } from '../client/service.ts'
import { formatCount } from '../ui/terminal.ts'

const limit = z.number().min(0)

/** As much of the answer of classify-api/budget as the command line relies on. */
const budgetSchema = z.looseObject({
  rpm: limit,
  tpm: limit.nullable(),
  safety: z.number().min(0).max(1),
  /** What the provider says that the account allows. */
  account: z.looseObject({ rpm: limit.nullable(), tpm: limit.nullable() }).optional(),
})

export type BudgetReport = z.infer<typeof budgetSchema>

export interface BudgetFlags {
  readonly rpm?: number
  readonly tpm?: number
}

/**
 * Sets what is given for every replica, at once and until it is set again. Resolves with the budget as it is now.
 * Rejects where the service is of a release that has no such handler, or does not answer.
 */
export async function setBudget(
  service: ServiceClient,
  { rpm, tpm }: BudgetFlags,
  signal: AbortSignal,
): Promise<BudgetReport> {
  const body = { ...(rpm === undefined ? {} : { rpm }), ...(tpm === undefined ? {} : { tpm }) }
  const budget = await service.ask({ handler: 'budget', body, schema: budgetSchema, signal })
  if (budget !== undefined) return budget
  const way = 'start it anew with this release, or set RATE_RPM where it runs'
  throw new ServiceError('input-invalid', `--rpm and --tpm: the running service cannot change its budget: ${way}`)
}

/** The budget that is in force; undefined where the service does not tell. */
export async function readBudget(service: ServiceClient, signal: AbortSignal): Promise<BudgetReport | undefined> {
  return await service.ask({ handler: 'budget', body: {}, schema: budgetSchema, signal })
}

export function formatBudget({ rpm, tpm, safety }: Pick<BudgetReport, 'rpm' | 'tpm' | 'safety'>): string {
  const tokens = tpm === null ? 'no bound on tokens' : `${formatCount(tpm)} tokens a minute`
  return `${formatCount(rpm)} requests a minute, ${tokens} (paced at ${safety} of it)`
}
