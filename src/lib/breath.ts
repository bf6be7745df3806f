/** Lets other work of the process pass in the middle of a long computation. */
import { setImmediate } from 'node:timers/promises'

/** A computation may hold the event loop for this many milliseconds, in which no request to a model can start. */
const HOLD_MS = 40

/** Returns a function that the computation awaits between its parts, and that rests where the last rest is long enough ago. */
export function createBreath(): () => Promise<void> {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < HOLD_MS) return
    await setImmediate()
    since = performance.now()
  }
}
