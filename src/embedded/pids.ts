/** Processes that are known by their number alone. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Whether `pid` runs and its command line holds `mark`: a pid alone may belong to somebody else by now. */
export function isOurProcess(pid: number, mark: string): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').includes(mark)
  } catch {
    // No /proc: not Linux. Without a way to know, it is not ours to end.
    return false
  }
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
      await sleep(50)
      try {
        process.kill(pid, 0)
      } catch {
        return
      }
    }
  }
}
