/** A lease as its replica sees it: on its own clock, and shrinking where no renewal comes. Pure. */
import type { Budget, LeaseGrant } from '../types.ts'

/** How long before the database thinks so a lease ends here: no two clocks run alike, and a start takes a moment. */
const MARGIN_MS = 100
/** A renewal that is late by no more than this costs nothing. */
const FULL_MS = 2_600
const SMALL = 0.9

export interface HeldLease {
  readonly number: number
  readonly lease: Budget
  /** Less than an equal part: more work is a reason to ask for more. */
  readonly isSmall: boolean
  /** Milliseconds of the replica's own clock, one that never goes back. */
  readonly fullUntil: number
  readonly endsAt: number
}

/** `sentAt`: before the request was sent, so that the lease ends here before the database counts it as ended. */
export function holdLease(grant: LeaseGrant, sentAt: number): HeldLease {
  const endsAt = sentAt + grant.leaseMs - MARGIN_MS
  const { number, lease, budget, replicas } = grant
  const isSmall = lease.requestsPerMinute < (SMALL * budget.requestsPerMinute) / replicas
  return { number, lease, isSmall, fullUntil: Math.min(sentAt + FULL_MS, endsAt), endsAt }
}

/**
 * What the replica may start from `now` on, if it looks again within `stepMs`: all of the lease while renewals come,
 * then in a straight line down to nothing at its end. Never more than a moment before.
 */
export function paceOf(held: HeldLease | undefined, now: number, stepMs: number): Budget {
  if (held === undefined) return { requestsPerMinute: 0, tokensPerMinute: null }
  const { requestsPerMinute, tokensPerMinute } = held.lease
  // The pace stands until the next look, so it is that of the end of the step.
  const part = partAt(held, now + stepMs)
  // No limiter should have to divide by no tokens: no requests says the same.
  if (part === 0 || tokensPerMinute === 0) {
    return { requestsPerMinute: 0, tokensPerMinute: tokensPerMinute === 0 ? null : tokensPerMinute }
  }
  return {
    requestsPerMinute: requestsPerMinute * part,
    tokensPerMinute: tokensPerMinute === null ? null : tokensPerMinute * part,
  }
}

function partAt({ fullUntil, endsAt }: HeldLease, now: number): number {
  if (now <= fullUntil) return 1
  return Math.max(0, (endsAt - now) / (endsAt - fullUntil))
}
