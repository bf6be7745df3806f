/** Counts the indicators that the model has answered, by run, for the progress that clients show.
 *
 * A replica gathers its counts in memory and adds them to the database about once a second, so that a chunk costs no
 * statement of its own.
 */
import type { Logger } from 'pino'
import { messageOf } from '../errors.ts'
import type { CountAnswered, Store } from './types.ts'

/** Milliseconds for which counts are gathered before they are written. */
const FLUSH_AFTER_MS = 1_000

export interface AnsweredCountsOptions {
  readonly store: Pick<Store, 'addAnswered'>
  readonly log: Logger
  readonly flushAfterMs?: number
}

export interface AnsweredCounts {
  readonly add: CountAnswered
  /** Writes the gathered counts; `add` must not be called afterwards. */
  close(): Promise<void>
}

/** Creates the counter without writing anything. Counts that cannot be written are kept for the next write. */
export function createAnsweredCounts({
  store,
  log,
  flushAfterMs = FLUSH_AFTER_MS,
}: AnsweredCountsOptions): AnsweredCounts {
  let gathered = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()
  let isClosed = false

  const add = (runId: string, indicators: number) => {
    gathered.set(runId, (gathered.get(runId) ?? 0) + indicators)
  }
  const flush = async () => {
    if (gathered.size === 0) return
    const counts = gathered
    gathered = new Map()
    try {
      await store.addAnswered(counts)
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'The progress of runs could not be written')
      for (const [runId, indicators] of counts) add(runId, indicators)
    }
  }
  const schedule = () => {
    if (timer !== undefined || isClosed || gathered.size === 0) return
    timer = setTimeout(() => {
      writing = flush().finally(() => {
        timer = undefined
        schedule()
      })
    }, flushAfterMs)
    timer.unref()
  }

  return {
    add(runId, indicators) {
      if (indicators === 0) return
      add(runId, indicators)
      schedule()
    },
    close: async () => {
      isClosed = true
      clearTimeout(timer)
      await writing
      await flush()
    },
  }
}
