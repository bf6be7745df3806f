/** What is watched beside a run while its batches are under way: answers of open batches, pauses of the model, and stalls. */
import { type AnswerWatch, watchAnswers } from '../client/answer-watch.ts'
import { type PauseWatch, watchPauses } from '../client/pause-watch.ts'
import type { ProgressCounts } from '../ui/progress-text.ts'
import { formatReason } from './reason.ts'
import { watchStalls } from './stall-watch.ts'

export interface RunWatches {
  readonly pauses: PauseWatch
  /** Adds what was seen to the counts of a run, of which `indicatorsInFlight` are in open batches. */
  see(counts: Omit<ProgressCounts, 'answered' | 'pause'>, indicatorsInFlight: number): ProgressCounts
  /** Notes the end of a batch, with the number of its indicators as in `AnswerWatch`. */
  batchEnded: AnswerWatch['batchEnded']
  stop(): void
}

export interface RunWatchOptions {
  readonly urls: readonly string[]
  /** The admin URLs of the nodes, which tell more of a stall; without them less is told. */
  readonly adminUrls: readonly string[]
  readonly runId: string
  readonly isResumed: boolean
  /** Called when something new was seen. */
  readonly onChange: () => void
}

export function watchRun({ urls, adminUrls, runId, isResumed, onChange }: RunWatchOptions): RunWatches {
  const pauses = watchPauses({ urls, onChange })
  const answers = watchAnswers({ urls, runId, isResumed, onChange })
  const stalls = watchStalls({ ingressUrls: urls, adminUrls, runId, onChange })
  return {
    pauses,
    see(counts, indicatorsInFlight) {
      const answered = answers.openAnswers(indicatorsInFlight)
      stalls.moved(counts.done + counts.failed + answered)
      const { pause } = pauses
      const waiting = pause === undefined && stalls.reason !== undefined ? { waiting: formatReason(stalls.reason) } : {}
      return { ...counts, answered, pause, ...waiting }
    },
    batchEnded(answered) {
      answers.batchEnded(answered)
      pauses.batchEnded()
    },
    stop() {
      pauses.stop()
      answers.stop()
      stalls.stop()
    },
  }
}
