/** The cluster's budget and who holds which part of it, in words for an operator. Pure. */

import type { BudgetReport, LeaseState } from '../types.ts'
import { accountLimits, effectiveBudget, paceFactor, pausedMs } from './cluster-budget.ts'

/** `now` by the database's clock. */
export function reportBudget({ budget, holders }: LeaseState, now: number): BudgetReport {
  const total = effectiveBudget(budget, now)
  return {
    budget: { requestsPerMinute: budget.rpm, tokensPerMinute: budget.tpm },
    safety: budget.safety,
    paceFactor: paceFactor(budget, now),
    pausedMs: pausedMs(budget, now),
    account: accountLimits(budget, now),
    replicas: holders
      .filter((holder) => holder.expiresAt > now)
      .map(({ name, leasedRpm, leasedTpm, demand, expiresAt }) => ({
        name,
        share: Math.min(1, leasedRpm / total.rpm),
        lease: { requestsPerMinute: leasedRpm, tokensPerMinute: leasedTpm },
        demand,
        expiresInMs: expiresAt - now,
      }))
      .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
  }
}
