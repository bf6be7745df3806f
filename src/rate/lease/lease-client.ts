/** The lease client of a replica: renews its part of the cluster's budget, sets the limiter by it, and reports pauses to the cluster. */
import type { Logger } from 'pino'
import { messageOf, ServiceError } from '../../errors.ts'
import { createReferenceClock } from '../../lib/reference-clock.ts'
import { withTimeout } from '../../lib/timing.ts'
import type { RateLimiter } from '../limiter/types.ts'
import type { AccountLimits, Budget, LeaseClient, LeaseGrant, LimiterStats } from '../types.ts'
import type { LeaseStore } from './lease-store.ts'
import { allowedBudget, type LocalLease, toLocalLease } from './local-lease.ts'
import { slotsOf } from './start-slots.ts'
import { createUnreportedSignals } from './unreported-signals.ts'

/** The client looks at its lease and at the demand every so many milliseconds, and renews at most once a look. */
const TICK_MS = 250
/** A renewal without an answer after this many milliseconds counts as failed, and a later answer is ignored. */
const RENEWAL_TIMEOUT_MS = 1_800
/** After a failed or refused renewal the next one follows in this many milliseconds. */
const RETRY_MS = 500
/**
 * A renewal comes early by up to this part of its interval, at random, so that the renewals of several replicas spread
 * out.
 */
const JITTER = 0.1
/**
 * A replica with a small lease renews at once where its demand is more than this many times the demand that it last
 * reported.
 */
const DEMAND_JUMP = 4

export type RenewalOutcome = 'granted' | 'refused' | 'failed'

/** The part of a `RateLimiter` that a lease client uses. */
export interface PacedLimiter extends Pick<RateLimiter, 'setBudget' | 'setSlots' | 'pause'> {
  stats(): Pick<LimiterStats, 'waiting' | 'inFlight' | 'deferred' | 'pausedMs'>
}

export interface LeaseClientOptions {
  readonly leases: LeaseStore
  readonly limiter: PacedLimiter
  /** An id that no other process has or had. */
  readonly replicaId: string
  readonly name: string
  readonly log: Logger
  /** The release of the replica, and what it takes now, for those who look at the cluster. */
  readonly version?: string
  readonly memoryBytes?: () => number
  /** Called after each renewal with the seconds that it took. */
  readonly renewed?: (outcome: RenewalOutcome, seconds: number) => void
  /** Milliseconds of a clock that never goes back, for tests. Default: `performance.now`. */
  readonly now?: () => number
}

const NOTHING: Budget = { requestsPerMinute: 0, tokensPerMinute: null }

export function createLeaseClient(options: LeaseClientOptions): LeaseClient {
  const { leases, limiter, replicaId, name, log } = options
  const now = options.now ?? (() => performance.now())
  const signals = createUnreportedSignals(now)
  /** The database's clock, by which the replicas take turns. The quickest of the last renewals tells it best. */
  const clock = createReferenceClock({ ownNow: now, monotonic: now })
  let lease: LocalLease | undefined
  let lastGrant: LeaseGrant | undefined
  let applied = NOTHING
  let allowedRequests = 0
  let countedAt = now()
  let number = 0
  let dueAt = 0
  let reportedDemand = 0
  let pausedUntil = 0
  /** Set by events that the cluster should learn of at the next look rather than at the next regular renewal. */
  let isRenewalWanted = false
  let pauseSentAt = Number.NEGATIVE_INFINITY
  let renewing: Promise<void> | undefined
  let ticker: NodeJS.Timeout | undefined
  let isFailing = false
  let closed = false
  const firstLease = Promise.withResolvers<void>()

  function applyLease(): void {
    countAllowed()
    const budget = allowedBudget(lease, now(), TICK_MS)
    const { requestsPerMinute, tokensPerMinute } = applied
    if (budget.requestsPerMinute === requestsPerMinute && budget.tokensPerMinute === tokensPerMinute) return
    applied = budget
    limiter.setBudget(budget)
  }

  function countAllowed(): void {
    const passed = now() - countedAt
    countedAt += passed
    if (limiter.stats().pausedMs === 0) allowedRequests += (applied.requestsPerMinute * passed) / 60_000
  }

  function tick(): void {
    applyLease()
    const hasJumped = lease?.isSmall !== false && demandOf(limiter.stats()) > DEMAND_JUMP * reportedDemand
    if (isRenewalWanted || hasJumped || now() >= dueAt - TICK_MS / 2) void renew()
  }

  function renew(): Promise<void> {
    renewing ??= renewAndConfirm().finally(() => {
      renewing = undefined
    })
    return renewing
  }

  async function renewAndConfirm(): Promise<void> {
    if (closed) return
    const grant = await renewOnce()
    // A smaller lease is confirmed by a second renewal, since the difference is granted to other replicas only after
    // that.
    if (grant?.renewInMs === 0 && !closed) await renewOnce()
  }

  async function renewOnce(): Promise<LeaseGrant | null> {
    const sentAt = now()
    const collected = signals.collect()
    number += 1
    const stats = limiter.stats()
    reportedDemand = demandOf(stats)
    isRenewalWanted = false
    const heldNumber = lease !== undefined && sentAt < lease.endsAt ? lease.number : null
    const { pauseMs, pauseReason, account, knownAccount } = collected
    const asked = { replicaId, name, number, heldNumber, demand: reportedDemand, inFlight: stats.inFlight }
    const told = { version: options.version ?? null, memoryBytes: options.memoryBytes?.() ?? null }
    const request = { ...asked, ...told, pauseMs, pauseReason, account, knownAccount }
    try {
      const grant = await withTimeout(RENEWAL_TIMEOUT_MS, leases.renew(request), () => {
        const message = `The database did not renew the rate lease in ${RENEWAL_TIMEOUT_MS} ms`
        return new ServiceError('database-unavailable', message)
      })
      options.renewed?.(grant === null ? 'refused' : 'granted', (now() - sentAt) / 1_000)
      dueAt = now() + RETRY_MS
      if (grant === null) return null
      signals.markReported(collected)
      clock.note(sentAt, grant.decidedAt)
      take(grant, sentAt)
      return grant
    } catch (error) {
      options.renewed?.('failed', (now() - sentAt) / 1_000)
      dueAt = now() + RETRY_MS * (1 + Math.random())
      if (!isFailing) log.warn({ reason: messageOf(error) }, 'The rate lease was not renewed: it runs out')
      isFailing = true
      return null
    }
  }

  function take(grant: LeaseGrant, sentAt: number): void {
    if (isFailing) log.info('The rate lease is renewed again')
    isFailing = false
    lastGrant = grant
    pausedUntil = now() + grant.pausedMs
    lease = toLocalLease(grant, sentAt)
    dueAt = sentAt + grant.renewInMs * (1 - JITTER * Math.random())
    if (closed) return
    if (grant.pausedMs > limiter.stats().pausedMs) limiter.pause(grant.pausedMs)
    applyLease()
    limiter.setSlots(slotsOf(grant.turns, clock.now() - now()))
    if (applied.requestsPerMinute > 0) firstLease.resolve()
  }

  function equalPart(): number {
    if (lastGrant === undefined || applied.requestsPerMinute === 0) return 0
    return lastGrant.budget.requestsPerMinute / lastGrant.replicas
  }

  return {
    async start(patienceMs) {
      if (ticker !== undefined || closed) return
      limiter.setBudget(NOTHING)
      ticker = setInterval(tick, TICK_MS)
      // The HTTP server keeps a replica's process alive; the ticker alone must not.
      ticker.unref()
      void renew()
      const patience = setTimeout(firstLease.resolve, patienceMs)
      await firstLease.promise
      clearTimeout(patience)
    },

    renewSoon() {
      isRenewalWanted = true
    },

    pauseCluster(ms, reason) {
      if (closed || !signals.addPause(ms, reason)) return
      isRenewalWanted = true
      // Many requests are refused at the same moment; one renewal reports the longest of their pauses.
      if (ticker === undefined || now() - pauseSentAt < TICK_MS) return
      pauseSentAt = now()
      void renew()
    },

    reportAccountLimits(limits) {
      if (isLess(signals.addAccount(limits), lastGrant?.budget ?? NOTHING)) isRenewalWanted = true
    },

    stats() {
      countAllowed()
      return {
        lease: applied,
        budget: lastGrant?.budget ?? NOTHING,
        demand: demandOf(limiter.stats()),
        paceFactor: lastGrant?.paceFactor ?? 1,
        pausedMs: Math.max(0, pausedUntil - now()),
        equalRequestsPerMinute: equalPart(),
        replicas: lastGrant?.replicas ?? 1,
        allowedRequests,
      }
    },

    async close() {
      if (closed) return
      closed = true
      clearInterval(ticker)
      firstLease.resolve()
      if (ticker === undefined) return
      await renewing
      await leases.release(replicaId).catch((error: unknown) => {
        log.warn({ reason: messageOf(error) }, 'The rate lease was not given back: it ends by itself')
      })
    },
  }
}

function demandOf({ waiting, inFlight, deferred }: ReturnType<PacedLimiter['stats']>): number {
  return waiting + inFlight + deferred
}

function isLess(account: AccountLimits, { requestsPerMinute, tokensPerMinute }: Budget): boolean {
  const isBelow = (limit: number | null, known: number | null) => limit !== null && limit < (known ?? limit + 1)
  return isBelow(account.requestsPerMinute, requestsPerMinute) || isBelow(account.tokensPerMinute, tokensPerMinute)
}
