/** Decides how many batches of a run are in flight at a time.
 *
 * There are enough to use all that the service can do, and few enough that a run that is stopped ends soon. In a busy
 * service a further batch only makes every batch take longer (Little's law), so the window grows and shrinks by how long
 * batches take and how many of them end.
 *
 * While batches are quick, the window grows by one with each batch that ends. From then on it changes in trials: it
 * measures a round of batches, changes its size, measures another round, and goes back where the change brought nothing.
 */

export interface BatchWindow {
  /** The number of batches that may be in flight now; each call of `noteEnd` may change this number. */
  readonly size: number
  /** Notes the end of a batch that was submitted at `startedAt`, in milliseconds of the clock `now`. */
  noteEnd(startedAt: number): void
}

/** The smallest window in batches: one batch uses the rate budget while another one is planned or saved. */
const MIN_SIZE = 2
/**
 * Slow batches shrink the window no further than to this many indicators in flight. After an outage all batches are
 * slow for a while, and a smaller window would leave the service idle.
 */
const SHRINK_FLOOR_INDICATORS = 200
/** The floor under a shrinking window is never more than this many batches, however few indicators a batch has. */
const MAX_SHRINK_FLOOR = 10
/** The largest window in batches. */
const MAX_SIZE = 256
/** The largest window in indicators, which bounds the memory that replicas need. */
const MAX_INDICATORS = 6_400
/**
 * The window with which a run begins. Measured at 6,000 requests a minute: with 4 batches of 100 the replicas, whose code is cold, ran
 * out of work within the first seconds, and single seconds had 40 of 100 starts.
 */
const FIRST_SIZE = 6
/**
 * Where batches take fewer milliseconds than this, the window grows with each one that ends, because a stopped run
 * waits only briefly for them.
 */
const QUICK_MS = 1_500
/**
 * A run that is stopped should wait at most this many milliseconds for its batches in flight, so slower batches shrink
 * the window.
 */
const TARGET_MS = 10_000
/**
 * A round of measurement ends after as many batches as the window holds, but after no fewer than MIN_ROUND and no more
 * than MAX_ROUND.
 */
const MIN_ROUND = 4
const MAX_ROUND = 16
/** The factor by which a trial enlarges the window. */
const GROWTH = 1.5
/**
 * A larger window is kept only where it multiplies the number of batches that end per millisecond by at least this
 * factor.
 */
const MIN_GAIN = 1.15
/** Where the model alone takes longer than the target time, batches may take this many times as long as the model. */
const MODEL_TOLERANCE = 1.25
/**
 * After growth that brought nothing the window waits this many rounds before it grows again, because the rate budget
 * may have changed by then.
 */
const FIRST_REST_ROUNDS = 4
const MAX_REST_ROUNDS = 32
/** The weight of the newest batch in the moving average of how long batches take. */
const SMOOTHING = 0.2

/** A change of the window whose effect is being measured, with the measurements from before the change. */
interface Trial {
  readonly kind: 'grow' | 'shrink'
  readonly sizeBefore: number
  readonly batchesPerMs: number
  readonly latencyMs: number
}

export interface BatchWindowOptions {
  /** The number of indicators in a batch. */
  readonly batchSize: number
  /** A clock in milliseconds that never goes back; the default is `performance.now`. */
  readonly now?: () => number
}

export function createBatchWindow({ batchSize, now = () => performance.now() }: BatchWindowOptions): BatchWindow {
  const largest = Math.min(MAX_SIZE, Math.ceil(MAX_INDICATORS / batchSize))
  const shrinkFloor = Math.min(MAX_SHRINK_FLOOR, Math.max(MIN_SIZE, Math.ceil(SHRINK_FLOOR_INDICATORS / batchSize)))
  let size = FIRST_SIZE
  /**
   * The moving average of the milliseconds that batches take at the present window size; undefined before the first one
   * has ended.
   */
  let latencyMs: number | undefined
  let trial: Trial | undefined
  /** The number of rounds that must still end before the window may grow again. */
  let restRounds = 0
  let nextRestRounds = FIRST_REST_ROUNDS
  /**
   * The milliseconds that a batch takes in an idle service; 0 until a smaller window has turned out to be no quicker.
   */
  let modelMs = 0
  let changedAt = now()
  /** The last end of a batch that was submitted before the change: batches that were submitted until then waited for such batches. */
  let settledAt = changedAt
  let round = newRound()

  function clamp(wanted: number): number {
    return Math.max(MIN_SIZE, Math.min(largest, Math.round(wanted)))
  }
  function newRound() {
    return { ended: 0, latencySum: 0, latencies: 0, firstAt: 0, lastAt: 0 }
  }
  function change(to: number, nextTrial?: Trial): void {
    size = clamp(to)
    trial = nextTrial
    changedAt = now()
    settledAt = changedAt
    latencyMs = undefined
    round = newRound()
  }

  /** Ends a round in which `batchesPerMs` batches ended per millisecond and took `meanMs` milliseconds on average. */
  function endRound(batchesPerMs: number, meanMs: number): void {
    const last = trial
    trial = undefined
    const isGrowthInVain = last?.kind === 'grow' && batchesPerMs < last.batchesPerMs * MIN_GAIN
    // Where batches take nearly as long in a smaller window, the model is slow, and the wait in the queue is not the
    // cause.
    const isModelSlow = last?.kind === 'shrink' && meanMs > last.latencyMs * (1 + size / last.sizeBefore) * 0.5
    if (isGrowthInVain) {
      restRounds = nextRestRounds
      nextRestRounds = Math.min(nextRestRounds * 2, MAX_REST_ROUNDS)
    } else if (last?.kind === 'grow') nextRestRounds = FIRST_REST_ROUNDS
    modelMs = isModelSlow ? meanMs : Math.min(modelMs, meanMs)
    if (isGrowthInVain || isModelSlow) {
      change(last.sizeBefore)
      return
    }
    const measured = { sizeBefore: size, batchesPerMs, latencyMs: meanMs }
    const targetMs = Math.max(TARGET_MS, modelMs * MODEL_TOLERANCE)
    if (meanMs > targetMs) {
      const fewer = Math.max(
        Math.min(size, shrinkFloor),
        clamp(Math.min(size - 1, Math.floor((size * targetMs) / meanMs))),
      )
      if (fewer < size) change(fewer, { ...measured, kind: 'shrink' })
    } else if (restRounds > 0) {
      restRounds -= 1
    } else {
      const more = clamp(Math.ceil(size * GROWTH))
      if (more > size) change(more, { ...measured, kind: 'grow' })
    }
  }

  return {
    get size() {
      return size
    },
    noteEnd(startedAt) {
      const endedAt = now()
      const tookMs = endedAt - startedAt
      if (startedAt < changedAt) settledAt = endedAt
      const isOfThisSize = startedAt >= settledAt
      if (isOfThisSize) latencyMs = latencyMs === undefined ? tookMs : latencyMs + (tookMs - latencyMs) * SMOOTHING
      if (trial === undefined && latencyMs !== undefined && latencyMs < QUICK_MS) {
        size = clamp(size + 1)
        round = newRound()
        return
      }
      if (round.ended === 0) {
        // A round begins with the first batch that was in flight with batches of the new size alone, because others measure the
        // size before.
        if (!isOfThisSize) return
        round.firstAt = endedAt
      } else if (isOfThisSize) {
        round.latencySum += tookMs
        round.latencies += 1
      }
      round.ended += 1
      round.lastAt = endedAt
      const { ended, latencies, latencySum, firstAt, lastAt } = round
      if (ended <= Math.min(Math.max(size, MIN_ROUND), MAX_ROUND) || latencies === 0) return
      round = newRound()
      endRound((ended - 1) / Math.max(1, lastAt - firstAt), latencySum / latencies)
    },
  }
}
