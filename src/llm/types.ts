/** The ports of the model side. `restate` knows these, never the adapters beside them. */
import type { JsonObject } from './json.ts'

/** One question to a chat model that must answer with JSON of `schema`. */
export interface ModelRequest {
  /** Which of the two configured models answers. */
  readonly tier: 'primary' | 'escalation'
  /** The static part; the same for every request, so that the provider can cache it. */
  readonly system: string
  readonly user: string
  /** JSON Schema, strict in OpenAI's sense: all properties required, none extra. */
  readonly schema: JsonObject
  readonly schemaName: string
  /** Upper bound of the answer in tokens. Rate limits charge it, so it is tight. */
  readonly maxCompletionTokens: number
  /** Requests with the same key land on the same cache at the provider. */
  readonly cacheKey: string
  readonly signal?: AbortSignal
}

/** Tokens as the provider billed them. `cachedInput` and `cacheWriteInput` are parts of `input`. */
export interface Usage {
  readonly input: number
  readonly cachedInput: number
  readonly cacheWriteInput: number
  readonly output: number
}

export interface ModelReply {
  /** The parsed JSON of the answer. Its form is not checked yet: it is as hostile as any input. */
  readonly answer: unknown
  readonly usage: Usage
  readonly costUsd: number
  /** The model as the endpoint names it in its answer. */
  readonly model: string
  readonly latencyMs: number
}

/**
 * Asks once. Rejects with a `ServiceError` of code model-auth, model-not-found, model-bad-request, model-rate-limited
 * (with `retryAfterMs`), model-quota, model-unavailable, model-timeout, model-bad-answer, model-cut-off or
 * model-refused. Never retries, never logs or throws a secret.
 */
export interface ModelClient {
  /** The configured names, before any request. `escalation` is null where none is set. */
  readonly models: { readonly primary: string; readonly escalation: string | null }
  ask(request: ModelRequest): Promise<ModelReply>
}

/** What may be started a minute: of one replica, or of the cluster. */
export interface Budget {
  /** 0 or more; may be a fraction; 0 starts nothing until there is more. */
  readonly requestsPerMinute: number
  /** null: no bound on tokens. */
  readonly tokensPerMinute: number | null
}

/** `granted`: the caller may start one request now. `deferred`: the wait would exceed the bound; ask again after `waitMs`. */
export type StartPermit =
  | { readonly granted: true; readonly waitedMs: number }
  | { readonly granted: false; readonly waitMs: number }

/** Hands out start permits at an even pace. */
export interface RateLimiter {
  /** Waits at most `maxWaitMs` for a permit. Never rejects for a wait; rejects with limiter-closed after `close`. */
  acquire(maxWaitMs: number): Promise<StartPermit>
  /** No permit is granted for `ms` from now on: the provider asked for it. */
  pause(ms: number): void
  /** Sets a new pace at once, also for those who wait. */
  setPace(requestsPerMinute: number): void
  /** As `setPace`, for both bounds; 0 starts nothing until there is more. */
  setBudget(budget: Budget): void
  stats(): LimiterStats
  close(): Promise<void>
}

export interface LimiterStats {
  readonly waiting: number
  readonly inFlight: number
  /** Those sent away whose return is due within the next minute. */
  readonly deferred: number
  readonly requestsPerMinute: number
  readonly pausedMs: number
}

/** The replica's part in the cluster. */
export interface ClusterShare {
  /** No replica starts for `ms`: stored at once, the others learn at their next renewal (2 s). The pace drops once a window and recovers. */
  pauseCluster(ms: number): void
  /** What x-ratelimit-limit-* says the account allows; null where it did not say. Lowers the budget where it is less; forgotten when it says more again. */
  accountAllows(limits: AccountLimits): void
}

export interface AccountLimits {
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
}

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
