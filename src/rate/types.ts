/** Every port and row of the rate budget that other rooms know; the port of the limiter itself stands in limiter/types.ts. */

/** What may be started a minute, by one replica or by the cluster. */
export interface Budget {
  /** 0 or more, may be a fraction. With 0 nothing starts. */
  readonly requestsPerMinute: number
  /** Null where tokens have no bound. */
  readonly tokensPerMinute: number | null
}

/** The slots of one replica in a row that all replicas share. */
export interface StartSlots {
  /** Milliseconds between two slots of the row. */
  readonly intervalMs: number
  /** The part of the row of each replica, 0 to 1, in an order that is the same for all, and the index of the replica's own. */
  readonly parts: readonly number[]
  readonly own: number
  /** The database's clock minus the replica's, in milliseconds. */
  readonly offsetMs: number
}

/** The state of a replica's limiter. */
export interface LimiterStats extends Budget {
  /** Callers that wait for a permit. */
  readonly waiting: number
  /** Permits whose `done` has not been called, and the most that there may be, by measured latency and pace. */
  readonly inFlight: number
  readonly inFlightBound: number
  /** Deferred callers that are due to ask again within the next minute. */
  readonly deferred: number
  /** Tokens reserved for permits in flight. */
  readonly reservedTokens: number
  /** Tokens reserved, and tokens taken by requests that have ended, since the start of the process. */
  readonly reservedTokensTotal: number
  readonly spentTokensTotal: number
  /** Part of the last minute's budget that was started, 0 to 1: the larger of requests and tokens. */
  readonly utilisation: number
  /** Milliseconds until permits are granted again, and paused since the start of the process. */
  readonly pausedMs: number
  readonly pausedTotalMs: number
}

/** What the rate control of one replica reports to the cluster. */
export interface ClusterSignals {
  /** Stops all replicas for `ms`, from their next renewal on. Pauses that overlap lower the cluster's pace once. `reason` is for people. */
  pauseCluster(ms: number, reason: string): void
  /** Reports the account's limits. They lower the cluster's budget where they are less, until a report raises them. */
  reportAccountLimits(limits: AccountLimits): void
}

/** Limits of the account at the provider, by its x-ratelimit-limit-* headers; null where no header named one. */
export type AccountLimits = { readonly [limit in keyof Budget]: number | null }

/** What the headers of one response say of one limit (1 or more a minute); null where they say nothing or nonsense. */
export interface RateSignal {
  readonly limit: number | null
  readonly remaining: number | null
  /** Milliseconds until all of the limit is available again. */
  readonly resetMs: number | null
}

export type RateSignals = Readonly<Record<'requests' | 'tokens', RateSignal>>

/** Hands out permits for model requests by their size, and alone decides what a refusal for rate (429) leads to. */
export interface RateControl {
  /**
   * Says that a request is on its way, although something else may keep it back for a while. Call the result once it has ended.
   * Starts that are lost meanwhile are made up for, which those of a time without work are not.
   */
  expect(): () => void
  /** Waits and rejects as `RateLimiter.acquire` does. */
  acquire(size: RequestSize, maxWaitMs: number, signal?: AbortSignal): Promise<RatePermit>
}

export interface RequestSize {
  /** The configured model that is asked; the two may have different limits. The tokens of the prompt are estimated. */
  readonly tier: 'primary' | 'escalation'
  readonly promptTokens: number
  readonly maxCompletionTokens: number
  /** Whether answers may take minutes, as in the flex tier, so that more requests have to be in flight to keep the pace. */
  readonly isSlow?: boolean
  /** Requests with a lower number start first, and those without one before all. Default: in the order in which they come. */
  readonly order?: number
}

export type RatePermit =
  | {
      readonly granted: true
      readonly waitedMs: number
      /** Call it for any answer, usable or not. `inputTokens` as billed, or 0 where the endpoint named none. */
      answered(inputTokens: number, rate: RateSignals | null): void
      /** Call it where the endpoint refuses and asks to wait, as a 429 does, with its words. Returns the milliseconds to wait. */
      refused(retryAfterMs: number | undefined, rate: RateSignals | null, reason: string): number
      /** Call it in any case at the end; it does nothing after `answered` or `refused`. */
      ended(): void
    }
  | { readonly granted: false; readonly waitMs: number }

/** The cluster's budget for an operator. */
export interface ClusterBudget {
  /** Sets the fields that are given, for every replica within one renewal (2 s). `by` is noted, or else this replica. */
  change(to: BudgetChange, by?: string): Promise<BudgetReport>
}

/** Null for the tokens takes their bound away; what is undefined stays. */
export type BudgetChange = { readonly [limit in keyof Budget]?: Budget[limit] | undefined }

export interface BudgetReport extends Pick<BudgetState, 'safety'>, Pick<LeaseGrant, 'paceFactor' | 'pausedMs'> {
  /** Why the cluster is paused, and for how many milliseconds it has been; null while it is not. */
  readonly pause: { readonly reason: string; readonly forMs: number } | null
  /** As it was set, before safety, account limits and pace factor. */
  readonly budget: Budget
  readonly account: AccountLimits
  /** The replicas that hold a lease. */
  readonly replicas: readonly (Pick<Holder, 'name' | 'demand' | 'inFlight' | 'memoryBytes' | 'version'> & {
    /** The part of what the cluster may start now, 0 to 1. */
    readonly share: number
    readonly lease: Budget
    readonly expiresInMs: number
  })[]
}

/** The one row of the cluster's budget. Points in time are the database's clock in milliseconds since 1970. */
export interface BudgetState {
  readonly rpm: number
  /** Null where tokens have no bound, here and in every row. */
  readonly tpm: number | null
  /** The part of the budget that is used, above 0 to 1. */
  readonly safety: number
  readonly accountRpm: number | null
  readonly accountTpm: number | null
  readonly accountSeenAt: number | null
  /** The part of the pace that the last drop left, above 0 to 1. */
  readonly paceFactor: number
  /** The end of the last drop's window: the pace recovers from then on, and a pause drops it again only after it. */
  readonly windowUntil: number | null
  readonly pausedUntil: number | null
  /** The reason of the last pause, and since when pauses have followed each other without a break. */
  readonly pauseReason: string | null
  readonly pausedSince: number | null
}

/** The row of one replica that holds a lease, or held one. */
export interface Holder {
  readonly replicaId: string
  readonly name: string
  readonly demand: number
  /** At the last renewal: requests in flight, the resident memory of the process and its release, where it told them. */
  readonly inFlight: number
  readonly memoryBytes?: number | null
  readonly version?: string | null
  /** The part of the budget that the lease was made from, 0 to 1. */
  readonly share: number
  readonly leasedRpm: number
  readonly leasedTpm: number | null
  /** What the replica may still be using, at least the lease. */
  readonly countedRpm: number
  readonly countedTpm: number | null
  /** Grows with every request of the replica. */
  readonly leaseNumber: number
  readonly expiresAt: number
  readonly seenAt: number
}

export interface LeaseState {
  readonly budget: BudgetState
  readonly holders: readonly Holder[]
}

export interface LeaseRequest extends Pick<Holder, 'replicaId' | 'name' | 'inFlight' | 'memoryBytes' | 'version'> {
  /** Larger than in every earlier request of the replica, which then ignores the answers to those. */
  readonly number: number
  /** The number of the lease that the replica holds; null where it holds none. */
  readonly heldNumber: number | null
  /** Requests that wait, are in flight or are due to ask again. */
  readonly demand: number
  /** Milliseconds from now for which no replica may start, 0 for no pause, and why. */
  readonly pauseMs: number
  readonly pauseReason: string
  /** Limits that the account named since the last renewal, and the last limits that it named at any time. */
  readonly account: AccountLimits | null
  readonly knownAccount: AccountLimits | null
}

export interface LeaseGrant {
  readonly number: number
  readonly lease: Budget
  /** The life of the lease, counted from before the request was sent. */
  readonly leaseMs: number
  /** Milliseconds until the next renewal; 0 where a smaller lease has to be confirmed at once. */
  readonly renewInMs: number
  readonly pausedMs: number
  /** The part of the pace that refusals for rate have left, 0.1 to 1. */
  readonly paceFactor: number
  /** What the whole cluster may start now. */
  readonly budget: Budget
  /** Replicas that hold a lease, with this one. */
  readonly replicas: number
  /** The database's clock at the decision, milliseconds since 1970, and the row in which the replicas take turns. */
  readonly decidedAt: number
  readonly turns: Omit<StartSlots, 'offsetMs'>
}

export interface LeaseDecision {
  readonly budget: BudgetState
  readonly holder: Holder
  /** Ids of the replicas whose rows are deleted. */
  readonly removed: readonly string[]
  readonly grant: LeaseGrant
}

export type OperatorBudget = { readonly [key in 'rpm' | 'tpm']?: BudgetState[key] | undefined } & {
  readonly by: string
}

/** Stores the budget and the leases, and decides neither. Rejects with the codes of `Store`. */
export interface BudgetStore {
  /** Stores the budget of a replica's environment where it differs from the last one that was stored this way. */
  configure(budget: Pick<BudgetState, 'rpm' | 'tpm' | 'safety'> & { readonly by: string }): Promise<void>
  /** Stores an operator's budget, which holds until the next one or until `configure` gets a new one. */
  set(budget: OperatorBudget): Promise<void>
  /** Null before the first `configure`. `now` is the database's clock. */
  read(): Promise<{ readonly state: LeaseState; readonly now: number } | null>
  /** Reads, decides and stores in one transaction; may reject after it stored. Null without a decision or a budget. */
  renew(decide: (state: LeaseState, now: number) => LeaseDecision | null): Promise<LeaseGrant | null>
  /** Deletes a replica's row, which frees its part at once. */
  release(replicaId: string): Promise<void>
}

export interface LeaseClient extends ClusterSignals {
  /** Begins to renew. Resolves with the first lease above 0, or after `patienceMs`. Without a lease nothing starts. */
  start(patienceMs: number): Promise<void>
  /** Renews within a quarter of a second, because the budget has changed. */
  renewSoon(): void
  stats(): LeaseStats
  /** Gives the lease back. Call it after the limiter is closed. Never rejects. */
  close(): Promise<void>
}

export interface LeaseStats extends Pick<LeaseGrant, 'budget' | 'paceFactor' | 'pausedMs'> {
  /** What this replica may start now; the fields of the grant are those of the last renewal. */
  readonly lease: Budget
  readonly demand: number
  /** An equal part of what the cluster may start a minute, which the replica gets within seconds where it has the work; 0 without a lease. */
  readonly equalRequestsPerMinute: number
  /** The number of replicas that share the budget, by the last renewal; 1 before the first. */
  readonly replicas: number
  /** Requests that the leases of this replica have allowed since its start. */
  readonly allowedRequests: number
}
