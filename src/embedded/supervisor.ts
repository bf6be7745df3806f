/** Keeps one part of the stack running: what dies is started again, until the stack is stopped. */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, ServiceError } from '../errors.ts'
import type { Exit } from './process.ts'

export interface Part {
  readonly pid: number
  readonly exited: Promise<Exit>
  stop(): Promise<unknown>
}

export interface SupervisorOptions {
  readonly name: string
  /** Rejects when the signal is aborted, and has then left no process. */
  readonly start: (signal: AbortSignal) => Promise<Part>
  /** Aborted: the first start is given up. */
  readonly signal: AbortSignal
  /** One sentence whenever something happened. */
  readonly say: (line: string) => void
}

export interface Supervisor {
  /** The process as it runs now; changes when it is restarted. */
  readonly pid: number
  stop(): Promise<void>
}

const FIRST_RESTART_MS = 200
const MAX_RESTART_MS = 5_000
/** A part that ran this long had started well: the next restart is quick again. */
const STABLE_MS = 30_000

/** Starts the part; rejects where the first start fails. Later deaths are answered with restarts. */
export async function supervise(options: SupervisorOptions): Promise<Supervisor> {
  const { name, say } = options
  const stopped = new AbortController()
  let part = await options.start(options.signal)

  const watch = async (): Promise<void> => {
    let delayMs = FIRST_RESTART_MS
    while (!stopped.signal.aborted) {
      const startedAt = Date.now()
      const exit = await part.exited
      if (stopped.signal.aborted) return
      if (Date.now() - startedAt > STABLE_MS) delayMs = FIRST_RESTART_MS
      say(`${name} ended (${describeExit(exit)}); starting it again`)
      for (;;) {
        await sleep(delayMs, undefined, { signal: stopped.signal }).catch(() => undefined)
        if (stopped.signal.aborted) return
        delayMs = Math.min(delayMs * 2, MAX_RESTART_MS)
        try {
          part = await options.start(stopped.signal)
          say(`${name} runs again (pid ${part.pid})`)
          break
        } catch (error) {
          if (stopped.signal.aborted) return
          say(`${name} did not start: ${messageOf(error)}`)
        }
      }
    }
  }
  const watching = watch()

  return {
    get pid() {
      return part.pid
    },
    stop: async () => {
      stopped.abort()
      await part.stop()
      // A restart that was under way has ended by then: what it started is stopped too.
      await watching
      await part.stop()
    },
  }
}

export function describeExit(exit: Exit): string {
  return exit.signal === null ? `exit code ${exit.code}` : exit.signal
}

/**
 * Polls `check` until it is true. Rejects with embedded-failed after `timeoutMs`, or at once when the process ends;
 * with the signal's reason when that is aborted.
 */
export async function waitUntilReady(
  name: string,
  exited: Promise<Exit>,
  check: () => Promise<boolean>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  let exit: Exit | undefined
  void exited.then((value) => {
    exit = value
  })
  const deadline = Date.now() + timeoutMs
  while (!(await check())) {
    signal.throwIfAborted()
    if (exit !== undefined)
      throw new ServiceError('embedded-failed', `${name} ended (${describeExit(exit)}) at its start`)
    if (Date.now() > deadline) {
      throw new ServiceError('embedded-failed', `${name} was not ready after ${timeoutMs / 1_000} s`)
    }
    await sleep(50)
  }
}

/** True where `url` answers 2xx. */
export async function answers(url: string, init: RequestInit = {}): Promise<boolean> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
