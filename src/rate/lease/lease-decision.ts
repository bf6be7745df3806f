/** The decision behind one lease renewal: how much of the cluster's budget a replica may start.
 *
 * Pure, with the database's clock as the only one. Leases never add up to more than the budget, because a replica whose
 * lease shrinks counts with the larger lease until it has confirmed the smaller one or the larger one has ended.
 */
import type { Budget, BudgetState, Holder, LeaseDecision, LeaseGrant, LeaseRequest, LeaseState } from '../types.ts'
import {
  effectiveBudget,
  paceFactor,
  pausedMs,
  unrefusedBudget,
  withAccount,
  withPause,
  withReminder,
} from './cluster-budget.ts'
import { fairShares, keepNear, smoothDemand, sum } from './fair-share.ts'

/** Milliseconds that a lease lasts without a renewal. */
export const LEASE_MS = 4_000
/** Milliseconds after which a replica renews at the latest. */
export const RENEWAL_MS = 2_000
/**
 * A replica that is short of budget renews again after this many milliseconds, or later where there are many replicas.
 */
const SHORT_RENEWAL_MS = 250
/**
 * For each replica of the cluster, a replica that is short of budget waits this many milliseconds before it renews
 * again, so that many short replicas load the database no more than a few do.
 */
const SHORT_RENEWAL_MS_PER_REPLICA = 25
/** A replica asks for the part of another one this many milliseconds after the other's lease has ended. */
const TAKEOVER_MS = 50

/**
 * A replica with less than this part of its fair part is short of budget where it has more to start than its lease
 * allows until the next renewal.
 */
const SHORT_PART = 0.9
/** A replica with less than this part of its fair part is short of budget whatever it has to start. */
const STARVED_PART = 0.5
/**
 * Sums of fractions differ in their last digits; a lease that is smaller by no more than this factor counts as equal.
 */
const ROUNDING_FACTOR = 1 + 1e-6
/** The row of a dead replica is deleted this many milliseconds after the end of its lease. */
const FORGET_MS = 60_000

/**
 * Decides `request` at `now`, the database's clock in milliseconds since 1970. Null where a later request of the same
 * replica was decided before: the replica ignores the answer to the earlier one.
 */
export function decideLease(state: LeaseState, request: LeaseRequest, now: number): LeaseDecision | null {
  const known = state.holders.find((holder) => holder.replicaId === request.replicaId)
  if (known !== undefined && request.number <= known.leaseNumber) return null
  const others = state.holders.filter((holder) => holder !== known && holder.expiresAt > now)
  const own = known !== undefined && known.expiresAt > now ? known : undefined
  const budget = withPause(withReported(state.budget, request, now), request.pauseMs, now, request.pauseReason)
  const total = effectiveBudget(budget, now)

  const demand = smoothDemand(request.demand, known, now)
  const startsOfAll = (total.rpm * RENEWAL_MS) / 60_000
  const fair = fairShares([...others.map((other) => remainingDemand(other, now)), demand], startsOfAll)
  const fairShare = fair.at(-1) ?? 1
  const isAnyShort = others.some(({ leasedRpm }, index) => leasedRpm < SHORT_PART * (fair[index] ?? 0) * total.rpm)
  const share = isAnyShort ? fairShare : keepNear(own?.share, fairShare)

  const holdsLatest = own !== undefined && request.heldNumber === own.leaseNumber
  const rpm = allot({
    total: total.rpm,
    share,
    others: sum(others.map((other) => other.countedRpm)),
    held: own === undefined ? 0 : holdsLatest ? own.leasedRpm : own.countedRpm,
  })
  const tpm = allot({
    total: total.tpm,
    share,
    others: sum(others.map((other) => toInfinity(other.countedTpm))),
    held: own === undefined ? 0 : toInfinity(holdsLatest ? own.leasedTpm : own.countedTpm),
  })

  // What others still hold may leave less than the share. It is the lease that takes turns and that a later share is near to.
  const heldShare = rpm.leased * ROUNDING_FACTOR < share * total.rpm ? rpm.leased / total.rpm : share
  const part = Math.min(rpm.leased / total.rpm, total.tpm === Number.POSITIVE_INFINITY ? 1 : tpm.leased / total.tpm)
  const isInNeed = part < STARVED_PART * fairShare || demand > part * startsOfAll
  // A replica renews often only where it has less than its fair part by the demands as they were reported. The others
  // have worked off some of theirs since, but give up a part only when they renew themselves.
  const reportedShare = fairShares([...others.map((other) => other.demand), demand], startsOfAll).at(-1) ?? 1
  const isShort = isInNeed && part < SHORT_PART * reportedShare
  const isSmaller = rpm.counted > rpm.leased * ROUNDING_FACTOR || tpm.counted > tpm.leased * ROUNDING_FACTOR
  const lease: Budget = { requestsPerMinute: rpm.leased, tokensPerMinute: toNull(tpm.leased) }
  return {
    budget,
    holder: {
      replicaId: request.replicaId,
      name: request.name,
      demand,
      inFlight: request.inFlight,
      share: heldShare,
      leasedRpm: rpm.leased,
      leasedTpm: toNull(tpm.leased),
      countedRpm: rpm.counted,
      countedTpm: toNull(tpm.counted),
      leaseNumber: request.number,
      expiresAt: now + LEASE_MS,
      seenAt: now,
      memoryBytes: request.memoryBytes ?? null,
      version: request.version ?? null,
    },
    removed: state.holders.flatMap((holder) => (holder.expiresAt < now - FORGET_MS ? [holder.replicaId] : [])),
    grant: {
      number: request.number,
      lease,
      leaseMs: LEASE_MS,
      renewInMs: isSmaller && others.length > 0 ? 0 : nextRenewalMs(others, isShort, now),
      pausedMs: pausedMs(budget, now),
      paceFactor: paceFactor(budget, now),
      budget: { requestsPerMinute: total.rpm, tokensPerMinute: toNull(total.tpm) },
      replicas: others.length + 1,
      decidedAt: now,
      turns: turnsOf(budget, now, others, { replicaId: request.replicaId, share: heldShare }),
    },
  }
}

type ShareOf = Pick<Holder, 'replicaId' | 'share'>

/**
 * Whose turn it is: the parts of the budget as it is without refusals, which change with the leases alone. By the pace after
 * refusals, which rises all the time, the replicas would not agree.
 */
function turnsOf(budget: BudgetState, now: number, others: readonly ShareOf[], own: ShareOf): LeaseGrant['turns'] {
  const holders = [...others, own].sort((a, b) => (a.replicaId < b.replicaId ? -1 : 1))
  return {
    intervalMs: 60_000 / unrefusedBudget(budget, now).rpm,
    parts: holders.map(({ share }) => share),
    own: holders.indexOf(own),
  }
}

function withReported(budget: BudgetState, { account, knownAccount }: LeaseRequest, now: number): BudgetState {
  return withAccount(withReminder(budget, knownAccount, now), account, now)
}

/**
 * The demand that a holder has left if it has used its whole lease since it reported. Where all replicas work off a
 * backlog, older reports look larger than the demand of the replica that renews now, which would give up a part that
 * then lies idle until another one renews.
 */
function remainingDemand({ demand, leasedRpm, seenAt }: Holder, now: number): number {
  return Math.max(0, demand - (leasedRpm * Math.max(0, now - seenAt)) / 60_000)
}

/**
 * Divides one budget of `total` a minute. `others` is what all other replicas may be using, `held` what this replica
 * may be using until the answer reaches it. `leased` is the new lease, `counted` what the replica is to count with from
 * now on.
 */
function allot(of: { total: number; share: number; others: number; held: number }): {
  readonly leased: number
  readonly counted: number
} {
  if (of.total === Number.POSITIVE_INFINITY) return { leased: of.total, counted: of.total }
  const leased = Math.min(of.share * of.total, Math.max(0, of.total - of.others))
  return { leased, counted: Math.max(leased, of.held) }
}

function nextRenewalMs(others: readonly Holder[], isShort: boolean, now: number): number {
  if (isShort)
    return Math.min(RENEWAL_MS, Math.max(SHORT_RENEWAL_MS, SHORT_RENEWAL_MS_PER_REPLICA * (others.length + 1)))
  // A living replica renews before its lease ends; the part of a dead one can be taken as soon as it has ended.
  const firstEnd = Math.min(...others.map(({ expiresAt }) => expiresAt - now))
  return Math.min(RENEWAL_MS, Math.max(SHORT_RENEWAL_MS, firstEnd + TAKEOVER_MS))
}

/** Rows hold null for tokens without a bound, and sums count them as Infinity. */
function toInfinity(tpm: number | null): number {
  return tpm ?? Number.POSITIVE_INFINITY
}

/** The inverse of `toInfinity`. */
function toNull(tpm: number): number | null {
  return tpm === Number.POSITIVE_INFINITY ? null : tpm
}
