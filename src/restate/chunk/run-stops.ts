/** Whether people have stopped or paused the runs that a replica works for, so that no request of such a run starts. */
import type { DriverStore } from '../../store/types.ts'
import type { ChunkRequest, EarlierChunkRequest } from '../chunk-contract.ts'
import { isEarlierChunk } from './earlier-chunk.ts'

export interface RunStops {
  /** Whether the run of the chunk is stopped or paused, as it was read at most five seconds ago. Never rejects: what cannot be read stays as it was. */
  isStopped(request: ChunkRequest | EarlierChunkRequest): Promise<boolean>
}

/** What is known of a run is read again after so many milliseconds, beside the work. */
const FRESH_MS = 1_500
/** A chunk waits for a look at the run where what is known of it is older than this. */
const STALE_MS = 5_000
/** The most runs that a replica remembers; with one more, the run that was used least recently is forgotten. */
const MOST_RUNS = 1_000

interface Known {
  isStopped: boolean
  readAt: number
  reading: Promise<void> | undefined
}

/** `now` gives the milliseconds of a clock that never goes back. */
export function createRunStops(
  drivers: Pick<DriverStore, 'find'>,
  now: () => number = () => performance.now(),
): RunStops {
  const runs = new Map<string, Known>()

  function knownOf(runId: string): Known {
    const known = runs.get(runId) ?? { isStopped: false, readAt: Number.NEGATIVE_INFINITY, reading: undefined }
    runs.delete(runId)
    runs.set(runId, known)
    const [oldest] = runs.keys()
    if (runs.size > MOST_RUNS && oldest !== undefined) runs.delete(oldest)
    return known
  }

  function look(runId: string, known: Known): Promise<void> {
    const askedAt = now()
    known.reading ??= drivers
      .find(runId)
      .then((found) => {
        known.isStopped = found !== undefined && found.wanted !== 'running'
        known.readAt = askedAt
      })
      .catch(() => undefined)
      .finally(() => {
        known.reading = undefined
      })
    return known.reading
  }

  return {
    async isStopped(request) {
      // Only the batches of a driver name their part of a run. Callers who send batches by themselves stop by sending none.
      if (isEarlierChunk(request) || request.part === undefined) return false
      const known = knownOf(request.run_id)
      const ageMs = now() - known.readAt
      if (ageMs > STALE_MS) await look(request.run_id, known)
      else if (ageMs > FRESH_MS) void look(request.run_id, known)
      return known.isStopped
    },
  }
}
