/** Learns the slices in which an endpoint enforces its limit, and moves starts into their first part. Pure.
 *
 * Such an endpoint allows a tenth of a second, say, its part of the minute's budget and carries nothing over, so that a start that
 * is late by a few milliseconds meets a full slice. It gives its slices away by saying when all of the limit is available again: at
 * the end of the slice. Where these ends agree about a length, starts are crowded into the first part of each slice, and what is late
 * by less than the rest is still in its own.
 */

/** Lengths of slices that are sought, in milliseconds. In longer ones what is late does not matter. */
const LENGTHS_MS = [100, 200, 250, 500, 1_000]
/** At least and at most so many ends are looked at, from requests that started at least `APART_MS` from each other within `MEMORY_MS`. */
const LEAST_ENDS = 10
const MOST_ENDS = 24
const APART_MS = 30
const MEMORY_MS = 30_000
/**
 * Ends agree where the mean of them as points on a circle of one slice is far from its centre, 0 to 1: the square of it times the number
 * of ends is at least this. Of ten ends it is 0.93 then, of 24 it is 0.6. That of random ends is in one of 5,000 cases (Rayleigh's
 * test), and slices that do not exist do no harm.
 */
const LEAST_EVIDENCE = 8.6
/** Slices that were found are believed while later ends agree so far, as a stall of the replica scatters them for a second. */
const STILL_AGREE = 0.25
/** Starts may be late by so many milliseconds, as far as that leaves a third of the slice. */
const LATE_MS = 55
/** No start is due in the first milliseconds of a slice, because a request that travels faster than most would be in the one before. */
const GUARD_MS = 8
/** At least this part of a slice has starts. */
const LEAST_USED = 1 / 3
/** Times are sums of fractions; the begin of a slice is passed by this much, so that it is not taken for the end of the one before. */
const ROUNDING_MS = 1e-5

export interface Slices {
  readonly lengthMs: number
  /** The begin of one of them, for requests that start then. */
  readonly beginMs: number
}

export interface SliceClock {
  /** A request that started at `startedAt` was told that all of the limit is available again after `resetMs`. */
  note(startedAt: number, resetMs: number): void
  /** Null while ends do not agree. */
  slices(now: number): Slices | null
}

interface End {
  readonly startedAt: number
  readonly resetMs: number
}

/** `now` and all times are the milliseconds of one clock that never goes back. */
export function createSliceClock(): SliceClock {
  let ends: readonly End[] = []
  let found: Slices | null = null

  return {
    note(startedAt, resetMs) {
      if (ends.some((end) => Math.abs(end.startedAt - startedAt) < APART_MS)) return
      const remembered = ends.filter((end) => startedAt - end.startedAt < MEMORY_MS)
      ends = [...remembered, { startedAt, resetMs }].slice(-MOST_ENDS)
      found = findSlices(ends, found)
    },
    slices(now) {
      return found !== null && now - (ends.at(-1)?.startedAt ?? now) < MEMORY_MS ? found : null
    },
  }
}

function findSlices(ends: readonly End[], known: Slices | null): Slices | null {
  if (ends.length < LEAST_ENDS) return null
  const resets = ends.map(({ resetMs }) => resetMs)
  const longest = Math.max(...resets)
  // A slice ends within its length, and requests come at any time of it: a wait that is always the same is none for its end.
  const lengthMs = LENGTHS_MS.find((length) => longest <= length + 1)
  if (lengthMs === undefined || longest - Math.min(...resets) < lengthMs / 2) return null
  const turn = (2 * Math.PI) / lengthMs
  const mean = (part: (angle: number) => number) =>
    ends.reduce((sum, { startedAt, resetMs }) => sum + part((startedAt + resetMs) * turn), 0) / ends.length
  const [x, y] = [mean(Math.cos), mean(Math.sin)]
  const agreement = Math.hypot(x, y)
  if (ends.length * agreement ** 2 >= LEAST_EVIDENCE) return { lengthMs, beginMs: Math.atan2(y, x) / turn }
  return known?.lengthMs === lengthMs && agreement >= STILL_AGREE ? known : null
}

/** The begin of the slice of `time`. */
export function sliceOf({ lengthMs, beginMs }: Slices, time: number): number {
  return beginMs + Math.floor((time - beginMs) / lengthMs) * lengthMs
}

/** The time in the first part of its slice to which a start at `time` is moved. Grows with `time`. */
export function crowd(slices: Slices | null, time: number): number {
  if (slices === null || !Number.isFinite(time)) return time
  const begin = sliceOf(slices, time)
  return begin + GUARD_MS + (time - begin) * usedPart(slices)
}

/** The earliest time that is moved to `time` or later. */
export function uncrowd(slices: Slices | null, time: number): number {
  if (slices === null || !Number.isFinite(time)) return time
  const begin = sliceOf(slices, time)
  const into = Math.max(0, time - begin - GUARD_MS) / usedPart(slices)
  return begin + Math.min(slices.lengthMs, into) + ROUNDING_MS
}

function usedPart({ lengthMs }: Slices): number {
  return Math.max(LEAST_USED, 1 - (LATE_MS + GUARD_MS) / lengthMs)
}
