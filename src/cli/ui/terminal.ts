/** How a command writes and how it ends: results go to stdout, everything else to stderr, and signals end the work in order. */
import { constants } from 'node:os'
import { hasNpmPrinted, isDumbTerminal } from '../../config/surroundings.ts'
import { isServiceError, ServiceError } from '../../errors.ts'
import { toVisibleJson, visibleLines, visibleText } from '../../lib/visible-text.ts'

export const EXIT_OK = 0
export const EXIT_FAILED = 1
export const EXIT_USAGE = 2
export const EXIT_INTERRUPTED = 128 + constants.signals.SIGINT

type Say = (line: string) => void

const writeToStderr: Say = (line) => void process.stderr.write(`${visibleText(line)}\n`)

/**
 * The function that writes the lines of `say`; progress replaces this function while a live line has to be cleared
 * before each line.
 */
let sayNow = writeToStderr

/**
 * Writes a message for people to stderr, above the live progress line where one is shown. The message is one line: a newline in it,
 * and all that a terminal obeys or nobody sees, came from outside and is shown as an escape.
 */
export function say(line: string): void {
  sayNow(line)
}

/** Writes a result for people to stdout. Its newlines stay, so that `joinLines` should have put its lines together. */
export function printText(text: string): void {
  process.stdout.write(`${visibleLines(text)}\n`)
}

/**
 * Sends the lines of `say` to `write` until the returned function is called, because `write` knows the live line on
 * stderr.
 */
export function sayThrough(write: Say): () => void {
  sayNow = write
  return () => {
    sayNow = writeToStderr
  }
}

/** Whether `stream` is a terminal on which the same line can be drawn again and again. */
export function isLiveTerminal(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && !isDumbTerminal()
}

/**
 * Decides what follows when stdout or stderr cannot be written. Where the reader has closed its end, as head or a
 * closed terminal does, the command goes on and the rest of the output is lost. Any other error of stdout is thrown as
 * a ServiceError. A command calls this function once, before it writes anything.
 */
export function handleOutputErrors(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Once `writeStream` is in use, it reports errors to its own callers, so nothing is thrown here.
    if (!isClosed(error) && process.stdout.listenerCount('error') === 1) throw stdoutError(error)
  })
  // An error of stderr is ignored, because no other stream is left on which to report it.
  process.stderr.on('error', ignore)
}

function ignore(): void {
  // This listener does nothing, but without a listener Node.js would throw the error event and end the process.
}

function stdoutError(error: Error): ServiceError {
  return new ServiceError('input-invalid', `Standard output cannot be written: ${error.message}`, { cause: error })
}

/** Whether `error` says that the reader of a stream has closed its end. */
function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'EIO')
}

/**
 * Writes a part of a long output to stdout or another stream, and resolves when the system has taken the text: with true, or with
 * false where the reader has closed its end. Rejects where the stream cannot be written, as on a full disk; for stdout with a
 * ServiceError. A reader may pause for any time, so an abort of `signal` also ends the wait, with the signal's reason.
 */
export async function writeStream(
  stream: NodeJS.WritableStream,
  text: string | Uint8Array,
  signal: AbortSignal,
): Promise<boolean> {
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore)
  const { promise: written, resolve, reject } = Promise.withResolvers<boolean>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  stream.write(text, (error) => {
    if (error === null || error === undefined) resolve(true)
    else if (isClosed(error)) resolve(false)
    else reject(stream === process.stdout ? stdoutError(error) : error)
  })
  return await written.finally(() => signal.removeEventListener('abort', onAbort))
}

/** Prints the result of a command as one JSON object on stdout. */
export function printJson(value: unknown): void {
  warnOfNpmLines()
  process.stdout.write(`${toVisibleJson(value)}\n`)
}

/**
 * Tells a user how to avoid the lines that npm run prints on stdout, because they disturb a program that reads the
 * output.
 */
export function warnOfNpmLines(): void {
  if (process.stdout.isTTY === true || !hasNpmPrinted()) return
  say('Note: npm run has printed lines of its own before this output. "npx classify" prints the output alone.')
}

export interface Interrupts {
  /** This signal aborts on the first SIGINT, SIGTERM or SIGHUP, with a ServiceError interrupted as its reason. */
  readonly first: AbortSignal
  /** This signal aborts on the second SIGINT, SIGTERM or SIGHUP. */
  readonly second: AbortSignal
}

/**
 * A second signal within this many milliseconds of the first belongs to the same Ctrl+C, because the terminal and npm
 * both send one.
 */
const SAME_PRESS_MS = 500

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs `work` and lets it clean up before the process ends. A first interrupt aborts the signal `first`, and `onFirst`
 * tells the user what happens next. An uncaught error aborts `first` as well, and is thrown when the work has ended.
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
    // A ServiceError, such as a full disk behind stdout, is reported by its own message, so "Stopping" is not printed
    // before it.
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
 * Makes an uncaught error end the process with the exit code that `report` returns. While `underInterrupts` runs, it
 * first lets its work end and then throws the error itself. A program calls this function once, before anything else
 * runs.
 */
export function endOnUncaughtErrors(report: (error: unknown) => number): void {
  process.on('uncaughtException', (error) => {
    if (process.listenerCount('uncaughtException') === 1) process.exit(report(error))
  })
}

function interrupted(): ServiceError {
  return new ServiceError('interrupted', 'Interrupted.')
}

/** Whether `error` means that a user interrupted the command, which is no failure. */
export function isInterrupted(error: unknown): boolean {
  return isServiceError(error) && error.code === 'interrupted'
}

/** Resolves when `signal` has aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Formats a number as a whole number with separators, such as "12,346" for 12345.6. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** Counts something in words, such as "1 batch" or "1,200 batches". */
export function countOf(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`
}

/** Formats milliseconds as seconds with one decimal, such as "1.5 s". */
export function formatSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
