/** Collects garbage where the heap of a command that streams a whole catalogue through the process is limited. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Collects garbage as soon as a command has begun. V8 begins with room for far more than this program needs, and measures its growth
 * from what is alive only after the first collection, which a file of small records would reach 40 MB later.
 */
export function collectAtStart(): void {
  // A collection takes a moment, in which a Ctrl+C would find no listener yet.
  setImmediate(collectGarbage)
}

export function collectGarbage(): void {
  collect ??= collector()
  collect?.()
  aliveBytes = bytesInUse()
}

let collect: (() => void) | undefined
/** The bytes that were in use after the latest collection, as far as is known. */
let aliveBytes = 0

/** By how many bytes what is in use may grow before garbage is collected. */
const MOST_GARBAGE_BYTES = 6 * 1_048_576

/**
 * Collects garbage once there may be MOST_GARBAGE_BYTES of it, in commands that collect at their start. V8 itself collects beside the
 * work, during which a run makes as much garbage again or, on a busy machine, several times as much.
 */
export function boundGarbage(): void {
  if (collect === undefined) return
  const inUse = bytesInUse()
  // Less than before is in use where V8 has collected by itself.
  aliveBytes = Math.min(aliveBytes, inUse)
  if (inUse - aliveBytes >= MOST_GARBAGE_BYTES) collectGarbage()
}

function bytesInUse(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  return heap + external
}

function collector(): (() => void) | undefined {
  setFlagsFromString('--expose-gc')
  const found: unknown = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  return typeof found === 'function' ? () => void found() : undefined
}
