/** The entry of the command line: runs the command that was asked for, and turns errors into exit codes. */
import { CommanderError } from 'commander'
import { loadDotEnv } from '../config/dot-env-file.ts'
import { forgetDatabaseVariables, readEnvironment } from '../config/environment.ts'
import { findNearMisses } from '../config/near-misses.ts'
import { useProxies } from '../config/proxies.ts'
import { isServiceError, messageOf } from '../errors.ts'
import { createProgram } from './program.ts'
import { hideArguments } from './ui/process-title.ts'
import {
  EXIT_FAILED,
  EXIT_INTERRUPTED,
  EXIT_OK,
  EXIT_USAGE,
  endOnUncaughtErrors,
  handleOutputErrors,
  isInterrupted,
  say,
} from './ui/terminal.ts'

await main()

async function main(): Promise<void> {
  hideArguments()
  handleOutputErrors()
  endOnUncaughtErrors(reportError)
  try {
    loadDotEnv()
    forgetDatabaseVariables()
    useProxies(readEnvironment())
    const [, , name = ''] = process.argv
    const program = await createProgram(name)
    for (const line of findNearMisses()) say(`Warning: ${line}`)
    await program.parseAsync()
  } catch (error) {
    process.exitCode = reportError(error)
  }
}

/** Writes the sentence of an error, or the stack of a defect, and returns the exit code. */
function reportError(error: unknown): number {
  // The library commander has written the message of its own errors already, so only the exit code is left to set.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE
  if (isServiceError(error)) {
    for (const line of error.lines) say(line)
    if (isInterrupted(error)) return EXIT_INTERRUPTED
    return error.code === 'input-invalid' || error.code === 'config-invalid' ? EXIT_USAGE : EXIT_FAILED
  }
  say(error instanceof Error ? `${error.name}: ${error.message}` : messageOf(error))
  for (const line of framesOf(error)) say(line)
  return EXIT_FAILED
}

/** The lines of a stack that name places in the code. */
function framesOf(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return stack.split('\n').filter((line) => /^\s+at \S/.test(line))
}
