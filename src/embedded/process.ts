/** Child processes of the embedded stack: started in a group of their own, kept alive, stopped in peace. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { recordProcess } from './leftovers.ts'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Where and under which name the process is written down, so that a later start finds it. */
  readonly record: { readonly dataDir: string; readonly name: string; readonly mark: string }
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
  await recordProcess(command.record.dataDir, command.record.name, pid, command.record.mark)
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

/** The last lines of a log file, for an error message. */
export function tailOf(logFile: string, lines = 5): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  } catch {
    return ''
  }
}
