/** A timer for the earliest of several times. */

/** The timer fires after this many milliseconds at the latest, so that a time far ahead is looked at again. */
const LONGEST_MS = 60_000

export interface EarliestTimer {
  /** Fires in `ms` at the latest; a call that asks for a later time than an earlier call changes nothing. */
  within(ms: number): void
  clear(): void
}

/** `now` returns the milliseconds of a clock that never goes back. `fire` is called once for all calls before it. */
export function createEarliestTimer(now: () => number, fire: () => void): EarliestTimer {
  let at = Number.POSITIVE_INFINITY
  let timer: NodeJS.Timeout | undefined

  function clear(): void {
    clearTimeout(timer)
    at = Number.POSITIVE_INFINITY
  }

  return {
    within(ms) {
      const next = now() + Math.min(ms, LONGEST_MS)
      if (next >= at) return
      clearTimeout(timer)
      at = next
      timer = setTimeout(
        () => {
          clear()
          fire()
        },
        Math.ceil(Math.max(0, next - now())),
      )
    },
    clear,
  }
}
