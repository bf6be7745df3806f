/** Notices that nothing moves in a run, and then looks around now and then for what it waits for. */
import { lookAround, type Surroundings } from './look.ts'
import { explainWait, type WaitReason } from './reason.ts'

export interface StallWatch {
  /** What the run waits for, as seen last; undefined while it moves, or while nothing is known of it. */
  readonly reason: WaitReason | undefined
  /** Notes how far the run is. A number that was not given before means that it moves. */
  moved(finished: number): void
  stop(): void
}

export interface StallWatchOptions extends Surroundings {
  readonly runId: string
  /** Called when a reason was found, or went away. */
  readonly onChange: () => void
  /** Milliseconds without a move after which the watch looks around. */
  readonly stillMs?: number
  /** Milliseconds between the first two looks; each further pause is twice as long. */
  readonly everyMs?: number
  /** Looks around; for tests. */
  readonly look?: typeof lookAround
}

/** Within 30 s a reason has to be found; a look takes up to 6 s, and this process hears of a move some seconds late. */
const STILL_MS = 10_000
/** What holds the work up may last for seconds only, and the work then waits for the pauses between attempts. */
const EVERY_MS = 5_000
/** A look that nobody answers leaves a question in Restate's queue, so that a long stall is looked at rarely. */
const MOST_EVERY_MS = 60_000

export function watchStalls(options: StallWatchOptions): StallWatch {
  const { runId, onChange, stillMs = STILL_MS, everyMs = EVERY_MS, look = lookAround } = options
  const stopped = new AbortController()
  let finished = -1
  let movedAt = performance.now()
  let reason: WaitReason | undefined
  let pauseMs = everyMs
  let timer: NodeJS.Timeout | undefined

  const plan = (ms: number) => {
    timer = setTimeout(() => void check(), ms)
    timer.unref()
  }
  const check = async () => {
    const stillFor = performance.now() - movedAt
    if (stillFor < stillMs) return plan(stillMs - stillFor)
    const before = movedAt
    // What goes wrong in a look is no failure of the run.
    const seen = await look(options, stopped.signal).catch(() => undefined)
    if (stopped.signal.aborted) return
    if (seen !== undefined && movedAt === before) {
      // The cause may be gone while nothing moves yet, and then it is still what was waited for.
      reason = explainWait(seen, runId) ?? reason
      onChange()
    }
    plan(pauseMs)
    pauseMs = Math.min(pauseMs * 2, MOST_EVERY_MS)
  }
  plan(stillMs)

  return {
    get reason() {
      return reason
    },
    moved(now) {
      if (now === finished) return
      finished = now
      movedAt = performance.now()
      pauseMs = everyMs
      reason = undefined
    },
    stop() {
      clearTimeout(timer)
      stopped.abort()
    },
  }
}
