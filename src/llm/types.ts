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
  readonly rate: RateSignals
}

/**
 * Asks once. Rejects with a `ServiceError` of code model-auth, model-not-found, model-bad-request, model-rate-limited
 * (a `RateLimitedError`), model-quota, model-unavailable, model-timeout, model-bad-answer, model-cut-off or
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
  readonly tier: ModelRequest['tier']
  /** Estimated. */
  readonly promptTokens: number
  readonly maxCompletionTokens: number
}

export type RatePermit =
  | {
      readonly granted: true
      readonly waitedMs: number
      /** The model answered, whether or not the answer is of use. */
      answered(usage: Usage, rate: RateSignals | null): void
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
