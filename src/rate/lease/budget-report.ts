/** The cluster's budget and the parts that the replicas hold of it, as an operator sees them. Pure. */
import type { BudgetReport, LeaseState } from '../types.ts'
import { accountLimits, effectiveBudget, paceFactor, pausedMs, pauseOf } from './cluster-budget.ts'

/** `now` is the database's clock in milliseconds since 1970. Replicas are sorted by name, numbers in names by value. */
export function reportBudget({ budget, holders }: LeaseState, now: number): BudgetReport {
  const total = effectiveBudget(budget, now)
  return {
    budget: { requestsPerMinute: budget.rpm, tokensPerMinute: budget.tpm },
    safety: budget.safety,
    paceFactor: paceFactor(budget, now),
    pausedMs: pausedMs(budget, now),
    pause: pauseOf(budget, now),
    account: accountLimits(budget, now),
    replicas: holders
      .filter((holder) => holder.expiresAt > now)
      .map(({ name, leasedRpm, leasedTpm, demand, inFlight, expiresAt, memoryBytes = null, version = null }) => ({
        name,
        share: Math.min(1, leasedRpm / total.rpm),
        lease: { requestsPerMinute: leasedRpm, tokensPerMinute: leasedTpm },
        demand,
        inFlight,
        ...(memoryBytes === null ? {} : { memoryBytes }),
        ...(version === null ? {} : { version }),
        expiresInMs: expiresAt - now,
      }))
      .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
  }
}
