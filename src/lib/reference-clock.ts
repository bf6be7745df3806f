/** A clock that keeps the time of another machine, on this process's monotonic clock and set by readings, and how a process goes by it. */

/** Clocks that differ by more than this many milliseconds are worth a warning. */
export const SKEW_WARNING_MS = 5_000

/** Readings that are kept. The one that took the shortest time is the most exact. */
const KEPT_READINGS = 8

export interface ReferenceClock {
  /** Milliseconds since 1970 by the other machine's clock; by this machine's own before the first reading. */
  now(): number
  /** The clock of this machine minus the other one, in milliseconds; undefined before the first reading. */
  skewMs(): number | undefined
  /** Asks `read` for the other machine's time in milliseconds since 1970, and sets the clock by it. Rejects as `read` does. */
  take<T>(read: () => Promise<T>, timeOf: (answer: T) => number): Promise<T>
  /** Sets the clock by the other machine's `time`, which it told between `sentAt` and now, both of the monotonic clock. */
  note(sentAt: number, time: number): void
}

export interface ReferenceClockOptions {
  /** This machine's own clock, in milliseconds since 1970. */
  readonly ownNow: () => number
  /** Milliseconds of a clock that never goes back; the default is `performance.now`. */
  readonly monotonic?: () => number
}

interface Reading {
  /** The other machine's time minus the monotonic clock, in milliseconds. */
  readonly offsetMs: number
  /** The most by which the offset may be wrong: half the time that the answer took. */
  readonly errorMs: number
}

export function createReferenceClock({
  ownNow,
  monotonic = () => performance.now(),
}: ReferenceClockOptions): ReferenceClock {
  let readings: readonly Reading[] = []
  const best = () =>
    readings.reduce<Reading | undefined>((a, b) => (a !== undefined && a.errorMs <= b.errorMs ? a : b), undefined)
  const now = () => {
    const known = best()
    return known === undefined ? ownNow() : known.offsetMs + monotonic()
  }
  function note(sentAt: number, time: number): void {
    const receivedAt = monotonic()
    const reading = { offsetMs: time - (sentAt + receivedAt) / 2, errorMs: (receivedAt - sentAt) / 2 }
    // A reading that agrees with none before means that one of the clocks was set, and the readings before are of no use.
    const agrees = (one: Reading) => Math.abs(one.offsetMs - reading.offsetMs) <= one.errorMs + reading.errorMs + 1_000
    readings = [...readings.filter(agrees), reading].slice(-KEPT_READINGS)
  }

  return {
    now,
    skewMs: () => (readings.length === 0 ? undefined : ownNow() - now()),
    note,
    async take(read, timeOf) {
      const sentAt = monotonic()
      const answer = await read()
      note(sentAt, timeOf(answer))
      return answer
    },
  }
}

/**
 * Lets `Date.now()` and `new Date()` give the time of `now`, milliseconds since 1970, in this process. Restate's SDK needs
 * it: it takes the moment at which a sleep ends from `Date.now()`, so that by a clock that is a day ahead a wait of a second
 * would last a day, and the age of a request's signature from `new Date()`, so that by a clock that is minutes off it would
 * refuse every call.
 */
export function setProcessClock(now: () => number): void {
  const Own = globalThis.Date
  // A proxy, so that `Date` stays one function with the properties, the prototype and the `instanceof` that packages know.
  globalThis.Date = new Proxy(Own, {
    construct: (target, given: [], newTarget) =>
      Reflect.construct(target, given.length === 0 ? [Math.round(now())] : given, newTarget),
    apply: () => new Own(now()).toString(),
    get: (target, property, receiver) =>
      property === 'now' ? () => Math.round(now()) : Reflect.get(target, property, receiver),
  })
}
