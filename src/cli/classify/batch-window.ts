/**
 * How many batches are under way: enough to use what the service can do, few enough that a stop has little to wait
 * for. In a full queue every further batch only waits longer (Little's law), so the time that batches take tells both.
 */

export interface Window {
  /** Batches that may be under way now. */
  readonly size: number
  /** A batch that began at `startedAt` (ms of the clock) has ended. */
  ended(startedAt: number): void
}

/** Two keep the budget busy while one is saved and the next one planned, */
const MIN = 2
/** and small batches are more: after an outage, when all took long, so much goes on at least. */
const LEAST_INDICATORS = 200
const MOST_LEAST = 10
const MAX = 256
/** What is under way stands in the memory of the replicas: more than so many indicators bring nothing but size. */
const MOST_INDICATORS = 6_400
const FIRST = 4
/** Below this, one more for each that ends: whatever is in flight ends in a moment anyway. */
const QUICK_MS = 1_500
/** What a stop may have to wait for. */
const TARGET_MS = 10_000
/** A look at what a change did takes so many batches, or as many as are under way. */
const LEAST_ROUND = 4
const MOST_ROUND = 16
const GROWTH = 1.5
/** Growing by a half must bring this much more, or the service was busy before. */
const WORTH = 1.15
/** Where the model alone takes longer than the target, a stop waits for that, and hardly longer. */
const OVER_MODEL = 1.25
/** Rounds until growth that brought nothing is tried again: the budget may have changed. */
const FIRST_REST = 4
const MAX_REST = 32
const SMOOTHING = 0.2

interface Trial {
  readonly kind: 'grow' | 'shrink'
  readonly before: number
  /** Batches a millisecond, before the change. */
  readonly perMs: number
  readonly latencyMs: number
}

export interface WindowOptions {
  /** Indicators in a batch. */
  readonly batchSize: number
  /** Milliseconds of a clock that never goes back. Default: `performance.now`. */
  readonly now?: () => number
}

export function createWindow({ batchSize, now = () => performance.now() }: WindowOptions): Window {
  const most = Math.min(MAX, Math.ceil(MOST_INDICATORS / batchSize))
  const least = Math.min(MOST_LEAST, Math.max(MIN, Math.ceil(LEAST_INDICATORS / batchSize)))
  let size = FIRST
  let latencyMs: number | undefined
  let trial: Trial | undefined
  let growthRest = 0
  let restLength = FIRST_REST
  /** What batches take with nothing in their way; known where fewer in flight were no quicker. */
  let modelMs = 0
  let changedAt = now()
  let round = newRound()

  function clamp(wanted: number): number {
    return Math.max(MIN, Math.min(most, Math.round(wanted)))
  }
  function newRound() {
    return { ended: 0, latencySum: 0, latencies: 0, firstAt: 0, lastAt: 0 }
  }
  function change(to: number, because?: Trial): void {
    size = clamp(to)
    trial = because
    changedAt = now()
    latencyMs = undefined
    round = newRound()
  }

  /** A round's worth of batches that began after the last change has ended. */
  function judge(perMs: number, meanMs: number): void {
    const last = trial
    trial = undefined
    const isGrowthInVain = last?.kind === 'grow' && perMs < last.perMs * WORTH
    // Fewer in flight and no quicker: the model is slow, not the queue long.
    const isModelSlow = last?.kind === 'shrink' && meanMs > last.latencyMs * (1 + size / last.before) * 0.5
    if (isGrowthInVain) {
      growthRest = restLength
      restLength = Math.min(restLength * 2, MAX_REST)
    } else if (last?.kind === 'grow') restLength = FIRST_REST
    modelMs = isModelSlow ? meanMs : Math.min(modelMs, meanMs)
    if (isGrowthInVain || isModelSlow) {
      change(last.before)
      return
    }
    const here = { before: size, perMs, latencyMs: meanMs }
    const targetMs = Math.max(TARGET_MS, modelMs * OVER_MODEL)
    if (meanMs > targetMs) {
      const fewer = Math.max(Math.min(size, least), clamp(Math.min(size - 1, Math.floor((size * targetMs) / meanMs))))
      if (fewer < size) change(fewer, { ...here, kind: 'shrink' })
    } else if (growthRest > 0) {
      growthRest -= 1
    } else {
      const more = clamp(Math.ceil(size * GROWTH))
      if (more > size) change(more, { ...here, kind: 'grow' })
    }
  }

  return {
    get size() {
      return size
    },
    ended(startedAt) {
      const endedAt = now()
      const tookMs = endedAt - startedAt
      const isOfThisSize = startedAt >= changedAt
      if (isOfThisSize) latencyMs = latencyMs === undefined ? tookMs : latencyMs + (tookMs - latencyMs) * SMOOTHING
      if (trial === undefined && latencyMs !== undefined && latencyMs < QUICK_MS) {
        size = clamp(size + 1)
        round = newRound()
        return
      }
      if (round.ended === 0) {
        // What began before the change tells of another size: the look begins with the first that did not.
        if (!isOfThisSize) return
        round.firstAt = endedAt
      } else if (isOfThisSize) {
        round.latencySum += tookMs
        round.latencies += 1
      }
      round.ended += 1
      round.lastAt = endedAt
      const { ended, latencies, latencySum, firstAt, lastAt } = round
      if (ended <= Math.min(Math.max(size, LEAST_ROUND), MOST_ROUND) || latencies === 0) return
      round = newRound()
      judge((ended - 1) / Math.max(1, lastAt - firstAt), latencySum / latencies)
    },
  }
}
