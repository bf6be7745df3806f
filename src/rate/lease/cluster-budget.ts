/** What the whole cluster may start now: the budget as set, less what the account forbids and what refusals cost. Pure. */
import type { AccountLimits, BudgetState } from '../types.ts'

/** What may be started now. `tpm` is Infinity where tokens have no bound. */
export interface Effective {
  readonly rpm: number
  readonly tpm: number
}

const DROP = 0.8
/** Refusals that ask for no more than this are a matter of slices and timing: they cost little, as long as they are few. */
const SHORT_PAUSE_MS = 1_000
const SHORT_DROP = 0.95
const LEAST_FACTOR = 0.1
/** From a tenth to all of the budget takes 81 s, from four fifths 18 s, after a short pause 4.5 s. */
const RECOVERY_MS = 90_000
/** Requests that were under way at a drop may be refused for a while longer: they are no news. */
const SHORTEST_WINDOW_MS = 4_000
/** An account limit that no living replica knows of is forgotten after this long: the account may be another one by now. */
const ACCOUNT_MEMORY_MS = 600_000
/** A longer pause is asked about again: limits are raised, and hints are wrong. */
const LONGEST_PAUSE_MS = 600_000
/** Often enough to remember, and no write at every renewal. */
const REMINDED_MS = 60_000
const MOST_RPM = 1e9
const MOST_TPM = 1e12

export function effectiveBudget(state: BudgetState, now: number): Effective {
  const account = accountLimits(state, now)
  const part = state.safety * paceFactor(state, now)
  return {
    rpm: Math.min(state.rpm, account.requestsPerMinute ?? Number.POSITIVE_INFINITY) * part,
    tpm: Math.min(state.tpm ?? Number.POSITIVE_INFINITY, account.tokensPerMinute ?? Number.POSITIVE_INFINITY) * part,
  }
}

export function paceFactor({ paceFactor, windowUntil }: BudgetState, now: number): number {
  return Math.min(1, paceFactor + Math.max(0, now - (windowUntil ?? now)) / RECOVERY_MS)
}

export function pausedMs({ pausedUntil }: BudgetState, now: number): number {
  return Math.max(0, (pausedUntil ?? now) - now)
}

export function accountLimits({ accountRpm, accountTpm, accountSeenAt }: BudgetState, now: number): AccountLimits {
  const isKnown = accountSeenAt !== null && now - accountSeenAt < ACCOUNT_MEMORY_MS
  return { requestsPerMinute: isKnown ? accountRpm : null, tokensPerMinute: isKnown ? accountTpm : null }
}

/** The state after a replica was told to wait `ms`: the pace drops once a window, however many replicas say so. */
export function withPause(state: BudgetState, ms: number, now: number): BudgetState {
  if (!(ms > 0)) return state
  const pausedUntil = Math.max(state.pausedUntil ?? now, now + Math.min(ms, LONGEST_PAUSE_MS))
  if (state.windowUntil !== null && now < state.windowUntil) {
    return { ...state, pausedUntil, windowUntil: Math.max(state.windowUntil, pausedUntil) }
  }
  return {
    ...state,
    pausedUntil,
    paceFactor: Math.max(LEAST_FACTOR, paceFactor(state, now) * (ms > SHORT_PAUSE_MS ? DROP : SHORT_DROP)),
    windowUntil: Math.max(pausedUntil, now + SHORTEST_WINDOW_MS),
  }
}

/** The state after the provider told its limits. What it did not say stays as it was said last. */
export function withAccount(state: BudgetState, said: AccountLimits | null, now: number): BudgetState {
  if (said === null) return state
  const known = accountLimits(state, now)
  const { requestsPerMinute, tokensPerMinute } = usableLimits(said)
  if (requestsPerMinute === null && tokensPerMinute === null) return state
  return {
    ...state,
    accountRpm: requestsPerMinute ?? known.requestsPerMinute,
    accountTpm: tokensPerMinute ?? known.tokensPerMinute,
    accountSeenAt: now,
  }
}

/** The state after a replica repeated what it was told last: that keeps what is known, and changes nothing else. */
export function withReminder(state: BudgetState, known: AccountLimits | null, now: number): BudgetState {
  const { accountRpm, accountTpm, accountSeenAt } = state
  if (known === null || accountSeenAt === null || now - accountSeenAt < REMINDED_MS) return state
  if (now - accountSeenAt >= ACCOUNT_MEMORY_MS) return state
  const { requestsPerMinute, tokensPerMinute } = known
  const isSame = (requestsPerMinute ?? accountRpm) === accountRpm && (tokensPerMinute ?? accountTpm) === accountTpm
  return isSame ? { ...state, accountSeenAt: now } : state
}

/** Headers are words from outside: what is no possible limit was not said. */
export function usableLimits({ requestsPerMinute, tokensPerMinute }: AccountLimits): AccountLimits {
  return {
    requestsPerMinute: usable(requestsPerMinute, MOST_RPM),
    tokensPerMinute: usable(tokensPerMinute, MOST_TPM),
  }
}

function usable(limit: number | null, most: number): number | null {
  return limit !== null && limit >= 1 && limit <= most ? limit : null
}
