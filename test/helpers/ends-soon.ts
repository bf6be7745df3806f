/** Runs a function that must not hold its process: patterns on hostile texts. */
import { runInNewContext } from 'node:vm'

/** A pattern that takes quadratic time needs many times this for the texts of the tests; one that reads once needs milliseconds. */
const PATIENCE_MS = 30_000

/** What `run` gives; it is broken off with ERR_SCRIPT_EXECUTION_TIMEOUT after half a minute, also in the midst of a pattern. */
export function endsSoon<Result>(run: () => Result): Result {
  return runInNewContext('run()', { run }, { timeout: PATIENCE_MS })
}
