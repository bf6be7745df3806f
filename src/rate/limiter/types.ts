/** The port of a replica's rate limiter, which only the rooms of the rate budget and the wiring know. */
import type { Budget, LimiterStats, RequestSize, StartSlots } from '../types.ts'

/** Whether a caller may start one request now (`granted`), or should ask again after `waitMs`. */
export type StartPermit =
  | {
      readonly granted: true
      readonly waitedMs: number
      /** The endpoint says that all of its limit of requests is available again so many milliseconds after it got the request. */
      readonly noteReset: (resetMs: number) => void
      /** Ends the permit, once. `tokens` is what an answered request took, whose latency then counts; null takes the reservation as spent. */
      readonly done: (tokens: number | null) => void
    }
  | { readonly granted: false; readonly waitMs: number }

export type RequestKind = Pick<RequestSize, 'isSlow' | 'order'>

/** Hands out start permits at an even pace within the budget of one replica. */
export interface RateLimiter {
  /** As `RateControl.expect`. */
  expect(): () => void
  /**
   * Waits about `maxWaitMs` at most for a permit. `tokens`, 0 or more, is what the request is expected to take, `kind` as in
   * `RequestSize`. Rejects with limiter-closed after `close`, and with interrupted where `signal` aborts first, which takes no start.
   */
  acquire(tokens: number, maxWaitMs: number, signal?: AbortSignal, kind?: RequestKind): Promise<StartPermit>
  /** Sets the budget at once, also for callers that wait. Throws RangeError for a budget below 0. */
  setBudget(budget: Budget): void
  /** Has requests start in these slots, told by the limiter's clock; null has them start by the pace alone. */
  setSlots(slots: StartSlots | null): void
  /** Grants no permit for `ms` from now, as the model endpoint asked. A pause that ends later stays. */
  pause(ms: number): void
  stats(): LimiterStats
  close(): Promise<void>
}
