/** A lease on the clock of the replica that holds it: how much it allows, less and less where no renewal comes. Pure. */
import type { Budget, LeaseGrant } from '../types.ts'

/**
 * A lease ends this many milliseconds earlier for its replica than in the database, because two clocks do not run alike
 * and a request leaves a moment after its permit.
 */
const END_MARGIN_MS = 100
/**
 * A lease allows its whole budget for this many milliseconds after its renewal was sent. Renewals come every two
 * seconds, so a lease shrinks only where one is late.
 */
const FULL_MS = 2_600
/** A lease is small below this part of an equal part of the budget. */
const SMALL_PART = 0.9

export interface LocalLease {
  readonly number: number
  readonly budget: Budget
  /** True where the lease is smaller than an equal part, so that a replica with more work asks for more at once. */
  readonly isSmall: boolean
  /** Until this time the lease allows all of its budget. Milliseconds of the replica's clock, as `endsAt`. */
  readonly fullUntil: number
  readonly endsAt: number
}

/**
 * The lease of `grant` for a request that was sent at `sentAt` by the replica's clock. Its life counts from before the
 * request, so it ends here before the database gives its part to other replicas.
 */
export function toLocalLease(grant: LeaseGrant, sentAt: number): LocalLease {
  const endsAt = sentAt + grant.leaseMs - END_MARGIN_MS
  const { number, lease, budget, replicas } = grant
  const isSmall = lease.requestsPerMinute < (SMALL_PART * budget.requestsPerMinute) / replicas
  return { number, budget: lease, isSmall, fullUntil: Math.min(sentAt + FULL_MS, endsAt), endsAt }
}

/**
 * What the replica may start a minute from `now` until it looks again after `stepMs`: the whole lease while renewals
 * come, then less along a straight line that ends at 0 with the lease. The result never grows without a new lease.
 */
export function allowedBudget(lease: LocalLease | undefined, now: number, stepMs: number): Budget {
  if (lease === undefined) return { requestsPerMinute: 0, tokensPerMinute: null }
  const { requestsPerMinute, tokensPerMinute } = lease.budget
  // The replica goes by this budget until its next look, so it is what the line allows at the end of the step.
  const part = partAt(lease, now + stepMs)
  // A budget without tokens allows no request. It is given as a budget of 0 requests, which spares the limiter
  // divisions by 0.
  if (part === 0 || tokensPerMinute === 0) {
    return { requestsPerMinute: 0, tokensPerMinute: tokensPerMinute === 0 ? null : tokensPerMinute }
  }
  return {
    requestsPerMinute: requestsPerMinute * part,
    tokensPerMinute: tokensPerMinute === null ? null : tokensPerMinute * part,
  }
}

function partAt({ fullUntil, endsAt }: LocalLease, now: number): number {
  if (now <= fullUntil) return 1
  return Math.max(0, (endsAt - now) / (endsAt - fullUntil))
}
