/** What a command says and how it ends: stdout is for results, everything else goes to stderr. */
import { constants } from 'node:os'
import { type Logger, pino } from 'pino'
import type { Config } from '../config.ts'

export const EXIT_OK = 0
export const EXIT_FAILED = 1
export const EXIT_USAGE = 2
export const EXIT_INTERRUPTED = 128 + constants.signals.SIGINT

export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Exactly one JSON object on stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** Adapters log to stderr; silent unless LOG_LEVEL asks for more than a command says by itself. */
export function createCliLog(config: Config): Logger {
  return pino({ level: config.logLevel ?? 'error', base: null }, pino.destination({ dest: 2, sync: true }))
}

export interface Interrupts {
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly first: AbortSignal
  /** Aborted by the second. */
  readonly second: AbortSignal
  /** Stops listening, so that the process can end. */
  release(): void
}

/** One Ctrl+C may come twice: the terminal signals the whole group, and npm passes the same signal on. */
const SAME_PRESS_MS = 500

export function watchInterrupts(onFirst: () => void): Interrupts {
  const first = new AbortController()
  const second = new AbortController()
  let firstAt = 0
  const onSignal = () => {
    if (first.signal.aborted) {
      if (performance.now() - firstAt > SAME_PRESS_MS) second.abort()
      return
    }
    firstAt = performance.now()
    first.abort()
    onFirst()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, onSignal)
  return {
    first: first.signal,
    second: second.signal,
    release: () => {
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}

/** 12345.6 as "12,346". */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

export function formatSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
