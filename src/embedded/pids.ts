/** Processes that are known by their number alone. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 50

/** Whether `pid` runs. One that has ended and only waits for its parent to notice does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  const state = /^\d+ \(.*\) (\S)/s.exec(read(`/proc/${pid}/stat`))?.[1]
  return state !== 'Z'
}

/** Whether `pid` runs and its command line holds `mark`: a pid alone may belong to somebody else by now. */
export function isOurProcess(pid: number, mark: string): boolean {
  // Without /proc there is no way to know, and then it is not ours to end.
  return isRunning(pid) && read(`/proc/${pid}/cmdline`).split('\0').join(' ').includes(mark)
}

/** Ends a process that an earlier, killed supervisor left behind. */
export async function endProcess(pid: number, timeoutMs: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    const deadline = Date.now() + timeoutMs
    while (Date.now() < deadline) {
      if (!isRunning(pid)) return
      await sleep(POLL_MS)
    }
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
