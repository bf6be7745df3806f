/** Every port and row of the rate budget: of the limiter in one replica, of the leases in the cluster, and of their storage. */
/** What may be started a minute: of one replica, or of the cluster. */
export interface Budget {
  /** 0 or more; may be a fraction; 0 starts nothing until there is more. */
  readonly requestsPerMinute: number
  /** null: no bound on tokens. */
  readonly tokensPerMinute: number | null
}

/** `granted`: the caller may start one request now. `deferred`: the wait would exceed the bound; ask again after `waitMs`. */
export type StartPermit =
  | {
      readonly granted: true
      readonly waitedMs: number
      /**
       * Call once when the request has ended, however it ended. `tokens`: what it really took of the budget, which also
       * says that it was answered, so that its latency counts; null where nobody knows: the reservation is then spent.
       */
      readonly done: (tokens: number | null) => void
    }
  | { readonly granted: false; readonly waitMs: number }

/** Hands out start permits at an even pace. */
export interface RateLimiter {
  /**
   * Waits at most `maxWaitMs` for a permit. `tokens`: what the request is expected to take of the token budget, 0 or
   * more. Never rejects for a wait; rejects with limiter-closed after `close`, and with interrupted when `signal` aborts
   * first: then no start was taken.
   */
  acquire(tokens: number, maxWaitMs: number, signal?: AbortSignal): Promise<StartPermit>
  /** Sets what may be started at once, also for those who wait. Throws RangeError for a budget below 0. */
  setBudget(budget: Budget): void
  /** No permit is granted for `ms` from now on: the provider asked for it. */
  pause(ms: number): void
  stats(): LimiterStats
  close(): Promise<void>
}

export interface LimiterStats {
  readonly waiting: number
  /** Permits whose `done` has not been called. */
  readonly inFlight: number
  /** The most that may be in flight now, by measured latency and pace. */
  readonly inFlightBound: number
  /** Those sent away whose return is due within the next minute. */
  readonly deferred: number
  readonly requestsPerMinute: number
  /** null: no bound. */
  readonly tokensPerMinute: number | null
  /** Of requests in flight. */
  readonly reservedTokens: number
  /** Since the start: what was reserved, and what it came to once the requests had ended. */
  readonly reservedTokensTotal: number
  readonly spentTokensTotal: number
  /** Part of the last minute's budget that was started, 0 to 1: of requests or of tokens, whichever is more. */
  readonly utilisation: number
  /** Until permits are granted again. */
  readonly pausedMs: number
  /** Since the start. */
  readonly pausedTotalMs: number
}

/** The replica's part in the cluster. */
export interface ClusterSignals {
  /** No replica starts for `ms`: stored at once, the others learn at their next renewal (2 s). The pace drops once a window and recovers. */
  pauseCluster(ms: number): void
  /** What x-ratelimit-limit-* says the account allows; null where it did not say. Lowers the budget where it is less; forgotten when it says more again. */
  accountAllows(limits: AccountLimits): void
}

export interface AccountLimits {
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
}

/** What the headers of an answer or a refusal say of one limit; null where they do not, or say nonsense. */
export interface RateSignal {
  /** A minute; 1 or more. */
  readonly limit: number | null
  readonly remaining: number | null
  /** Until all of it is there again. */
  readonly resetMs: number | null
}

export interface RateSignals {
  readonly requests: RateSignal
  readonly tokens: RateSignal
}

/** Hands out permits for model requests, and learns from what comes of them: the one place that knows what a 429 means. */
export interface RateControl {
  /** Waits at most `maxWaitMs`. Never rejects for a wait; rejects with limiter-closed and interrupted as the limiter does. */
  acquire(size: RequestSize, maxWaitMs: number, signal?: AbortSignal): Promise<RatePermit>
}

export interface RequestSize {
  /** Which of the two configured models is asked: their accounts may have different limits. */
  readonly tier: 'primary' | 'escalation'
  /** Estimated. */
  readonly promptTokens: number
  readonly maxCompletionTokens: number
}

export type RatePermit =
  | {
      readonly granted: true
      readonly waitedMs: number
      /** The model answered, whether or not the answer is of use. `inputTokens`: as billed; 0 where the endpoint named none. */
      answered(inputTokens: number, rate: RateSignals | null): void
      /** The endpoint refused for rate. Returns the milliseconds after which to ask again. */
      refused(retryAfterMs: number | undefined, rate: RateSignals | null): number
      /** However it ended; does nothing after one of the others. */
      ended(): void
    }
  | { readonly granted: false; readonly waitMs: number }

/** The cluster's budget as an operator sees and sets it. */
export interface ClusterBudget {
  /** Sets what is given, for every replica within one renewal (2 s), and tells what holds then. Without fields it only tells. */
  change(to: BudgetChange): Promise<BudgetReport>
}

export interface BudgetChange {
  readonly requestsPerMinute?: number | undefined
  /** null: no bound on tokens. */
  readonly tokensPerMinute?: number | null | undefined
}

export interface BudgetReport {
  /** As it was set, before safety, account and pace. */
  readonly budget: Budget
  /** The part of the budget that is used, above 0 to 1. */
  readonly safety: number
  /** What is left after refusals for rate, 0.1 to 1. */
  readonly paceFactor: number
  readonly pausedMs: number
  readonly account: AccountLimits
  /** Those whose leases have not ended, by name. */
  readonly replicas: readonly {
    readonly name: string
    /** Its part of what may be started now, 0 to 1. */
    readonly share: number
    readonly lease: Budget
    readonly demand: number
    readonly expiresInMs: number
  }[]
}

/** The one row of the cluster's budget. Times are milliseconds of the database's clock. */
export interface BudgetState {
  readonly rpm: number
  /** Null: tokens have no bound. */
  readonly tpm: number | null
  /** The part of the budget that is used, above 0 to 1. */
  readonly safety: number
  readonly accountRpm: number | null
  readonly accountTpm: number | null
  readonly accountSeenAt: number | null
  /** The part of the budget that the last drop left, above 0 to 1. */
  readonly paceFactor: number
  /** The end of the last drop's window: from then on the pace recovers, and another pause drops it again. */
  readonly windowUntil: number | null
  readonly pausedUntil: number | null
}

/** One replica's row. Times are milliseconds of the database's clock; null tokens have no bound. */
export interface Holder {
  readonly replicaId: string
  readonly name: string
  readonly demand: number
  /** The part of the budget that the lease was made of, 0 to 1. */
  readonly share: number
  readonly leasedRpm: number
  readonly leasedTpm: number | null
  /** What it may still be using. At least the lease. */
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

export interface LeaseRequest {
  readonly replicaId: string
  readonly name: string
  /** Larger than in any request before; answers to earlier ones are thrown away from now on. */
  readonly number: number
  /** The number of the lease that the replica now holds; null where it holds none. */
  readonly heldNumber: number | null
  /** Requests waiting, in flight and due to come back. */
  readonly demand: number
  /** How long from now nobody may start; 0 for no wish. */
  readonly pauseMs: number
  /** What the provider said since the last renewal. */
  readonly account: AccountLimits | null
  /** What it said of itself last, at any time. */
  readonly knownAccount: AccountLimits | null
}

export interface LeaseGrant {
  readonly number: number
  readonly lease: Budget
  /** Counts from before the request was sent. */
  readonly leaseMs: number
  /** When to ask again at the latest; 0 to confirm at once that the lease has become smaller. */
  readonly renewInMs: number
  readonly pausedMs: number
  readonly paceFactor: number
  /** Of the cluster, as far as it may be used now. */
  readonly budget: Budget
  /** Replicas with a lease, this one included. */
  readonly replicas: number
}

export interface LeaseDecision {
  readonly budget: BudgetState
  readonly holder: Holder
  /** Ids of rows that nobody needs any more. */
  readonly removed: readonly string[]
  readonly grant: LeaseGrant
}

export interface LeaseStore {
  /** Null where a later request of this replica was first, or the ledger knows no budget yet. Rejects where the database is away. */
  renew(request: LeaseRequest): Promise<LeaseGrant | null>
  /** Gives the lease back. */
  release(replicaId: string): Promise<void>
}

/** Rejects as `Store` does. Who gets what is not decided here. */
export interface BudgetStore {
  /** What a replica's environment says: counts where it differs from what the environment said before. */
  configure(budget: {
    readonly rpm: number
    readonly tpm: number | null
    readonly safety: number
    readonly by: string
  }): Promise<void>
  /** An operator's word; counts until the next one, or until the environment says something new. */
  set(budget: {
    readonly rpm?: number | undefined
    readonly tpm?: number | null | undefined
    readonly by: string
  }): Promise<void>
  /** Null before the first `configure`. */
  read(): Promise<{ readonly state: LeaseState; readonly now: number } | null>
  /**
   * One transaction: nothing changes between what `decide` sees and what it decides. Null where it decided nothing, and
   * before the first `configure`. Where it rejects, the decision may have been stored all the same.
   */
  renew(decide: (state: LeaseState, now: number) => LeaseDecision | null): Promise<LeaseGrant | null>
  /** Forgets a replica; its part is free at once. */
  release(replicaId: string): Promise<void>
}

/** What a lease client needs of a `RateLimiter`. */
export interface PacedLimiter extends Pick<RateLimiter, 'setBudget' | 'pause'> {
  stats(): Pick<LimiterStats, 'waiting' | 'inFlight' | 'deferred' | 'pausedMs'>
}

export interface LeaseClient extends ClusterSignals {
  /**
   * Begins to renew. Resolves with the first lease of more than nothing, or after `patienceMs`: a replica comes up also
   * where the database is slow or the others have not given way yet. It starts no request until it has a lease.
   */
  start(patienceMs: number): Promise<void>
  /** Renews within a quarter of a second: the budget has changed. */
  renewSoon(): void
  stats(): LeaseStats
  /** Call it when the limiter starts nothing any more: gives the lease to the others. Never rejects. */
  close(): Promise<void>
}

export interface LeaseStats {
  /** What this replica may start now. */
  readonly lease: Budget
  /** What the cluster may start, as of the last renewal; nothing before the first. */
  readonly budget: Budget
  readonly demand: number
  readonly paceFactor: number
  /** Until the cluster starts again, as of the last renewal. */
  readonly pausedMs: number
  /** Requests that the leases have allowed since the start. */
  readonly allowedRequests: number
}
