/**
 * Who may start how much: the decision behind one renewal. Pure. The only clock in it is the database's, and what it
 * gives never adds up to more than the budget: a replica whose lease shrinks counts with the larger one until it has
 * said that it holds the smaller one, or until that has ended.
 */

import type { Budget, BudgetState, Holder, LeaseDecision, LeaseRequest, LeaseState } from '../types.ts'
import { effectiveBudget, paceFactor, pausedMs, withAccount, withPause, withReminder } from './cluster-budget.ts'
import { fairShares, keepNear, smoothDemand, sum } from './fair-share.ts'

export const LEASE_MS = 4_000
export const RENEWAL_MS = 2_000
/** One that has less than it should asks again so soon; many at once take turns. */
const HUNGRY_MS = 250
const HUNGRY_MS_PER_REPLICA = 25
/** How long after another's lease has ended its part is asked for. */
const TAKEOVER_MS = 50

/** With less than this of its part a replica is short, if it has more to do than it may start until the next renewal. */
const SHORT_OF = 0.9
/** With less than this it is short in any case. */
const STARVED_OF = 0.5
/** Sums of parts differ in their last digits: that is no smaller lease. */
const ROUNDING = 1 + 1e-6
/** Rows of replicas that are dead for so long are removed. */
const FORGET_MS = 60_000

/** Null: a later request of the same replica was first, and its answer counts. */
export function decideLease(state: LeaseState, request: LeaseRequest, now: number): LeaseDecision | null {
  const known = state.holders.find((holder) => holder.replicaId === request.replicaId)
  if (known !== undefined && request.number <= known.leaseNumber) return null
  const others = state.holders.filter((holder) => holder !== known && holder.expiresAt > now)
  const own = known !== undefined && known.expiresAt > now ? known : undefined
  const budget = withPause(withNews(state.budget, request, now), request.pauseMs, now)
  const total = effectiveBudget(budget, now)

  const demand = smoothDemand(request.demand, known, now)
  const startsOfAll = (total.rpm * RENEWAL_MS) / 60_000
  const fair = fairShares([...others.map((other) => openDemand(other, now)), demand], startsOfAll)
  const fairShare = fair.at(-1) ?? 1
  const isAnyShort = others.some(({ leasedRpm }, index) => leasedRpm < SHORT_OF * (fair[index] ?? 0) * total.rpm)
  const share = isAnyShort ? fairShare : keepNear(own?.share, fairShare)

  const holdsLast = own !== undefined && request.heldNumber === own.leaseNumber
  const rpm = allot({
    total: total.rpm,
    share,
    others: sum(others.map((other) => other.countedRpm)),
    held: own === undefined ? 0 : holdsLast ? own.leasedRpm : own.countedRpm,
  })
  const tpm = allot({
    total: total.tpm,
    share,
    others: sum(others.map((other) => bound(other.countedTpm))),
    held: own === undefined ? 0 : bound(holdsLast ? own.leasedTpm : own.countedTpm),
  })

  const part = Math.min(rpm.leased / total.rpm, total.tpm === Number.POSITIVE_INFINITY ? 1 : tpm.leased / total.tpm)
  const isInNeed = part < STARVED_OF * fairShare || demand > part * startsOfAll
  // By what the others told: less than what they would have now, so that nobody asks in a hurry for what none will give.
  const told = fairShares([...others.map((other) => other.demand), demand], startsOfAll).at(-1) ?? 1
  const isShort = isInNeed && part < SHORT_OF * told
  const isSmaller = rpm.counted > rpm.leased * ROUNDING || tpm.counted > tpm.leased * ROUNDING
  const lease: Budget = { requestsPerMinute: rpm.leased, tokensPerMinute: unbound(tpm.leased) }
  return {
    budget,
    holder: {
      replicaId: request.replicaId,
      name: request.name,
      demand,
      share,
      leasedRpm: rpm.leased,
      leasedTpm: unbound(tpm.leased),
      countedRpm: rpm.counted,
      countedTpm: unbound(tpm.counted),
      leaseNumber: request.number,
      expiresAt: now + LEASE_MS,
      seenAt: now,
    },
    removed: state.holders.flatMap((holder) => (holder.expiresAt < now - FORGET_MS ? [holder.replicaId] : [])),
    grant: {
      number: request.number,
      lease,
      leaseMs: LEASE_MS,
      renewInMs: isSmaller && others.length > 0 ? 0 : nextRenewal(others, isShort, now),
      pausedMs: pausedMs(budget, now),
      paceFactor: paceFactor(budget, now),
      budget: { requestsPerMinute: total.rpm, tokensPerMinute: unbound(total.tpm) },
      replicas: others.length + 1,
    },
  }
}

function withNews(budget: BudgetState, { account, knownAccount }: LeaseRequest, now: number): BudgetState {
  return withAccount(withReminder(budget, knownAccount, now), account, now)
}

/**
 * What is left of another's demand if it has used its lease since it told. What was told a moment ago always looks like
 * more than one's own of now, where all work off a backlog: each would give a part away, and it would lie idle until
 * the next one asks. Who is short of rate works off little, and keeps its claim.
 */
function openDemand({ demand, leasedRpm, seenAt }: Holder, now: number): number {
  return Math.max(0, demand - (leasedRpm * Math.max(0, now - seenAt)) / 60_000)
}

/** `others`: all that the others may be using. `held`: all that this one may be using until it has the answer. */
function allot(of: { total: number; share: number; others: number; held: number }): {
  readonly leased: number
  readonly counted: number
} {
  if (of.total === Number.POSITIVE_INFINITY) return { leased: of.total, counted: of.total }
  const leased = Math.min(of.share * of.total, Math.max(0, of.total - of.others))
  return { leased, counted: Math.max(leased, of.held) }
}

function nextRenewal(others: readonly Holder[], isShort: boolean, now: number): number {
  if (isShort) return Math.min(RENEWAL_MS, Math.max(HUNGRY_MS, HUNGRY_MS_PER_REPLICA * (others.length + 1)))
  // One that lives has renewed before; if it has not, its part is free from then on.
  const firstEnd = Math.min(...others.map(({ expiresAt }) => expiresAt - now))
  return Math.min(RENEWAL_MS, Math.max(HUNGRY_MS, firstEnd + TAKEOVER_MS))
}

function bound(tpm: number | null): number {
  return tpm ?? Number.POSITIVE_INFINITY
}

function unbound(tpm: number): number | null {
  return tpm === Number.POSITIVE_INFINITY ? null : tpm
}
