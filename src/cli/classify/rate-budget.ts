/** The rate budget of the running service, as the options --rpm and --tpm set it and an estimate reads it. */
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import type { ServiceClient } from '../client/service.ts'
import { formatCount } from '../ui/terminal.ts'

const limit = z.number().min(0)

/** The part of the answer of classify-api/budget that the command line relies on. */
const budgetSchema = z.looseObject({
  /** Requests a minute. */
  rpm: limit,
  /** Tokens a minute; null without a limit. */
  tpm: limit.nullable(),
  /** The share of the budget, from 0 to 1, at which requests are paced. */
  safety: z.number().min(0).max(1),
  /** The limits that the provider has announced for the account. */
  account: z.looseObject({ rpm: limit.nullable(), tpm: limit.nullable() }).optional(),
})

export type BudgetReport = z.infer<typeof budgetSchema>

/** The values of --rpm and --tpm, as far as they were given. */
export interface BudgetFlags {
  readonly rpm?: number
  readonly tpm?: number
}

/**
 * Sets the given limits for all replicas; they stay in force after the run. Resolves with the new budget. Rejects with
 * ServiceError where the service does not answer, or is of an earlier release without such a handler.
 */
export async function setBudget(
  service: ServiceClient,
  { rpm, tpm }: BudgetFlags,
  signal: AbortSignal,
): Promise<BudgetReport> {
  const body = { ...(rpm === undefined ? {} : { rpm }), ...(tpm === undefined ? {} : { tpm }) }
  const budget = await service.ask({ handler: 'budget', body, schema: budgetSchema, signal })
  if (budget !== undefined) return budget
  const reason = 'the running service is of an earlier release and cannot change its budget'
  const advice = 'restart it with this release, or set RATE_RPM where it runs'
  throw new ServiceError('input-invalid', `--rpm and --tpm: ${reason}: ${advice}`)
}

/** The budget that is in force; undefined where the service is of a release without such a handler. */
export async function readBudget(service: ServiceClient, signal: AbortSignal): Promise<BudgetReport | undefined> {
  return await service.ask({ handler: 'budget', body: {}, schema: budgetSchema, signal })
}

export function formatBudget({ rpm, tpm, safety }: Pick<BudgetReport, 'rpm' | 'tpm' | 'safety'>): string {
  const tokens = tpm === null ? 'no limit on tokens' : `${formatCount(tpm)} tokens a minute`
  return `${formatCount(rpm)} requests a minute, ${tokens} (paced at ${safety} of it)`
}
