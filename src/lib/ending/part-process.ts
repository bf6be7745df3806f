/** The frame of a part that is a process of its own: it closes the part when the process is to end, and chooses the exit code. */
import { isServiceError, messageOf } from '../../errors.ts'
import { visibleLines } from '../visible-text.ts'
import { onEnd } from './process-end.ts'

/** Exit code of a wrong configuration, which no restart mends. */
export const EXIT_CONFIG = 2

/** The exit code of a process that ends by `error`. */
export function exitCodeOf(error: unknown): number {
  return isServiceError(error) && error.code === 'config-invalid' ? EXIT_CONFIG : 1
}

/**
 * Starts a part and stays until the process is to end. `start` resolves with the function that closes the part, which gets the
 * reason in words. The exit code is 0 once it has closed; where one of the two fails, the reason goes to stderr.
 */
export function runPart(start: () => Promise<(reason: string) => Promise<unknown>>): void {
  start().then((close) => {
    onEnd((reason) => {
      close(reason).then(() => process.exit(0), fail)
    })
  }, fail)
}

function fail(error: unknown): void {
  process.stderr.write(`${visibleLines(messageOf(error))}\n`)
  process.exit(exitCodeOf(error))
}
