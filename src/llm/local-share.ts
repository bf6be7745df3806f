/** The share of a replica that stands alone: it has a fixed part of the budget, and tells nobody of a pause. */
import type { Budget, ClusterShare, RateLimiter } from './types.ts'

export interface LocalShareOptions {
  readonly limiter: Pick<RateLimiter, 'pause' | 'setBudget'>
  /** Of this replica. */
  readonly budget: Budget
  /** Part of what the account allows that this replica may take, above 0 to 1: safety ÷ replicas. */
  readonly part: number
}

export function createLocalShare({ limiter, budget, part }: LocalShareOptions): ClusterShare {
  return {
    pauseCluster: (ms) => limiter.pause(ms),
    accountAllows({ requestsPerMinute, tokensPerMinute }) {
      limiter.setBudget({
        requestsPerMinute: least(budget.requestsPerMinute, requestsPerMinute, part) ?? budget.requestsPerMinute,
        tokensPerMinute: least(budget.tokensPerMinute, tokensPerMinute, part),
      })
    },
  }
}

function least(own: number | null, allowed: number | null, part: number): number | null {
  if (allowed === null) return own
  return own === null ? allowed * part : Math.min(own, allowed * part)
}
