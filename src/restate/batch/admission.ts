/** How much work batches may put before the rate limiter of a replica. What is beyond it waits as one batch, not as its chunks. */
import type { LimiterStats } from '../../rate/types.ts'

/** Work that is let in ahead: enough that no start goes unused while those who sleep come back, */
const AHEAD_MS = 30_000
/** but no more chunks than a node has slots for, since many of them wait for their start in a slot, */
const AHEAD_CHUNKS = 500
/** and enough for a round trip or two at any pace. */
const LEAST_AHEAD_MS = 2_000
/** Those whose turn has come may go this much over it, or one who comes a little early would be sent to the end again. */
const TURN_SHARE = 1.5

/** Plans at once. Each takes 10 to 20 ms of the event loop: more would keep the chunks of the first from starting. */
const PLANS_AT_ONCE = 32
/** Those who were sent away from planning come back one by one, somewhat slower than a replica can plan. */
const PLAN_SPACING_MS = 25

/** Nobody is booked further ahead: the pace may rise meanwhile, and a durable sleep can't be woken. */
const HORIZON_MS = 60_000
const SHORTEST_WAIT_MS = 250
/** Without a lease nothing may start: at the beginning, and while the database is away. That is over within seconds, or lasts. */
const NO_PACE_MS = 2_000
const GOLDEN_RATIO = 0.618_033_988_749_895

/** What a batch that is not let in does: it sleeps for `waitMs` and asks again. Journaled. */
export interface AdmissionWait {
  readonly waitMs: number
  /** The requests that it needs, or what batches usually need. */
  readonly chunks: number
  /** A turn was kept for it: it goes before those who have none. */
  readonly booked: boolean
}

export interface Admission {
  /**
   * Before planning; `before` is what the batch was told the last time, `mayAsk` whether it can need the model at all.
   * Null lets it plan: it must `leave` afterwards.
   */
  enter(before: AdmissionWait | null, mayAsk: boolean): AdmissionWait | null
  leave(): void
  /** After planning: null lets it ask. */
  admit(chunks: number, before: AdmissionWait | null): AdmissionWait | null
  /** Chunks that were admitted and will not come: others ask for their shapes already, or the step has failed. */
  giveBack(chunks: number): void
}

type Load = Pick<LimiterStats, 'waiting' | 'requestsPerMinute' | 'pausedMs'> & {
  /** Chunks that were sent away and come back within the next minute. */
  readonly deferred?: number
}

/**
 * What was let in drains at the pace, whether its chunks have reached a limiter yet or not: a thousand batches plan
 * before their first chunk arrives. The limiter's own queue counts where it is longer, since the model may be slower
 * than the pace. Chunks spread over the replicas, so each lets in its part. `now`: milliseconds of a clock that never
 * goes back.
 */
export function createAdmission(load: () => Load, now: () => number = () => performance.now()): Admission {
  /** Chunks that were let in, and those of batches that have a turn, less what the pace has worked off since. */
  let admitted = 0
  let booked = 0
  let drainedAt = now()
  let planning = 0
  let plansBookedUntil = Number.NEGATIVE_INFINITY
  let usualChunks = 1
  let turns = 0

  /** Milliseconds of work before the limiter, and how much there may be. */
  function measure() {
    const { waiting, deferred = 0, requestsPerMinute, pausedMs } = load()
    const drained = ((now() - drainedAt) * requestsPerMinute) / 60_000
    drainedAt = now()
    admitted = Math.max(0, admitted - drained)
    booked = Math.max(0, booked - drained)
    const intervalMs = requestsPerMinute > 0 ? 60_000 / requestsPerMinute : Number.POSITIVE_INFINITY
    const timeOf = (chunks: number) => (chunks === 0 ? 0 : chunks * intervalMs)
    const aheadMs = timeOf(Math.max(admitted, waiting + deferred)) + pausedMs
    const mostMs = Math.min(AHEAD_MS, Math.max(LEAST_AHEAD_MS, timeOf(AHEAD_CHUNKS)))
    return { aheadMs, queueMs: aheadMs + timeOf(booked), mostMs }
  }

  function refuse(chunks: number, waitMs: number, before: AdmissionWait | null): AdmissionWait {
    if (waitMs <= HORIZON_MS) return { waitMs: Math.max(SHORTEST_WAIT_MS, Math.ceil(waitMs)), chunks, booked: true }
    const waitedMs = before === null || before.booked ? 0 : before.waitMs
    const mostMs = waitMs === Number.POSITIVE_INFINITY ? Math.max(NO_PACE_MS, 2 * waitedMs) : HORIZON_MS
    turns += 1
    const part = 0.5 + 0.5 * ((turns * GOLDEN_RATIO) % 1)
    return { waitMs: Math.ceil(Math.min(mostMs, HORIZON_MS) * part), chunks, booked: false }
  }

  /** Null where there is room. */
  function waitForRoom(chunks: number, before: AdmissionWait | null): AdmissionWait | null {
    const { aheadMs, queueMs, mostMs } = measure()
    if (before?.booked ? aheadMs <= mostMs * TURN_SHARE : queueMs <= mostMs) return null
    const wait = refuse(chunks, queueMs - mostMs, before)
    if (wait.booked) booked += chunks
    return wait
  }

  return {
    enter(before, mayAsk) {
      const chunks = before?.chunks ?? Math.max(1, Math.round(usualChunks))
      const wait = mayAsk ? waitForRoom(chunks, before) : null
      if (wait !== null) return wait
      if (planning < (before?.booked ? 2 : 1) * PLANS_AT_ONCE) {
        planning += 1
        return null
      }
      plansBookedUntil = Math.max(now() + SHORTEST_WAIT_MS, plansBookedUntil + PLAN_SPACING_MS)
      const refused = refuse(chunks, plansBookedUntil - now(), before)
      if (!refused.booked) plansBookedUntil -= PLAN_SPACING_MS
      return refused
    },

    leave() {
      planning -= 1
    },

    admit(chunks, before) {
      usualChunks += (chunks - usualChunks) / 10
      const wait = before === null && chunks > 0 ? waitForRoom(chunks, null) : null
      if (wait === null) admitted += chunks
      return wait
    },

    giveBack(chunks) {
      admitted = Math.max(0, admitted - chunks)
      usualChunks -= chunks / 10
    },
  }
}
