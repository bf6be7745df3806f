/** How long the limiter is paused, now and since the start of the process. Pure. */

export interface PauseClock {
  /** Pauses for `ms` from now. False where a pause that runs already ends later. */
  pause(now: number, ms: number): boolean
  /** Milliseconds until the pause ends; 0 without one. */
  leftMs(now: number): number
  /** Milliseconds of all pauses, as far as they have passed. Pauses that overlap count once. */
  passedMs(now: number): number
}

export function createPauseClock(): PauseClock {
  let until = Number.NEGATIVE_INFINITY
  let totalMs = 0
  const leftMs = (now: number) => Math.max(0, until - now)

  return {
    pause(now, ms) {
      const end = now + ms
      if (!(end > until)) return false
      totalMs += end - Math.max(now, until)
      until = end
      return true
    },
    leftMs,
    passedMs: (now) => totalMs - leftMs(now),
  }
}
