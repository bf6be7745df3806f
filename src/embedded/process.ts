/** Child processes of the embedded stack: started in a group of their own, kept alive, stopped in peace. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** What the child prints is appended here. */
  readonly logFile: string
  /** With a channel the child learns of our death, even by SIGKILL. For our own Node processes only. */
  readonly withChannel: boolean
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RunningProcess {
  readonly pid: number
  /** Resolves when the process is gone, however it ended. */
  readonly exited: Promise<Exit>
  /** SIGTERM, then SIGKILL after `timeoutMs`. Resolves when the process is gone. */
  stop(timeoutMs: number): Promise<Exit>
}

/**
 * Starts a process that a signal to our own group does not reach: Ctrl+C in a terminal goes to the whole group, and the
 * stack must be stopped in order, not all at once. A file takes its output, so that it outlives a broken pipe.
 */
export async function startProcess(command: Command): Promise<RunningProcess> {
  const log = openSync(command.logFile, 'a', 0o600)
  let child: ChildProcess
  try {
    child = spawn(command.file, command.args, {
      env: command.env,
      detached: true,
      stdio: command.withChannel ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
    })
    await once(child, 'spawn')
  } finally {
    closeSync(log)
  }
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const pid = child.pid ?? -1
  return {
    pid,
    exited,
    stop: async (timeoutMs) => {
      child.kill('SIGTERM')
      const timer = new AbortController()
      const late = sleep(timeoutMs, 'late' as const, { signal: timer.signal }).catch(() => 'done' as const)
      if ((await Promise.race([exited.then(() => 'done' as const), late])) === 'late') child.kill('SIGKILL')
      timer.abort()
      return await exited
    },
  }
}

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

/** The last lines of a log file, for an error message. */
export function tailOf(logFile: string, lines = 5): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  } catch {
    return ''
  }
}
