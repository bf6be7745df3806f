/** Decides when a run that is asked to stop no longer waits for its batches: at the second Ctrl+C, or as soon as nothing moves. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PauseWatch } from './pause-watch.ts'

export interface LeavingOptions {
  readonly runId: string
  readonly pauses: Pick<PauseWatch, 'untilNothingMoves' | 'untilNothingInFlight'>
  /** Whether the service starts no request of the run any more, as after the command `stop`; not so after Ctrl+C. */
  readonly isWithheld?: (() => boolean) | undefined
  /** Milliseconds until every replica has learned that the run is stopped; the default is 7,000. */
  readonly learnedMs?: number
  /** Milliseconds in which batches that have all their answers are saved; the default is 3,000. */
  readonly savedMs?: number
  /** Aborts at the first Ctrl+C. */
  readonly stopSubmitting: AbortSignal
  /** Aborts at the second Ctrl+C. */
  readonly abandon: AbortSignal
  readonly say: (line: string) => void
}

export interface Leaving {
  /** Aborts when the run no longer waits for the batches in flight. */
  readonly signal: AbortSignal
  end(): void
}

/** A replica knows within five seconds that a run is stopped, and tells every two seconds what it has in flight. */
const LEARNED_MS = 7_000
const SAVED_MS = 3_000

export function createLeaving(options: LeavingOptions): Leaving {
  const {
    runId,
    pauses,
    stopSubmitting,
    abandon,
    isWithheld,
    learnedMs = LEARNED_MS,
    savedMs = SAVED_MS,
    say,
  } = options
  const left = new AbortController()
  const ended = new AbortController()
  const leave = async () => {
    if (isWithheld?.() === true) {
      await sleep(learnedMs, undefined, { signal: ended.signal }).catch(() => undefined)
      if (ended.signal.aborted || !(await pauses.untilNothingInFlight())) return
      await sleep(savedMs, undefined, { signal: ended.signal }).catch(() => undefined)
      if (ended.signal.aborted) return
      say(
        'No request is in flight any more. The batches that wait for their turn store what was answered within a minute',
      )
      left.abort()
      return
    }
    if (!(await pauses.untilNothingMoves())) return
    const rest = `The service goes on with the batches that it has; to end them: npm run kill -- ${runId}`
    say(`No request is in flight until the pause of the model endpoint ends. ${rest}`)
    left.abort()
  }
  stopSubmitting.addEventListener('abort', leave, { once: true })
  return {
    signal: AbortSignal.any([abandon, left.signal]),
    end: () => {
      ended.abort()
      stopSubmitting.removeEventListener('abort', leave)
    },
  }
}
