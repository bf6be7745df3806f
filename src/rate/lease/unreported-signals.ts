/** What the model endpoint said to one replica about the rate, kept until a lease renewal has reported it to the cluster. Pure but for the clock. */
import type { AccountLimits } from '../types.ts'
import { LONGEST_PAUSE_MS, plausibleLimits } from './cluster-budget.ts'

export interface UnreportedSignals {
  /**
   * Keeps a pause of `ms` from now. False where it adds nothing: `ms` is no number above 0, or a pause that waits for
   * its report ends later.
   */
  addPause(ms: number, reason: string): boolean
  /**
   * Keeps the limits of the account and returns them; a limit that is missing or implausible is filled in from an
   * earlier answer, or null.
   */
  addAccount(limits: AccountLimits): AccountLimits
  /** What the next renewal reports. Pass the result to `markReported` once the renewal has succeeded. */
  collect(): CollectedSignals
  /** Forgets what was collected. What was added since `collect` stays for the next renewal. */
  markReported(collected: CollectedSignals): void
}

export interface CollectedSignals {
  /** Milliseconds that the pause has left; 0 where there is no pause to report. */
  readonly pauseMs: number
  readonly pauseReason: string
  /** The end of the pause on the clock of the replica, which tells it from a later pause. */
  readonly pauseUntil: number
  /** Null where all limits that the account named have been reported. */
  readonly account: AccountLimits | null
  /** The limits of the last answer that named any, whether or not they were reported; null before the first. */
  readonly knownAccount: AccountLimits | null
}

/** `now` returns the milliseconds of a clock that never goes back. */
export function createUnreportedSignals(now: () => number): UnreportedSignals {
  let pauseUntil = 0
  let pauseReason = ''
  let account: AccountLimits | null = null
  let knownAccount: AccountLimits | null = null

  return {
    addPause(ms, reason) {
      const until = now() + Math.min(ms, LONGEST_PAUSE_MS)
      if (!(ms > 0) || until <= pauseUntil) return false
      pauseUntil = until
      pauseReason = reason
      return true
    },

    addAccount(limits) {
      const { requestsPerMinute, tokensPerMinute } = plausibleLimits(limits)
      const completed = {
        requestsPerMinute: requestsPerMinute ?? knownAccount?.requestsPerMinute ?? null,
        tokensPerMinute: tokensPerMinute ?? knownAccount?.tokensPerMinute ?? null,
      }
      if (requestsPerMinute === null && tokensPerMinute === null) return completed
      account = completed
      knownAccount = completed
      return completed
    },

    collect: () => ({ pauseMs: Math.max(0, pauseUntil - now()), pauseReason, pauseUntil, account, knownAccount }),

    markReported(collected) {
      if (pauseUntil === collected.pauseUntil) pauseUntil = 0
      if (account === collected.account) account = null
    },
  }
}
