/** Decides when a run that is asked to stop no longer waits for its batches: at the second Ctrl+C, or as soon as nothing moves. */
import type { PauseWatch } from './pause-watch.ts'

export interface LeavingOptions {
  readonly runId: string
  readonly pauses: Pick<PauseWatch, 'untilNothingMoves'>
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

export function createLeaving({ runId, pauses, stopSubmitting, abandon, say }: LeavingOptions): Leaving {
  const left = new AbortController()
  const leave = async () => {
    if (!(await pauses.untilNothingMoves())) return
    const rest = `The service goes on with the batches that it has; to end them: npm run kill -- ${runId}`
    say(`No request is in flight until the pause of the model endpoint ends. ${rest}`)
    left.abort()
  }
  stopSubmitting.addEventListener('abort', leave, { once: true })
  return {
    signal: AbortSignal.any([abandon, left.signal]),
    end: () => stopSubmitting.removeEventListener('abort', leave),
  }
}
