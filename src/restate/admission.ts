/** How much work batches may put before the rate limiter of a replica. What is beyond it waits as one batch, not as its chunks. */
import type { LimiterStats } from '../llm/types.ts'

/** Work that is let in ahead: enough that no start goes unused while those who sleep come back. */
const AHEAD_MS = 30_000
/** Those whose turn has come are let in up to this, or a replica that lags a little would send them to the end again. */
const LATE_MS = 45_000
/** Nobody is booked further ahead: the pace may rise meanwhile, and a durable sleep can't be woken. */
const HORIZON_MS = 60_000
const SHORTEST_WAIT_MS = 250
const GOLDEN_RATIO = 0.618_033_988_749_895

/** What a batch of `chunks` requests that is not let in does: it sleeps for `waitMs` and asks again. Journaled. */
export interface AdmissionWait {
  readonly waitMs: number
  readonly chunks: number
  /** A turn was kept for it: it goes before those who have none. */
  readonly booked: boolean
}

export interface Admission {
  /** Null lets the batch in. `before`: what it was told the last time, null the first time. */
  admit(chunks: number, before: AdmissionWait | null): AdmissionWait | null
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
  let admitted = 0
  let booked = 0
  let drainedAt = now()
  let turns = 0

  return {
    admit(chunks, before) {
      const { waiting, deferred = 0, requestsPerMinute, pausedMs } = load()
      const at = now()
      const drained = ((at - drainedAt) * requestsPerMinute) / 60_000
      drainedAt = at
      admitted = Math.max(0, admitted - drained)
      booked = Math.max(0, booked - drained)

      const intervalMs = requestsPerMinute > 0 ? 60_000 / requestsPerMinute : Number.POSITIVE_INFINITY
      const work = Math.max(admitted, waiting + deferred)
      const aheadMs = (work === 0 ? 0 : work * intervalMs) + pausedMs
      const queueMs = aheadMs + (booked === 0 ? 0 : booked * intervalMs)
      if (before?.booked ? aheadMs <= LATE_MS : queueMs <= AHEAD_MS) {
        admitted += chunks
        return null
      }
      const waitMs = Math.max(SHORTEST_WAIT_MS, Math.ceil(queueMs - AHEAD_MS))
      if (waitMs <= HORIZON_MS) {
        booked += chunks
        return { waitMs, chunks, booked: true }
      }
      turns += 1
      return { waitMs: Math.ceil(HORIZON_MS * (0.5 + 0.5 * ((turns * GOLDEN_RATIO) % 1))), chunks, booked: false }
    },
  }
}
