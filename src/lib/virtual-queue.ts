/** A queue for callers that cannot wait in it: each is given the time for which to sleep.
 *
 * The queue remembers only when its last turn ends. Pure. The rate limiter defers chunks by it, and admission holds
 * batches back by it.
 */

/** Milliseconds of one step in which turns are counted. */
const STEP_MS = 1_000
/** Multiples of it, modulo 1, spread evenly over 0 to 1 however many there are. */
const GOLDEN_RATIO = 0.618_033_988_749_895

export interface VirtualQueueOptions {
  /** The most milliseconds that a turn is booked ahead: a sleeper cannot be woken when the queue moves faster. */
  readonly horizonMs: number
  /** The least milliseconds that a caller sleeps. */
  readonly shortestMs: number
}

export interface TurnRequest {
  /** How many units of work the caller brings, such as requests. */
  readonly places: number
  /** Milliseconds that the queue needs for one place; Infinity while it does not move. */
  readonly intervalMs: number
  /** Milliseconds before which the turn does not begin, whatever stands in the queue. */
  readonly notBeforeMs: number
  /** The most milliseconds to sleep where the turn lies beyond the horizon. Default, and at most: the horizon. */
  readonly unbookedMs?: number
}

export interface Turn {
  readonly waitMs: number
  /** False where the turn lies beyond the horizon: the caller sleeps for an arbitrary time and asks again. */
  readonly isBooked: boolean
}

export interface VirtualQueue {
  /**
   * Books the places after those booked before. Beyond the horizon nothing is booked, and the callers are spread over the
   * second half of `unbookedMs`, so that they do not come back together.
   */
  book(now: number, request: TurnRequest): Turn
  /** Lets later turns begin sooner, because work of `places` that was to be done before them is not done. */
  shorten(places: number): void
  /** The places of callers that still sleep, to the second. */
  sleeping(now: number): { readonly booked: number; readonly unbooked: number }
}

/** `now`, in every call, is the milliseconds of one clock that never goes back. */
export function createVirtualQueue({ horizonMs, shortestMs }: VirtualQueueOptions): VirtualQueue {
  const steps = Math.ceil(horizonMs / STEP_MS) + 2
  const wakings = new Array<{ step: number; booked: number; unbooked: number }>(steps)
  let end = Number.NEGATIVE_INFINITY
  let endIntervalMs = Number.POSITIVE_INFINITY
  let unbookedTurns = 0

  /** The queue's end for the pace of `intervalMs`: the booked places stay as many when the pace changes. */
  function endAt(now: number, intervalMs: number): number {
    if (end <= now || intervalMs === endIntervalMs) return end
    return now + ((end - now) * intervalMs) / endIntervalMs
  }

  function turnOf(now: number, { places, intervalMs, notBeforeMs, unbookedMs = horizonMs }: TurnRequest): Turn {
    if (intervalMs !== Number.POSITIVE_INFINITY) {
      const begin = Math.max(now + notBeforeMs, endAt(now, intervalMs))
      if (begin - now <= horizonMs) {
        end = begin + places * intervalMs
        endIntervalMs = intervalMs
        return { waitMs: Math.max(shortestMs, Math.ceil(begin - now)), isBooked: true }
      }
    }
    unbookedTurns += 1
    const part = 0.5 + 0.5 * ((unbookedTurns * GOLDEN_RATIO) % 1)
    return { waitMs: Math.ceil(Math.min(unbookedMs, horizonMs) * part), isBooked: false }
  }

  function count(now: number, places: number, { waitMs, isBooked }: Turn): void {
    const step = Math.ceil((now + waitMs) / STEP_MS)
    const index = ((step % steps) + steps) % steps
    const counted = wakings[index]?.step === step ? wakings[index] : { step, booked: 0, unbooked: 0 }
    counted[isBooked ? 'booked' : 'unbooked'] += places
    wakings[index] = counted
  }

  return {
    book(now, request) {
      const turn = turnOf(now, request)
      count(now, request.places, turn)
      return turn
    },
    shorten(places) {
      if (end !== Number.NEGATIVE_INFINITY) end -= places * endIntervalMs
    },
    sleeping(now) {
      const ahead = wakings.filter(({ step }) => step > now / STEP_MS)
      return {
        booked: ahead.reduce((sum, { booked }) => sum + booked, 0),
        unbooked: ahead.reduce((sum, { unbooked }) => sum + unbooked, 0),
      }
    },
  }
}
