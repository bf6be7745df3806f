/** Asks the service during a run how many indicators the model has answered, for the progress line.
 *
 * So progress need not wait for the end of whole batches. What is shown stays at or below the truth: every doubt makes
 * it smaller.
 */
import { z } from 'zod'
import { createServiceClient } from './service.ts'

export interface AnswerWatch {
  /** Indicators of open batches that have their answer, at most `indicatorsInFlight`, which are all in open batches. */
  openAnswers(indicatorsInFlight: number): number
  /**
   * Notes the end of a batch. `answered` of its indicators may be in the service's count: those that the model answered,
   * or all of them where that is not known.
   */
  batchEnded(answered: number): void
  /** Ends the questions. */
  stop(): void
}

export interface AnswerWatchOptions {
  readonly urls: readonly string[]
  readonly runId: string
  /** Whether an earlier process began the run, so that the service's count does not begin at 0. */
  readonly isResumed: boolean
  /** Called when the service has answered. */
  readonly onChange: () => void
  /** Milliseconds between two questions. Default 2,000. */
  readonly everyMs?: number
}

const EVERY_MS = 2_000
/** Milliseconds that one question may take. */
const PATIENCE_MS = 10_000

/** The part of a run's status that counts; a service of an earlier release answers without it. */
const statusSchema = z.looseObject({ answered: z.number().min(0) })

/** Asks at most one question at a time, and none while batches end: their ends move the progress by themselves. */
export function watchAnswers(options: AnswerWatchOptions): AnswerWatch {
  const { urls, runId, isResumed, onChange, everyMs = EVERY_MS } = options
  const service = createServiceClient({ urls, patienceMs: PATIENCE_MS })
  const stopped = new AbortController()
  let base = isResumed ? undefined : 0
  let answered = 0
  let answeredInEnded = 0
  let hasBatchEnded = false
  let isAsking = false

  const ask = async () => {
    const question = { handler: 'status', body: { run_id: runId }, schema: statusSchema, signal: stopped.signal }
    // The run is not known before its first batch is planned, and progress is worth no message where it fails.
    const status = await service.ask(question).catch(() => undefined)
    if (status === undefined || stopped.signal.aborted) return
    base ??= status.answered
    answered = Math.max(answered, status.answered)
    onChange()
  }
  const timer = setInterval(async () => {
    if (!isAsking && !hasBatchEnded) {
      isAsking = true
      await ask()
      isAsking = false
    }
    hasBatchEnded = false
  }, everyMs)
  timer.unref()

  return {
    openAnswers(indicatorsInFlight) {
      const open = answered - (base ?? answered) - answeredInEnded
      return Math.min(Math.max(open, 0), indicatorsInFlight)
    },
    batchEnded(count) {
      answeredInEnded += count
      hasBatchEnded = true
    },
    stop() {
      clearInterval(timer)
      stopped.abort()
    },
  }
}
