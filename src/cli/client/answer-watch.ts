/** Asks the service during a run how many indicators the model has answered, for the progress line.
 *
 * Progress can thus be shown before whole batches end. The shown number is never higher than the true one; where the
 * true number is uncertain, a lower one is shown.
 */
import { z } from 'zod'
import { askWhileIdle } from './idle-asks.ts'
import { createServiceClient } from './service.ts'

export interface AnswerWatch {
  /**
   * Returns how many indicators in unfinished batches have their answer, at most `indicatorsInFlight`, the number of
   * all indicators in these batches.
   */
  openAnswers(indicatorsInFlight: number): number
  /**
   * Notes the end of a batch. `answered` is the number of its indicators that the service may count as answered: those
   * that the model answered, or all indicators of the batch where the number is not known.
   */
  batchEnded(answered: number): void
  /** Stops asking the service, and ends a request that is under way. */
  stop(): void
}

export interface AnswerWatchOptions {
  readonly urls: readonly string[]
  readonly runId: string
  /** Whether an earlier process began the run, so that the service's count of answers is not 0 at the start. */
  readonly isResumed: boolean
  /** The watch calls this function when the service has reported a count. */
  readonly onChange: () => void
  /** The milliseconds between two requests to the service; the default is 2,000. */
  readonly everyMs?: number
}

const EVERY_MS = 2_000
/** The milliseconds that one request to the service may take. */
const PATIENCE_MS = 10_000

/** The count of answers in the status of a run; an earlier release of the service reports no such count. */
const statusSchema = z.looseObject({ answered: z.number().min(0) })

/**
 * Starts the watch. It has at most one request under way, and sends none while batches end, because their ends already
 * move the progress.
 */
export function watchAnswers(options: AnswerWatchOptions): AnswerWatch {
  const { urls, runId, isResumed, onChange, everyMs = EVERY_MS } = options
  const service = createServiceClient({ urls, patienceMs: PATIENCE_MS })
  let base = isResumed ? undefined : 0
  let answered = 0
  let answeredInEnded = 0

  const ask = async () => {
    const question = { handler: 'status', body: { run_id: runId }, schema: statusSchema, signal: asks.signal }
    // A failed request is ignored: the service does not know the run before its first batch is planned, and progress is
    // not worth an error message.
    const status = await service.ask(question).catch(() => undefined)
    if (status === undefined || asks.signal.aborted) return
    base ??= status.answered
    answered = Math.max(answered, status.answered)
    onChange()
  }
  const asks = askWhileIdle(ask, everyMs)

  return {
    openAnswers(indicatorsInFlight) {
      const open = answered - (base ?? answered) - answeredInEnded
      return Math.min(Math.max(open, 0), indicatorsInFlight)
    },
    batchEnded(count) {
      answeredInEnded += count
      asks.batchEnded()
    },
    stop: asks.stop,
  }
}
