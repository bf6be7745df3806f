/** What the whole cluster may start now: the budget as set, lowered to the account's limits and by refusals for rate. Pure. */
import type { AccountLimits, BudgetState } from '../types.ts'

/** Requests and tokens that the cluster may start a minute; `tpm` is Infinity where tokens have no bound. */
export interface EffectiveBudget {
  readonly rpm: number
  readonly tpm: number
}

/** A reported pause longer than `SHORT_PAUSE_MS` lowers the cluster's pace to this part of it. */
const DROP_FACTOR = 0.8
/**
 * A pause of at most this many milliseconds counts as short, since a provider that asks for it enforces its limit in
 * slices of a second rather than over the minute.
 */
const SHORT_PAUSE_MS = 1_000
/** A reported pause of at most `SHORT_PAUSE_MS` lowers the cluster's pace to this part of it. */
const SHORT_DROP_FACTOR = 0.95
/** Refusals never lower the pace below this part of the budget. */
const LOWEST_PACE_FACTOR = 0.1
/**
 * The pace recovers steadily and would rise from nothing to the whole budget in this many milliseconds. After a drop to
 * 0.8 it is whole again in 18 s.
 */
const RECOVERY_MS = 90_000
/**
 * For at least this many milliseconds after a drop of the pace, further pauses do not drop it again, because requests
 * that were in flight at the drop may still be refused.
 */
const SHORTEST_WINDOW_MS = 4_000
/**
 * The account's limits are forgotten after this many milliseconds unless a replica repeats them, since the account may
 * have changed.
 */
const ACCOUNT_MEMORY_MS = 600_000
/**
 * No pause is longer than this many milliseconds, however long the endpoint asks to wait, because limits are raised and
 * such hints can be wrong.
 */
export const LONGEST_PAUSE_MS = 600_000
/**
 * A pause that begins within this many milliseconds after the last one counts as the same pause, whose beginning the progress
 * line shows: too little can have been answered between them for a run to have gone on.
 */
const BREAK_MS = 5_000
/**
 * A renewal that repeats known account limits writes them only where the last write is this many milliseconds ago, so
 * that few renewals write.
 */
const REMINDER_MS = 60_000
const HIGHEST_RPM = 1e9
const HIGHEST_TPM = 1e12

/**
 * What the cluster may start at `now`, which in all functions of this file is the database's clock in milliseconds
 * since 1970.
 */
export function effectiveBudget(state: BudgetState, now: number): EffectiveBudget {
  const { rpm, tpm } = unrefusedBudget(state, now)
  const part = paceFactor(state, now)
  return { rpm: rpm * part, tpm: tpm * part }
}

/** The same if no request had been refused for rate. */
export function unrefusedBudget(state: BudgetState, now: number): EffectiveBudget {
  const account = accountLimits(state, now)
  return {
    rpm: Math.min(state.rpm, account.requestsPerMinute ?? Number.POSITIVE_INFINITY) * state.safety,
    tpm:
      Math.min(state.tpm ?? Number.POSITIVE_INFINITY, account.tokensPerMinute ?? Number.POSITIVE_INFINITY) *
      state.safety,
  }
}

/**
 * The part of the budget that refusals have left, 0.1 to 1; it rises steadily from the end of the last drop's window.
 */
export function paceFactor({ paceFactor, windowUntil }: BudgetState, now: number): number {
  return Math.min(1, paceFactor + Math.max(0, now - (windowUntil ?? now)) / RECOVERY_MS)
}

export function pausedMs({ pausedUntil }: BudgetState, now: number): number {
  return Math.max(0, (pausedUntil ?? now) - now)
}

/** Why the cluster is paused and for how long it has been; null while it is not. */
export function pauseOf(state: BudgetState, now: number): { readonly reason: string; readonly forMs: number } | null {
  const { pauseReason, pausedSince } = state
  if (pausedMs(state, now) === 0) return null
  return { reason: pauseReason ?? '', forMs: Math.max(0, now - (pausedSince ?? now)) }
}

/**
 * The limits that the account's answers have named; null for a limit that none named. Both are null once neither was
 * reported or repeated for ten minutes.
 */
export function accountLimits({ accountRpm, accountTpm, accountSeenAt }: BudgetState, now: number): AccountLimits {
  const isKnown = accountSeenAt !== null && now - accountSeenAt < ACCOUNT_MEMORY_MS
  return { requestsPerMinute: isKnown ? accountRpm : null, tokensPerMinute: isKnown ? accountTpm : null }
}

/**
 * The budget's row after a replica reported a pause of `ms`. The pace drops once in a window, however many replicas
 * report a pause in it.
 */
export function withPause(before: BudgetState, ms: number, now: number, pauseReason: string): BudgetState {
  if (!(ms > 0)) return before
  const isContinued = before.pausedUntil !== null && now <= before.pausedUntil + BREAK_MS
  const pausedSince = isContinued ? (before.pausedSince ?? now) : now
  const state = { ...before, pauseReason, pausedSince }
  const pausedUntil = Math.max(state.pausedUntil ?? now, now + Math.min(ms, LONGEST_PAUSE_MS))
  if (state.windowUntil !== null && now < state.windowUntil) {
    return { ...state, pausedUntil, windowUntil: Math.max(state.windowUntil, pausedUntil) }
  }
  const dropFactor = ms > SHORT_PAUSE_MS ? DROP_FACTOR : SHORT_DROP_FACTOR
  return {
    ...state,
    pausedUntil,
    paceFactor: Math.max(LOWEST_PACE_FACTOR, paceFactor(state, now) * dropFactor),
    windowUntil: Math.max(pausedUntil, now + SHORTEST_WINDOW_MS),
  }
}

/**
 * The budget's row after a replica reported new limits of the account. A limit that is null or implausible stays as it
 * was.
 */
export function withAccount(state: BudgetState, reported: AccountLimits | null, now: number): BudgetState {
  if (reported === null) return state
  const known = accountLimits(state, now)
  const { requestsPerMinute, tokensPerMinute } = plausibleLimits(reported)
  if (requestsPerMinute === null && tokensPerMinute === null) return state
  return {
    ...state,
    accountRpm: requestsPerMinute ?? known.requestsPerMinute,
    accountTpm: tokensPerMinute ?? known.tokensPerMinute,
    accountSeenAt: now,
  }
}

/**
 * The budget's row after a replica repeated the limits that it knows. Where they equal the stored ones, these are
 * remembered for another ten minutes; limits that differ change nothing, since they may be older than the stored ones.
 */
export function withReminder(state: BudgetState, known: AccountLimits | null, now: number): BudgetState {
  const { accountRpm, accountTpm, accountSeenAt } = state
  if (known === null || accountSeenAt === null || now - accountSeenAt < REMINDER_MS) return state
  if (now - accountSeenAt >= ACCOUNT_MEMORY_MS) return state
  const { requestsPerMinute, tokensPerMinute } = known
  const isSame = (requestsPerMinute ?? accountRpm) === accountRpm && (tokensPerMinute ?? accountTpm) === accountTpm
  return isSame ? { ...state, accountSeenAt: now } : state
}

/** `limits` with null in place of numbers that no account has, since an endpoint's headers may hold anything. */
export function plausibleLimits({ requestsPerMinute, tokensPerMinute }: AccountLimits): AccountLimits {
  return {
    requestsPerMinute: plausible(requestsPerMinute, HIGHEST_RPM),
    tokensPerMinute: plausible(tokensPerMinute, HIGHEST_TPM),
  }
}

function plausible(limit: number | null, highest: number): number | null {
  return limit !== null && limit >= 1 && limit <= highest ? limit : null
}
