/** The replica's part in the cluster's budget: renews its lease, gives the limiter its pace, passes pauses on. */
import type { Logger } from 'pino'
import { messageOf, ServiceError } from '../../errors.ts'
import { withTimeout } from '../../lib/timing.ts'
import type { AccountLimits, Budget, LeaseClient, LeaseGrant, LeaseStore, PacedLimiter } from '../types.ts'
import { type HeldLease, holdLease, paceOf } from './local-lease.ts'
import { createNews } from './unreported-signals.ts'

/** How often a replica looks at its lease and its demand: so often a second it renews at most. */
const TICK_MS = 250
/** An answer that takes longer is thrown away. */
const RENEWAL_TIMEOUT_MS = 1_800
/** After a renewal that failed. */
const RETRY_MS = 500
/** Renewals of several replicas should not meet for ever. */
const JITTER = 0.1
/** One with less than an equal part renews at once when its demand is this many times what the cluster knows of. */
const JUMP = 4

export type RenewalOutcome = 'granted' | 'refused' | 'failed'

export interface LeaseClientOptions {
  readonly ledger: LeaseStore
  readonly limiter: PacedLimiter
  /** One for each start of a process. */
  readonly replicaId: string
  readonly name: string
  readonly log: Logger
  /** Called after each renewal. */
  readonly renewed?: (outcome: RenewalOutcome, seconds: number) => void
  /** Milliseconds of a clock that never goes back. For tests. Default: `performance.now`. */
  readonly now?: () => number
}

const NOTHING: Budget = { requestsPerMinute: 0, tokensPerMinute: null }

export function createLeaseClient(options: LeaseClientOptions): LeaseClient {
  const { ledger, limiter, replicaId, name, log } = options
  const now = options.now ?? (() => performance.now())
  let held: HeldLease | undefined
  let last: LeaseGrant | undefined
  let applied = NOTHING
  let allowedRequests = 0
  let countedAt = now()
  let number = 0
  let dueAt = 0
  let toldDemand = 0
  let pausedUntil = 0
  const news = createNews(now)
  /** Something happened that should not wait for the next regular renewal. */
  let isWanted = false
  let sentPauseAt = Number.NEGATIVE_INFINITY
  let renewing: Promise<void> | undefined
  let ticker: NodeJS.Timeout | undefined
  let isFailing = false
  let closed = false
  const firstLease = Promise.withResolvers<void>()

  function applyPace(): void {
    countAllowed()
    const pace = paceOf(held, now(), TICK_MS)
    if (pace.requestsPerMinute === applied.requestsPerMinute && pace.tokensPerMinute === applied.tokensPerMinute) return
    applied = pace
    limiter.setBudget(pace)
  }

  function countAllowed(): void {
    const passed = now() - countedAt
    countedAt += passed
    if (limiter.stats().pausedMs === 0) allowedRequests += (applied.requestsPerMinute * passed) / 60_000
  }

  function tick(): void {
    applyPace()
    const hasJumped = held?.isSmall !== false && demandOf(limiter.stats()) > JUMP * toldDemand
    if (isWanted || hasJumped || now() >= dueAt - TICK_MS / 2) void renew()
  }

  function renew(): Promise<void> {
    renewing ??= renewNow().finally(() => {
      renewing = undefined
    })
    return renewing
  }

  async function renewNow(): Promise<void> {
    if (closed) return
    const grant = await renewOnce()
    // The others wait for the word that what they are to get is free.
    if (grant?.renewInMs === 0 && !closed) await renewOnce()
  }

  async function renewOnce(): Promise<LeaseGrant | null> {
    const sentAt = now()
    const told = news.collect()
    number += 1
    toldDemand = demandOf(limiter.stats())
    isWanted = false
    const heldNumber = held !== undefined && sentAt < held.endsAt ? held.number : null
    const { pauseMs, account, knownAccount } = told
    const request = { replicaId, name, number, heldNumber, demand: toldDemand, pauseMs, account, knownAccount }
    try {
      const grant = await withTimeout(RENEWAL_TIMEOUT_MS, ledger.renew(request), () => {
        return new ServiceError(
          'database-unavailable',
          `The database did not renew the rate lease in ${RENEWAL_TIMEOUT_MS} ms`,
        )
      })
      options.renewed?.(grant === null ? 'refused' : 'granted', (now() - sentAt) / 1_000)
      dueAt = now() + RETRY_MS
      if (grant === null) return null
      news.delivered(told)
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
    last = grant
    pausedUntil = now() + grant.pausedMs
    held = holdLease(grant, sentAt)
    dueAt = sentAt + grant.renewInMs * (1 - JITTER * Math.random())
    if (closed) return
    if (grant.pausedMs > limiter.stats().pausedMs) limiter.pause(grant.pausedMs)
    applyPace()
    if (applied.requestsPerMinute > 0) firstLease.resolve()
  }

  return {
    async start(patienceMs) {
      if (ticker !== undefined || closed) return
      limiter.setBudget(NOTHING)
      ticker = setInterval(tick, TICK_MS)
      // The server keeps a replica alive; a lease alone is no reason to.
      ticker.unref()
      void renew()
      const patience = setTimeout(firstLease.resolve, patienceMs)
      await firstLease.promise
      clearTimeout(patience)
    },

    renewSoon() {
      isWanted = true
    },

    pauseCluster(ms) {
      if (closed || !news.pause(ms)) return
      isWanted = true
      // A herd of refusals is one piece of news.
      if (ticker === undefined || now() - sentPauseAt < TICK_MS) return
      sentPauseAt = now()
      void renew()
    },

    accountAllows(limits) {
      if (isLess(news.account(limits), last?.budget ?? NOTHING)) isWanted = true
    },

    stats() {
      countAllowed()
      return {
        lease: applied,
        budget: last?.budget ?? NOTHING,
        demand: demandOf(limiter.stats()),
        paceFactor: last?.paceFactor ?? 1,
        pausedMs: Math.max(0, pausedUntil - now()),
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
      await ledger.release(replicaId).catch((error: unknown) => {
        log.warn({ reason: messageOf(error) }, 'The rate lease was not given back: it ends by itself')
      })
    },
  }
}

function demandOf({ waiting, inFlight, deferred }: ReturnType<PacedLimiter['stats']>): number {
  return waiting + inFlight + deferred
}

function isLess(account: AccountLimits, { requestsPerMinute, tokensPerMinute }: Budget): boolean {
  const isBelow = (said: number | null, known: number | null) => said !== null && said < (known ?? said + 1)
  return isBelow(account.requestsPerMinute, requestsPerMinute) || isBelow(account.tokensPerMinute, tokensPerMinute)
}
