/** A queue whose callers do not wait inside it: each is given the milliseconds to sleep before its turn.
 *
 * The queue is pure and remembers only when its last turn ends. The rate limiter defers chunks by such a queue, and
 * admission holds batches back by one.
 */

/** Sleeping callers are counted by the step of time in which they wake; a step has this many milliseconds. */
const STEP_MS = 1_000
/**
 * The multiples of the golden ratio, modulo 1, spread evenly over 0 to 1 however many there are, and so do the waking
 * times made of them.
 */
const GOLDEN_RATIO = 0.618_033_988_749_895

export interface VirtualQueueOptions {
  /**
   * A turn is booked at most this many milliseconds ahead, because a sleeping caller cannot be woken when the queue
   * moves faster.
   */
  readonly horizonMs: number
  /** The least milliseconds that a caller sleeps. */
  readonly shortestMs: number
}

export interface TurnRequest {
  /** The units of work, such as requests, that the caller wants to start. */
  readonly places: number
  /** Milliseconds of the queue that one unit of work takes; Infinity while the queue stands still. */
  readonly intervalMs: number
  /** Milliseconds from now before which the turn does not begin, even where the queue is empty. */
  readonly notBeforeMs: number
  /**
   * The most milliseconds that a caller sleeps where no turn within `horizonMs` is free. Default, and at most:
   * `horizonMs`.
   */
  readonly unbookedMs?: number
}

export interface Turn {
  readonly waitMs: number
  /** False where no turn within `horizonMs` is free: the caller then sleeps without a booked turn and asks again. */
  readonly isBooked: boolean
}

export interface VirtualQueue {
  /**
   * Books `places` behind those booked before. Where the turn would begin later than `horizonMs`, nothing is booked,
   * and the caller sleeps for a part of `unbookedMs` between a half and the whole, so that callers do not come back
   * together.
   */
  book(now: number, request: TurnRequest): Turn
  /** Lets later turns begin sooner, because booked work of `places` will not be done. */
  shorten(places: number): void
  /** The places of the callers that still sleep at `now`, exact to a second. */
  sleeping(now: number): { readonly booked: number; readonly unbooked: number }
}

/** Creates an empty queue. The `now` of each later call is the milliseconds of one clock that never goes back. */
export function createVirtualQueue({ horizonMs, shortestMs }: VirtualQueueOptions): VirtualQueue {
  const steps = Math.ceil(horizonMs / STEP_MS) + 2
  const wakings = new Array<{ step: number; booked: number; unbooked: number }>(steps)
  let end = Number.NEGATIVE_INFINITY
  let endIntervalMs = Number.POSITIVE_INFINITY
  let unbookedTurns = 0

  /**
   * When the last booked turn ends if a place takes `intervalMs`: a new pace changes the time and keeps the number of
   * places.
   */
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
