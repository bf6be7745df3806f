/** Runs a function that must not hold its process: patterns on hostile texts. */
import { runInNewContext } from 'node:vm'

/** A pattern that takes quadratic time needs many times this for the texts of the tests; one that reads once needs milliseconds. */
const PATIENCE_MS = 30_000

/** What `run` gives; it is broken off with ERR_SCRIPT_EXECUTION_TIMEOUT after half a minute, also in the midst of a pattern. */
export function endsSoon<Result>(run: () => Result): Result {
  return runInNewContext('run()', { run }, { timeout: PATIENCE_MS })
}

/** A run is tried so often: a machine that is busy elsewhere slows down some tries, and a pattern that takes long slows down all. */
const TRIES = 20

/** Whether one of some tries of `run` takes less than so many milliseconds, for texts that are too short for `endsSoon`. */
export function isQuick(run: () => unknown, enoughMs: number): boolean {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const beganAt = performance.now()
    run()
    if (performance.now() - beganAt < enoughMs) return true
  }
  return false
}
