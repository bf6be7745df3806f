/**
 * Simulates replicas, a database and the network between them, in fake time and with the service's own lease decision and
 * local lease, for tests of what leases add up to. Messages are late or lost, clocks differ, replicas die.
 */

import { decideLease } from '../../src/rate/lease/lease-decision.ts'
import { allowedBudget, type LocalLease, toLocalLease } from '../../src/rate/lease/local-lease.ts'
import { slotsOf } from '../../src/rate/lease/start-slots.ts'
import type {
  AccountLimits,
  Budget,
  BudgetState,
  Holder,
  LeaseGrant,
  LeaseState,
  StartSlots,
} from '../../src/rate/types.ts'

export const TICK_MS = 250
const TIMEOUT_MS = 1_800
const RETRY_MS = 500

export interface Network {
  /** Milliseconds that the next message takes in its one direction; null where it is lost. */
  delay(): number | null
}

export interface Replica {
  readonly id: string
  /** Milliseconds by which the replica's own clock is ahead of the simulated time. */
  readonly skewMs: number
  /** Milliseconds into each quarter of a second at which the replica looks whether to renew. */
  readonly phaseMs: number
  demand: number
  isAlive: boolean
  lease: LocalLease | undefined
  /** The slots of the last grant, by the replica's own clock. */
  slots: StartSlots | null
  number: number
  dueAt: number
  reportedDemand: number
  /** The number of the only request whose answer the replica still takes; null where it waits for none. */
  awaited: number | null
  pauseMs: number
  account: AccountLimits | null
}

export const plainBudget = (more: Partial<BudgetState> = {}): BudgetState => ({
  rpm: 1_000,
  tpm: null,
  safety: 1,
  accountRpm: null,
  accountTpm: null,
  accountSeenAt: null,
  paceFactor: 1,
  windowUntil: null,
  pausedUntil: null,
  pauseReason: null,
  pausedSince: null,
  ...more,
})

export function createWorld(network: Network, budget: BudgetState = plainBudget()) {
  let now = 1_000_000
  let state: LeaseState = { budget, holders: [] }
  let isDatabaseAway = false
  let messages: { readonly at: number; readonly run: () => void }[] = []
  const replicas: Replica[] = []
  const decisions: { readonly at: number; readonly budget: Budget }[] = []
  let joined = 0

  const send = (run: () => void) => {
    const delay = network.delay()
    if (delay !== null) messages.push({ at: now + delay, run })
  }

  function renew(replica: Replica): void {
    const sentAt = now + replica.skewMs
    replica.number += 1
    replica.reportedDemand = replica.demand
    const { number } = replica
    replica.awaited = number
    replica.dueAt = now + TIMEOUT_MS + RETRY_MS
    const request = {
      replicaId: replica.id,
      name: replica.id,
      number,
      heldNumber: replica.lease !== undefined && sentAt < replica.lease.endsAt ? replica.lease.number : null,
      demand: replica.demand,
      pauseMs: replica.pauseMs,
      pauseReason: '',
      inFlight: 0,
      account: replica.account,
      knownAccount: null,
    }
    const giveUp = () => {
      if (replica.awaited === number) replica.awaited = null
    }
    messages.push({ at: now + TIMEOUT_MS, run: giveUp })
    send(() => {
      if (isDatabaseAway) return
      const decision = decideLease(state, request, now)
      if (decision === null) return
      decisions.push({ at: now, budget: decision.grant.budget })
      store(decision.budget, decision.holder, decision.removed)
      send(() => take(replica, decision.grant, sentAt))
    })
  }

  function store(budget: BudgetState, holder: Holder, removed: readonly string[]): void {
    const others = state.holders.filter((one) => one.replicaId !== holder.replicaId && !removed.includes(one.replicaId))
    state = { budget, holders: [...others, holder] }
  }

  function take(replica: Replica, grant: LeaseGrant, sentAt: number): void {
    if (!replica.isAlive || replica.awaited !== grant.number) return
    replica.awaited = null
    replica.lease = toLocalLease(grant, sentAt)
    // The database's clock is the simulated time, told at the middle of the round trip.
    replica.slots = slotsOf(grant.turns, grant.decidedAt - (sentAt + now + replica.skewMs) / 2)
    replica.dueAt = sentAt - replica.skewMs + grant.renewInMs
    replica.pauseMs = 0
    replica.account = null
    if (grant.renewInMs === 0) renew(replica)
  }

  function step(): void {
    now += 10
    if (messages.some((message) => message.at <= now)) {
      const due = messages.filter((message) => message.at <= now).sort((a, b) => a.at - b.at)
      messages = messages.filter((message) => message.at > now)
      for (const message of due) message.run()
    }
    for (const replica of replicas) {
      if (!replica.isAlive || replica.awaited !== null || (now - replica.phaseMs) % TICK_MS >= 10) continue
      const hasJumped = replica.lease?.isSmall !== false && replica.demand > 4 * replica.reportedDemand
      if (hasJumped || now >= replica.dueAt - TICK_MS / 2) renew(replica)
    }
  }

  return {
    replicas,
    /** What the cluster might start by each decision, oldest first, at the simulated time of the decision. */
    decisions,
    now: () => now,
    state: () => state,
    /** Adds a replica whose clock is `skewMs` ahead of the simulated time. */
    join(skewMs = 0, demand = 0): Replica {
      joined += 1
      const replica: Replica = {
        id: `r${joined}`,
        skewMs,
        phaseMs: (joined * 70) % TICK_MS,
        demand,
        isAlive: true,
        lease: undefined,
        slots: null,
        number: 0,
        dueAt: now,
        reportedDemand: 0,
        awaited: null,
        pauseMs: 0,
        account: null,
      }
      replicas.push(replica)
      return replica
    },
    /** Stops a replica without a release; its lease still counts, since the database cannot know that it starts nothing. */
    kill(replica: Replica): void {
      replica.isAlive = false
    },
    /** Stops a replica that releases its lease. */
    leave(replica: Replica): void {
      replica.isAlive = false
      replica.lease = undefined
      const holders = state.holders.filter((holder) => holder.replicaId !== replica.id)
      if (!isDatabaseAway) state = { ...state, holders }
    },
    setBudget(change: Partial<BudgetState>): void {
      state = { ...state, budget: { ...state.budget, ...change } }
    },
    setDatabaseAway(isAway: boolean): void {
      isDatabaseAway = isAway
    },
    /** What a replica may start, also one that was killed. */
    pace: (replica: Replica): Budget => allowedBudget(replica.lease, now + replica.skewMs, 0),
    total(): { readonly rpm: number; readonly tpm: number } {
      const paces = replicas.map((replica) => allowedBudget(replica.lease, now + replica.skewMs, 0))
      const started = paces.filter((pace) => pace.requestsPerMinute > 0)
      return {
        rpm: paces.reduce((total, pace) => total + pace.requestsPerMinute, 0),
        tpm: started.reduce((total, pace) => total + (pace.tokensPerMinute ?? Number.POSITIVE_INFINITY), 0),
      }
    },
    /** Lets `ms` pass in steps of 10 ms and calls `check` after each. */
    run(ms: number, check: () => void = () => undefined): void {
      for (const end = now + ms; now < end; ) {
        step()
        check()
      }
    },
  }
}
