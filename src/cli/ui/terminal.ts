/** What a command says and how it ends: stdout is for results, everything else goes to stderr. */
import { constants } from 'node:os'
import { type Logger, pino } from 'pino'
import type { Config } from '../../config/config.ts'
import { isServiceError, ServiceError } from '../../errors.ts'

export const EXIT_OK = 0
export const EXIT_FAILED = 1
export const EXIT_USAGE = 2
export const EXIT_INTERRUPTED = 128 + constants.signals.SIGINT

export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

/**
 * A reader that closes its end early, such as head, or a terminal that is closed, is no failure of ours: what is
 * written from then on is lost, and the command ends in its own time. Call it once, first of all.
 */
export function surviveClosedOutputs(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isClosed(error)) return
    throw new ServiceError('input-invalid', `Standard output cannot be written: ${error.message}`, { cause: error })
  })
  // Where nothing can be said of it any more, nothing is.
  process.stderr.on('error', () => undefined)
}

/** Whether `error` says that nobody reads any more. */
export function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'EIO')
}

/** Exactly one JSON object on stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** Adapters log to stderr; silent unless LOG_LEVEL asks for more than a command says by itself. */
export function createCliLog(config: Config): Logger {
  const stderr = pino.destination({ dest: 2, sync: true })
  stderr.on('error', () => undefined)
  return pino({ level: config.logLevel ?? 'error', base: null }, stderr)
}

export interface Interrupts {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP, with a ServiceError interrupted for its reason. */
  readonly first: AbortSignal
  /** Aborted by the second. */
  readonly second: AbortSignal
}

/** One Ctrl+C may come twice: the terminal signals the whole group, and npm passes the same signal on. */
const SAME_PRESS_MS = 500

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs `work` so that it ends in its own way, whatever happens: it is told of signals, and an error that nobody caught
 * interrupts it like a signal would, and is thrown when it has ended. `onFirst` is told of the first signal.
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
    if (first.signal.aborted) {
      if (performance.now() - firstAt > SAME_PRESS_MS) second.abort(interrupted())
      return
    }
    firstAt = performance.now()
    first.abort(interrupted())
    onFirst()
  }
  const onUncaught = (error: unknown) => {
    uncaught ??= { error }
    if (!first.signal.aborted) interrupt()
  }
  for (const signal of SIGNALS) process.on(signal, interrupt)
  process.on('uncaughtException', onUncaught)
  try {
    const result = await work({ first: first.signal, second: second.signal })
    if (uncaught !== undefined) throw uncaught.error
    return result
  } catch (error) {
    throw uncaught === undefined ? error : uncaught.error
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt)
    process.off('uncaughtException', onUncaught)
  }
}

function interrupted(): ServiceError {
  return new ServiceError('interrupted', 'Interrupted.')
}

/** Whether `error` is what an interrupt was answered with, and no failure. */
export function isInterrupted(error: unknown): boolean {
  return isServiceError(error) && error.code === 'interrupted'
}

export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** 12345.6 as "12,346". */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

export function formatSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
