/** Keeps one part of the embedded stack running: a part that ends is started again, until the stack is stopped. */
import { setTimeout as sleep } from 'node:timers/promises'
import { linesOf, ServiceError } from '../errors.ts'
import { createSilenceWatch, type SilenceTimes } from '../lib/silence.ts'
import { retryFor } from '../lib/timing.ts'
import type { Exit } from './process.ts'

/** The running process of a part, with which `start` resolves. */
export interface Part {
  readonly pid: number
  /** Resolves when the process has ended. */
  readonly exited: Promise<Exit>
  stop(): Promise<unknown>
  /** Ends the process and its children at once. */
  kill(): void
  /** Resolves with whether the part answers before the signal aborts, with a failure or not. */
  isAnswering(signal: AbortSignal): Promise<boolean>
}

export interface SupervisorOptions {
  /** The part's name in messages, such as "replica". */
  readonly name: string
  /** Starts the part. Rejects when the signal aborts, and then leaves no process behind. */
  readonly start: (signal: AbortSignal) => Promise<Part>
  /** When this signal aborts, the first start is given up. */
  readonly signal: AbortSignal
  /** Prints one sentence for the person at the terminal. */
  readonly say: (line: string) => void
  /** When a part that runs and says nothing is killed and started again; the default takes seven to ten seconds. */
  readonly silence?: SilenceTimes
}

export interface Supervisor {
  /** The process number of the current process; each restart changes it. */
  readonly pid: number
  stop(): Promise<void>
}

const FIRST_RESTART_DELAY_MS = 200
/**
 * The delay before a restart doubles up to this many milliseconds, so that a part that cannot start takes little CPU.
 */
const MAX_RESTART_DELAY_MS = 5_000
/**
 * A part that ran for more than this many milliseconds started well, so its next restart begins with the short delay
 * again.
 */
const STABLE_MS = 30_000

/** A part that is frozen is known after ten seconds at the most; a machine that is short of CPU lets each ask wait for seconds. */
const PART_SILENCE: SilenceTimes = { everyMs: 2_000, patienceMs: 2_500, misses: 3 }

/**
 * Starts the part. Rejects where the first start fails; later ends of the part lead to restarts, and so does a part that says
 * nothing any more.
 */
export async function supervise(options: SupervisorOptions): Promise<Supervisor> {
  const { name, say, silence = PART_SILENCE } = options
  const stopped = new AbortController()
  let part = await options.start(options.signal)
  let nextDelayMs = FIRST_RESTART_DELAY_MS

  const takeDelay = () => {
    const delayMs = nextDelayMs
    nextDelayMs = Math.min(delayMs * 2, MAX_RESTART_DELAY_MS)
    return delayMs
  }
  const restart = async (): Promise<Part | undefined> => {
    try {
      return await options.start(stopped.signal)
    } catch (error) {
      stopped.signal.throwIfAborted()
      const [first = '', ...rest] = linesOf(error)
      for (const line of [`${name} did not start: ${first}`, ...rest]) say(line)
      return undefined
    }
  }
  const untilItEnds = async (): Promise<Exit> => {
    const { exited, kill, isAnswering } = part
    const endWatch = createSilenceWatch({ ...silence, ask: isAnswering }).watch((silentMs) => {
      if (stopped.signal.aborted) return
      say(`${name} has said nothing for ${silentMs / 1_000} s; it is killed`)
      kill()
    })
    try {
      return await exited
    } finally {
      endWatch()
    }
  }
  const watch = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const startedAt = Date.now()
      const exit = await untilItEnds()
      stopped.signal.throwIfAborted()
      if (Date.now() - startedAt > STABLE_MS) nextDelayMs = FIRST_RESTART_DELAY_MS
      say(`${name} ended (${describeExit(exit)}); starting it again`)
      await sleep(takeDelay(), undefined, { signal: stopped.signal })
      const retry = { delayMs: takeDelay, patienceMs: Number.POSITIVE_INFINITY, signal: stopped.signal }
      part = (await retryFor(restart, retry)) ?? part
      say(`${name} runs again (pid ${part.pid})`)
    }
  }
  const watching = watch().catch((error: unknown) => {
    if (!stopped.signal.aborted) throw error
  })

  return {
    get pid() {
      return part.pid
    },
    stop: async () => {
      stopped.abort()
      await part.stop()
      await watching
      // The part is stopped a second time, because a restart that was under way may have replaced it in the meantime.
      await part.stop()
    },
  }
}

export function describeExit(exit: Exit): string {
  return exit.signal === null ? `exit code ${exit.code}` : exit.signal
}

export interface Readiness {
  /** The part's name in messages. */
  readonly name: string
  readonly exited: Promise<Exit>
  readonly isReady: () => Promise<boolean>
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Polls `isReady` until it is true. Rejects with `ServiceError` embedded-failed after `timeoutMs` and when the process
 * ends, and with the reason of `signal` when it aborts.
 */
export async function waitUntilReady({ name, exited, isReady, timeoutMs, signal }: Readiness): Promise<void> {
  let exit: Exit | undefined
  void exited.then((value) => {
    exit = value
  })
  const attempt = async () => {
    if (await isReady()) return true
    if (exit === undefined) return undefined
    throw new ServiceError('embedded-failed', `${name} ended (${describeExit(exit)}) at its start`)
  }
  const hasStarted = await retryFor(attempt, { delayMs: 50, patienceMs: timeoutMs, signal })
  if (hasStarted === true) return
  throw new ServiceError('embedded-failed', `${name} was not ready after ${timeoutMs / 1_000} s`)
}

/** Whether `url` answers with a status of 2xx within two seconds. */
export async function isAnswering(url: string, init: RequestInit = {}): Promise<boolean> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

/** Whether `url` answers before `signal` aborts, with whatever status. */
export async function isTalking(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal })
    await response.arrayBuffer()
    return true
  } catch (error) {
    return isRefused(error instanceof Error ? error.cause : undefined)
  }
}

/** Whether a connection was refused: a process that ends takes no new ones, and is not frozen. */
export function isRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')
}
