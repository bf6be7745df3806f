/** What a replica has learnt and the cluster does not know yet: kept until a renewal has delivered it. */

import type { AccountLimits } from '../types.ts'
import { usableLimits } from './cluster-budget.ts'

const LONGEST_PAUSE_MS = 600_000

export interface News {
  /** False where it says nothing new: no number above 0, or an earlier end than one that waits for delivery. */
  pause(ms: number): boolean
  /** What is no possible limit is left out. */
  account(limits: AccountLimits): AccountLimits
  /** What the next renewal says. Call `delivered` with it when it has arrived. */
  collect(): CollectedNews
  delivered(collected: CollectedNews): void
}

export interface CollectedNews {
  readonly pauseMs: number
  readonly pauseUntil: number
  readonly account: AccountLimits | null
  /** What was said last, delivered or not. */
  readonly knownAccount: AccountLimits | null
}

/** `now`: milliseconds of a clock that never goes back. */
export function createNews(now: () => number): News {
  let pauseUntil = 0
  let account: AccountLimits | null = null
  let knownAccount: AccountLimits | null = null

  return {
    pause(ms) {
      const until = now() + Math.min(ms, LONGEST_PAUSE_MS)
      if (!(ms > 0) || until <= pauseUntil) return false
      pauseUntil = until
      return true
    },

    account(limits) {
      const { requestsPerMinute, tokensPerMinute } = usableLimits(limits)
      const said = {
        requestsPerMinute: requestsPerMinute ?? knownAccount?.requestsPerMinute ?? null,
        tokensPerMinute: tokensPerMinute ?? knownAccount?.tokensPerMinute ?? null,
      }
      if (requestsPerMinute === null && tokensPerMinute === null) return said
      account = said
      knownAccount = said
      return said
    },

    collect: () => ({ pauseMs: Math.max(0, pauseUntil - now()), pauseUntil, account, knownAccount }),

    delivered(collected) {
      if (pauseUntil === collected.pauseUntil) pauseUntil = 0
      if (account === collected.account) account = null
    },
  }
}
