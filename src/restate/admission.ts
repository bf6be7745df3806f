/** How much work the batches of a replica may put before its rate limiter. A batch that would exceed the bound sleeps durably as one invocation instead of as many chunks. */
import { createVirtualQueue, type Turn, type VirtualQueue } from '../lib/virtual-queue.ts'
import type { LeaseStats, LimiterStats } from '../rate/types.ts'

/**
 * The most milliseconds of work that are admitted ahead of the pace, enough to keep the limiter busy until sleeping
 * batches come back.
 */
const AHEAD_MS = 30_000
/**
 * The most chunks that are admitted ahead of the pace, because each waits for its start in a slot of a Restate node,
 * which has few.
 */
const AHEAD_CHUNKS = 500
/**
 * The bound on admitted work never falls below this many milliseconds of work, enough for a round trip or two at any
 * pace.
 */
const LEAST_AHEAD_MS = 2_000
/**
 * A batch with a booked turn may exceed the bound by this part of it, because a batch that wakes a little early would
 * otherwise have to queue again. Where turns are booked early it is as much smaller.
 */
const BOOKED_PART = 0.5
/**
 * The chunks of a batch start on all replicas, so that the batches of one replica go at the pace of the whole cluster while the others
 * have none. Turns are booked for that pace, since a sleeping batch cannot be woken and one that comes too early only asks
 * again. In larger clusters they are booked for this many times the replica's own pace, which bounds how often a batch asks.
 */
const MOST_EARLY = 8

/**
 * The most batches that plan at once, because a plan takes 10 to 20 ms of the event loop, in which no chunk can start.
 */
const PLANS_AT_ONCE = 32
/** Batches that wait to plan come back this many milliseconds apart, somewhat longer than a plan takes. */
const PLAN_INTERVAL_MS = 25

/**
 * A batch's turn is booked at most this many milliseconds ahead, because the pace may rise meanwhile and a durable
 * sleep cannot be ended early.
 */
const HORIZON_MS = 60_000
/** The least milliseconds that a batch sleeps, and one that finds no room again. */
const SHORTEST_WAIT_MS = 250
const AGAIN_MS = 1_000
/**
 * The most milliseconds that a batch first sleeps where the replica has no rate lease; each further sleep may be twice
 * as long. A missing lease is over within seconds, or lasts as long as the database is away.
 */
const NO_PACE_MS = 2_000
/** The weight of the newest batch in the running mean of the number of chunks that a batch needs. */
const NEWEST_WEIGHT = 0.1

/** What a batch that is not admitted does: it sleeps for `waitMs` and asks again. The journal fixes the property names. */
export interface AdmissionWait {
  readonly waitMs: number
  /** The number of chunks that the batch needs; before it is planned, the number that batches need on average. */
  readonly chunks: number
  /** True where a turn in the queue is booked for the batch, which then goes before batches without a turn. */
  readonly booked: boolean
}

export interface Admission {
  /**
   * Asks whether a batch may plan. `before` is the result of the last call for the same batch, null at the first;
   * `expected` is the number of chunks that the batch will need, 0 where it cannot need the model, null where only its plan can tell. Null
   * lets the batch plan, after which the caller must call `leave`; otherwise the batch sleeps and asks again.
   */
  enter(before: AdmissionWait | null, expected: number | null): AdmissionWait | null
  leave(): void
  /** Asks whether a planned batch, by its invocation's id, may send its chunks; null lets it, otherwise it sleeps and asks again. */
  admit(batch: string, chunks: number, before: AdmissionWait | null): AdmissionWait | null
  /**
   * Uncounts admitted chunks that are not sent, because other batches ask the same questions or because the step has
   * failed.
   */
  giveBack(batch: string, chunks: number): void
  /** The batch has the replies of all its chunks. Does nothing where another replica admitted it. */
  finish(batch: string): void
}

type Load = Pick<LimiterStats, 'waiting' | 'requestsPerMinute' | 'pausedMs'> & {
  /** The number of chunks that the limiter deferred and that come back within the next minute. */
  readonly deferred?: number
  /** The number of replicas that share the budget. Default: 1. */
  readonly replicas?: number
}

/**
 * The load by which a replica admits: at the pace that its work will have. A replica that has had little work holds a small lease, by which
 * its first large batch would sleep for a minute, and gets an equal part of the budget within seconds of asking for it.
 */
export function loadOf(
  limiter: LimiterStats,
  { equalRequestsPerMinute, replicas }: Pick<LeaseStats, 'equalRequestsPerMinute' | 'replicas'>,
): Load {
  return { ...limiter, replicas, requestsPerMinute: Math.max(limiter.requestsPerMinute, equalRequestsPerMinute) }
}

/**
 * Creates the admission of one replica. Restate spreads chunks over the replicas, so each admits its part. Admitted
 * chunks count until the pace has worked them off or their batch has its replies, whether or not they have reached the limiter,
 * because many batches plan before their first chunk arrives. Where the limiter's own queue is longer, its length counts, since the
 * model may be slower than the pace. `now` gives the milliseconds of a clock that never goes back.
 */
export function createAdmission(load: () => Load, now: () => number = () => performance.now()): Admission {
  const turns = createVirtualQueue({ horizonMs: HORIZON_MS, shortestMs: SHORTEST_WAIT_MS })
  const planTurns = createVirtualQueue({ horizonMs: HORIZON_MS, shortestMs: SHORTEST_WAIT_MS })
  /** The admitted chunks that count, by their batch, the oldest first. */
  const ahead = new Map<string, number>()
  let workedOffAt = now()
  /** The batches that plan, and the chunks that they are expected to need. */
  let planning = 0
  let planned = 0
  let meanChunks = 1

  function workOff(requestsPerMinute: number): void {
    let left = ((now() - workedOffAt) * requestsPerMinute) / 60_000
    workedOffAt = now()
    for (const [batch, chunks] of ahead) {
      if (left <= 0) return
      uncount(batch, left)
      left -= chunks
    }
  }

  function uncount(batch: string, chunks: number): void {
    const left = (ahead.get(batch) ?? 0) - chunks
    if (left > 0) ahead.set(batch, left)
    else ahead.delete(batch)
  }

  /** Books a wait for a batch that has to wait for room; null where there is room for its chunks. */
  function waitForRoom(chunks: number, before: AdmissionWait | null, others: number): AdmissionWait | null {
    const { waiting, deferred = 0, requestsPerMinute, pausedMs, replicas = 1 } = load()
    workOff(requestsPerMinute)
    const admitted = [...ahead.values()].reduce((sum, one) => sum + one, 0)
    const early = Math.max(1, Math.min(MOST_EARLY, replicas))
    const intervalMs = requestsPerMinute > 0 ? 60_000 / requestsPerMinute : Number.POSITIVE_INFINITY
    const timeOf = (places: number) => (places === 0 ? 0 : places * intervalMs)
    const aheadMs = timeOf(Math.max(admitted, waiting + deferred) + others) + pausedMs
    const mostMs = Math.min(AHEAD_MS, Math.max(LEAST_AHEAD_MS, timeOf(AHEAD_CHUNKS)))
    const hasRoom = before?.booked
      ? aheadMs <= mostMs * (1 + BOOKED_PART / early)
      : aheadMs + timeOf(turns.sleeping(now()).booked) <= mostMs
    if (hasRoom) return null
    // A pause is no shorter for what other replicas do.
    const tooMuchMs = aheadMs - mostMs
    const soonestMs = Math.min(tooMuchMs, pausedMs) + Math.max(0, tooMuchMs - pausedMs) / early
    const notBeforeMs = before === null ? soonestMs : Math.max(AGAIN_MS, soonestMs)
    return book(turns, { chunks, intervalMs: intervalMs / early, notBeforeMs, before })
  }

  function book(
    queue: VirtualQueue,
    of: { chunks: number; intervalMs: number; notBeforeMs: number; before: AdmissionWait | null; places?: number },
  ): AdmissionWait {
    const { chunks, intervalMs, notBeforeMs, before, places = chunks } = of
    const lastWaitMs = before === null || before.booked ? 0 : before.waitMs
    const unbookedMs = intervalMs === Number.POSITIVE_INFINITY ? Math.max(NO_PACE_MS, 2 * lastWaitMs) : HORIZON_MS
    const { waitMs, isBooked }: Turn = queue.book(now(), { places, intervalMs, notBeforeMs, unbookedMs })
    return { waitMs, chunks, booked: isBooked }
  }

  return {
    enter(before, expected) {
      // What the first batches were taken for is corrected by those that were planned meanwhile.
      const chunks = expected ?? Math.max(1, before?.chunks ?? 0, Math.round(meanChunks))
      const wait = expected === 0 ? null : waitForRoom(chunks, before, planned)
      if (wait !== null) return wait
      if (planning < (before?.booked ? 2 : 1) * PLANS_AT_ONCE) {
        planning += 1
        planned += expected === 0 ? 0 : chunks
        return null
      }
      const notBeforeMs = SHORTEST_WAIT_MS
      return book(planTurns, { chunks, intervalMs: PLAN_INTERVAL_MS, notBeforeMs, before, places: 1 })
    },

    leave() {
      planned -= planned / planning
      planning -= 1
    },

    admit(batch, chunks, before) {
      meanChunks += (chunks - meanChunks) * NEWEST_WEIGHT
      const wait = before === null && chunks > 0 ? waitForRoom(chunks, null, 0) : null
      if (wait !== null) return wait
      if (chunks > 0) ahead.set(batch, chunks)
      return null
    },

    giveBack(batch, chunks) {
      uncount(batch, chunks)
      turns.shorten(chunks)
      meanChunks -= chunks * NEWEST_WEIGHT
    },

    finish(batch) {
      ahead.delete(batch)
    },
  }
}
