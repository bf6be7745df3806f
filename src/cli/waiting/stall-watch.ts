/** Notices that nothing moves in a run, and then looks around now and then for what it waits for. */
import { lookAround, type Surroundings } from './look.ts'
import { explainWait, type WaitReason } from './reason.ts'

export interface StallWatch {
  /** What the run waits for; undefined while it moves, or while nothing is known of it. */
  readonly reason: WaitReason | undefined
  /** Notes how far the run is. A number that was not given before means that it moves. */
  moved(finished: number): void
  stop(): void
}

export interface StallWatchOptions extends Surroundings {
  readonly runId: string
  /** Called when a reason was found, or went away. */
  readonly onChange: () => void
  /** Milliseconds without a move after which the watch looks around; the default is 20,000, so that a look ends within 30 s. */
  readonly stillMs?: number
  /** Milliseconds between the first two looks; each further pause is twice as long. The default is 10,000. */
  readonly everyMs?: number
  /** Looks around; for tests. */
  readonly look?: typeof lookAround
}

const STILL_MS = 20_000
const EVERY_MS = 10_000
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
      reason = explainWait(seen, runId)
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
