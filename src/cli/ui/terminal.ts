/** How a command writes and how it ends: results go to stdout, everything else to stderr, and signals end the work in order. */
import { constants } from 'node:os'
import { type Logger, pino } from 'pino'
import type { Config } from '../../config/config.ts'
import { hasNpmPrinted, isDumbTerminal } from '../../config/surroundings.ts'
import { isServiceError, ServiceError } from '../../errors.ts'

export const EXIT_OK = 0
export const EXIT_FAILED = 1
export const EXIT_USAGE = 2
export const EXIT_INTERRUPTED = 128 + constants.signals.SIGINT

type Say = (line: string) => void

const writeToStderr: Say = (line) => void process.stderr.write(`${line}\n`)

/** Writes a line for `say`; another function while a live line is shown, which has to be cleared first. */
let sayNow = writeToStderr

/** Writes a line for people to stderr, above the live line where one is shown. */
export function say(line: string): void {
  sayNow(line)
}

/** Lets `write` write the lines of `say` until the returned function is called, because it draws a live line on stderr. */
export function sayThrough(write: Say): () => void {
  sayNow = write
  return () => {
    sayNow = writeToStderr
  }
}

/** Whether lines of `stream` can be drawn again in their place. */
export function isLiveTerminal(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && !isDumbTerminal()
}

/**
 * Makes errors of stdout and stderr end as they should. A reader that closes its end, such as head or a closed terminal,
 * loses what is written from then on, and the command goes on. Any other error is thrown as a ServiceError. Call it once,
 * before anything is written.
 */
export function handleOutputErrors(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `writeStdout` has a listener of its own, and reports the error to its caller.
    if (!isClosed(error) && process.stdout.listenerCount('error') === 1) throw stdoutError(error)
  })
  // An error of stderr can be reported nowhere.
  process.stderr.on('error', ignore)
}

function ignore(): void {
  // Nothing follows from the event.
}

function stdoutError(error: Error): ServiceError {
  return new ServiceError('input-invalid', `Standard output cannot be written: ${error.message}`, { cause: error })
}

/** Whether `error` says that the reader has closed its end. */
function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'EIO')
}

/**
 * Writes a part of a long output, and resolves once the system has taken it: with true, or with false where the reader has
 * closed its end. Rejects with a ServiceError where stdout cannot be written, such as on a full disk, and with the reason
 * of `signal` when it aborts, because a reader may pause for as long as it likes.
 */
export async function writeStdout(text: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdout.listeners('error').includes(ignore)) process.stdout.on('error', ignore)
  const { promise: written, resolve, reject } = Promise.withResolvers<boolean>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  process.stdout.write(text, (error) => {
    if (error === null || error === undefined) resolve(true)
    else if (isClosed(error)) resolve(false)
    else reject(stdoutError(error))
  })
  return await written.finally(() => signal.removeEventListener('abort', onAbort))
}

/** Prints exactly one JSON object on stdout. */
export function printJson(value: unknown): void {
  warnOfNpmLines()
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** Says how to get an output without the lines of npm run, where they are in the way of a program that reads it. */
export function warnOfNpmLines(): void {
  if (process.stdout.isTTY === true || !hasNpmPrinted()) return
  say('Note: npm run has printed lines of its own before this output. "npx classify" prints the output alone.')
}

/** The log of a command on stderr; only errors unless LOG_LEVEL asks for more. */
export function createCliLog(config: Config): Logger {
  const stderr = pino.destination({ dest: 2, sync: true })
  stderr.on('error', ignore)
  return pino({ level: config.logLevel ?? 'error', base: null }, stderr)
}

export interface Interrupts {
  /** Aborts on the first SIGINT, SIGTERM or SIGHUP, with a ServiceError interrupted for its reason. */
  readonly first: AbortSignal
  /** Aborts on the second. */
  readonly second: AbortSignal
}

/** A signal within this many milliseconds of the first belongs to the same Ctrl+C: the terminal and npm both send one. */
const SAME_PRESS_MS = 500

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs `work` and lets it end in its own time. A signal aborts `first`, and `onFirst` says what follows. An error that
 * nobody caught aborts it as well, and is thrown when the work has ended.
 */
export async function underInterrupts<T>(
  onFirst: () => void,
  work: (interrupts: Interrupts) => Promise<T>,
): Promise<T> {
  const first = new AbortController()
  const second = new AbortController()
  let firstAt = 0
  let uncaught: { readonly error: unknown } | undefined
  const interrupt = () => {
    firstAt = performance.now()
    first.abort(interrupted())
  }
  const onSignal = () => {
    if (!first.signal.aborted) {
      interrupt()
      onFirst()
    } else if (performance.now() - firstAt > SAME_PRESS_MS) second.abort(interrupted())
  }
  const onUncaught = (error: unknown) => {
    uncaught ??= { error }
    if (first.signal.aborted) return
    interrupt()
    // A ServiceError, such as a full disk behind stdout, is a sentence that should not be preceded by "Stopping".
    if (!isServiceError(error)) onFirst()
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  process.on('uncaughtException', onUncaught)
  try {
    const result = await work({ first: first.signal, second: second.signal })
    if (uncaught !== undefined) throw uncaught.error
    return result
  } catch (error) {
    throw uncaught === undefined ? error : uncaught.error
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
    process.off('uncaughtException', onUncaught)
  }
}

/**
 * Ends the process on an error that nobody caught, with the exit code that `report` returns, unless `underInterrupts` lets
 * its work end first and throws the error itself. Call it once, before anything else runs.
 */
export function endOnUncaughtErrors(report: (error: unknown) => number): void {
  process.on('uncaughtException', (error) => {
    if (process.listenerCount('uncaughtException') === 1) process.exit(report(error))
  })
}

function interrupted(): ServiceError {
  return new ServiceError('interrupted', 'Interrupted.')
}

/** Whether `error` is the answer to an interrupt, and no failure. */
export function isInterrupted(error: unknown): boolean {
  return isServiceError(error) && error.code === 'interrupted'
}

/** Resolves when `signal` has aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** A number with separators, such as "12,346" for 12345.6. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** Milliseconds as seconds with one decimal, such as "1.5 s". */
export function formatSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
